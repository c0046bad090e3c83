//! One picture in the gallery's place: the thumbnail at once, the picture itself when it is decoded; the wheel zooms at the
//! pointer, a drag moves.

use egui::accesskit::Role;
use egui::{CornerRadius, Rect, Sense, TextureHandle, Ui, WidgetInfo, pos2, vec2};

use super::tile::tile_menu_ui;
use super::zoom::Shown;
use crate::app::command::Command;
use crate::app::explore::command::{ExploreCommand, Nudge, Step};
use crate::app::explore::state::Large;
use crate::app::shell::keys::with_hint;
use crate::app::shell::status::thousands;
use crate::app::shell::textures::Textures;
use crate::app::shell::widgets::{ends_ui, icon_button, middle_elided, note};
use crate::app::shell::{icons as icon, theme};
use crate::app::state::State;
use crate::engine::protocol::PictureId;

/// How far a point of scrolling zooms.
const PER_POINT: f32 = 0.004;
/// How far a key moves the picture, of the area that it is shown in.
const PAN_STEP: f32 = 0.25;
const NAME_WIDTH: f32 = 260.0;
const SIZE_WIDTH: f32 = 100.0;
/// Approximate width of the zoom's choices.
const ZOOM_WIDTH: f32 = 112.0;
/// With less room than this, only the inspector shows the picture's size and name.
const ROOM_FOR_SIZE: f32 = 210.0;
const ROOM_FOR_NAME: f32 = 70.0;

/// Draws the selected picture; returns it if its thumbnail is missing.
pub fn large_ui(ui: &mut Ui, state: &State, textures: &mut Textures, commands: &mut Vec<Command>) -> Vec<PictureId> {
    let explore = &state.explore;
    let (Some(look), Some(id)) = (explore.large, explore.selected) else {
        return Vec::new();
    };
    let sharp = explore.inspected.picture.as_ref();
    let original = sharp.map(|inspected| inspected.original_size);
    header_ui(ui, state, id, original, commands);
    let (area, response) = ui.allocate_exact_size(ui.available_size(), Sense::CLICK | Sense::DRAG);
    let name = explore
        .pictures
        .get(id)
        .map_or_else(String::new, |picture| explore.caption(picture));
    response.widget_info(|| WidgetInfo::labeled(Role::Image, true, format!("{name}, large")));
    ui.painter()
        .rect_filled(area, CornerRadius::same(theme::RADIUS), theme::palette(ui).raised);
    let thumbnail = textures.thumbnail(id).cloned();
    let missing = !textures.has(id);
    let texture = match sharp {
        Some(inspected) => Some(textures.inspected(ui.ctx(), inspected).0),
        None => thumbnail,
    };
    if let Some(texture) = texture {
        let size = original.map_or(texture.size_vec2(), |(width, height)| vec2(width as f32, height as f32));
        let shown = Shown::new(look, size, area, original.is_some());
        paint(ui, &texture, shown.rect(), area);
        if let Some((inspected, original)) = sharp.and_then(|one| Some((one, one.original.as_ref()?))) {
            let copy = inspected.image.width as f32 / original.width() as f32;
            let most = ui.input(|input| input.max_texture_side) as u32;
            if let Some(part) = shown.part(copy, ui.ctx().pixels_per_point(), most) {
                let texture = textures.part(ui.ctx(), original, part);
                paint(ui, &texture, shown.rect_of(part), area);
            }
        }
        commands.extend(handled(ui, &response, shown));
        if let Some(nudge) = explore.nudge {
            commands.push(ExploreCommand::LookAt(nudged(shown, nudge).look).into());
        }
    }
    tile_menu_ui(ui, state, &response, (id, true), commands);
    if explore.wants_menu {
        commands.push(ExploreCommand::MenuShown.into());
    }
    if missing { vec![id] } else { Vec::new() }
}

fn header_ui(ui: &mut Ui, state: &State, id: PictureId, original: Option<(u32, u32)>, commands: &mut Vec<Command>) {
    ends_ui(
        ui,
        ZOOM_WIDTH,
        commands,
        |ui, commands| {
            for (sign, name, command) in [
                (
                    icon::SQUARES_FOUR,
                    "Back to the gallery",
                    Command::Explore(ExploreCommand::CloseLarge),
                ),
                (
                    icon::CARET_LEFT,
                    "Previous picture",
                    Command::Explore(ExploreCommand::Go(Step::Left)),
                ),
                (
                    icon::CARET_RIGHT,
                    "Next picture",
                    Command::Explore(ExploreCommand::Go(Step::Right)),
                ),
            ] {
                if icon_button(ui, sign, &with_hint(name, state, &command), false).clicked() {
                    commands.push(command);
                }
            }
            about_ui(ui, state, id, original);
        },
        |ui, commands| zoom_ui(ui, state, commands),
    );
}

/// The picture's place in the gallery, its name and its size, as far as there is room.
fn about_ui(ui: &mut Ui, state: &State, id: PictureId, original: Option<(u32, u32)>) {
    let explore = &state.explore;
    let order = explore.order();
    if let Some(place) = order.iter().position(|&other| other == id) {
        let text = format!("{} of {}", thousands(place + 1), thousands(order.len()));
        ui.label(note(ui, text));
    }
    let size = original.filter(|_| ui.available_width() > ROOM_FOR_SIZE);
    let picture = explore
        .pictures
        .get(id)
        .filter(|_| ui.available_width() > ROOM_FOR_NAME);
    if let Some(picture) = picture {
        let name = explore.caption(picture);
        let room = ui.available_width() - size.map_or(0.0, |_| SIZE_WIDTH);
        let colour = theme::palette(ui).text;
        let galley = middle_elided(ui, &name, theme::strong(theme::SIZE_BODY), colour, room.min(NAME_WIDTH));
        ui.label(galley).on_hover_text(picture.file.path.display().to_string());
    }
    if let Some((width, height)) = size {
        ui.label(note(ui, format!("{width} × {height}")));
    }
}

/// The choice between whole and 1:1, and the zoom if it is neither.
fn zoom_ui(ui: &mut Ui, state: &State, commands: &mut Vec<Command>) {
    let looked = state.explore.large.unwrap_or(Large::WHOLE);
    let one = Large::one_to_one(ui.ctx().pixels_per_point());
    let is_one = looked.zoom.zip(one.zoom).is_some_and(|(a, b)| (a - b).abs() < 1e-3);
    if let Some(zoom) = looked.zoom.filter(|_| !is_one) {
        let text = format!("{:.0} %", 100.0 * zoom * ui.ctx().pixels_per_point());
        ui.label(note(ui, text));
    }
    ui.spacing_mut().item_spacing.x = 2.0;
    for (chosen, title, look, about) in [
        (looked.zoom.is_none(), "Whole", Large::WHOLE, "The whole picture"),
        (is_one, "1:1", one, "A pixel of the picture on each of the screen"),
    ] {
        let choice = ui.selectable_label(chosen, title);
        let about = with_hint(about, state, &Command::Explore(ExploreCommand::LookAt(look)));
        if choice.on_hover_text(about).clicked() {
            commands.push(ExploreCommand::LookAt(look).into());
        }
    }
}

fn paint(ui: &Ui, texture: &TextureHandle, rect: Rect, area: Rect) {
    let whole = Rect::from_min_max(pos2(0.0, 0.0), pos2(1.0, 1.0));
    ui.painter_at(area)
        .image(texture.id(), rect, whole, egui::Color32::WHITE);
}

/// What a key does to the picture.
fn nudged(shown: Shown, nudge: Nudge) -> Shown {
    let step = PAN_STEP * shown.area.size();
    match nudge {
        Nudge::Zoom(factor) => shown.zoomed(factor, shown.area.center()),
        Nudge::Pan(Step::Left) => shown.moved(vec2(step.x, 0.0)),
        Nudge::Pan(Step::Right) => shown.moved(vec2(-step.x, 0.0)),
        Nudge::Pan(Step::Up) => shown.moved(vec2(0.0, step.y)),
        Nudge::Pan(Step::Down) => shown.moved(vec2(0.0, -step.y)),
        Nudge::Pan(_) => shown,
    }
}

/// What the pointer does to the picture.
fn handled(ui: &Ui, response: &egui::Response, shown: Shown) -> Option<Command> {
    let wheel = if response.hovered() {
        ui.input(|input| input.smooth_scroll_delta.y + (input.zoom_delta() - 1.0) / PER_POINT)
    } else {
        0.0
    };
    let look = if response.double_clicked() {
        match shown.look.zoom {
            Some(_) => Large::WHOLE,
            None => {
                let one = 1.0 / ui.ctx().pixels_per_point();
                let at = response.interact_pointer_pos().unwrap_or(shown.area.center());
                shown.zoomed(one / shown.zoom(), at).look
            }
        }
    } else if wheel != 0.0 {
        shown.zoomed((wheel * PER_POINT).exp(), response.hover_pos()?).look
    } else if response.dragged() {
        shown.moved(response.drag_delta()).look
    } else {
        return None;
    };
    (look != shown.look).then_some(Command::Explore(ExploreCommand::LookAt(look)))
}
