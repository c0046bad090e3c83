//! The inspector: one picture large, where a label is found in it, and what the model says.

use std::time::SystemTime;

use egui::{RichText, ScrollArea, Ui};
use time::OffsetDateTime;

use super::bars::bars_ui;
use super::heatmap::heatmap_ui;
use super::panes::picture_ui;
use super::probe::probe_ui;
use crate::app::command::Command;
use crate::app::explore::command::ExploreCommand;
use crate::app::explore::shown_map::shown_maps;
use crate::app::shell::keys::with_hint;
use crate::app::shell::textures::Textures;
use crate::app::shell::widgets::{ends_ui, file_size, follow_focus, icon_button, middle_elided, note};
use crate::app::shell::{icons as icon, theme};
use crate::app::state::State;
use crate::engine::protocol::PictureId;
use crate::escape::{shortened, visible};

/// Width of the icons beside a picture's name.
const ICONS_WIDTH: f32 = 4.0 * theme::ICON_BUTTON + 3.0 * theme::GAP_SMALL;

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
    ScrollArea::vertical()
        .id_salt("below the picture")
        .auto_shrink([false, false])
        .show(ui, |ui| {
            probe_ui(ui, state, commands);
            let (shown, second) = shown_maps(state);
            heatmap_ui(ui, state, (shown.as_ref(), second.as_ref()), commands);
            ui.separator();
            bars_ui(ui, state, commands);
            follow_focus(ui);
        });
}

fn empty_ui(ui: &mut Ui, state: &State, commands: &mut Vec<Command>) {
    ends_ui(
        ui,
        theme::ICON_BUTTON,
        commands,
        |_, _| {},
        |ui, commands| fold_ui(ui, state, commands),
    );
    ui.vertical_centered(|ui| {
        ui.add_space(ui.available_height() * 0.3);
        let palette = theme::palette(ui);
        ui.label(
            RichText::new(icon::CURSOR_CLICK)
                .size(theme::SIZE_EMPTY - 8.0)
                .color(palette.text_weak),
        );
        let words = if state.explore.pictures.is_empty() {
            "Open pictures to see where each label is found in them"
        } else if state.explore.order().is_empty() {
            "No picture passes the filter"
        } else {
            "Click a picture to see where each label is found in it"
        };
        ui.label(note(ui, words));
    });
}

fn fold_ui(ui: &mut Ui, state: &State, commands: &mut Vec<Command>) {
    let name = with_hint(
        "Fold the inspector",
        state,
        &Command::Explore(ExploreCommand::ToggleInspector),
    );
    if icon_button(ui, icon::SIDEBAR_SIMPLE, &name, false).clicked() {
        commands.push(ExploreCommand::ToggleInspector.into());
    }
}

fn header_ui(ui: &mut Ui, state: &State, selected: PictureId, commands: &mut Vec<Command>) {
    let picture = &state.explore.pictures[selected];
    ends_ui(
        ui,
        ICONS_WIDTH,
        commands,
        |ui, _| {
            let width = ui.available_width();
            let name = state.explore.caption(picture);
            let colour = theme::palette(ui).text;
            let name = middle_elided(ui, &name, theme::strong(theme::SIZE_BODY), colour, width);
            ui.label(name).on_hover_text(picture.file.path.display().to_string());
        },
        |ui, commands| {
            ui.spacing_mut().item_spacing.x = theme::GAP_SMALL;
            let tools = [
                (
                    icon::THERMOMETER,
                    "Heatmap",
                    Command::Explore(ExploreCommand::ToggleHeatmap),
                    state.settings.heatmap,
                ),
                (
                    icon::ERASER,
                    "Erase and see",
                    Command::Explore(ExploreCommand::ToggleBrush),
                    state.explore.brush.is_some(),
                ),
                (
                    icon::EYE,
                    "What the model sees",
                    Command::Explore(ExploreCommand::ToggleModelView),
                    state.explore.model_view,
                ),
            ];
            for (sign, name, command, on) in tools {
                if icon_button(ui, sign, &with_hint(name, state, &command), on).clicked() {
                    commands.push(command);
                }
            }
            fold_ui(ui, state, commands);
        },
    );
    // One line, always: nothing below it moves.
    ui.add(egui::Label::new(note(ui, summary(state, selected))).truncate());
}

/// A line about the picture: its size, its file, what the model sees of it, or why it was skipped.
fn summary(state: &State, selected: PictureId) -> String {
    if let Some(reason) = &state.explore.pictures[selected].skipped {
        return visible(&shortened(reason));
    }
    match (&state.explore.inspected.picture, state.explore.model_view, &state.model) {
        (_, true, Some(model)) => format!("What the model sees: {}", model.sees),
        (Some(inspected), _, _) => {
            let (width, height) = inspected.original_size;
            let size = format!("{width} × {height}");
            let file = inspected.file.map(|(bytes, changed)| [file_size(bytes), date(changed)]);
            let parts = [size].into_iter().chain(file.into_iter().flatten());
            parts.collect::<Vec<_>>().join(", ")
        }
        _ => "Loading".into(),
    }
}

/// A day with the month's name, so that nobody mistakes it for the day.
fn date(at: SystemTime) -> String {
    let at = OffsetDateTime::from(at);
    format!("{} {} {}", at.day(), at.month(), at.year())
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn a_day_is_told_with_the_name_of_its_month() {
        assert_eq!(date(SystemTime::UNIX_EPOCH), "1 January 1970");
        let later = SystemTime::UNIX_EPOCH + Duration::from_secs(1_714_730_000);
        assert_eq!(date(later), "3 May 2024");
    }
}
