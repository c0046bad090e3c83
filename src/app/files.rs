//! The platform's dialogs, each on a thread of its own: the window goes on meanwhile.

use std::path::PathBuf;

use crossbeam_channel::{Receiver, Sender, unbounded};

use super::command::{Command, FileDialog};
use crate::hub::ModelChoice;

/// Dialogs that are open, and what was chosen.
pub struct Files {
    sender: Sender<Command>,
    receiver: Receiver<Command>,
}

impl Default for Files {
    fn default() -> Self {
        let (sender, receiver) = unbounded();
        Self { sender, receiver }
    }
}

impl Files {
    /// Opens a dialog; `wake` is called when something was chosen.
    pub fn open(&self, dialog: FileDialog, wake: impl FnOnce() + Send + 'static) {
        let sender = self.sender.clone();
        std::thread::spawn(move || {
            if let Some(command) = ask(dialog) {
                let _ = sender.send(command);
                wake();
            }
        });
    }

    /// What was chosen since the last frame.
    pub fn chosen(&self) -> Vec<Command> {
        self.receiver.try_iter().collect()
    }
}

fn ask(dialog: FileDialog) -> Option<Command> {
    let ask = rfd::FileDialog::new();
    match dialog {
        FileDialog::Folders => ask
            .set_title("Open folders of pictures")
            .pick_folders()
            .map(Command::Open),
        FileDialog::Model => ask
            .set_title("Open a model folder")
            .pick_folder()
            .map(|folder| Command::LoadModel(ModelChoice::Path(folder))),
        FileDialog::Csv => ask
            .set_title("Save predictions")
            .set_file_name("predictions.csv")
            .save_file()
            .map(Command::ExportCsv),
    }
}

/// What dropped files mean: weights are a model, everything else is pictures.
pub fn dropped(paths: Vec<PathBuf>) -> Option<Command> {
    let weights = paths
        .iter()
        .find(|path| path.extension().is_some_and(|extension| extension == "safetensors"));
    match weights {
        Some(weights) => Some(Command::LoadModel(ModelChoice::Path(weights.clone()))),
        None if paths.is_empty() => None,
        None => Some(Command::Open(paths)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weights_are_a_model_and_the_rest_are_pictures() {
        assert_eq!(dropped(vec![]), None);
        assert_eq!(dropped(vec!["/a".into()]), Some(Command::Open(vec!["/a".into()])));
        let model = dropped(vec!["/m/model.safetensors".into()]);
        assert_eq!(
            model,
            Some(Command::LoadModel(ModelChoice::Path("/m/model.safetensors".into())))
        );
    }
}
