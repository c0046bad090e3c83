//! The inspected picture: its heatmaps, step by step, and a second set of them beside the first.

use super::Inference;
use crate::engine::compared::ComparedMaps;
use crate::engine::explainer::Asked;
use crate::engine::loaded::Loaded;
use crate::engine::messages::InspectedPixels;
use crate::engine::protocol::{ComparedWith, Event, PictureId, Severity};

impl Inference {
    /// The user is at another picture, or at none: what was to be explained is not wanted any more.
    pub(super) fn inspecting(&mut self, picture: Option<PictureId>) {
        self.inspecting = picture;
        self.explainer.keep_only(picture);
        if let Some(compared) = &mut self.compared {
            compared.keep_only(picture);
        }
        if self.seen.as_ref().map(|(known, _)| *known) != picture {
            self.seen = None;
            self.probe = None;
            self.probe_due = false;
        }
    }

    /// The inspected picture is prepared for the model of this identity.
    pub(super) fn inspect(&mut self, picture: PictureId, identity: &str, seen: InspectedPixels) {
        let current = self.is_current(identity);
        if let Some(compared) = &mut self.compared {
            compared.inspect(picture, identity, current, &seen);
        }
        if current {
            self.probe_due = self.probe.is_some();
            self.explainer.inspect(picture, seen.view.clone(), seen.copy.clone());
            self.seen = Some((picture, seen));
        }
    }

    pub(super) fn forget_inspected(&mut self) {
        self.explainer.clear();
        self.seen = None;
        self.probe = None;
        self.probe_due = false;
        if let Some(compared) = &mut self.compared {
            compared.clear();
        }
    }

    /// Takes on a second maker of heatmaps, or lets it go; another model is loaded meanwhile.
    pub(super) fn compare(&mut self, compared: Option<ComparedWith>) {
        self.compared = None;
        self.channels.queue.compared(None);
        let model = compared.as_ref().and_then(|compared| compared.model.clone());
        let by_method = compared.is_some() && model.is_none();
        self.compared_method = compared.and_then(|compared| compared.method);
        self.loader.load_compared(model, self.device);
        if by_method {
            self.take_on(None);
        }
    }

    pub(super) fn compared_loaded(&mut self, loaded: Result<Box<Loaded>, String>) {
        match loaded {
            Ok(loaded) => self.take_on(Some(loaded)),
            Err(reason) => self.message(Severity::Error, format!("The second model was not opened: {reason}")),
        }
    }

    /// The picture is prepared for the second maker anew.
    fn take_on(&mut self, other: Option<Box<Loaded>>) {
        let compared = ComparedMaps::new(self.compared_method, other);
        compared.announce(&self.channels.events);
        self.channels.queue.compared(compared.wanted());
        self.compared = Some(compared);
    }

    /// Says how like every picture is to one of them.
    pub(super) fn compare_with(&mut self, picture: PictureId) {
        let rows = self.embeddings.alike(picture);
        if rows.is_empty() {
            let text = "The model has not seen this picture yet: try again once it is indexed";
            self.message(Severity::Warning, text.into());
        }
        self.channels.events.send(Event::Alike {
            library: self.library,
            picture,
            rows,
        });
    }

    /// The next step of the inspected picture's heatmaps; false where there is none.
    pub(super) fn explain(&mut self) -> bool {
        if self.holding {
            return false;
        }
        let (Some(loaded), Some((question, classes))) = (&mut self.loaded, &self.classes) else {
            return false;
        };
        let was_gpu = loaded.device.gpu;
        let asked = Asked {
            library: self.library,
            question,
            classes,
        };
        let events = &self.channels.events;
        let mut worked = self.explainer.step(loaded, &asked, events);
        if let (false, Some(compared)) = (worked, &mut self.compared) {
            let wanted = || self.channels.work.is_empty();
            worked = compared.step(loaded, &asked, events, wanted);
        }
        if was_gpu != loaded.device.gpu {
            self.moved();
        }
        worked
    }
}
