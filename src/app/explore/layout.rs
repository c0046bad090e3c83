//! Where labels, gallery and inspector are: side by side, each clamped to a share of the window, two of them foldable.

use egui::{CentralPanel, Frame, Margin, Panel, Rect, Ui};

use super::{gallery, inspector, labels};
use crate::app::command::Command;
use crate::app::shell::icons as icon;
use crate::app::shell::keys::with_hint;
use crate::app::shell::textures::Textures;
use crate::app::shell::theme;
use crate::app::shell::widgets::{icon_button, later_ui, reserved};
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
/// Its width until somebody drags it: at least the first, and such a share of a wide window.
const INSPECTOR_USUAL: f32 = 372.0;
const INSPECTOR_SHARE: f32 = 0.29;
/// What is left to the gallery.
const GALLERY_LEAST: f32 = 270.0;
const GALLERY_SHARE: f32 = 0.28;

/// From this width of the window on, a large picture leaves room for the labels.
const ROOM_FOR_LARGE: f32 = 1_150.0;

/// Draws the mode; the pictures on screen of which thumbnails are missing. What is on the right is drawn last, as it is
/// read: Tab goes from panel to panel in this order.
pub fn explore_ui(ui: &mut Ui, state: &State, textures: &mut Textures, commands: &mut Vec<Command>) -> Vec<PictureId> {
    let palette = theme::palette(ui);
    let panel = |fill| Frame::new().fill(fill).inner_margin(Margin::same(theme::PANEL_MARGIN));
    let width = ui.available_width();
    let settings = &state.settings;
    let mut widths = (None, None);
    let mut rest = width;
    let has_room = state.explore.large.is_none() || width >= ROOM_FOR_LARGE;
    if settings.labels_shown && has_room {
        let most = (width * LABELS_SHARE).clamp(LABELS_LEAST, LABELS_MOST);
        let shown = Panel::left("labels")
            .default_size(settings.labels_width.min(most))
            .size_range(LABELS_LEAST..=most)
            .frame(panel(palette.surface))
            .show(ui, |ui| {
                ui.set_max_width(ui.available_width());
                labels::labels_ui(ui, state, commands);
            });
        let drawn = shown.response.rect.width().round();
        widths.0 = Some(drawn);
        rest -= drawn;
    } else if has_room {
        rest -= FOLDED;
        let left = folded_panel(ui, "folded labels", true);
        let name = with_hint("Show the labels", state, &Command::ToggleLabels);
        folded_ui(ui, left, &name, Command::ToggleLabels, commands);
    }
    let (right, shown) = if settings.inspector_shown {
        let gallery = (width * GALLERY_SHARE).max(GALLERY_LEAST);
        let most = (rest - gallery).clamp(INSPECTOR_LEAST, INSPECTOR_MOST);
        let wanted = settings
            .inspector_width
            .unwrap_or((width * INSPECTOR_SHARE).max(INSPECTOR_USUAL));
        let shown = Panel::right("inspector")
            .default_size(wanted.min(most))
            .size_range(INSPECTOR_LEAST..=most)
            .frame(panel(palette.surface))
            .show(ui, reserved);
        widths.1 = Some(shown.response.rect.width().round());
        (shown.inner, true)
    } else {
        (folded_panel(ui, "folded inspector", false), false)
    };
    commands.extend(dragged(ui, widths));
    let centre = CentralPanel::default().frame(panel(palette.ground));
    let missing = centre
        .show(ui, |ui| gallery::gallery_ui(ui, state, textures, commands))
        .inner;
    if shown {
        later_ui(ui, "inspector content", right, |ui| {
            inspector::inspector_ui(ui, state, textures, commands)
        });
    } else {
        let name = with_hint("Show the inspector", state, &Command::ToggleInspector);
        folded_ui(ui, right, &name, Command::ToggleInspector, commands);
    }
    missing
}

/// What was dragged is kept; what the window has no room for is not, and comes back with the room.
fn dragged(ui: &Ui, widths: (Option<f32>, Option<f32>)) -> Option<Command> {
    let id = ui.scope_id().with("widths of the panels");
    let before: Option<(Option<f32>, Option<f32>)> = ui.data(|data| data.get_temp(id));
    ui.data_mut(|data| data.insert_temp(id, widths));
    let before = before.filter(|_| ui.input(|input| input.pointer.is_decidedly_dragging()))?;
    let changed = |before: Option<f32>, now: Option<f32>| now.filter(|now| before.is_some_and(|before| before != *now));
    let (labels, inspector) = (changed(before.0, widths.0), changed(before.1, widths.1));
    (labels.is_some() || inspector.is_some()).then_some(Command::SizePanels { labels, inspector })
}

/// The room of a panel that is folded.
fn folded_panel(ui: &mut Ui, id: &'static str, left: bool) -> Rect {
    let frame = Frame::new()
        .fill(theme::palette(ui).surface)
        .inner_margin(Margin::symmetric(6, theme::PANEL_MARGIN));
    let panel = if left { Panel::left(id) } else { Panel::right(id) };
    panel
        .exact_size(FOLDED)
        .resizable(false)
        .frame(frame)
        .show(ui, reserved)
        .inner
}

/// In it, the way back.
fn folded_ui(ui: &mut Ui, area: Rect, name: &str, command: Command, commands: &mut Vec<Command>) {
    let id = if command == Command::ToggleLabels {
        "unfold labels"
    } else {
        "unfold inspector"
    };
    later_ui(ui, id, area, |ui| {
        if icon_button(ui, icon::SIDEBAR_SIMPLE, name, false).clicked() {
            commands.push(command);
        }
    });
}
