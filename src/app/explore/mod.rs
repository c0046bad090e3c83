//! The main mode: labels on the left, the gallery in the middle, the inspected picture and its heatmap on the right.

mod apply;
mod bars;
mod gallery;
mod grid;
mod heatmap;
mod histogram;
mod inspector;
pub mod labels;
mod large;
mod layout;
pub mod looking;
mod marks;
mod menu;
mod none;
pub mod numbers;
mod order;
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

use crate::app::shell::theme;
use crate::app::state::State;
use crate::engine::protocol::LabelId;

pub use apply::Beside;
pub use layout::explore_ui;
pub use state::{Baseline, Brush, Explore, Inspected, Large, TestedMap};
pub use update::{ask, edit_labels, list, open, update};

/// A label's colour: that of its row; of "none of these", and of a label that was removed, one of their own.
fn label_colour(ui: &Ui, state: &State, label: Option<LabelId>) -> Color32 {
    let row = label.and_then(|label| state.row(label));
    row.map_or_else(|| theme::none_colour(ui), |row| theme::label_colour(row.colour))
}
