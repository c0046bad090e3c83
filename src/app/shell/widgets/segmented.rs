//! A few choices side by side, one of them chosen.

use egui::{CornerRadius, Frame, Margin, Ui};

use crate::app::shell::theme;

/// Draws the choices; the one that was clicked.
pub fn segmented_ui<T: Copy + PartialEq>(ui: &mut Ui, chosen: T, choices: &[(T, &str)]) -> Option<T> {
    let palette = theme::palette(ui);
    let mut clicked = None;
    Frame::new()
        .fill(palette.raised)
        .corner_radius(CornerRadius::same(theme::RADIUS))
        .inner_margin(Margin::same(2))
        .show(ui, |ui| {
            ui.horizontal(|ui| {
                ui.spacing_mut().item_spacing.x = 2.0;
                ui.spacing_mut().button_padding = egui::vec2(9.0, 3.0);
                for (choice, title) in choices {
                    if ui.selectable_label(*choice == chosen, *title).clicked() {
                        clicked = Some(*choice);
                    }
                }
            });
        });
    clicked
}
