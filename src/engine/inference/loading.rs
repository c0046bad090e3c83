//! Models come and go; the one that is there answers until another is.

use super::Inference;
use crate::engine::choice::ModelChoice;
use crate::engine::device::DeviceInfo;
use crate::engine::embeddings::Embeddings;
use crate::engine::loaded::Loaded;
use crate::engine::messages::LibraryMessage;
use crate::engine::protocol::{Event, Severity, Topic};
use crate::engine::queue::Wanted;

impl Inference {
    /// Has a model loaded, on another thread.
    pub(super) fn load(&mut self, choice: ModelChoice) {
        self.channels.events.send(Event::ModelLoading(choice.title()));
        self.loader.load(choice, self.device, self.precision);
    }

    /// A model is on the CPU, which answers at once; a GPU is prepared meanwhile.
    pub(super) fn loaded(&mut self, choice: ModelChoice, loaded: Result<Box<Loaded>, String>) {
        match loaded {
            Ok(loaded) => {
                for note in &loaded.model.info().notes {
                    self.message(Severity::Info, note.clone());
                }
                self.choice = choice.clone();
                self.channels.events.send(Event::ModelOpened(choice));
                self.announce(*loaded);
            }
            Err(error) => {
                let text = format!("The model was not opened: {error}");
                self.channels.events.message_about(Topic::Model, Severity::Error, text);
                match &mut self.loaded {
                    Some(loaded) => {
                        let info = Box::new(loaded.model.info().clone());
                        self.channels.events.send(Event::ModelReady(info));
                        self.channels.events.send(Event::Device {
                            info: loaded.device.clone(),
                            preparing: None,
                        });
                        if !loaded.device.gpu {
                            // Its GPU may have been being prepared: that ended when the other one was asked for.
                            let (choice, device) = (self.choice.clone(), self.device);
                            self.loader.prepare_gpu_again(loaded, choice, device, self.precision);
                        }
                    }
                    None if choice != ModelChoice::Starter => self.load(ModelChoice::Starter),
                    None => {}
                }
            }
        }
    }

    /// A model is here: tell everyone, forget what another computed.
    fn announce(&mut self, loaded: Loaded) {
        // What the one before has begun is its own.
        self.end_pending();
        let info = loaded.model.info().clone();
        self.announced.clone_from(&info.identity);
        let changed = !self.is_current(&info.identity);
        self.channels.queue.model(Some(Wanted {
            identity: info.identity.clone(),
            dim: info.projection_dim,
            preprocessing: loaded.model.preprocessing().clone(),
        }));
        self.device_is(&loaded.device, None);
        self.loaded = Some(loaded);
        self.seconds_a_picture = None;
        self.forget_inspected();
        if changed {
            self.embeddings = Embeddings::default();
            let _ = self.channels.librarian.send(LibraryMessage::Model {
                identity: info.identity.clone(),
                dim: info.projection_dim,
                place: self.choice.path().map(std::path::Path::to_path_buf),
                files: self.choice.files(),
            });
        }
        self.channels.events.send(Event::ModelReady(Box::new(info)));
        // The question is asked anew of this model.
        self.classes = None;
    }

    /// Tells where the model is now. One that was in half precision is another one on the processor, where nobody
    /// prepares pictures for the one before any more.
    pub(super) fn moved(&mut self) {
        let Some(loaded) = self.loaded.take() else { return };
        if loaded.model.info().identity == self.announced {
            self.device_is(&loaded.device, None);
            self.loaded = Some(loaded);
        } else {
            self.announce(loaded);
        }
    }

    pub(super) fn device_is(&self, info: &DeviceInfo, preparing: Option<String>) {
        self.channels.events.send(Event::Device {
            info: info.clone(),
            preparing,
        });
    }

    pub(super) fn gpu_ready(&mut self, loaded: Result<Option<Box<Loaded>>, String>) {
        match loaded {
            Ok(Some(loaded)) => self.announce(*loaded),
            Ok(None) => {}
            Err(reason) => self.message(Severity::Warning, reason),
        }
        if let Some(loaded) = &self.loaded {
            self.device_is(&loaded.device, None);
        }
    }
}
