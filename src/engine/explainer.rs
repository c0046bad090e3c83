//! Heatmaps of the inspected picture, and tests of them, a step at a time: between two steps the inference thread looks
//! for more urgent work.

use std::sync::Arc;
use std::time::{Duration, Instant};

use image::RgbImage;

use super::Events;
use super::inference::STEP;
use super::loaded::{Loaded, Tried};
use super::protocol::{Event, Generation, HeatMap, MapSet, MapTest, PictureId, Question, Severity};
use crate::clip::{Model, Result};
use crate::heatmap::HeatmapMethod;
use crate::heatmap::trust::check::Check;
use crate::heatmap::{Cost, Look, PASSES, card};
use crate::zero_shot::ClassEmbeddings;

/// What is asked about the inspected picture.
pub struct Asked<'a> {
    /// The list that it belongs to.
    pub library: Generation,
    /// The question, and who answers it.
    pub question: &'a Arc<Question>,
    pub classes: &'a ClassEmbeddings,
}

/// Makes the heatmaps of one picture after the other.
#[derive(Default)]
pub struct Explainer {
    method: Option<HeatmapMethod>,
    subject: Option<Subject>,
    /// Whether these are the second set of maps.
    compared: bool,
    /// Passes in one step: as many as take but a moment.
    passes: usize,
}

struct Subject {
    picture: PictureId,
    /// What the model sees of it now.
    view: RgbImage,
    /// A copy for tests.
    copy: Arc<RgbImage>,
    look: Option<Look>,
    /// The maps of a question, in the order of its labels, "none of these" last, as far as they are made.
    maps: Option<(Arc<Question>, Vec<HeatMap>)>,
    /// Which map is to be tested, and how far that is.
    test: Option<MapTest>,
    check: Option<Check>,
}

impl Explainer {
    /// Makes the second set of maps, by this method.
    pub fn compared(method: Option<HeatmapMethod>) -> Self {
        Self {
            method,
            subject: None,
            compared: true,
            passes: 1,
        }
    }

    /// Uses another method from now on.
    pub fn use_method(&mut self, method: Option<HeatmapMethod>) {
        self.method = method;
        self.restart();
    }

    /// Another picture: what the model sees of it, and a copy for tests.
    pub fn inspect(&mut self, picture: PictureId, view: RgbImage, copy: Arc<RgbImage>) {
        self.subject = Some(Subject {
            picture,
            view,
            copy,
            look: None,
            maps: None,
            test: None,
            check: None,
        });
    }

    /// Forgets the picture.
    pub fn clear(&mut self) {
        self.subject = None;
    }

    /// Forgets any other picture than this.
    pub fn keep_only(&mut self, picture: Option<PictureId>) {
        if self.subject.as_ref().map(|subject| subject.picture) != picture {
            self.subject = None;
        }
    }

    /// Tests the map of a label, once it is made, or stops testing.
    pub fn test(&mut self, test: Option<MapTest>) {
        if let Some(subject) = &mut self.subject {
            subject.test = test;
            subject.check = None;
        }
    }

    /// Forgets what was computed, on a device that is lost or by a method that is not wanted any more.
    fn restart(&mut self) {
        if let Some(subject) = &mut self.subject {
            subject.look = None;
            subject.maps = None;
            subject.check = None;
            subject.test = None;
        }
    }

    /// Does the next step; false where nothing is left to do. What came of it, and what went wrong, goes out as events.
    pub fn step(&mut self, loaded: &mut Loaded, asked: &Asked<'_>, events: &Events) -> bool {
        let tower = loaded.model.info().tower;
        let method = self
            .method
            .filter(|method| method.fits(tower).is_ok())
            .unwrap_or(HeatmapMethod::default_for(tower));
        let compared = self.compared;
        let Some(subject) = &mut self.subject else {
            return false;
        };
        let events = &Maps { events, compared };
        // No more at once than the device's memory was found to hold.
        let (passes, started) = (self.passes.clamp(1, loaded.batch()), Instant::now());
        match loaded.try_on(|model| subject.step(model, method, passes, asked, events)) {
            Ok(Tried::Done(worked)) => {
                self.passes = paced(passes, started.elapsed());
                worked
            }
            Ok(Tried::Moved(warning)) => {
                self.restart();
                events.events.message(Severity::Warning, warning);
                true
            }
            Err(error) => {
                self.subject = None;
                events.events.message(Severity::Error, format!("No heatmap: {error}"));
                false
            }
        }
    }
}

/// More passes where the last ones took but a moment, fewer where others had to wait for them.
fn paced(passes: usize, took: Duration) -> usize {
    if took < STEP / 2 {
        (2 * passes).min(PASSES)
    } else if took > STEP {
        (passes / 2).max(1)
    } else {
        passes
    }
}

/// Where maps go, and which set they are.
struct Maps<'a> {
    events: &'a Events,
    compared: bool,
}

impl Subject {
    fn step(
        &mut self,
        model: &Model,
        method: HeatmapMethod,
        passes: usize,
        asked: &Asked<'_>,
        events: &Maps<'_>,
    ) -> Result<bool> {
        let (texts, dim) = asked.classes.all_values();
        // With "none of these", which has a map where there are labels.
        let classes = asked.classes.labels() + 1;
        if self
            .maps
            .as_ref()
            .is_none_or(|(question, _)| !question.is(asked.question))
        {
            self.maps = Some((asked.question.clone(), Vec::new()));
            self.check = None;
            self.test = None;
        }
        let Some((_, maps)) = &mut self.maps else {
            return Ok(false);
        };
        let look = match &mut self.look {
            Some(look) => look,
            None => self.look.insert(Look::new(model, method, &self.view)?),
        };
        if classes == 1 || (maps.len() == classes && self.test.is_none()) {
            return Ok(false);
        }
        if maps.len() < classes {
            let mut done = 1.0;
            if !look.is_done() {
                done = look.advance(model, passes)?;
            }
            if look.is_done() {
                let step = match card(method).cost {
                    Cost::PassPerLabel => 1,
                    Cost::OnePass | Cost::ManyPasses => classes,
                };
                let end = classes.min(maps.len() + step);
                maps.extend(look.maps(model, &texts[maps.len() * dim..end * dim], dim)?);
                done = end as f32 / classes as f32;
            }
            let whole = if maps.len() == classes {
                maps.clone()
            } else {
                Vec::new()
            };
            self.say(
                method,
                done.min(if whole.is_empty() { 0.99 } else { 1.0 }),
                whole,
                asked,
                events,
            );
            return Ok(true);
        }
        self.check_step(model, passes, asked, events.events)?;
        Ok(true)
    }

    fn say(&self, method: HeatmapMethod, done: f32, maps: Vec<HeatMap>, asked: &Asked<'_>, events: &Maps<'_>) {
        events.events.send(Event::HeatMaps {
            library: asked.library,
            picture: self.picture,
            compared: events.compared,
            maps: Arc::new(MapSet {
                question: asked.question.clone(),
                method,
                done,
                maps,
            }),
        });
    }

    fn check_step(&mut self, model: &Model, passes: usize, asked: &Asked<'_>, events: &Events) -> Result<()> {
        let (Some(MapTest { label, unrelated }), Some((_, maps))) = (self.test, &self.maps) else {
            return Ok(());
        };
        let (texts, dim) = asked.classes.all_values();
        let place = asked.question.class(label);
        let found = place.and_then(|place| Some((maps.get(place)?, texts.chunks_exact(dim).nth(place)?)));
        let Some((map, text)) = found else {
            self.test = None;
            return Ok(());
        };
        let check = self.check.get_or_insert_with(|| {
            let unrelated = unrelated.and_then(|label| maps.get(asked.question.place(label)?));
            Check::new(self.copy.as_ref().clone(), map, unrelated, text.to_vec())
        });
        let done = check.advance(model, passes)?;
        let verdict = if done >= 1.0 { check.verdict() } else { None };
        if done >= 1.0 {
            self.check = None;
            self.test = None;
        }
        events.send(Event::MapTested {
            library: asked.library,
            picture: self.picture,
            question: asked.question.clone(),
            label,
            done,
            verdict: verdict.map(Box::new),
        });
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_step_of_a_slow_model_is_one_pass() {
        let slow = (0..5).fold(1, |passes, _| paced(passes, passes as u32 * Duration::from_secs(2)));
        assert_eq!(slow, 1);
        let quick = (0..5).fold(1, |passes, _| paced(passes, passes as u32 * Duration::from_millis(3)));
        assert_eq!(quick, PASSES);
        assert_eq!(paced(8, Duration::from_secs(1)), 4);
    }
}
