//! The platform's dialogs, each on a thread of its own: the window goes on meanwhile.

use std::path::{Path, PathBuf};

use crossbeam_channel::{Receiver, Sender, unbounded};

use crate::app::command::{Command, FileDialog};
use crate::app::evaluate::{EvaluateCommand, SixtyCommand, export_name};
use crate::app::train::TrainCommand;
use crate::clip::is_model_folder;
use crate::engine::ModelChoice;
use crate::library::{Looks, MAX_LABELS_BYTES, looks, read_text};
use crate::logging::{panic_text, place};

/// How the names of weights end.
const MODEL_FILES: [&str; 3] = ["safetensors", "pt", "bin"];
/// Files that a message names.
const NAMED: usize = 3;
/// Words that are read of a file.
const WORDS: usize = 5_000;

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
        self.on_own_thread("dialog", wake, move || ask(dialog));
    }

    /// Finds out what dropped paths mean, which reads the disk; `wake` is called when it is known.
    pub fn take_dropped(&self, paths: Vec<PathBuf>, wake: impl FnOnce() + Send + 'static) {
        if paths.is_empty() {
            return;
        }
        self.on_own_thread("dropped", wake, move || dropped(paths));
    }

    /// Shows a folder in the platform's file manager; made where it is not there yet.
    pub fn show(&self, folder: PathBuf, wake: impl FnOnce() + Send + 'static) {
        self.on_own_thread("folder", wake, move || {
            let shown = std::fs::create_dir_all(&folder).and_then(|()| open::that_detached(&folder));
            let error = shown.err()?;
            Some(Command::Report(format!(
                "{} cannot be shown: {error}",
                folder.display()
            )))
        });
    }

    /// What comes of the work, or of a panic in it, is a command of a later frame.
    fn on_own_thread(
        &self,
        name: &str,
        wake: impl FnOnce() + Send + 'static,
        work: impl FnOnce() -> Option<Command> + Send + 'static,
    ) {
        let sender = self.sender.clone();
        let started = std::thread::Builder::new().name(name.into()).spawn(move || {
            let done = std::panic::catch_unwind(std::panic::AssertUnwindSafe(work));
            let command = done.unwrap_or_else(|panic| {
                let reason = panic_text(panic.as_ref());
                Some(Command::Report(format!("The dialog failed ({reason}); {}", place())))
            });
            if let Some(command) = command {
                let _ = sender.send(command);
                wake();
            }
        });
        if let Err(error) = started {
            let text = format!("The dialog could not be opened ({error}): close other programs, and try again");
            let _ = self.sender.send(Command::Report(text));
        }
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
            .and_then(opened),
        FileDialog::ModelFolder => ask
            .set_title("Open a model's folder")
            .pick_folder()
            .map(|folder| Command::LoadModel(ModelChoice::Path(folder))),
        FileDialog::ModelFile => ask
            .set_title("Open a model's weights")
            .add_filter("Weights", &MODEL_FILES)
            .pick_file()
            .map(|file| Command::LoadModel(ModelChoice::Path(file))),
        FileDialog::Csv => ask
            .set_title("Save predictions")
            .set_file_name("predictions.csv")
            .save_file()
            .map(Command::ExportCsv),
        FileDialog::HeatmapPicture => ask
            .set_title("Save the heatmap with its legend")
            .set_file_name("heatmap.png")
            .add_filter("Picture", &["png"])
            .save_file()
            .map(Command::SaveHeatmap),
        FileDialog::HeatmapGrid => ask
            .set_title("Save the heatmap's numbers")
            .set_file_name("heatmap.json")
            .save_file()
            .map(Command::SaveGrid),
        FileDialog::TrainingFolder => ask
            .set_title("Learn from a folder: one folder a class, or pictures with captions")
            .pick_folder()
            .map(|folder| Command::Train(TrainCommand::UseFolder(folder))),
        FileDialog::ControlFolder => ask
            .set_title("Measure forgetting on a folder: one folder a class")
            .pick_folder()
            .map(|folder| Command::Train(TrainCommand::UseControl(Some(folder)))),
        FileDialog::RunFolder => ask
            .set_title("A folder for the run's model and curves")
            .pick_folder()
            .map(|folder| Command::Train(TrainCommand::Export(folder))),
        FileDialog::EvaluationFolder => ask
            .set_title("Evaluate on a folder: one folder a class, or a list with labels")
            .pick_folder()
            .map(|folder| Command::Evaluate(EvaluateCommand::UseFolder(folder))),
        FileDialog::EvaluationList => ask
            .set_title("Evaluate on a list: a column for the picture, one for its label")
            .add_filter("Lists", &["csv", "tsv", "jsonl", "json", "txt"])
            .pick_file()
            .map(|list| Command::Evaluate(EvaluateCommand::UseFolder(list))),
        FileDialog::EvaluationNegatives => ask
            .set_title("Pictures that show none of the classes")
            .pick_folder()
            .map(|folder| Command::Evaluate(EvaluateCommand::UseNegatives(folder))),
        FileDialog::EvaluationLabels => ask
            .set_title("Save the labels")
            .set_file_name("labels.csv")
            .add_filter("List", &["csv"])
            .save_file()
            .map(|path| Command::Evaluate(EvaluateCommand::Sixty(SixtyCommand::Save(path)))),
        FileDialog::EvaluationCard => ask
            .set_title("Save the card")
            .set_file_name("card.png")
            .add_filter("Picture", &["png"])
            .save_file()
            .map(|path| Command::Evaluate(EvaluateCommand::SaveCard(path))),
        FileDialog::EvaluationCards => ask
            .set_title("A folder for the cards of these pictures")
            .pick_folder()
            .map(|folder| Command::Evaluate(EvaluateCommand::SaveCards(folder))),
        FileDialog::EvaluationNames => ask
            .set_title("What the classes are called: a line a class, its folder, its name and descriptions behind tabs")
            .add_filter("Labels", &["txt", "tsv", "csv"])
            .pick_file()
            .map(|file| read(&file, EvaluateCommand::UseNames)),
        FileDialog::EvaluationWords => ask
            .set_title("Words that groups of mistakes may be told by, a line each")
            .add_filter("Words", &["txt"])
            .pick_file()
            .map(|file| read(&file, |text| EvaluateCommand::Cluster(lines(&text)))),
        FileDialog::EvaluationFile => ask
            .set_title("Open an evaluation")
            .add_filter("Evaluation", &["evaluation"])
            .pick_file()
            .map(|file| Command::Evaluate(EvaluateCommand::Import(file))),
        FileDialog::EvaluationPictures => ask
            .set_title("The folder where the pictures of this evaluation lie")
            .pick_folder()
            .map(|folder| Command::Evaluate(EvaluateCommand::ImportFrom(folder))),
        FileDialog::EvaluationExport(kind) => {
            let (name, ending) = export_name(kind);
            ask.set_title("Save the evaluation")
                .set_file_name(name)
                .add_filter("Evaluation", &[ending])
                .save_file()
                .map(|path| Command::Evaluate(EvaluateCommand::Export(path)))
        }
    }
}

/// A command with the text of a file, or why it cannot be read.
fn read(file: &Path, command: impl FnOnce(String) -> EvaluateCommand) -> Command {
    match read_text(file, MAX_LABELS_BYTES) {
        Ok(text) => Command::Evaluate(command(text)),
        Err(error) => Command::Report(format!("{} cannot be read: {error}", file.display())),
    }
}

/// The lines that hold something.
fn lines(text: &str) -> Vec<String> {
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
    lines.map(String::from).take(WORDS).collect()
}

/// What dropped paths mean: weights or a folder of a model are a model, everything else is pictures.
fn dropped(paths: Vec<PathBuf>) -> Option<Command> {
    let is_model = |path: &&PathBuf| {
        let weights = path.extension().and_then(|extension| extension.to_str());
        weights.is_some_and(|extension| MODEL_FILES.contains(&extension)) || is_model_folder(path)
    };
    match paths.iter().find(is_model) {
        Some(model) => Some(Command::LoadModel(ModelChoice::Path(model.clone()))),
        None if paths.is_empty() => None,
        None if paths.iter().any(|path| may_be_opened(path)) => Some(Command::Drop(paths)),
        None => {
            let name = |path: &PathBuf| path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            let named = paths.iter().map(name).take(NAMED).collect::<Vec<_>>().join(", ");
            let more = paths.len().saturating_sub(NAMED);
            let more = if more == 0 {
                String::new()
            } else {
                format!(" and {more} more")
            };
            Some(Command::Report(format!(
                "Nothing was opened: {named}{more} is no picture, no folder and no model"
            )))
        }
    }
}

/// What was chosen; a dialog that is cancelled answers with an empty list on some desktops, which means nothing.
fn opened(folders: Vec<PathBuf>) -> Option<Command> {
    (!folders.is_empty()).then_some(Command::Open(folders))
}

/// A folder, or a picture, also of a kind that is not read: that one is listed with its reason.
fn may_be_opened(path: &Path) -> bool {
    path.is_dir() || looks(path) != Looks::Other
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cancelled_dialog_opens_nothing() {
        assert_eq!(opened(Vec::new()), None);
        assert_eq!(opened(vec!["/a".into()]), Some(Command::Open(vec!["/a".into()])));
    }

    #[test]
    fn weights_and_folders_of_models_are_models_and_the_rest_are_pictures() {
        let model = |path: &str| Some(Command::LoadModel(ModelChoice::Path(path.into())));
        assert_eq!(dropped(vec![]), None);
        let folder = tempfile::tempdir().unwrap();
        let folder = folder.path().to_path_buf();
        assert_eq!(dropped(vec![folder.clone()]), Some(Command::Drop(vec![folder.clone()])));
        for picture in ["/a.jpg", "/a.heic"] {
            assert_eq!(dropped(vec![picture.into()]), Some(Command::Drop(vec![picture.into()])));
        }
        let table = folder.join("a.csv");
        std::fs::write(&table, "a,b\n").unwrap();
        let both = vec![table.clone(), "/a.jpg".into()];
        assert_eq!(dropped(both.clone()), Some(Command::Drop(both)));
        assert!(matches!(dropped(vec![table]), Some(Command::Report(text)) if text.contains("a.csv is no picture")));
        for path in ["/m/model.safetensors", "/m/RN50.pt", "/m/pytorch_model.bin"] {
            assert_eq!(dropped(vec!["/a".into(), path.into()]), model(path));
        }
        let fixture = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/siglip");
        assert_eq!(dropped(vec![fixture.into()]), model(fixture));
    }
}
