//! The main mode: labels on the left, the gallery in the middle, the inspected picture and its heatmap on the right.

mod apply;
mod command;
mod help;
mod keys;
pub(super) mod label_rows;
mod marks;
mod numbers;
mod order;
mod palette;
mod panels;
mod picture;
pub mod shown_map;
mod state;
mod update;
mod view;
mod wording;

use crate::app::shell::icons as icon;
use crate::app::shell::rail::{Drawn, ModeEntry, ModeHistory};
use crate::app::state::{Mode, State};

pub use apply::EventContext;
pub use command::{Compare, ExploreCommand, Mark, Nudge, Step};
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
        let missing = panels::explore_ui(ui, state, textures, &mut commands);
        Drawn {
            commands,
            missing,
            ..Drawn::default()
        }
    },
    drop_hint: "Drop folders or pictures to open them",
    drop: |state, paths, _| open(state, paths),
    opens_lists: false,
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
        if is_painting(state) {
            return update(state, ExploreCommand::UndoStroke, now);
        }
        update::undo(state, now);
        Vec::new()
    },
    redo: |state, now| {
        update::redo(state, now);
        Vec::new()
    },
};

fn is_painting(state: &State) -> bool {
    state.explore.brush().is_some() && !state.explore.probe().dabs.is_empty()
}
