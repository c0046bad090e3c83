//! What the page of models shows, and what a user can want of it.

use crate::engine::ModelChoice;
use crate::engine::protocol::{CachedModel, Download};

/// A model that is being fetched.
#[derive(Debug, Clone, PartialEq)]
pub struct Fetching {
    /// Its name on the Hub.
    pub name: String,
    /// How far it is; none before the first bytes.
    pub progress: Option<Download>,
}

/// What comes first.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Order {
    /// What fits this machine, the most accurate first.
    #[default]
    Fits,
    /// The most accurate.
    Accuracy,
    /// The smallest.
    Size,
}

impl Order {
    /// Every order with its name for people.
    pub const ALL: [(Self, &'static str); 3] = [
        (Self::Fits, "What fits this machine"),
        (Self::Accuracy, "Accuracy"),
        (Self::Size, "Size"),
    ];
}

/// Which models are listed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Only {
    /// Those that read more than English.
    pub many_languages: bool,
    /// Those that are here already.
    pub here: bool,
    /// Those of this licence.
    pub licence: Option<String>,
}

/// What a user can want of the page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ModelsCommand {
    /// Put others first.
    SortBy(Order),
    /// List only these.
    List(Only),
    /// Type the name of a model of the Hub.
    TypeName(String),
    /// Ask whether a model shall be deleted; none withdraws the question.
    AskToRemove(Option<String>),
}

/// What the page shows.
#[derive(Debug, Clone, Default)]
pub struct Models {
    here: Vec<CachedModel>,
    machine_bytes: Option<u64>,
    fetching: Option<Fetching>,
    measuring: Option<ModelChoice>,
    asked_to_remove: Option<String>,
    typed_name: String,
    order: Order,
    only: Only,
}

impl Models {
    /// Carries out a command.
    pub fn update(&mut self, command: ModelsCommand) {
        match command {
            ModelsCommand::SortBy(order) => self.order = order,
            ModelsCommand::List(only) => self.only = only,
            ModelsCommand::TypeName(name) => self.typed_name = name,
            ModelsCommand::AskToRemove(name) => self.asked_to_remove = name,
        }
    }

    /// These lie in the Hugging Face cache.
    pub fn are_here(&mut self, models: Vec<CachedModel>) {
        self.here = models;
    }

    /// This much memory is there.
    pub fn machine_has(&mut self, bytes: u64) {
        self.machine_bytes = Some(bytes);
    }

    /// A download goes on.
    pub fn fetches(&mut self, name: String, progress: Option<Download>) {
        self.typed_name.clear();
        self.fetching = Some(Fetching { name, progress });
    }

    /// A model is being measured.
    pub fn measures(&mut self, choice: ModelChoice) {
        self.measuring = Some(choice);
    }

    /// It has been.
    pub fn measured(&mut self) {
        self.measuring = None;
    }

    /// The model that is being measured.
    pub fn measuring(&self) -> Option<&ModelChoice> {
        self.measuring.as_ref()
    }

    /// It has ended.
    pub fn fetched(&mut self) {
        self.fetching = None;
    }

    /// The models of the Hugging Face cache.
    pub fn here(&self) -> &[CachedModel] {
        &self.here
    }

    /// The model of this name, if it is here.
    pub fn find(&self, name: &str) -> Option<&CachedModel> {
        self.here.iter().find(|model| model.name == name)
    }

    /// The memory of this machine, in bytes.
    pub fn machine_bytes(&self) -> Option<u64> {
        self.machine_bytes
    }

    /// The download that goes on.
    pub fn fetching(&self) -> Option<&Fetching> {
        self.fetching.as_ref()
    }

    /// Whether this model is deleted if the user says so once more.
    pub fn is_asked_about(&self, name: &str) -> bool {
        self.asked_to_remove.as_deref() == Some(name)
    }

    /// What is typed into the field for a name.
    pub fn typed_name(&self) -> &str {
        &self.typed_name
    }

    /// What comes first.
    pub fn order(&self) -> Order {
        self.order
    }

    /// Which are listed.
    pub fn only(&self) -> &Only {
        &self.only
    }
}
