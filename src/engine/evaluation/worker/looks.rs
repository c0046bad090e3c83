//! Ways to look at all pictures of an evaluation: orders, slices, groups, maps, prediction sets, another evaluation beside it.

use std::path::PathBuf;
use std::sync::Arc;

use super::Task;
use crate::engine::evaluation::appraise::{is_same, unchanged};
use crate::engine::evaluation::map::{MapJob, directions_of};
use crate::engine::evaluation::revise::side_by_side;
use crate::engine::evaluation::workspace::{Failure, JobResult};
use crate::engine::evaluation::{EvaluationEvent, EvaluationRequest, FailureOrder};
use crate::evaluation::{
    Changed, Cluster, Conformal, Facts, MapKind, clusters, facts, ordered, slices, suspects, vocabulary,
};
use crate::progress::Progress;
use crate::zero_shot::{Label, TemplateSet};

impl Task<'_> {
    pub(super) fn look(&mut self, request: EvaluationRequest) -> JobResult {
        match request {
            EvaluationRequest::Order(id, order) => self.order(id, order),
            EvaluationRequest::Conformal(id, level) => self.conformal(id, level),
            EvaluationRequest::Compare {
                first,
                second,
                without_marked,
            } => self.compare(first, second, without_marked),
            EvaluationRequest::Slices(id, by) => {
                self.look_through(&id)?;
                let parts = Arc::new(slices(&*self.evaluations.open(&id)?, by));
                self.evaluations.tell(EvaluationEvent::Sliced(id, by, parts));
                Ok(())
            }
            EvaluationRequest::Clusters(id, words) => self.clusters(id, words),
            EvaluationRequest::Map(id, kind) => self.map(id, kind),
            // Answered beside this lane.
            _ => Ok(()),
        }
    }

    pub(super) fn look_through(&mut self, id: &str) -> JobResult {
        let evaluation = self.evaluations.open(id)?;
        let pictures = &evaluation.pictures;
        // One that was not here may be back.
        let back = || {
            evaluation
                .facts
                .iter()
                .zip(pictures)
                .any(|(facts, one)| facts.size == (0, 0) && one.path.exists() && is_same(one))
        };
        let count = pictures.len();
        if evaluation.facts.len() == count && !back() {
            return Ok(());
        }
        // What another file in its place looks like says nothing of an answer.
        let (here, _) = unchanged(&evaluation);
        let paths: Vec<PathBuf> = here.iter().map(|place| pictures[*place].path.clone()).collect();
        let found = facts(&paths, self.progress).ok_or(Failure::Stopped)?;
        self.evaluations.change(id, Changed::All, |evaluation| {
            evaluation.facts = Facts::spread(found, &here, count);
        })
    }

    fn order(&mut self, id: String, order: FailureOrder) -> JobResult {
        let places = if order == FailureOrder::SuspectLabels {
            let evaluation = self.evaluations.open(&id)?;
            let vectors = self.vectors(&evaluation)?;
            let found = suspects(&vectors.embedded, &vectors.answers(&evaluation));
            found.into_iter().map(|suspect| vectors.here[suspect.place]).collect()
        } else {
            self.look_through(&id)?;
            ordered(&*self.evaluations.open(&id)?, order)
        };
        self.evaluations
            .tell(EvaluationEvent::Ordered(id, order, Arc::new(places)));
        Ok(())
    }

    fn conformal(&mut self, id: String, level: f64) -> JobResult {
        let evaluation = self.evaluations.open(&id)?;
        let vectors = self.vectors(&evaluation)?;
        let found = Conformal::of(&vectors.embedded, &vectors.answers(&evaluation), level);
        if let Some(mut sets) = found {
            sets.sizes = vectors.spread(sets.sizes, evaluation.pictures.len(), None);
            self.evaluations.tell(EvaluationEvent::Conformal(id, Box::new(sets)));
        }
        Ok(())
    }

    fn compare(&mut self, first: String, second: String, without_marked: bool) -> JobResult {
        // Copies count together.
        self.look_through(&second)?;
        let (one, two) = (self.evaluations.open(&first)?, self.evaluations.open(&second)?);
        let marked = two.marks.keys().copied().filter(|_| without_marked).collect();
        let compared = side_by_side(&one, &two, &marked).map(Arc::new);
        self.evaluations
            .tell(EvaluationEvent::Compared(first, second, compared));
        Ok(())
    }

    /// One map is there at once; the other takes long, and nothing here waits for it.
    fn map(&mut self, id: String, kind: MapKind) -> JobResult {
        let evaluation = self.evaluations.open(&id)?;
        let count = evaluation.pictures.len();
        let vectors = self.vectors(&evaluation)?;
        match kind {
            MapKind::Pca => {
                let map = Arc::new(directions_of(vectors, count));
                self.evaluations.tell(EvaluationEvent::Mapped(id, map));
            }
            MapKind::Tsne => {
                let vectors = vectors.clone();
                let _ = self.maps.send(MapJob {
                    number: self.number,
                    id,
                    vectors,
                    count,
                });
            }
        }
        Ok(())
    }

    fn clusters(&mut self, id: String, words: Vec<String>) -> JobResult {
        let words = if words.is_empty() { vocabulary() } else { words };
        let progress = self.progress;
        let found = self.with_session(&id, |session, evaluation, vectors| {
            progress.at("Wording mistakes", 0, 1);
            let labels: Vec<Label> = words.iter().map(Label::named).collect();
            let texts = session.classes(&labels, &TemplateSet::Bare)?;
            let (texts, _) = texts.label_values();
            let found = clusters(&vectors.embedded, &vectors.answers(evaluation), &words, texts);
            Ok(found
                .into_iter()
                .map(|cluster| placed(cluster, &vectors.here))
                .collect())
        })?;
        self.evaluations.tell(EvaluationEvent::Clustered(id, Arc::new(found)));
        Ok(())
    }
}

/// A cluster by the places of all pictures.
fn placed(cluster: Cluster, here: &[usize]) -> Cluster {
    let all = |places: Vec<usize>| places.into_iter().map(|place| here[place]).collect();
    Cluster {
        places: all(cluster.places),
        members: all(cluster.members),
        ..cluster
    }
}
