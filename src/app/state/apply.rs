//! Takes the engine's events that concern the whole window: models, devices, runs, messages.

use super::State;
use crate::app::command::Command;
use crate::app::explore::EventContext;
use crate::app::models::{rounded, speed_key};
use crate::app::shell::messages::Message;
use crate::engine::ModelChoice;
use crate::engine::protocol::{Event, FetchOutcome, ModelInfo, ModelSpeed, ScreenImage, Severity, Topic};
use crate::engine::training::TrainingEvent;

impl State {
    /// Takes what the engine says; what is out of date is dropped.
    pub fn apply(&mut self, event: Event) {
        if let Event::Speed(speed) = event {
            self.remember_speed(speed);
        }
        let context = EventContext {
            settings: &self.settings,
            model: self.model.as_ref(),
        };
        let Some(event) = self.explore.apply(event, context) else {
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
            Event::SharpPicture { path, side, image } => self.evaluating.sharpened(&path, side, image.ok()),
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
