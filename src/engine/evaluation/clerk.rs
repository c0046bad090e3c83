//! Answers what needs no model, from what is kept: no evaluation that is being made holds it up.

use std::sync::Arc;

use super::desk::{Done, Failure};
use super::lane::Orders;
use super::shelf::Shelf;
use super::{EvaluationEvent, EvaluationRequest, Marked};
use crate::engine::Events;
use crate::engine::protocol::Severity;
use crate::evaluation::{Evaluation, GroundTruth, KeptSlice, Preset, columns_of, ordered, slices};

/// Answers a request.
pub fn answer(shelf: &Shelf, events: &Events, request: EvaluationRequest) {
    if let Err(Failure::Said(reason)) = answered(shelf, request) {
        events.message(Severity::Error, reason);
    }
}

fn answered(shelf: &Shelf, request: EvaluationRequest) -> Done {
    match request {
        EvaluationRequest::List => shelf.list(),
        EvaluationRequest::Open(id) => shelf.show(None, shelf.open(&id)?),
        EvaluationRequest::Describe { id, name, note } => shelf.change(&id, |evaluation| {
            evaluation.name = name;
            evaluation.note = note;
        })?,
        EvaluationRequest::Mark { id, place, mark } => {
            shelf.change(&id, |evaluation| set_mark(evaluation, place, mark))?;
        }
        EvaluationRequest::KeepSlice { id, name, places } => {
            shelf.change(&id, |evaluation| keep_slice(evaluation, name, &places))?;
        }
        EvaluationRequest::ForgetSlice { id, name } => shelf.change(&id, |evaluation| {
            evaluation.slices.retain(|slice| slice.name != name);
        })?,
        EvaluationRequest::Measure { id, generation, places } => {
            let measures = shelf.open(&id)?.remeasured(&places).map(Box::new);
            shelf.tell(EvaluationEvent::Measured {
                id,
                generation,
                measures,
            });
        }
        EvaluationRequest::Order(id, order) => {
            let places = Arc::new(ordered(&*shelf.open(&id)?, order));
            shelf.tell(EvaluationEvent::Ordered(id, order, places));
        }
        EvaluationRequest::Slices(id, by) => {
            let parts = Arc::new(slices(&*shelf.open(&id)?, by));
            shelf.tell(EvaluationEvent::Sliced(id, by, parts));
        }
        EvaluationRequest::Delete(id) => shelf.delete(&id)?,
        EvaluationRequest::Restore(id) => shelf.restore(&id)?,
        // Everything else waits for the model.
        _ => {}
    }
    Ok(())
}

/// Says what a folder says of its pictures; of no older folder than was asked for last.
pub fn look(shelf: &Shelf, orders: &Orders, request: EvaluationRequest) {
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
    shelf.tell(EvaluationEvent::Looked {
        generation,
        truth,
        columns,
    });
}

fn set_mark(evaluation: &mut Evaluation, place: usize, mark: Option<Marked>) {
    match mark {
        Some(mark) if place < evaluation.pictures.len() => {
            evaluation.marks.insert(place, mark);
        }
        _ => {
            evaluation.marks.remove(&place);
        }
    }
}

/// One of the same name is replaced.
fn keep_slice(evaluation: &mut Evaluation, name: String, places: &[usize]) {
    let content = |place: &usize| Some(evaluation.pictures.get(*place)?.content.clone());
    let contents = places.iter().filter_map(content).filter(|content| !content.is_empty());
    let slice = KeptSlice {
        contents: contents.collect(),
        name,
    };
    evaluation.slices.retain(|other| other.name != slice.name);
    evaluation.slices.push(slice);
}
