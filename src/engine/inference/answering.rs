//! Answers the newest question, about every picture that is indexed, and about the inspected one as a probe has it.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Instant;

use super::Inference;
use crate::engine::probe::{self, Answer};
use crate::engine::protocol::{Event, PictureId, Severity, Shift};
use crate::zero_shot::score_all;

/// What the scores of pictures that are sent together take, in bytes.
const PART_BYTES: usize = 64 << 20;

impl Inference {
    /// Embeds the labels of the newest question and scores every picture; false where that is done.
    pub(super) fn answer(&mut self) -> bool {
        let (Some(loaded), Some(question), None) = (&mut self.loaded, &self.question, &self.classes) else {
            return false;
        };
        let started = Instant::now();
        let (asked, generation) = (&self.channels.asked, question.generation);
        let wanted = || asked.load(Ordering::Relaxed) == generation;
        let classes = self
            .cache
            .classes(loaded, &question.words(), &question.templates, wanted);
        match classes {
            // A newer question is on its way.
            Ok(classes) if classes.abandoned => self.question = None,
            Ok(classes) => {
                let question = Arc::new(question.to_model(&loaded.model.info().identity));
                for warning in classes.warnings {
                    self.lost_gpu(warning);
                }
                self.classes = Some((question.clone(), classes.embeddings));
                self.probe_due = self.probe.is_some();
                self.score_from(0);
                let of_label = |(place, words): (usize, String)| Some((question.id(place)?, words));
                self.channels.events.send(Event::Answered {
                    lost_words: classes.lost.into_iter().filter_map(of_label).collect(),
                    untaught: classes.untaught_labels.into_iter().filter_map(of_label).collect(),
                    question,
                    latency_ms: started.elapsed().as_secs_f32() * 1_000.0,
                });
            }
            Err(error) => {
                self.question = None;
                self.message(Severity::Error, format!("The labels could not be embedded: {error}"));
            }
        }
        true
    }

    /// Takes embeddings on, and scores those that are new.
    pub(super) fn add(&mut self, rows: Vec<(PictureId, Vec<f32>)>) {
        let first = self.embeddings.len();
        for (picture, vector) in rows {
            self.embeddings.push(picture, &vector);
        }
        self.score_from(first);
        self.channels.events.send(Event::Indexed {
            library: self.library,
            done: self.embeddings.len(),
        });
    }

    /// Scores the pictures from a row on.
    fn score_from(&self, first: usize) {
        let (Some(loaded), Some((question, classes))) = (&self.loaded, &self.classes) else {
            return;
        };
        let scoring = loaded.model.info().scoring;
        let (pictures, vectors) = self.embeddings.from(first);
        let columns = classes.labels() + 1;
        // In parts, so that the answers to the question before are let go of meanwhile.
        let part = (PART_BYTES / (columns * size_of::<f32>())).max(1);
        let dim = vectors.len() / pictures.len().max(1);
        let mut parts: Vec<(&[PictureId], &[f32])> =
            pictures.chunks(part).zip(vectors.chunks((part * dim).max(1))).collect();
        if parts.is_empty() {
            parts.push((&[], &[]));
        }
        for (pictures, vectors) in parts {
            let scores = score_all(classes.cosines(vectors), columns, scoring, question.none_bias);
            self.channels.events.send(Event::Predictions {
                library: self.library,
                question: question.clone(),
                rows: pictures.iter().copied().zip(scores.into_iter().map(Arc::new)).collect(),
            });
        }
    }

    /// Shows the inspected picture to the model as the newest probe has it, once; its heatmaps follow. False where there is
    /// nothing to show.
    pub(super) fn answer_probe(&mut self) -> bool {
        if !self.probe_due {
            return false;
        }
        let (Some(loaded), Some((question, classes)), Some((picture, seen))) =
            (&mut self.loaded, &self.classes, &self.seen)
        else {
            return false;
        };
        self.probe_due = false;
        let Some(probe) = &self.probe else {
            self.explainer.inspect(*picture, seen.view.clone(), seen.copy.clone());
            if let Some(compared) = &mut self.compared {
                compared.show(*picture, &seen.picture, &seen.view, Shift::default());
            }
            return true;
        };
        match probe::ask(loaded, seen, probe, classes, question) {
            Ok(Answer {
                probed,
                view,
                shown,
                warning,
            }) => {
                if let Some(compared) = &mut self.compared {
                    compared.show(*picture, &shown, &view, probe.shift);
                }
                self.explainer.inspect(*picture, view, seen.copy.clone());
                self.channels.events.send(Event::Probed {
                    library: self.library,
                    picture: *picture,
                    probed: Box::new(probed),
                });
                if let Some(warning) = warning {
                    self.lost_gpu(warning);
                }
            }
            Err(error) => self.message(
                Severity::Error,
                format!("The picture could not be shown again: {error}"),
            ),
        }
        true
    }
}
