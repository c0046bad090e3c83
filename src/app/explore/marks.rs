//! Which picture is selected, which are marked, and which is large: by pointer and by key.

use super::state::Large;
use super::update::select;
use crate::app::command::{Mark, Step};
use crate::app::state::State;
use crate::engine::protocol::{PictureId, Request};

/// Marks pictures: commands for several are for these.
pub fn mark(state: &mut State, which: Mark) -> Vec<Request> {
    let explore = &mut state.explore;
    match which {
        Mark::All => explore.marked = explore.arranged.order.iter().copied().collect(),
        Mark::Nothing => explore.marked.clear(),
        Mark::These(pictures) => explore.marked = pictures.into_iter().collect(),
        Mark::Toggle(picture) => {
            // What was selected until now is one of several from now on.
            if explore.marked.is_empty() {
                explore
                    .marked
                    .extend(explore.selected.filter(|&selected| selected != picture));
            }
            if !explore.marked.remove(&picture) {
                explore.marked.insert(picture);
                return select(state, picture, true);
            }
        }
        Mark::UpTo(picture) => {
            let at = |id: PictureId| explore.arranged.order.iter().position(|&other| other == id);
            let from = explore.selected.and_then(at).unwrap_or(0);
            if let Some(to) = at(picture) {
                let range = from.min(to)..=from.max(to);
                explore.marked = explore.arranged.order[range].iter().copied().collect();
            }
        }
    }
    Vec::new()
}

/// Opens a picture large, or the selected one.
pub fn open_large(state: &mut State, picture: Option<PictureId>) -> Vec<Request> {
    let first = state.explore.order().first().copied();
    let Some(picture) = picture.or(state.explore.selected).or(first) else {
        return Vec::new();
    };
    state.explore.large = Some(Large::WHOLE);
    select(state, picture, true)
}

/// Selects a neighbour; where a picture is large, that becomes large.
pub fn walk(state: &mut State, step: Step) -> Vec<Request> {
    let explore = &mut state.explore;
    let order = &explore.arranged.order;
    let Some(last) = order.len().checked_sub(1) else {
        return Vec::new();
    };
    let large = explore.large.is_some();
    // Where one picture is shown, there are no rows.
    let (columns, rows) = if large { (1, 1) } else { explore.grid };
    let page = columns * rows.max(1);
    let at = explore
        .selected
        .and_then(|selected| order.iter().position(|&id| id == selected));
    let next = match (at, step) {
        (None, Step::End) => last,
        (None, _) | (_, Step::Home) => 0,
        (_, Step::End) => last,
        (Some(at), Step::Left) => at.saturating_sub(1),
        (Some(at), Step::Right) => (at + 1).min(last),
        (Some(at), Step::Up) if at >= columns => at - columns,
        (Some(at), Step::Up) => at,
        (Some(at), Step::Down) if at + columns <= last => at + columns,
        (Some(at), Step::Down) => at,
        (Some(at), Step::PageUp) => at.saturating_sub(page),
        (Some(at), Step::PageDown) => (at + page).min(last),
    };
    let picture = order[next];
    explore.scroll_to_selected = true;
    explore.marked.clear();
    if large {
        explore.large = Some(Large::WHOLE);
    }
    select(state, picture, true)
}
