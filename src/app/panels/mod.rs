//! The parts of the window. Each draws from the state and returns what the user wants; [`super::update`] does it.
//!
//! A panel writes only to its own drafts in the state: what is half typed, and what the pointer is over.

mod dialogs;
mod gallery;
mod heatmap;
mod inspector;
mod labels;
mod messages;
mod models;
mod panes;
mod rail;
mod status;
mod train;

pub use dialogs::dialog_ui;
pub use gallery::gallery_ui;
pub use inspector::inspector_ui;
pub use labels::labels_ui;
pub use messages::{drop_hint_ui, messages_ui};
pub use rail::rail_ui;
pub use status::status_ui;
pub use train::train_ui;
