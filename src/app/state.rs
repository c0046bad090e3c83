//! What the window knows. Changed by [`super::update`] (what the user wants) and [`State::apply`] (what the engine
//! says), and by nothing else.

use std::path::{Path, PathBuf};

use super::command::{Dialog, FileDialog};
use super::explore::{Beside, Explore};
use super::settings::Settings;
use super::train::Training;
use crate::engine::DeviceInfo;
use crate::engine::ModelChoice;
use crate::engine::protocol::{CachedModel, Event, FetchOutcome, ModelInfo, Progress, Severity, model_name};
use crate::engine::training::TrainingEvent;

/// Messages that stay on screen.
const MAX_MESSAGES: usize = 4;

/// Something to read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// How grave.
    pub severity: Severity,
    /// What.
    pub text: String,
}

/// A model that is being fetched.
#[derive(Debug, Clone, PartialEq)]
pub struct Fetching {
    /// Its name on the Hub.
    pub name: String,
    /// How far it is; none before the first bytes.
    pub progress: Option<Progress>,
}

/// What the window is for at the moment.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Mode {
    /// To look at pictures and what the model makes of them.
    #[default]
    Explore,
    /// To teach a model.
    Train,
}

/// Everything that the window shows.
pub struct State {
    /// What the window is for.
    pub mode: Mode,
    /// Runs, and what is set up for the next.
    pub training: Training,
    /// Pictures, labels, and what the model says about them.
    pub explore: Explore,
    /// What persists.
    pub settings: Settings,
    /// Which model is opened: the one that runs learn from. The settings may name another, which could not be opened.
    pub opened_model: ModelChoice,
    /// Its card.
    pub model: Option<ModelInfo>,
    /// A model that the user asked for and that is not opened yet.
    pub asked_model: Option<ModelChoice>,
    /// A model that is being loaded.
    pub model_loading: Option<String>,
    /// The models of the Hugging Face cache.
    pub local_models: Vec<CachedModel>,
    /// A model that is being fetched.
    pub fetching: Option<Fetching>,
    /// A model that is here and that the user wanted to open.
    pub wanted_model: Option<ModelChoice>,
    /// A model that is deleted if the user says so once more.
    pub asked_to_remove: Option<String>,
    /// What is typed into the field for a model's name.
    pub model_name: String,
    /// Where the model computes.
    pub device: Option<DeviceInfo>,
    /// A GPU that is being prepared.
    pub gpu_preparing: Option<String>,
    /// Things to read.
    pub messages: Vec<Message>,
    /// The dialog over the window.
    pub dialog: Option<Dialog>,
    /// A platform dialog that is to be opened.
    pub wanted_dialog: Option<FileDialog>,
    /// A folder to show in the platform's file manager.
    pub wanted_folder: Option<PathBuf>,
    /// What is typed into a dialog.
    pub draft: String,
}

/// What a run's folder is called, of a run that is not known (any more): in it, models have no names of their own.
fn run_folder(path: &Path) -> Option<String> {
    let run = path.parent()?;
    let runs = run.parent()?.file_name()?;
    (runs == "runs").then(|| run.file_name().map(|name| name.to_string_lossy().into_owned()))?
}

impl State {
    /// A window before its first event.
    pub fn new(settings: Settings) -> Self {
        Self {
            mode: Mode::default(),
            training: Training::default(),
            explore: Explore::default(),
            settings,
            opened_model: ModelChoice::Starter,
            model: None,
            asked_model: None,
            model_loading: None,
            local_models: Vec::new(),
            fetching: None,
            wanted_model: None,
            asked_to_remove: None,
            model_name: String::new(),
            device: None,
            gpu_preparing: None,
            messages: Vec::new(),
            dialog: None,
            wanted_dialog: None,
            wanted_folder: None,
            draft: String::new(),
        }
    }

    /// Says something to the user.
    pub fn say(&mut self, severity: Severity, text: impl Into<String>) {
        let message = Message {
            severity,
            text: text.into(),
        };
        self.messages.retain(|known| *known != message);
        self.messages.push(message);
        let surplus = self.messages.len().saturating_sub(MAX_MESSAGES);
        self.messages.drain(..surplus);
    }

    /// Takes what the engine says; what is out of date is dropped.
    pub fn apply(&mut self, event: Event) {
        let beside = Beside {
            settings: &self.settings,
            model: self.model.as_ref(),
        };
        let Some(event) = self.explore.apply(event, beside) else {
            return;
        };
        match event {
            Event::Training(event) => self.trained(event),
            Event::LocalModels(models) => self.local_models = models,
            Event::Fetching { name, progress } => {
                self.fetching = Some(Fetching {
                    name,
                    progress: Some(progress),
                });
            }
            Event::Fetched { name, outcome } => self.fetched(&name, outcome),
            Event::ModelLoading(name) => self.model_loading = Some(name),
            Event::ModelOpened(choice) => self.model_opened(choice),
            Event::ModelReady(info) => self.model_ready(*info),
            Event::Device { info, preparing } => {
                self.device = Some(info);
                self.gpu_preparing = preparing;
            }
            Event::Message { severity, text } => self.say(severity, text),
            _ => {}
        }
    }

    /// Takes what training says. A model that is in use and has changed since, by another blend, is opened anew.
    fn trained(&mut self, event: TrainingEvent) {
        let in_use = |state: &Self| {
            let record = state.training.run_of(&state.opened_model)?;
            Some((record.run.clone(), record.blend, record.accuracy))
        };
        let before = in_use(self);
        self.training.apply(event);
        let after = in_use(self);
        if before.is_some() && after.is_some() && before != after {
            self.wanted_model = Some(self.opened_model.clone());
        }
    }

    /// A model's name for people: that of the run, where a run made it.
    pub fn name_at(&self, path: &Path) -> String {
        match self.training.run_at(path) {
            Some(record) => record.name.clone(),
            None => run_folder(path).unwrap_or_else(|| model_name(path)),
        }
    }

    /// The same of the model that is being loaded.
    pub fn name_of_loading(&self) -> Option<String> {
        let name = self.model_loading.as_ref()?;
        let run = self.training.run_at(Path::new(name));
        Some(run.map_or_else(|| name.clone(), |record| record.name.clone()))
    }

    /// The same of a model that was opened.
    pub fn name_of(&self, model: &ModelInfo) -> String {
        let run = model.path.as_deref().and_then(|path| self.training.run_at(path));
        run.map_or_else(|| model.name.clone(), |record| record.name.clone())
    }

    fn fetched(&mut self, name: &str, outcome: FetchOutcome) {
        self.fetching = None;
        match outcome {
            FetchOutcome::Here(folder) => {
                self.say(Severity::Info, format!("{name} is here, verified"));
                self.wanted_model = Some(ModelChoice::Path(folder));
            }
            FetchOutcome::Stopped => {
                let text = format!("Fetching {name} was stopped; the next time goes on from there");
                self.say(Severity::Info, text);
            }
            FetchOutcome::Failed(reason) => self.say(Severity::Error, format!("{name} was not fetched: {reason}")),
        }
    }

    /// Only a model that can be opened is opened again at the next launch; the starter in its place is not.
    fn model_opened(&mut self, choice: ModelChoice) {
        if self.asked_model.as_ref() == Some(&choice) {
            self.settings.model = choice.clone();
            if let ModelChoice::Path(path) = &choice {
                self.settings.remember_model(path);
            }
            self.asked_model = None;
        }
        self.opened_model = choice;
    }

    fn model_ready(&mut self, info: ModelInfo) {
        self.model_loading = None;
        if self.model.as_ref().is_some_and(|model| model.identity == info.identity) {
            return;
        }
        self.model = Some(info);
        self.explore.model_changed();
    }
}
