//! The pictures behind a number, the one that is looked at, and its marks.

use std::path::PathBuf;
use std::sync::Arc;

use super::of_shown;
use crate::app::evaluate::{Door, Evaluating};
use crate::engine::evaluation::{EvaluationRequest, FailureOrder, Marked};

/// Cards that are written at once.
const CARDS: usize = 500;

/// Shows the pictures behind a door alone; all again where there is none.
pub fn enter(evaluating: &mut Evaluating, door: Option<Arc<Door>>) -> Vec<EvaluationRequest> {
    evaluating.door = door;
    evaluating.looked_at = None;
    evaluating.fill_gallery();
    Vec::new()
}

/// Orders the gallery otherwise: an order of the door's own gives way.
pub fn order_by(evaluating: &mut Evaluating, order: FailureOrder) -> Vec<EvaluationRequest> {
    evaluating.order = order;
    evaluating.ordered = None;
    evaluating.door = evaluating.door.as_ref().map(|door| match door.order {
        Some(_) => door.in_any_order(),
        None => door.clone(),
    });
    evaluating.fill_gallery();
    of_shown(evaluating, |id| EvaluationRequest::Order(id, order))
}

/// Leaves marked pictures out of every number and of the gallery, or takes them in again.
pub fn leave_out_marked(evaluating: &mut Evaluating, leave_out: bool) -> Vec<EvaluationRequest> {
    evaluating.leave_out_marked = leave_out;
    evaluating.measured = None;
    evaluating.fill_grid();
    evaluating.fill_gallery();
    evaluating.ask_for_measures();
    evaluating.compared_again();
    evaluating.take_wanted()
}

/// Marks the picture that is looked at; none takes its mark away.
pub fn mark(evaluating: &mut Evaluating, mark: Option<Marked>) -> Vec<EvaluationRequest> {
    let Some(place) = evaluating.looked_at else {
        return Vec::new();
    };
    of_shown(evaluating, |id| EvaluationRequest::Mark { id, place, mark })
}

/// Looks at a picture, and asks why it is answered as it is; none closes its card.
pub fn look_at(evaluating: &mut Evaluating, place: Option<usize>) -> Vec<EvaluationRequest> {
    evaluating.looked_at = place;
    evaluating.nearest = None;
    evaluating.explained = None;
    evaluating.ask_for_card();
    evaluating.take_wanted()
}

/// Looks at a picture further on in the gallery, or before; at the first one where none is looked at.
pub fn step(evaluating: &mut Evaluating, by: isize) -> Vec<EvaluationRequest> {
    let gallery = evaluating.gallery.clone();
    let at = evaluating
        .looked_at
        .and_then(|place| gallery.iter().position(|other| *other == place));
    let next = match at {
        Some(at) => at.saturating_add_signed(by).min(gallery.len().saturating_sub(1)),
        None => 0,
    };
    match gallery.get(next) {
        Some(place) if Some(*place) != evaluating.looked_at => look_at(evaluating, Some(*place)),
        _ => Vec::new(),
    }
}

/// Writes the card of the picture that is looked at.
pub fn save_card(evaluating: &Evaluating, to: PathBuf) -> Vec<EvaluationRequest> {
    let place = evaluating.looked_at;
    place.map_or(Vec::new(), |place| cards(evaluating, vec![place], to))
}

/// Writes the cards of the gallery's pictures, the first ones of very many.
pub fn save_cards(evaluating: &Evaluating, to: PathBuf) -> Vec<EvaluationRequest> {
    let places = evaluating.gallery.iter().copied().take(CARDS).collect();
    cards(evaluating, places, to)
}

fn cards(evaluating: &Evaluating, places: Vec<usize>, to: PathBuf) -> Vec<EvaluationRequest> {
    let beside = evaluating.beside();
    of_shown(evaluating, |id| EvaluationRequest::SaveCards { id, places, to, beside })
}
