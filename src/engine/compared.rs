//! The second set of heatmaps, beside the first: by another method, or by another model, which then is loaded, too.

use std::sync::Arc;

use image::RgbImage;

use super::Events;
use super::classes::ClassCache;
use super::explainer::{Asked, Explainer};
use super::loaded::Loaded;
use super::messages::InspectedPixels;
use super::protocol::{Event, HeatmapMethod, PictureId, Question, Severity, Shift};
use super::queue::Wanted;
use crate::zero_shot::ClassEmbeddings;

/// Who makes the second set.
pub struct ComparedMaps {
    explainer: Explainer,
    /// Another model, with its own embeddings of the labels; none where it is the first model by another method.
    other: Option<Other>,
}

struct Other {
    loaded: Loaded,
    cache: ClassCache,
    classes: Option<(Arc<Question>, ClassEmbeddings)>,
}

impl ComparedMaps {
    /// The first model, by another method; or another model by its default.
    pub fn new(method: Option<HeatmapMethod>, other: Option<Box<Loaded>>) -> Self {
        Self {
            explainer: Explainer::compared(method),
            other: other.map(|loaded| Other {
                loaded: *loaded,
                cache: ClassCache::default(),
                classes: None,
            }),
        }
    }

    /// How the other model wants its pictures.
    pub fn wanted(&self) -> Option<Wanted> {
        self.other.as_ref().map(|other| Wanted {
            identity: other.loaded.model.info().identity.clone(),
            dim: other.loaded.model.info().projection_dim,
            preprocessing: other.loaded.model.preprocessing().clone(),
        })
    }

    /// Tells the window who it is.
    pub fn announce(&self, events: &Events) {
        let info = self
            .other
            .as_ref()
            .map(|other| Box::new(other.loaded.model.info().clone()));
        events.send(Event::ComparedReady(info));
    }

    /// Another picture, prepared for the model of this identity.
    pub fn inspect(&mut self, picture: PictureId, identity: &str, is_first_model: bool, seen: &InspectedPixels) {
        let mine = match &self.other {
            Some(other) => other.loaded.model.info().identity == identity,
            None => is_first_model,
        };
        if mine {
            self.explainer
                .inspect(picture, seen.view.clone(), Arc::clone(&seen.copy));
        }
    }

    /// The same picture in another way: `shown`, of which the first model sees `first_view`.
    pub fn show(&mut self, picture: PictureId, shown: &Arc<RgbImage>, first_view: &RgbImage, shift: Shift) {
        let view = match &self.other {
            Some(other) => match other.loaded.model.preprocessing().model_view_at(shown, shift) {
                Ok(view) => view,
                // The first model has said so already.
                Err(_) => return,
            },
            None => first_view.clone(),
        };
        self.explainer.inspect(picture, view, Arc::clone(shown));
    }

    /// Forgets the picture.
    pub fn clear(&mut self) {
        self.explainer.clear();
    }

    /// Another picture is inspected: forgets any other.
    pub fn keep_only(&mut self, picture: Option<PictureId>) {
        self.explainer.keep_only(picture);
    }

    /// Does the next step; false where nothing is left to do. `wanted` says no where something more urgent came up.
    pub fn step(&mut self, first: &mut Loaded, asked: &Asked<'_>, events: &Events, wanted: impl Fn() -> bool) -> bool {
        let Some(other) = &mut self.other else {
            return self.explainer.step(first, asked, events);
        };
        let question = asked.question.to_model(&other.loaded.model.info().identity);
        if other.classes.as_ref().is_none_or(|(known, _)| !known.is(&question)) {
            match other
                .cache
                .classes(&mut other.loaded, &question.words(), &question.templates, wanted)
            {
                // It goes on from there.
                Ok(classes) if classes.abandoned => return true,
                Ok(classes) => other.classes = Some((Arc::new(question), classes.embeddings)),
                Err(error) => {
                    events.message(Severity::Error, format!("The second model failed: {error}"));
                    self.explainer.clear();
                    return false;
                }
            }
        }
        let Some((question, classes)) = &other.classes else {
            return false;
        };
        let asked = Asked {
            library: asked.library,
            question,
            classes,
        };
        self.explainer.step(&mut other.loaded, &asked, events)
    }
}
