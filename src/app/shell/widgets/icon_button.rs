//! A button that is an icon, with its name as tooltip and for screen readers.

use egui::accesskit::Role;
use egui::{Button, Response, RichText, Ui, WidgetInfo};

use crate::app::shell::theme;

/// A frameless button; `selected` shows it pressed.
pub fn icon_button(ui: &mut Ui, icon: &str, name: &str, selected: bool) -> Response {
    let palette = theme::palette(ui);
    let colour = if selected { palette.on_accent } else { palette.text_weak };
    let text = RichText::new(icon).size(theme::SIZE_BODY + 3.0).color(colour);
    let button = Button::new(text)
        .selected(selected)
        .frame_when_inactive(selected)
        .min_size(egui::Vec2::splat(theme::ICON_BUTTON));
    let response = ui.scope(|ui| {
        ui.spacing_mut().button_padding = egui::vec2(3.0, 3.0);
        ui.add(button)
    });
    labelled(response.inner.on_hover_text(name), name)
}

/// The button for what a page is there for.
pub fn primary_button(ui: &mut Ui, text: &str) -> Response {
    let palette = theme::palette(ui);
    let button = Button::new(RichText::new(text).color(palette.on_accent)).fill(palette.accent);
    ui.add(button.min_size(egui::vec2(0.0, theme::ROW_HEIGHT)))
}

/// Gives a button whose text is an icon its name.
pub fn labelled(response: Response, name: &str) -> Response {
    let enabled = response.enabled();
    response.widget_info(|| WidgetInfo::labeled(Role::Button, enabled, name));
    response
}
