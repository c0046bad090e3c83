//! The keys of this mode.

use egui::Key;

use super::{Page, TrainCommand};
use crate::app::command::{Command, FileDialog};
use crate::app::shell::keys::{Binding, CTRL, Heard, PLAIN};
use crate::engine::training::TrainingRequest;

const TRAINING: &str = "Training";

/// The rows of the table.
pub const KEYS: &[Binding] = &[
    Binding::new(TRAINING, &[(PLAIN, Key::N)], "Set up a new run", |_, _| {
        open(Page::Setup)
    }),
    Binding::new(
        TRAINING,
        &[(CTRL, Key::Enter)],
        "Start the run that is set up",
        |state, _| {
            let is_set_up = state.training.page == Page::Setup;
            is_set_up.then_some(Command::Train(TrainCommand::Start))
        },
    )
    .heard(Heard::Always),
    Binding::new(
        TRAINING,
        &[(CTRL, Key::Period)],
        "Pause or resume the run",
        |state, _| {
            let paused = state.training.paused()?;
            Some(Command::Train(TrainCommand::Send(TrainingRequest::Pause(!paused))))
        },
    )
    .heard(Heard::Always),
    Binding::new(
        TRAINING,
        &[(CTRL, Key::O)],
        "Choose the training data\u{2026}",
        |_, _| Some(Command::Choose(FileDialog::TrainingFolder)),
    )
    .heard(Heard::Always),
    Binding::keyless(TRAINING, "Few-shot against zero-shot", |_, _| open(Page::Shots)),
    Binding::keyless(TRAINING, "Board of pictures and texts", |_, _| open(Page::Board)),
    Binding::keyless(TRAINING, "Compare runs", |_, _| open(Page::Compare)),
    Binding::new(TRAINING, &[(PLAIN, Key::Escape)], "Back to a new run", |state, _| {
        (state.training.page != Page::Setup)
            .then(|| open(Page::Setup))
            .flatten()
    })
    .heard(Heard::Unfocused),
];

fn open(page: Page) -> Option<Command> {
    Some(Command::Train(TrainCommand::Open(page)))
}
