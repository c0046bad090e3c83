//! What each of the platform's dialogs asks for, and the command that follows from the choice.

use std::path::{Path, PathBuf};

use crate::app::command::{Command, FileDialog};
use crate::app::evaluate::{EvaluateCommand, SixtyCommand, export_name};
use crate::app::explore::ExploreCommand;
use crate::app::train::TrainCommand;
use crate::engine::ModelChoice;
use crate::library::{MAX_LABELS_BYTES, read_text};

/// How the names of weights end.
pub(super) const MODEL_FILES: [&str; 3] = ["safetensors", "pt", "bin"];
/// How the names of lists of pictures with their labels end.
pub(super) const LISTS: [&str; 5] = ["csv", "tsv", "jsonl", "json", "txt"];
/// Words that are read of a file.
const WORDS: usize = 5_000;

pub(super) fn ask(dialog: FileDialog, name: &str) -> Option<Command> {
    let ask = rfd::FileDialog::new();
    let ask = if name.is_empty() { ask } else { ask.set_file_name(name) };
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
            .save_file()
            .map(|path| Command::Explore(ExploreCommand::ExportCsv(path))),
        FileDialog::HeatmapPicture => ask
            .set_title("Save the heatmap with its legend")
            .add_filter("Picture", &["png"])
            .save_file()
            .map(|path| Command::Explore(ExploreCommand::SaveHeatmap(path))),
        FileDialog::HeatmapGrid => ask
            .set_title("Save the heatmap's numbers")
            .save_file()
            .map(|path| Command::Explore(ExploreCommand::SaveGrid(path))),
        FileDialog::TrainingFolder => ask
            .set_title("Learn from a folder: one folder per class, or pictures with captions")
            .pick_folder()
            .map(|folder| Command::Train(TrainCommand::UseFolder(folder))),
        FileDialog::ControlFolder => ask
            .set_title("Measure forgetting on a folder: one folder per class")
            .pick_folder()
            .map(|folder| Command::Train(TrainCommand::UseControl(Some(folder)))),
        FileDialog::RunFolder => ask
            .set_title("A folder for the run's model and curves")
            .pick_folder()
            .map(|folder| Command::Train(TrainCommand::Export(folder))),
        FileDialog::EvaluationFolder => ask
            .set_title("Evaluate on a folder: one folder per class, or a list with labels")
            .pick_folder()
            .map(|folder| Command::Evaluate(EvaluateCommand::UseFolder(folder))),
        FileDialog::EvaluationList => ask
            .set_title("Evaluate on a list: a column for the picture, one for its label")
            .add_filter("Lists", &LISTS)
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
            .set_title(
                "What the classes are called: one line per class: folder, name and descriptions separated by tabs",
            )
            .add_filter("Labels", &["txt", "tsv", "csv"])
            .pick_file()
            .map(|file| read(&file, EvaluateCommand::UseNames)),
        FileDialog::EvaluationWords => ask
            .set_title("Words that groups of mistakes may be told by, one per line")
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
            let (_, ending) = export_name(kind);
            ask.set_title("Save the evaluation")
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

/// What was chosen; a dialog that is cancelled answers with an empty list on some desktops, which means nothing.
fn opened(folders: Vec<PathBuf>) -> Option<Command> {
    (!folders.is_empty()).then_some(Command::Explore(ExploreCommand::Open(folders)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cancelled_dialog_opens_nothing() {
        assert_eq!(opened(Vec::new()), None);
        assert_eq!(
            opened(vec!["/a".into()]),
            Some(Command::Explore(ExploreCommand::Open(vec!["/a".into()])))
        );
    }
}
