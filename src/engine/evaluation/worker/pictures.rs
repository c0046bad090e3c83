//! What single pictures are asked about: why they were answered so, what is near them, and the cards that show both.

use std::path::Path;
use std::sync::Arc;

use super::Task;
use crate::engine::evaluation::card::{card_name, card_png};
use crate::engine::evaluation::explain::{drawn, maps};
use crate::engine::evaluation::files::inputs_of;
use crate::engine::evaluation::revise::same_pictures;
use crate::engine::evaluation::workspace::{Failure, JobResult};
use crate::engine::evaluation::{EvaluationEvent, EvaluationRequest, Explained, Vectors};
use crate::evaluation::{Evaluation, dot};
use crate::library::{may_write, write_output};
use crate::progress::Progress;

/// Neighbours that are told.
const NEIGHBOURS: usize = 8;

impl Task<'_> {
    pub(super) fn show_pictures(&mut self, request: EvaluationRequest) -> JobResult {
        match request {
            EvaluationRequest::Explain { id, place, beside } => self.explain(id, place, beside),
            EvaluationRequest::SaveCards { id, places, to, beside } => self.save_cards(&id, &places, &to, beside),
            EvaluationRequest::Nearest { id, place } => {
                let evaluation = self.evaluations.open(&id)?;
                let nearest = nearest(&evaluation, self.vectors(&evaluation)?, place);
                self.evaluations.tell(EvaluationEvent::Nearest { id, place, nearest });
                Ok(())
            }
            _ => Ok(()),
        }
    }

    /// Both heatmaps of a failure; of no older one than was asked for last.
    fn explain(&mut self, id: String, place: usize, beside: Option<String>) -> JobResult {
        if !self.orders.is_newest_explanation(self.number) {
            return Ok(());
        }
        let explained = match self.explained(&id, place, beside.as_deref()) {
            Ok(explained) => Ok(Arc::new(explained)),
            Err(Failure::Said(reason)) => Err(reason),
            Err(Failure::Stopped) => return Err(Failure::Stopped),
        };
        self.evaluations
            .tell(EvaluationEvent::Explained { id, place, explained });
        Ok(())
    }

    fn explained(&mut self, id: &str, place: usize, beside: Option<&str>) -> JobResult<Explained> {
        let evaluation = self.evaluations.open(id)?;
        let own = maps(self.workspace.session_of(&evaluation, self.device)?, &evaluation, place)?;
        let Some(beside) = beside else {
            return Ok(drawn(&own, None));
        };
        let other = self.evaluations.open(beside)?;
        let places = same_pictures(&other, &evaluation)?;
        let theirs = maps(self.workspace.session_of(&other, self.device)?, &other, places[place])?;
        Ok(drawn(&own, Some(&theirs)))
    }

    /// One card into a file, or several into a folder.
    fn save_cards(&mut self, id: &str, places: &[usize], to: &Path, beside: Option<String>) -> JobResult {
        let evaluation = self.evaluations.open(id)?;
        let folder = to.is_dir();
        let inputs = inputs_of(&evaluation, to);
        for (n, place) in places.iter().enumerate() {
            if !self.progress.at("Drawing cards", n, places.len()) {
                return Err(Failure::Stopped);
            }
            let explained = self.explained(id, *place, beside.as_deref())?;
            let png = card_png(&evaluation, *place, &explained)?;
            let path = if folder {
                to.join(card_name(&evaluation, n, *place))
            } else {
                to.to_path_buf()
            };
            may_write(&path, &inputs, true).map_err(|error| error.to_string())?;
            write_output(&path, &png, true).map_err(|error| error.to_string())?;
        }
        self.evaluations.tell(EvaluationEvent::Exported(to.to_path_buf()));
        Ok(())
    }
}

/// The nearest other pictures of a picture's true class.
fn nearest(evaluation: &Evaluation, vectors: &Vectors, place: usize) -> Vec<(usize, f32)> {
    let Some(own) = vectors.here.iter().position(|other| *other == place) else {
        return Vec::new();
    };
    let truth = |place: usize| evaluation.pictures[place].answer.truth;
    let vector = vectors.embedded.picture(own);
    let others = vectors.here.iter().enumerate();
    let others = others.filter(|(row, other)| *row != own && truth(**other) == truth(place));
    let mut near: Vec<(usize, f32)> = others
        .map(|(row, other)| (*other, dot(vector, vectors.embedded.picture(row))))
        .collect();
    near.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
    near.truncate(NEIGHBOURS);
    near
}
