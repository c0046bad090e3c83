//! What the window knows. Changed by [`super::update`] (what the user wants) and [`State::apply`] (what the engine
//! says), and by nothing else.

mod apply;
mod names;

use std::path::PathBuf;

use super::command::{Dialog, FileDialog};
use super::evaluate::Evaluating;
use super::explore::Explore;
use super::models::Models;
use super::settings::Settings;
use super::shell::messages::{Message, Messages};
use super::train::Training;
use crate::engine::DeviceInfo;
use crate::engine::ModelChoice;
use crate::engine::protocol::{ModelInfo, ScreenImage, Severity, Topic};
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

/// Everything that the window shows. Panels are given it to read; who wants a change returns a command.
pub struct State {
    /// What this program is.
    pub(super) about: About,
    /// What the window is for.
    pub(super) mode: Mode,
    /// Runs, and what is set up for the next.
    pub(super) training: Training,
    /// Pictures, labels, and what the model says about them.
    pub(super) explore: Explore,
    /// Evaluations, and what is set up for the next.
    pub(super) evaluating: Evaluating,
    /// What the page of models shows.
    pub(super) models: Models,
    pub(super) settings: Settings,
    /// Whether the window is dark at the moment.
    pub(super) dark: bool,
    /// Pixels of the screen for a point.
    pub(super) pixels_per_point: f32,
    /// Whether the window has the whole screen.
    pub(super) full_screen: bool,
    /// Which model is opened: the one that runs learn from. The settings may name another, which could not be opened.
    pub(super) opened_model: ModelChoice,
    pub(super) model: Option<ModelInfo>,
    /// A model that the user asked for and that is not opened yet.
    pub(super) asked_model: Option<ModelChoice>,
    /// A model that is being loaded.
    pub(super) model_loading: Option<String>,
    /// A model that is here and that the user wanted to open.
    pub(super) wanted_model: Option<ModelChoice>,
    /// Where the model computes.
    pub(super) device: Option<DeviceInfo>,
    /// A GPU that is being prepared.
    pub(super) gpu_preparing: Option<String>,
    /// Pictures of files that arrived since the last frame.
    pub(super) new_file_pictures: Vec<(PathBuf, ScreenImage)>,
    pub(super) messages: Messages,
    /// The dialog over the window.
    pub(super) dialog: Option<Dialog>,
    /// A platform dialog that is to be opened.
    pub(super) wanted_dialog: Option<FileDialog>,
    /// A folder to show in the platform's file manager.
    pub(super) wanted_folder: Option<PathBuf>,
    /// Everything is forgotten if the user says so once more.
    pub(super) asked_to_forget: bool,
    /// What is typed into the open dialog; none before something is.
    pub(super) draft: Option<String>,
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

    /// What the window is for at the moment.
    pub fn mode(&self) -> Mode {
        self.mode
    }

    pub fn explore(&self) -> &Explore {
        &self.explore
    }

    pub fn training(&self) -> &Training {
        &self.training
    }

    pub fn evaluating(&self) -> &Evaluating {
        &self.evaluating
    }

    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// The card of the opened model.
    pub fn model(&self) -> Option<&ModelInfo> {
        self.model.as_ref()
    }

    pub fn messages(&self) -> &Messages {
        &self.messages
    }

    /// The dialog over the window.
    pub fn dialog(&self) -> Option<Dialog> {
        self.dialog
    }

    /// A platform dialog that is to be opened.
    pub fn wanted_dialog(&self) -> Option<FileDialog> {
        self.wanted_dialog
    }

    /// What is typed into the open dialog; none before something is.
    pub fn draft(&self) -> Option<&str> {
        self.draft.as_deref()
    }

    /// Whether the window has the whole screen.
    pub fn full_screen(&self) -> bool {
        self.full_screen
    }

    /// Says something to the user.
    pub fn say(&mut self, severity: Severity, text: impl Into<String>) {
        self.messages.add(Message::new(severity, text));
    }

    /// Tells something that replaces what was said about the same.
    pub fn say_about(&mut self, topic: Topic, text: impl Into<String>) {
        self.messages.add(Message::new(Severity::Info, text).about(topic));
    }
}
