//! Messages over the window, and what dropping files would do.

use crate::app::shell::icons as icon;
use egui::{Align, Align2, Area, CornerRadius, Frame, Id, Layout, Margin, Order, RichText, Stroke, Ui, vec2};

use crate::app::command::Command;
use crate::app::shell::theme;
use crate::app::shell::widgets::icon_button;
use crate::app::state::State;
use crate::engine::protocol::Severity;

const WIDTH: f32 = 400.0;

/// Draws the messages, newest below.
pub fn messages_ui(ui: &mut Ui, state: &State) -> Vec<Command> {
    let mut commands = Vec::new();
    if state.messages.is_empty() {
        return commands;
    }
    let palette = theme::palette(ui);
    Area::new(Id::unique("messages"))
        .order(Order::Foreground)
        .anchor(Align2::CENTER_BOTTOM, vec2(0.0, -48.0))
        .show(ui.ctx(), |ui| {
            for (place, message) in state.messages.iter().enumerate() {
                let (sign, colour) = match message.severity {
                    Severity::Info => (icon::INFO, palette.accent),
                    Severity::Warning => (icon::WARNING, palette.warning),
                    Severity::Error => (icon::WARNING_CIRCLE, palette.error),
                };
                Frame::new()
                    .fill(palette.raised)
                    .stroke(Stroke::new(1.0, colour))
                    .corner_radius(CornerRadius::same(theme::RADIUS))
                    .inner_margin(Margin::symmetric(12, 8))
                    .show(ui, |ui| {
                        ui.set_width(WIDTH);
                        ui.horizontal_top(|ui| {
                            ui.label(RichText::new(sign).color(colour));
                            ui.allocate_ui_with_layout(vec2(WIDTH - 64.0, 0.0), Layout::top_down(Align::Min), |ui| {
                                ui.add(egui::Label::new(&message.text).wrap())
                            });
                            ui.with_layout(Layout::right_to_left(Align::Min), |ui| {
                                if icon_button(ui, icon::X, "Dismiss", false).clicked() {
                                    commands.push(Command::Dismiss(place));
                                }
                            });
                        });
                    });
                ui.add_space(theme::GAP_SMALL);
            }
        });
    commands
}

/// Says what happens to files that are dragged over the window.
pub fn drop_hint_ui(ui: &Ui) {
    if ui.input(|input| input.raw.hovered_files.is_empty()) {
        return;
    }
    let palette = theme::palette(ui);
    let area = ui.ctx().content_rect();
    let painter = ui
        .ctx()
        .layer_painter(egui::LayerId::new(Order::Foreground, Id::unique("drop hint")));
    painter.rect_filled(area, CornerRadius::ZERO, palette.ground.gamma_multiply(0.85));
    painter.text(
        area.center(),
        Align2::CENTER_CENTER,
        format!(
            "{}  Drop folders or pictures to open them, a .safetensors file to load a model",
            icon::DOWNLOAD_SIMPLE
        ),
        theme::strong(theme::SIZE_HEADING),
        palette.text,
    );
}
