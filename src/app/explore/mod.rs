//! The main mode: labels on the left, the gallery in the middle, the inspected picture and its heatmap on the right.

mod gallery;
mod heatmap;
mod inspector;
pub mod labels;
pub mod looking;
mod panes;
pub mod picture;
pub mod view;

use egui::{Color32, Ui};

use crate::app::shell::theme;
use crate::app::state::State;
use crate::engine::protocol::LabelId;

pub use gallery::gallery_ui;
pub use inspector::inspector_ui;
pub use labels::labels_ui;

/// A label's colour: that of its row; of one that was removed, that of "none of these".
fn label_colour(ui: &Ui, state: &State, label: Option<LabelId>) -> Color32 {
    let row = label.and_then(|label| state.row(label));
    row.map_or_else(|| theme::none_colour(ui), |row| theme::label_colour(row.colour))
}
