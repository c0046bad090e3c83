//! Where labels, gallery and inspector are: side by side, each clamped to a share of the window, two of them foldable.

use egui::{CentralPanel, Frame, Margin, Panel, Ui};

use super::{gallery, inspector, labels};
use crate::app::command::Command;
use crate::app::shell::icons as icon;
use crate::app::shell::textures::Textures;
use crate::app::shell::theme;
use crate::app::shell::widgets::icon_button;
use crate::app::state::State;
use crate::engine::protocol::PictureId;

/// Width of a folded panel.
const FOLDED: f32 = 40.0;
/// The labels' least width, and their greatest share of the window.
const LABELS_LEAST: f32 = 190.0;
const LABELS_MOST: f32 = 420.0;
const LABELS_SHARE: f32 = 0.26;
/// The same of the inspector.
const INSPECTOR_LEAST: f32 = 260.0;
const INSPECTOR_MOST: f32 = 900.0;
/// What is left to the gallery.
const GALLERY_LEAST: f32 = 270.0;
const GALLERY_SHARE: f32 = 0.28;

/// Draws the mode; the pictures on screen of which thumbnails are missing.
pub fn explore_ui(ui: &mut Ui, state: &State, textures: &mut Textures, commands: &mut Vec<Command>) -> Vec<PictureId> {
    let palette = theme::palette(ui);
    let panel = |fill| Frame::new().fill(fill).inner_margin(Margin::same(theme::PANEL_MARGIN));
    let width = ui.available_width();
    let settings = &state.settings;
    let mut widths = (settings.labels_width, settings.inspector_width);
    let mut rest = width;
    if settings.labels_shown {
        let most = (width * LABELS_SHARE).clamp(LABELS_LEAST, LABELS_MOST);
        let shown = Panel::left("labels")
            .default_size(settings.labels_width.min(most))
            .size_range(LABELS_LEAST..=most)
            .frame(panel(palette.surface))
            .show(ui, |ui| {
                ui.set_max_width(ui.available_width());
                labels::labels_ui(ui, state, commands);
            });
        widths.0 = shown.response.rect.width().round();
        rest -= widths.0;
    } else {
        rest -= FOLDED;
        folded_ui(ui, "folded labels", true, "Show the labels (L)", commands);
    }
    if settings.inspector_shown {
        let gallery = (width * GALLERY_SHARE).max(GALLERY_LEAST);
        let most = (rest - gallery).clamp(INSPECTOR_LEAST, INSPECTOR_MOST);
        let shown = Panel::right("inspector")
            .default_size(settings.inspector_width.min(most))
            .size_range(INSPECTOR_LEAST..=most)
            .frame(panel(palette.surface))
            .show(ui, |ui| {
                ui.set_max_width(ui.available_width());
                inspector::inspector_ui(ui, state, textures, commands);
            });
        widths.1 = shown.response.rect.width().round();
    } else {
        folded_ui(ui, "folded inspector", false, "Show the inspector (I)", commands);
    }
    if widths != (settings.labels_width, settings.inspector_width) {
        commands.push(Command::SizePanels {
            labels: widths.0,
            inspector: widths.1,
        });
    }
    let centre = CentralPanel::default().frame(panel(palette.ground));
    centre
        .show(ui, |ui| gallery::gallery_ui(ui, state, textures, commands))
        .inner
}

/// A panel that is folded: a rail with the way back.
fn folded_ui(ui: &mut Ui, id: &'static str, left: bool, name: &str, commands: &mut Vec<Command>) {
    let frame = Frame::new()
        .fill(theme::palette(ui).surface)
        .inner_margin(Margin::symmetric(6, theme::PANEL_MARGIN));
    let panel = if left { Panel::left(id) } else { Panel::right(id) };
    panel.exact_size(FOLDED).resizable(false).frame(frame).show(ui, |ui| {
        let (sign, command) = if left {
            (icon::SIDEBAR_SIMPLE, Command::ToggleLabels)
        } else {
            (icon::SIDEBAR_SIMPLE, Command::ToggleInspector)
        };
        if icon_button(ui, sign, name, false).clicked() {
            commands.push(command);
        }
    });
}
