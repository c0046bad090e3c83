//! The platform's dialogs, each on a thread of its own so that the window goes on meanwhile.

mod asking;
mod dropped;

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, Sender, unbounded};

use super::status::folder_name;
use crate::app::command::{Command, FileDialog};
use crate::app::evaluate::export_name;
use crate::app::state::State;
use crate::logging::{panic_text, place};

use asking::ask;
use dropped::dropped;

pub use dropped::{is_list, nothing_opened};

/// Nobody can cancel a dialog sooner than this: if one seems cancelled, there was none.
const SOONEST_CANCEL: Duration = Duration::from_millis(300);
/// Characters in the name that is suggested for a file.
const NAME_CHARACTERS: usize = 80;

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
    let allowed = |c: char| match c {
        '/' | '\\' | ':' | '*' | '?' | '"' | '<' | '>' | '|' => '-',
        c if c.is_whitespace() || c.is_control() => '-',
        c => c,
    };
    let name: String = text.chars().map(allowed).take(NAME_CHARACTERS).collect();
    name.trim_matches(['-', '.']).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::explore::ExploreCommand;
    use crate::app::settings::Settings;
    use crate::app::update::update;

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
        let _ = update(
            &mut state,
            Command::Explore(ExploreCommand::MapLabel(label)),
            Instant::now(),
        );
        assert_eq!(
            suggested_name(&state, FileDialog::HeatmapGrid),
            "cup-of-coffee-heatmap.json"
        );
        assert_eq!(suggested_name(&state, FileDialog::Folders), "");
    }
}
