//! What the window knows. Changed by [`super::update`] (what the user wants) and [`State::apply`] (what the engine
//! says), and by nothing else.

use std::path::{Path, PathBuf};

use super::command::{Command, Dialog, FileDialog};
use super::evaluate::Evaluating;
use super::explore::{Beside, Explore};
use super::models::{Models, rounded, speed_key};
use super::settings::Settings;
use super::shell::messages::{Message, Messages};
use super::train::Training;
use crate::engine::DeviceInfo;
use crate::engine::ModelChoice;
use crate::engine::protocol::{Event, FetchOutcome, ModelInfo, ModelSpeed, ScreenImage, Severity, Topic, model_name};
use crate::engine::training::{RunRecord, TrainingEvent};
use crate::library::data_dir;
use crate::logging;
use crate::version::version;

/// What the window is for at the moment.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Mode {
    /// To look at pictures and what the model makes of them.
    #[default]
    Explore,
    /// To teach a model.
    Train,
    /// To measure a model.
    Evaluate,
    /// To choose a model.
    Models,
}

/// What this program is on this machine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct About {
    /// Its version.
    pub version: String,
    /// Where it keeps what it makes.
    pub data_folder: Option<PathBuf>,
    /// Where its log lies.
    pub log_folder: Option<PathBuf>,
}

impl Default for About {
    fn default() -> Self {
        Self {
            version: version().to_owned(),
            data_folder: data_dir(),
            log_folder: logging::folder().map(PathBuf::from),
        }
    }
}

/// Everything that the window shows.
pub struct State {
    /// What this program is.
    pub about: About,
    /// What the window is for.
    pub mode: Mode,
    /// Runs, and what is set up for the next.
    pub training: Training,
    /// Pictures, labels, and what the model says about them.
    pub explore: Explore,
    /// Evaluations, and what is set up for the next.
    pub evaluating: Evaluating,
    /// What the page of models shows.
    pub models: Models,
    /// What persists.
    pub settings: Settings,
    /// Whether the window is dark at the moment.
    pub dark: bool,
    /// Pixels of the screen for a point.
    pub pixels_per_point: f32,
    /// Whether the window has the whole screen.
    pub full_screen: bool,
    /// Which model is opened: the one that runs learn from. The settings may name another, which could not be opened.
    pub opened_model: ModelChoice,
    /// Its card.
    pub model: Option<ModelInfo>,
    /// A model that the user asked for and that is not opened yet.
    pub asked_model: Option<ModelChoice>,
    /// A model that is being loaded.
    pub model_loading: Option<String>,
    /// A model that is here and that the user wanted to open.
    pub wanted_model: Option<ModelChoice>,
    /// Where the model computes.
    pub device: Option<DeviceInfo>,
    /// A GPU that is being prepared.
    pub gpu_preparing: Option<String>,
    /// Pictures of files that arrived since the last frame.
    pub new_file_pictures: Vec<(PathBuf, ScreenImage)>,
    /// Things to read.
    pub messages: Messages,
    /// The dialog over the window.
    pub dialog: Option<Dialog>,
    /// A platform dialog that is to be opened.
    pub wanted_dialog: Option<FileDialog>,
    /// A folder to show in the platform's file manager.
    pub wanted_folder: Option<PathBuf>,
    /// Everything is forgotten if the user says so once more.
    pub asked_to_forget: bool,
    /// What is typed into the open dialog; none before something is.
    pub draft: Option<String>,
}

/// What a run's folder is called, of a run that is not known (any more): in it, models have no names of their own.
fn run_folder(path: &Path) -> Option<String> {
    let run = path.parent()?;
    let runs = run.parent()?.file_name()?;
    (runs == "runs").then(|| run.file_name().map(|name| name.to_string_lossy().into_owned()))?
}

/// What a run's model is called: a blend is another model than what was learnt.
fn called(record: &RunRecord) -> String {
    if record.is_blend() {
        format!("{}, blend {:.2}", record.name, record.blend)
    } else {
        record.name.clone()
    }
}

impl State {
    /// A window before its first event.
    pub fn new(settings: Settings) -> Self {
        Self {
            about: About::default(),
            mode: Mode::default(),
            training: Training::default(),
            explore: Explore::default(),
            evaluating: Evaluating::default(),
            models: Models::default(),
            settings,
            dark: false,
            pixels_per_point: 1.0,
            full_screen: false,
            opened_model: ModelChoice::Starter,
            model: None,
            asked_model: None,
            model_loading: None,
            wanted_model: None,
            device: None,
            gpu_preparing: None,
            new_file_pictures: Vec::new(),
            messages: Messages::default(),
            dialog: None,
            wanted_dialog: None,
            wanted_folder: None,
            asked_to_forget: false,
            draft: None,
        }
    }

    /// Says something to the user.
    pub fn say(&mut self, severity: Severity, text: impl Into<String>) {
        self.messages.add(Message::new(severity, text));
    }

    /// Tells something that replaces what was said about the same.
    pub fn say_about(&mut self, topic: Topic, text: impl Into<String>) {
        self.messages.add(Message::new(Severity::Info, text).about(topic));
    }

    /// Takes what the engine says; what is out of date is dropped.
    pub fn apply(&mut self, event: Event) {
        if let Event::Speed(speed) = event {
            self.remember_speed(speed);
        }
        let beside = Beside {
            settings: &self.settings,
            model: self.model.as_ref(),
        };
        let Some(event) = self.explore.apply(event, beside) else {
            return;
        };
        match event {
            Event::Training(event) => self.trained(event),
            Event::Evaluation(event) => self.evaluating.apply(event),
            Event::FilePicture { path, image } => match image {
                Ok(image) => self.new_file_pictures.push((path, image)),
                // Why is said where the file is looked at.
                Err(_) => self.new_file_pictures.push((path, ScreenImage::grey())),
            },
            Event::Measured(speed) => self.measured(speed),
            Event::LocalModels(models) => self.models.are_here(models),
            Event::MachineMemory(bytes) => self.models.machine_has(bytes),
            Event::Fetching { name, progress } => self.models.fetches(name, Some(progress)),
            Event::Fetched { name, outcome } => self.fetched(&name, outcome),
            Event::ModelLoading(name) => self.model_loading = Some(name),
            Event::ModelOpened(choice) => self.model_opened(choice),
            Event::ModelReady(info) => self.model_ready(*info),
            Event::Device { info, preparing } => {
                self.device = Some(info);
                self.gpu_preparing = preparing;
            }
            Event::Saved(path) => {
                let message = Message::new(Severity::Info, format!("Saved {}", path.display())).about(Topic::Saving);
                self.messages.add(match path.parent() {
                    Some(folder) => message.with("Show", Command::ShowFolder(folder.to_path_buf())),
                    None => message,
                });
            }
            Event::Message { severity, topic, text } => {
                let message = Message::new(severity, text);
                self.messages.add(match topic {
                    Some(topic) => message.about(topic),
                    None => message,
                });
            }
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
            Some(record) => called(record),
            None => run_folder(path).unwrap_or_else(|| model_name(path)),
        }
    }

    /// The same of the model that is being loaded.
    pub fn name_of_loading(&self) -> Option<String> {
        let name = self.model_loading.as_ref()?;
        let run = self.training.run_at(Path::new(name));
        Some(run.map_or_else(|| name.clone(), called))
    }

    /// The same of a model that was opened.
    pub fn name_of(&self, model: &ModelInfo) -> String {
        let run = model.path.as_deref().and_then(|path| self.training.run_at(path));
        run.map_or_else(|| model.name.clone(), called)
    }

    /// For the page of models, which estimates what others would do.
    fn remember_speed(&mut self, speed: f32) {
        if let (Some(model), Some(device)) = (&self.model, &self.device) {
            let key = speed_key(&model.name, &device.name);
            self.settings.speeds.insert(key, rounded(speed));
        }
    }

    fn measured(&mut self, speed: Option<ModelSpeed>) {
        self.models.measured();
        if let Some(speed) = speed {
            let key = speed_key(&speed.model, &speed.device);
            self.settings.speeds.insert(key, rounded(speed.pictures_per_s));
        }
    }

    fn fetched(&mut self, name: &str, outcome: FetchOutcome) {
        self.models.fetched();
        match outcome {
            FetchOutcome::Here(folder) => {
                self.say_about(Topic::Fetching, format!("{name} is downloaded and verified"));
                self.wanted_model = Some(ModelChoice::Path(folder));
            }
            FetchOutcome::Stopped => {
                let text = format!("The download of {name} was stopped; it will resume next time");
                self.say_about(Topic::Fetching, text);
            }
            FetchOutcome::Failed(reason) => {
                let text = format!("{name} could not be downloaded: {reason}");
                let retry = Command::FetchModel(name.to_owned());
                let failed = Message::new(Severity::Error, text).about(Topic::Fetching);
                self.messages.add(failed.with("Retry", retry));
            }
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
            self.messages.forget(Topic::Model);
        }
        if let Some(words) = self.training.arrived(&choice) {
            self.say_about(Topic::Model, words);
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
