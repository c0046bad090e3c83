//! What a tile says of its picture: the answer, and the number that the gallery is sorted by.

use egui::{Color32, Ui};

use super::label_colour;
use crate::app::explore::numbers::{Lens, lead_text};
use crate::app::explore::picture::Answer;
use crate::app::explore::shown_map::NONE_OF_THESE;
use crate::app::settings::Sort;
use crate::app::state::State;
use crate::engine::protocol::PictureId;
use crate::fixed::fixed;

/// The name of a likeness.
const LIKENESS: &str = "Cosine with the picture it is compared with";

/// The words on a tile.
pub(super) struct Said {
    pub(super) answer: String,
    pub(super) number: String,
    /// The name of that number.
    pub(super) what: &'static str,
    pub(super) colour: Color32,
}

/// The words for a picture; the number is the one that the gallery is sorted by, if it is sorted by a number.
pub(super) fn said(ui: &Ui, state: &State, id: PictureId) -> Option<Said> {
    let explore = &state.explore;
    let answer = state.answer(id)?;
    if answer.question.labels.is_empty() {
        return None;
    }
    let lens = state.lens();
    let alike = explore.likeness().and_then(|cosines| cosines.get(&id));
    let (number, what) = match alike {
        Some(cosine) => (format!("like {}", fixed(*cosine, 3)), LIKENESS),
        None if state.settings.sort == Sort::Margin => (lead(lens, answer), "Lead in cosine"),
        None => (score(state, lens, answer, id), lens.measure.title()),
    };
    // A score stands beside the label that it is of, a lead beside the answer.
    let is_score = alike.is_none() && state.settings.sort != Sort::Margin;
    let named = if is_score {
        lens.told(answer.scores)
    } else {
        lens.winner(answer.scores)
    };
    Some(Said {
        answer: named.map_or(NONE_OF_THESE, |place| answer.name(place)).to_owned(),
        number,
        what,
        colour: label_colour(ui, state, named.and_then(|place| answer.question.id(place))),
    })
}

fn lead(lens: Lens, answer: Answer<'_>) -> String {
    let lead = lens.lead(answer.question, answer.scores);
    lead.map_or_else(String::new, lead_text)
}

/// The score, behind the picture's rank where a label is alone.
fn score(state: &State, lens: Lens, answer: Answer<'_>, id: PictureId) -> String {
    let number = lens
        .best(answer.scores)
        .map_or_else(String::new, |number| lens.text(number));
    match state.explore.arranged.ranks.get(&id) {
        Some(rank) => format!("#{rank}  {number}"),
        None => number,
    }
}
