//! Answers what needs no model, from what is kept: no evaluation that is being made holds it up.

use std::sync::Arc;

use super::lane::Orders;
use super::open_evaluations::OpenEvaluations;
use super::workspace::{Failure, JobResult};
use super::{EvaluationEvent, EvaluationRequest};
use crate::engine::Events;
use crate::engine::protocol::Severity;
use crate::evaluation::{Changed, Evaluation, GroundTruth, KeptSlice, Preset, columns_of, ordered, slices};

pub fn answer(evaluations: &OpenEvaluations, events: &Events, request: EvaluationRequest) {
    if let Err(Failure::Said(reason)) = answered(evaluations, request) {
        events.message(Severity::Error, reason);
    }
}

fn answered(evaluations: &OpenEvaluations, request: EvaluationRequest) -> JobResult {
    match request {
        EvaluationRequest::List => evaluations.list(),
        EvaluationRequest::Open(id) => evaluations.show(None, evaluations.open(&id)?),
        EvaluationRequest::Describe { id, name, note } => evaluations.change(&id, Changed::Name, |evaluation| {
            evaluation.name = name;
            evaluation.note = note;
        })?,
        EvaluationRequest::Mark { id, place, mark } => {
            evaluations.change(&id, Changed::Marks, |evaluation| evaluation.set_mark(place, mark))?;
        }
        EvaluationRequest::KeepSlice { id, name, places } => {
            evaluations.change(&id, Changed::Slices, |evaluation| {
                keep_slice(evaluation, &name, &places)
            })?;
        }
        EvaluationRequest::KeepGiven { folder, labels, given } => evaluations.keep_given(&folder, &labels, &given),
        EvaluationRequest::ForgetSlice { id, name } => evaluations.change(&id, Changed::Slices, |evaluation| {
            evaluation.slices.retain(|slice| slice.name != name);
        })?,
        EvaluationRequest::Measure { id, generation, places } => {
            let measures = evaluations.open(&id)?.remeasured(&places).map(Box::new);
            evaluations.tell(EvaluationEvent::Measured {
                id,
                generation,
                measures,
            });
        }
        EvaluationRequest::Order(id, order) => {
            let places = Arc::new(ordered(&*evaluations.open(&id)?, order));
            evaluations.tell(EvaluationEvent::Ordered(id, order, places));
        }
        EvaluationRequest::Slices(id, by) => {
            let parts = Arc::new(slices(&*evaluations.open(&id)?, by));
            evaluations.tell(EvaluationEvent::Sliced(id, by, parts));
        }
        EvaluationRequest::Delete(id) => evaluations.delete(&id)?,
        EvaluationRequest::Restore(id) => evaluations.restore(&id)?,
        // Everything else waits for the model.
        _ => {}
    }
    Ok(())
}

/// Says what a folder says of its pictures; of no older folder than was asked for last.
pub fn look(evaluations: &OpenEvaluations, orders: &Orders, request: EvaluationRequest) {
    let EvaluationRequest::Look {
        generation,
        folder,
        wanted,
    } = request
    else {
        return;
    };
    if !orders.is_newest_look(generation) {
        return;
    }
    let truth = GroundTruth::read(&folder, &wanted).map_err(|error| error.to_string());
    let columns = match &truth {
        Ok(truth) => truth.columns.clone(),
        // What could be chosen instead.
        Err(_) => columns_of(&folder),
    };
    let truth = truth.map(|truth| {
        let known = Preset::recognised(&truth.classes).map(|preset| preset.name.clone());
        (Box::new(truth), known)
    });
    evaluations.tell(EvaluationEvent::Looked {
        generation,
        truth,
        columns,
    });
}

/// Keeps pictures as a slice. A name that other pictures have gets a number; the same pictures are kept once by a name.
fn keep_slice(evaluation: &mut Evaluation, name: &str, places: &[usize]) {
    let content = |place: &usize| Some(evaluation.pictures.get(*place)?.content.clone());
    let contents = places.iter().filter_map(content).filter(|content| !content.is_empty());
    let contents: Vec<String> = contents.collect();
    let name = name.trim();
    let numbered = (1usize..).map(|n| match n {
        1 => name.to_string(),
        n => format!("{name} ({n})"),
    });
    for name in numbered {
        match evaluation.slices.iter().find(|slice| slice.name == name) {
            Some(slice) if slice.contents == contents => return,
            Some(_) => {}
            None => {
                evaluation.slices.push(KeptSlice { name, contents });
                return;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::evaluation::made;

    #[test]
    fn a_second_slice_of_a_name_is_kept_beside_the_first() {
        let mut evaluation = made(2, [(0, 0), (0, 1), (1, 1)]);
        for places in [&[0, 1][..], &[2], &[0, 1], &[2], &[1]] {
            keep_slice(&mut evaluation, "selected on the map", places);
        }
        let kept: Vec<(&str, usize)> = (evaluation.slices.iter())
            .map(|slice| (slice.name.as_str(), slice.contents.len()))
            .collect();
        let expected = [
            ("selected on the map", 2),
            ("selected on the map (2)", 1),
            ("selected on the map (3)", 1),
        ];
        assert_eq!(kept, expected);
    }
}
