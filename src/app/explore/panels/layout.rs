//! How labels, gallery and inspector share the window: side by side, within bounds, the outer two foldable.

use egui::{CentralPanel, Color32, Frame, Margin, Panel, Rect, Ui};

use super::{gallery, inspector, labels};
use crate::app::command::Command;
use crate::app::explore::command::ExploreCommand;
use crate::app::shell::keys::with_hint;
use crate::app::shell::textures::Textures;
use crate::app::shell::widgets::{icon_button, later_ui, reserved};
use crate::app::shell::{icons as icon, theme};
use crate::app::state::State;
use crate::engine::protocol::PictureId;

/// Width of a folded panel.
const FOLDED: f32 = 40.0;
/// Least and greatest width of the labels, and their greatest share of the window.
const LABELS_LEAST: f32 = 190.0;
const LABELS_MOST: f32 = 420.0;
const LABELS_SHARE: f32 = 0.26;
/// The same for the inspector.
const INSPECTOR_LEAST: f32 = 260.0;
const INSPECTOR_MOST: f32 = 900.0;
/// Its width until it is dragged: the first, or this share of a wide window.
const INSPECTOR_USUAL: f32 = 372.0;
const INSPECTOR_SHARE: f32 = 0.29;
/// What the gallery keeps.
const GALLERY_LEAST: f32 = 270.0;
const GALLERY_SHARE: f32 = 0.28;
/// In a window of at least this width, the labels stay beside a large picture.
const ROOM_FOR_LARGE: f32 = 1_150.0;

/// A panel that can be folded.
#[derive(Clone, Copy)]
enum Side {
    Labels,
    Inspector,
}

impl Side {
    fn toggle(self) -> Command {
        Command::Explore(match self {
            Self::Labels => ExploreCommand::ToggleLabels,
            Self::Inspector => ExploreCommand::ToggleInspector,
        })
    }

    fn panel(self) -> Panel {
        match self {
            Self::Labels => Panel::left("folded labels"),
            Self::Inspector => Panel::right("folded inspector"),
        }
    }

    /// The id of the button that unfolds it, and its name.
    fn button(self) -> (&'static str, &'static str) {
        match self {
            Self::Labels => ("unfold labels", "Show the labels"),
            Self::Inspector => ("unfold inspector", "Show the inspector"),
        }
    }
}

/// Draws the mode; returns the pictures on screen whose thumbnails are missing. What is on the right is drawn last, as
/// it is
/// read: Tab goes from panel to panel in that order.
pub fn explore_ui(ui: &mut Ui, state: &State, textures: &mut Textures, commands: &mut Vec<Command>) -> Vec<PictureId> {
    let width = ui.available_width();
    let mut labels_width = None;
    let mut rest = width;
    if state.explore.large.is_none() || width >= ROOM_FOR_LARGE {
        if state.settings.labels_shown {
            let drawn = labels_panel_ui(ui, state, width, commands);
            labels_width = Some(drawn);
            rest -= drawn;
        } else {
            rest -= FOLDED;
            let area = folded_room(ui, Side::Labels);
            unfold_ui(ui, state, Side::Labels, area, commands);
        }
    }
    let (right, inspector_width) = if state.settings.inspector_shown {
        let (area, drawn) = inspector_room(ui, state, width, rest);
        (area, Some(drawn))
    } else {
        (folded_room(ui, Side::Inspector), None)
    };
    commands.extend(dragged(ui, (labels_width, inspector_width)));
    let missing = CentralPanel::default()
        .frame(panel_frame(theme::palette(ui).ground))
        .show(ui, |ui| gallery::gallery_ui(ui, state, textures, commands))
        .inner;
    if inspector_width.is_some() {
        later_ui(ui, "inspector content", right, |ui| {
            inspector::inspector_ui(ui, state, textures, commands)
        });
    } else {
        unfold_ui(ui, state, Side::Inspector, right, commands);
    }
    missing
}

fn panel_frame(fill: Color32) -> Frame {
    Frame::new().fill(fill).inner_margin(Margin::same(theme::PANEL_MARGIN))
}

/// Draws the labels panel; returns its width.
fn labels_panel_ui(ui: &mut Ui, state: &State, width: f32, commands: &mut Vec<Command>) -> f32 {
    let most = (width * LABELS_SHARE).clamp(LABELS_LEAST, LABELS_MOST);
    let shown = Panel::left("labels")
        .default_size(state.settings.labels_width.min(most))
        .size_range(LABELS_LEAST..=most)
        .frame(panel_frame(theme::palette(ui).surface))
        .show(ui, |ui| {
            ui.set_max_width(ui.available_width());
            labels::labels_ui(ui, state, commands);
        });
    shown.response.rect.width().round()
}

/// The area for the inspector's content and the width of its panel, out of what the labels leave.
fn inspector_room(ui: &mut Ui, state: &State, width: f32, rest: f32) -> (Rect, f32) {
    let gallery = (width * GALLERY_SHARE).max(GALLERY_LEAST);
    let most = (rest - gallery).clamp(INSPECTOR_LEAST, INSPECTOR_MOST);
    let usual = (width * INSPECTOR_SHARE).max(INSPECTOR_USUAL);
    let wanted = state.settings.inspector_width.unwrap_or(usual);
    let shown = Panel::right("inspector")
        .default_size(wanted.min(most))
        .size_range(INSPECTOR_LEAST..=most)
        .frame(panel_frame(theme::palette(ui).surface))
        .show(ui, reserved);
    (shown.inner, shown.response.rect.width().round())
}

/// Remembers a width that was dragged. One that the window merely has no room for is not remembered, and comes back
/// with the room.
fn dragged(ui: &Ui, widths: (Option<f32>, Option<f32>)) -> Option<Command> {
    let id = ui.scope_id().with("widths of the panels");
    let before: Option<(Option<f32>, Option<f32>)> = ui.data(|data| data.get_temp(id));
    ui.data_mut(|data| data.insert_temp(id, widths));
    let before = before.filter(|_| ui.input(|input| input.pointer.is_decidedly_dragging()))?;
    let changed = |before: Option<f32>, now: Option<f32>| now.filter(|now| before.is_some_and(|before| before != *now));
    let (labels, inspector) = (changed(before.0, widths.0), changed(before.1, widths.1));
    (labels.is_some() || inspector.is_some())
        .then_some(Command::Explore(ExploreCommand::SizePanels { labels, inspector }))
}

/// Reserves the narrow area of a folded panel.
fn folded_room(ui: &mut Ui, side: Side) -> Rect {
    let frame = Frame::new()
        .fill(theme::palette(ui).surface)
        .inner_margin(Margin::symmetric(6, theme::PANEL_MARGIN));
    let panel = side.panel().exact_size(FOLDED).resizable(false);
    panel.frame(frame).show(ui, reserved).inner
}

/// The button in it that unfolds the panel.
fn unfold_ui(ui: &mut Ui, state: &State, side: Side, area: Rect, commands: &mut Vec<Command>) {
    let (id, words) = side.button();
    let name = with_hint(words, state, &side.toggle());
    later_ui(ui, id, area, |ui| {
        if icon_button(ui, icon::SIDEBAR_SIMPLE, &name, false).clicked() {
            commands.push(side.toggle());
        }
    });
}
