//! The main mode: labels on the left, the gallery in the middle, the inspected picture and its heatmap on the right.

mod gallery;
mod heatmap;
mod inspector;
pub mod labels;
pub mod looking;
mod panes;
pub mod picture;
pub mod view;

pub use gallery::gallery_ui;
pub use inspector::inspector_ui;
pub use labels::labels_ui;
