//! Small parts that panels are made of. Each draws itself and says what happened to it.

mod icon_button;
mod score_bar;
mod segmented;

pub use icon_button::{icon_button, labelled};
pub use score_bar::{ScoreBar, score_bar_ui};
pub use segmented::segmented_ui;

use egui::{Color32, CornerRadius, Sense, Ui, vec2};

use super::theme;

/// A square in a label's colour.
pub fn swatch_ui(ui: &mut Ui, colour: Color32) {
    let (rect, _) = ui.allocate_exact_size(vec2(theme::SWATCH, theme::SWATCH), Sense::hover());
    ui.painter().rect_filled(rect, CornerRadius::same(3), colour);
}

/// Text of less weight, in the small size.
pub fn note(ui: &Ui, text: impl Into<String>) -> egui::RichText {
    egui::RichText::new(text).small().color(theme::palette(ui).text_weak)
}

/// A heading inside a panel.
pub fn section(text: &str) -> egui::RichText {
    egui::RichText::new(text).font(theme::strong(theme::SIZE_BODY))
}
