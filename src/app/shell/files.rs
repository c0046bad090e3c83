//! The platform's dialogs, each on a thread of its own: the window goes on meanwhile.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, Sender, unbounded};

use crate::app::command::{Command, FileDialog};
use crate::app::evaluate::{EvaluateCommand, SixtyCommand, export_name};
use crate::app::shell::status::folder_name;
use crate::app::state::State;
use crate::app::train::TrainCommand;
use crate::clip::is_model_folder;
use crate::engine::ModelChoice;
use crate::library::{Looks, MAX_LABELS_BYTES, looks, read_text};
use crate::logging::{panic_text, place};

/// How the names of weights end.
const MODEL_FILES: [&str; 3] = ["safetensors", "pt", "bin"];
/// How the names of lists of pictures with their labels end.
const LISTS: [&str; 5] = ["csv", "tsv", "jsonl", "json", "txt"];
/// Files that a message names.
const NAMED: usize = 3;
/// Nobody cancels a dialog as soon as this: there was none.
const SOONEST_CANCEL: Duration = Duration::from_millis(300);
/// Signs of a name that is suggested for a file.
const NAME_SIGNS: usize = 80;
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
    /// Opens a dialog that suggests a name; `wake` is called when something was chosen.
    pub fn open(&self, dialog: FileDialog, name: String, wake: impl FnOnce() + Send + 'static) {
        self.on_own_thread("dialog", wake, move || {
            let asked = Instant::now();
            let chosen = ask(dialog, &name);
            chosen.or_else(|| unanswered(asked.elapsed()))
        });
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

/// Where the desktop brings no dialogs, none is opened, and it looks like one that was cancelled; but sooner than anybody can.
fn unanswered(after: Duration) -> Option<Command> {
    let text = "No file dialog could be opened: install xdg-desktop-portal or zenity, or drop files on the window";
    (cfg!(target_os = "linux") && after < SOONEST_CANCEL).then(|| Command::Report(text.into()))
}

/// What a file is called that a dialog saves to, until somebody calls it something else: after what is in it.
pub fn suggested_name(state: &State, dialog: FileDialog) -> String {
    let heatmap = || {
        let picture = state.explore.selected().and_then(|id| state.explore.pictures().get(id));
        let picture = picture.and_then(|picture| Path::new(picture.name()).file_stem());
        let picture = picture.map(|stem| stem.to_string_lossy().into_owned());
        let label = state.shown_label().and_then(|label| state.row(label));
        let label = label.map(|row| row.label.name.clone());
        let parts = picture.into_iter().chain(label).chain(["heatmap".into()]);
        parts.collect::<Vec<_>>().join("-")
    };
    match dialog {
        FileDialog::Csv => format!("{}-predictions.csv", plain(&folder_name(state))),
        FileDialog::HeatmapPicture => format!("{}.png", plain(&heatmap())),
        FileDialog::HeatmapGrid => format!("{}.json", plain(&heatmap())),
        FileDialog::EvaluationExport(kind) => export_name(kind).0.to_owned(),
        _ => String::new(),
    }
}

/// A text as every system takes it for a file's name.
fn plain(text: &str) -> String {
    let sign = |c: char| match c {
        '/' | '\\' | ':' | '*' | '?' | '"' | '<' | '>' | '|' => '-',
        c if c.is_whitespace() || c.is_control() => '-',
        c => c,
    };
    let name: String = text.chars().map(sign).take(NAME_SIGNS).collect();
    name.trim_matches(['-', '.']).to_owned()
}

fn ask(dialog: FileDialog, name: &str) -> Option<Command> {
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
        FileDialog::Csv => ask.set_title("Save predictions").save_file().map(Command::ExportCsv),
        FileDialog::HeatmapPicture => ask
            .set_title("Save the heatmap with its legend")
            .add_filter("Picture", &["png"])
            .save_file()
            .map(Command::SaveHeatmap),
        FileDialog::HeatmapGrid => ask
            .set_title("Save the heatmap's numbers")
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

/// What dropped paths mean: weights or a folder of a model are a model, everything else is pictures, or a list of them.
fn dropped(paths: Vec<PathBuf>) -> Option<Command> {
    let is_model = |path: &&PathBuf| ends_in(path, &MODEL_FILES) || is_model_folder(path);
    match paths.iter().find(is_model) {
        Some(model) => Some(Command::LoadModel(ModelChoice::Path(model.clone()))),
        None if paths.is_empty() => None,
        None if paths.iter().any(|path| may_be_opened(path) || is_list(path)) => Some(Command::Drop(paths)),
        None => Some(nothing_opened(&paths)),
    }
}

fn ends_in(path: &Path, endings: &[&str]) -> bool {
    let ending = path.extension().and_then(|ending| ending.to_str());
    ending.is_some_and(|ending| endings.iter().any(|known| ending.eq_ignore_ascii_case(known)))
}

/// A file that may say which pictures show what: a measurement can be made on it, and nothing else.
pub fn is_list(path: &Path) -> bool {
    ends_in(path, &LISTS)
}

/// Says that none of these is what can be opened.
pub fn nothing_opened(paths: &[PathBuf]) -> Command {
    let name = |path: &PathBuf| path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let named = paths.iter().map(name).take(NAMED).collect::<Vec<_>>().join(", ");
    let more = paths.len().saturating_sub(NAMED);
    let more = if more == 0 {
        String::new()
    } else {
        format!(" and {more} more")
    };
    let kinds = if paths.len() == 1 { "is" } else { "are" };
    let hint = if paths.iter().any(|path| is_list(path)) {
        ". A list of pictures with their labels can be dropped on Evaluate"
    } else {
        ""
    };
    Command::Report(format!(
        "Nothing was opened: {named}{more} {kinds} no picture, no folder and no model{hint}"
    ))
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
    use crate::app::settings::Settings;
    use crate::app::update::update;

    #[test]
    fn a_cancelled_dialog_opens_nothing() {
        assert_eq!(opened(Vec::new()), None);
        assert_eq!(opened(vec!["/a".into()]), Some(Command::Open(vec!["/a".into()])));
    }

    #[test]
    fn a_dialog_that_nobody_can_have_cancelled_was_not_there() {
        let told = unanswered(Duration::from_millis(40));
        assert_eq!(told.is_some(), cfg!(target_os = "linux"), "{told:?}");
        assert_eq!(unanswered(Duration::from_secs(2)), None);
    }

    #[test]
    fn files_are_called_after_what_is_in_them() {
        let mut state = State::new(Settings {
            folders: vec!["/photos/Summer: 2024".into()],
            ..Settings::default()
        });
        assert_eq!(suggested_name(&state, FileDialog::Csv), "Summer--2024-predictions.csv");
        assert_eq!(suggested_name(&state, FileDialog::HeatmapPicture), "heatmap.png");
        let label = state.settings.labels[1].id;
        let _ = update(&mut state, Command::MapLabel(label), Instant::now());
        assert_eq!(
            suggested_name(&state, FileDialog::HeatmapGrid),
            "cup-of-coffee-heatmap.json"
        );
        assert_eq!(suggested_name(&state, FileDialog::Folders), "");
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
        let document = folder.join("a.pdf");
        std::fs::write(&document, "%PDF").unwrap();
        let both = vec![document.clone(), "/a.jpg".into()];
        assert_eq!(dropped(both.clone()), Some(Command::Drop(both)));
        assert!(matches!(dropped(vec![document]), Some(Command::Report(text)) if text.contains("a.pdf is no picture")));
        // Whether a list is of use is known where it lands.
        for list in ["/a.csv", "/a.TSV", "/a.jsonl", "/a.json", "/a.txt"] {
            assert_eq!(dropped(vec![list.into()]), Some(Command::Drop(vec![list.into()])));
        }
        for path in ["/m/model.safetensors", "/m/RN50.pt", "/m/pytorch_model.bin"] {
            assert_eq!(dropped(vec!["/a".into(), path.into()]), model(path));
        }
        let fixture = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/siglip");
        assert_eq!(dropped(vec![fixture.into()]), model(fixture));
    }
}
