//! What the mode draws: labels on the left, gallery in the middle, inspector on the right.

mod bars;
mod filters;
mod gallery;
mod grid;
mod heatmap;
mod heatmap_menus;
mod heatmap_test;
mod histogram;
mod inspector;
mod label_row;
mod labels;
mod large;
mod layout;
mod legend;
mod menu;
mod none;
mod pane;
mod panes;
mod probe;
mod said;
mod templates;
mod tile;
mod toolbar;
mod zoom;

use egui::{Color32, Ui};

use crate::app::shell::theme;
use crate::app::state::State;
use crate::engine::protocol::LabelId;

pub use layout::explore_ui;

/// A label's colour; "none of these" and labels that were removed share one of their own.
fn label_colour(ui: &Ui, state: &State, label: Option<LabelId>) -> Color32 {
    let row = label.and_then(|label| state.row(label));
    row.map_or_else(
        || theme::none_colour(ui),
        |row| theme::themed(ui.ctx(), theme::label_colour(row.colour)),
    )
}
