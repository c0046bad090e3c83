//! The keys of this mode.

use egui::Key;

use super::{EvaluateCommand, Page, SixtyCommand};
use crate::app::command::{Command, FileDialog};
use crate::app::shell::keys::{Binding, CTRL, Heard, PLAIN};

const EVALUATION: &str = "Evaluation";

/// The rows of the table.
pub const KEYS: &[Binding] = &[
    Binding::new(EVALUATION, &[(PLAIN, Key::N)], "Set up a new evaluation", |_, _| {
        open(Page::Setup)
    }),
    Binding::new(EVALUATION, &[(CTRL, Key::O)], "Choose the pictures\u{2026}", |_, _| {
        Some(Command::Choose(FileDialog::EvaluationFolder))
    })
    .heard(Heard::Always),
    Binding::new(
        EVALUATION,
        &[(CTRL, Key::Enter)],
        "Start the evaluation that is set up",
        |state, _| {
            let ready = state.evaluating.page() == Page::Setup && state.evaluating.refusal().is_none();
            ready.then_some(Command::Evaluate(EvaluateCommand::Start))
        },
    )
    .heard(Heard::Always),
    Binding::family(
        EVALUATION,
        "1 to 5",
        &[
            (PLAIN, Key::Num1),
            (PLAIN, Key::Num2),
            (PLAIN, Key::Num3),
            (PLAIN, Key::Num4),
            (PLAIN, Key::Num5),
        ],
        "Without labels: the picture shows this one",
        |state, place| sixty(state, SixtyCommand::Choose(place)),
    ),
    Binding::new(
        EVALUATION,
        &[(PLAIN, Key::Num0)],
        "Without labels: the picture shows none of them",
        |state, _| sixty(state, SixtyCommand::Say(None)),
    ),
    Binding::new(
        EVALUATION,
        &[(PLAIN, Key::Enter)],
        "Without labels: the model is right",
        |state, _| sixty(state, SixtyCommand::Confirm),
    )
    .heard(Heard::Unfocused),
    Binding::new(
        EVALUATION,
        &[(PLAIN, Key::Backspace)],
        "Without labels: take the last answer back",
        |state, _| sixty(state, SixtyCommand::TakeBack),
    ),
    Binding::new(EVALUATION, &[(PLAIN, Key::ArrowRight)], "Next picture", |state, _| {
        step(state, 1)
    })
    .heard(Heard::Unfocused),
    Binding::new(
        EVALUATION,
        &[(PLAIN, Key::ArrowLeft)],
        "Previous picture",
        |state, _| step(state, -1),
    )
    .heard(Heard::Unfocused),
    Binding::keyless(
        EVALUATION,
        "Erase and see: the picture in Explore, with both labels",
        |state, _| {
            state.evaluating.looked_at()?;
            Some(Command::Evaluate(EvaluateCommand::EraseInExplore))
        },
    ),
    Binding::keyless(
        EVALUATION,
        "Test the heatmap: the picture in Explore, with both labels",
        |state, _| {
            state.evaluating.looked_at()?;
            Some(Command::Evaluate(EvaluateCommand::TestInExplore))
        },
    ),
    Binding::keyless(EVALUATION, "Set up an evaluation on the open folder", |state, _| {
        let folder = state.settings.folders.first()?.clone();
        Some(Command::Evaluate(EvaluateCommand::UseFolder(folder)))
    }),
    Binding::keyless(EVALUATION, "Show the newest evaluation", |state, _| {
        let newest = state.evaluating.list().first()?.id.clone();
        Some(Command::Evaluate(EvaluateCommand::Show(newest)))
    }),
    Binding::keyless(
        EVALUATION,
        "Measure the same pictures with the open model",
        |state, _| {
            let free = state.evaluating.shown().is_some() && state.evaluating.at_work().is_none();
            free.then_some(Command::Evaluate(EvaluateCommand::AgainWithOpenModel))
        },
    ),
    Binding::keyless(EVALUATION, "Summary", |state, _| result(state, Page::Summary)),
    Binding::keyless(EVALUATION, "Confusion matrix", |state, _| result(state, Page::Matrix)),
    Binding::keyless(EVALUATION, "Class by class", |state, _| result(state, Page::Classes)),
    Binding::keyless(EVALUATION, "Calibration", |state, _| result(state, Page::Calibration)),
    Binding::keyless(EVALUATION, "Prompt study", |state, _| result(state, Page::Prompts)),
    Binding::keyless(EVALUATION, "Compare evaluations", |state, _| {
        result(state, Page::Compare)
    }),
    Binding::keyless(EVALUATION, "Groups of mistakes", |state, _| result(state, Page::Groups)),
    Binding::keyless(EVALUATION, "Map of the embeddings", |state, _| result(state, Page::Map)),
    Binding::new(
        EVALUATION,
        &[(PLAIN, Key::Escape)],
        "Back: from the picture, then from the filter",
        |state, _| {
            let evaluating = &state.evaluating;
            let back = if evaluating.looked_at().is_some() {
                EvaluateCommand::Look(None)
            } else {
                evaluating.door()?;
                EvaluateCommand::Enter(None)
            };
            Some(Command::Evaluate(back))
        },
    )
    .heard(Heard::Unfocused),
];

fn sixty(state: &crate::app::state::State, command: SixtyCommand) -> Option<Command> {
    let there = state.evaluating.page() == Page::Sixty && state.evaluating.sixty().is_some();
    there.then_some(Command::Evaluate(EvaluateCommand::Sixty(command)))
}

fn open(page: Page) -> Option<Command> {
    Some(Command::Evaluate(EvaluateCommand::Open(page)))
}

fn result(state: &crate::app::state::State, page: Page) -> Option<Command> {
    let shown = state.evaluating.shown()?;
    if shown.is_of_captions() && !page.is_of_captions() {
        return None;
    }
    open(page)
}

fn step(state: &crate::app::state::State, by: isize) -> Option<Command> {
    state.evaluating.shown()?;
    Some(Command::Evaluate(EvaluateCommand::Step(by)))
}
