//! The keys of this mode.

use egui::Key;

use super::{EvaluateCommand, Page};
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
    Binding::new(EVALUATION, &[(PLAIN, Key::ArrowRight)], "Next picture", |state, _| {
        step(state, 1)
    })
    .heard(Heard::Unfocused),
    Binding::new(EVALUATION, &[(PLAIN, Key::ArrowLeft)], "Picture before", |state, _| {
        step(state, -1)
    })
    .heard(Heard::Unfocused),
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

fn open(page: Page) -> Option<Command> {
    Some(Command::Evaluate(EvaluateCommand::Open(page)))
}

fn result(state: &crate::app::state::State, page: Page) -> Option<Command> {
    state.evaluating.shown()?;
    open(page)
}

fn step(state: &crate::app::state::State, by: isize) -> Option<Command> {
    state.evaluating.shown()?;
    Some(Command::Evaluate(EvaluateCommand::Step(by)))
}
