//! The inspector: one picture large, where a label is found in it, and what the model says.

use egui::{Align, Layout, RichText, Ui};

use super::bars::bars_ui;
use super::heatmap::heatmap_ui;
use super::looking;
use super::panes::{picture_ui, probe_ui};
use super::tile::middle_elided;
use crate::app::command::Command;
use crate::app::shell::icons as icon;
use crate::app::shell::textures::Textures;
use crate::app::shell::theme;
use crate::app::shell::widgets::{icon_button, note};
use crate::app::state::State;
use crate::engine::protocol::PictureId;

/// Room that the icons beside a picture's name take.
const ICONS_WIDTH: f32 = 4.0 * 34.0;

/// Draws the inspector.
pub fn inspector_ui(ui: &mut Ui, state: &State, textures: &mut Textures, commands: &mut Vec<Command>) {
    let Some(selected) = state
        .explore
        .selected
        .filter(|&id| state.explore.pictures.get(id).is_some())
    else {
        empty_ui(ui, state, commands);
        return;
    };
    header_ui(ui, state, selected, commands);
    picture_ui(ui, state, textures, commands);
    probe_ui(ui, state, commands);
    heatmap_ui(ui, state, looking::shown_maps(state).0.as_ref(), commands);
    ui.separator();
    bars_ui(ui, state, commands);
}

fn empty_ui(ui: &mut Ui, state: &State, commands: &mut Vec<Command>) {
    ui.with_layout(Layout::right_to_left(Align::Min), |ui| fold_ui(ui, commands));
    ui.vertical_centered(|ui| {
        ui.add_space(ui.available_height() * 0.3);
        let palette = theme::palette(ui);
        ui.label(RichText::new(icon::CURSOR_CLICK).size(40.0).color(palette.text_weak));
        let words = if state.explore.pictures.is_empty() {
            "Open pictures to see where each label is found in them"
        } else {
            "Click a picture to see where each label is found in it"
        };
        ui.label(note(ui, words));
    });
}

fn fold_ui(ui: &mut Ui, commands: &mut Vec<Command>) {
    if icon_button(ui, icon::SIDEBAR_SIMPLE, "Fold the inspector (I)", false).clicked() {
        commands.push(Command::ToggleInspector);
    }
}

fn header_ui(ui: &mut Ui, state: &State, selected: PictureId, commands: &mut Vec<Command>) {
    let picture = &state.explore.pictures[selected];
    ui.horizontal(|ui| {
        let width = ui.available_width() - ICONS_WIDTH;
        let name = state.explore.caption(picture);
        let colour = theme::palette(ui).text;
        let name = middle_elided(ui, &name, theme::strong(theme::SIZE_BODY), colour, width);
        ui.label(name).on_hover_text(picture.file.path.display().to_string());
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            ui.spacing_mut().item_spacing.x = theme::GAP_SMALL;
            fold_ui(ui, commands);
            if icon_button(ui, icon::EYE, "What the model sees (E)", state.explore.model_view).clicked() {
                commands.push(Command::ToggleModelView);
            }
            if icon_button(ui, icon::ERASER, "Erase and see (B)", state.explore.brush.is_some()).clicked() {
                commands.push(Command::ToggleBrush);
            }
            if icon_button(ui, icon::THERMOMETER, "Heatmap (H)", state.settings.heatmap).clicked() {
                commands.push(Command::ToggleHeatmap);
            }
        });
    });
    // One line, always: nothing below it moves.
    ui.add(egui::Label::new(note(ui, told(state))).truncate());
}

/// What is shown of the picture.
fn told(state: &State) -> String {
    match (&state.explore.inspected.picture, state.explore.model_view, &state.model) {
        (_, true, Some(model)) => format!("What the model sees: {}", model.sees),
        (Some(inspected), _, _) => {
            let (width, height) = inspected.original_size;
            let whole = inspected.view.width >= 1.0 && inspected.view.height >= 1.0;
            let frame = if whole {
                "the model sees all of it"
            } else {
                "drag the frame: what the model sees"
            };
            format!("{width} × {height}; {frame}")
        }
        _ => "Loading".into(),
    }
}
