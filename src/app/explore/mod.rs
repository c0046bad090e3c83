//! The main mode: labels on the left, the gallery in the middle, the inspected picture and its heatmap on the right.

mod apply;
mod bars;
mod gallery;
mod grid;
mod heatmap;
mod histogram;
mod inspector;
mod keys;
pub mod labels;
mod large;
mod layout;
pub mod looking;
mod marks;
mod menu;
mod none;
pub mod numbers;
mod order;
mod palette;
mod panes;
pub mod picture;
mod state;
mod templates;
mod tile;
mod toolbar;
mod update;
pub mod view;
mod wording;
mod words;

use egui::{Color32, Ui};

use crate::app::command::Command;
use crate::app::shell::icons as icon;
use crate::app::shell::rail::{Drawn, ModeEntry, ModeHistory};
use crate::app::shell::theme;
use crate::app::state::{Mode, State};
use crate::engine::protocol::LabelId;

pub use apply::Beside;
pub use state::{Baseline, Brush, Explore, Inspected, Large, TestedMap};
pub use update::{ask, begin_anew, edit_labels, list, open, update};

/// The mode, as the rail knows it.
pub const MODE: ModeEntry = ModeEntry {
    mode: Mode::Explore,
    title: "Explore",
    icon: icon::SQUARES_FOUR,
    keys: keys::KEYS,
    palette: palette::rows,
    open: |_, _| Vec::new(),
    ui: |ui, state, textures| {
        let mut commands = Vec::new();
        let missing = layout::explore_ui(ui, state, textures, &mut commands);
        Drawn {
            commands,
            missing,
            ..Drawn::default()
        }
    },
    drop_hint: "Drop folders or pictures to open them",
    history: Some(HISTORY),
};

/// Strokes of the brush are taken back first, then changes of labels and templates.
const HISTORY: ModeHistory = ModeHistory {
    undoes: |state| {
        if is_painting(state) {
            return Some("the last stroke".into());
        }
        let now = wording::Wording::of(&state.settings);
        state.explore.history.before().map(|before| before.change_to(&now))
    },
    redoes: |state| {
        let now = wording::Wording::of(&state.settings);
        state.explore.history.after().map(|after| now.change_to(after))
    },
    undo: |state, now| {
        let command = if is_painting(state) {
            Command::UndoStroke
        } else {
            Command::Undo
        };
        update(state, command, now)
    },
    redo: |state, now| update(state, Command::Redo, now),
};

fn is_painting(state: &State) -> bool {
    state.explore.brush().is_some() && !state.explore.probe().dabs.is_empty()
}

/// A label's colour: that of its row; of "none of these", and of a label that was removed, one of their own.
fn label_colour(ui: &Ui, state: &State, label: Option<LabelId>) -> Color32 {
    let row = label.and_then(|label| state.row(label));
    row.map_or_else(|| theme::none_colour(ui), |row| theme::label_colour(row.colour))
}
