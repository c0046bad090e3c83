//! One picture in the gallery's place: the thumbnail at once, the picture itself when it is decoded; the wheel zooms at the
//! pointer, a drag moves.

use egui::accesskit::Role;
use egui::{CornerRadius, Pos2, Rect, Sense, TextureHandle, Ui, Vec2, WidgetInfo, pos2, vec2};

use super::state::Large;
use super::tile::tile_menu_ui;
use crate::app::command::{Command, Step};
use crate::app::shell::icons as icon;
use crate::app::shell::keys::with_hint;
use crate::app::shell::status::thousands;
use crate::app::shell::textures::Textures;
use crate::app::shell::theme;
use crate::app::shell::widgets::{ends_ui, icon_button, middle_elided, note};
use crate::app::state::State;
use crate::engine::protocol::PictureId;

/// Points on the screen for a pixel of the picture: no more than this.
const MOST: f32 = 16.0;
/// Parts of the picture that are drawn sharp begin and end at whole steps of this, in pixels: a drag needs few of them.
const PART_STEP: u32 = 256;
/// Pixels of such a part at most: what is cut and uploaded within a frame.
const MOST_PART: u64 = 10_000_000;
/// How much a turn of the wheel zooms.
const PER_POINT: f32 = 0.004;
const NAME_WIDTH: f32 = 260.0;
const SIZE_WIDTH: f32 = 100.0;
/// What the choices of the zoom take, about.
const ZOOM_WIDTH: f32 = 112.0;
/// Where there is less room than this, the inspector alone says how large the picture is, and how it is called.
const ROOM_FOR_SIZE: f32 = 210.0;
const ROOM_FOR_NAME: f32 = 70.0;

/// Draws the selected picture; it, where its thumbnail is missing.
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
    }
    tile_menu_ui(ui, state, &response, (id, true), commands);
    if explore.wants_menu {
        commands.push(Command::MenuShown);
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
                (icon::SQUARES_FOUR, "Back to the gallery", Command::CloseLarge),
                (icon::CARET_LEFT, "The picture before", Command::Go(Step::Left)),
                (icon::CARET_RIGHT, "The next picture", Command::Go(Step::Right)),
            ] {
                if icon_button(ui, sign, &with_hint(name, state, &command), false).clicked() {
                    commands.push(command);
                }
            }
            told_ui(ui, state, id, original);
        },
        |ui, commands| zoom_ui(ui, state, commands),
    );
}

/// Which picture of how many, how it is called, how large it is; as much of it as there is room for.
fn told_ui(ui: &mut Ui, state: &State, id: PictureId, original: Option<(u32, u32)>) {
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

/// Whole or 1:1, whichever is chosen, and how large it is otherwise.
fn zoom_ui(ui: &mut Ui, state: &State, commands: &mut Vec<Command>) {
    let looked = state.explore.large.unwrap_or(Large::WHOLE);
    let one = one_to_one(ui.ctx());
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
        let about = with_hint(about, state, &Command::LookAt(look));
        if choice.on_hover_text(about).clicked() {
            commands.push(Command::LookAt(look));
        }
    }
}

/// A pixel of the picture on a pixel of the screen.
pub fn one_to_one(ctx: &egui::Context) -> Large {
    Large {
        zoom: Some(1.0 / ctx.pixels_per_point()),
        ..Large::WHOLE
    }
}

/// A picture as it is shown in an area.
#[derive(Clone, Copy)]
struct Shown {
    look: Large,
    size: Vec2,
    area: Rect,
    /// Points for a pixel where the whole picture is shown.
    fit: f32,
}

impl Shown {
    /// A thumbnail is as large as the picture will be; a picture that is smaller than the area is not enlarged more than
    /// to twice its size.
    fn new(look: Large, size: Vec2, area: Rect, is_whole: bool) -> Self {
        let fill = (area.width() / size.x).min(area.height() / size.y);
        let fit = if is_whole { fill.min(2.0) } else { fill };
        Self { look, size, area, fit }
    }

    fn zoom(&self) -> f32 {
        self.look.zoom.unwrap_or(self.fit)
    }

    fn rect(&self) -> Rect {
        let size = self.size * self.zoom();
        let (x, y) = self.look.middle;
        let corner = self.area.center() - vec2(x * size.x, y * size.y);
        Rect::from_min_size(corner, size)
    }

    /// The pixels of the picture that are seen, and some around them, as left, top, width and height: where the copy that
    /// fits a screen, which has `copy` pixels for one of the picture, is too coarse for so many pixels of the screen.
    fn part(&self, copy: f32, pixels_per_point: f32, most: u32) -> Option<[u32; 4]> {
        if self.zoom() * pixels_per_point <= copy {
            return None;
        }
        let rect = self.rect();
        let seen = rect.intersect(self.area);
        let along = |from: f32, to: f32, start: f32, size: f32| {
            let step = PART_STEP as f32;
            let first = ((from - start) / self.zoom() / step).floor().max(0.0) * step;
            let last = (((to - start) / self.zoom() / step).ceil() * step).min(size);
            (first as u32, (last - first).max(0.0) as u32)
        };
        let (left, width) = along(seen.left(), seen.right(), rect.left(), self.size.x);
        let (top, height) = along(seen.top(), seen.bottom(), rect.top(), self.size.y);
        let fits = width.max(height) <= most && u64::from(width) * u64::from(height) <= MOST_PART;
        (width > 0 && height > 0 && fits).then_some([left, top, width, height])
    }

    /// Where a part of the picture is seen.
    fn rect_of(&self, [left, top, width, height]: [u32; 4]) -> Rect {
        let corner = self.rect().min + vec2(left as f32, top as f32) * self.zoom();
        Rect::from_min_size(corner, vec2(width as f32, height as f32) * self.zoom())
    }

    /// The same with what is in the middle kept where there is picture: what is smaller than the area stays centred.
    fn held(self) -> Self {
        let size = self.size * self.zoom();
        let held = |at: f32, size: f32, area: f32| {
            let half = (area / size / 2.0).min(0.5);
            at.clamp(half, 1.0 - half)
        };
        let (x, y) = self.look.middle;
        let middle = (held(x, size.x, self.area.width()), held(y, size.y, self.area.height()));
        Self {
            look: Large { middle, ..self.look },
            ..self
        }
    }

    /// Zoomed so that what is under a point stays there.
    fn zoomed(self, factor: f32, at: Pos2) -> Self {
        let before = self.rect();
        let zoom = (self.zoom() * factor).clamp(self.fit.min(1.0), MOST);
        let part = (at - before.min) / before.size();
        let size = self.size * zoom;
        let corner = at - part * size;
        let middle = (self.area.center() - corner) / size;
        let look = Large {
            zoom: (zoom > self.fit).then_some(zoom),
            middle: (middle.x, middle.y),
        };
        let look = if look.zoom.is_none() { Large::WHOLE } else { look };
        Self { look, ..self }.held()
    }

    fn moved(self, by: Vec2) -> Self {
        let part = by / (self.size * self.zoom());
        let (x, y) = self.look.middle;
        let look = Large {
            middle: (x - part.x, y - part.y),
            ..self.look
        };
        Self { look, ..self }.held()
    }
}

fn paint(ui: &Ui, texture: &TextureHandle, rect: Rect, area: Rect) {
    let whole = Rect::from_min_max(pos2(0.0, 0.0), pos2(1.0, 1.0));
    ui.painter_at(area)
        .image(texture.id(), rect, whole, egui::Color32::WHITE);
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
                let one = one_to_one(ui.ctx()).zoom.unwrap_or(1.0);
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
    (look != shown.look).then_some(Command::LookAt(look))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown() -> Shown {
        let area = Rect::from_min_size(pos2(100.0, 50.0), vec2(400.0, 300.0));
        Shown::new(Large::WHOLE, vec2(4_000.0, 2_000.0), area, true)
    }

    #[test]
    fn what_is_under_the_pointer_stays_there() {
        let at = pos2(200.0, 180.0);
        let part = |shown: Shown| (at - shown.rect().min) / shown.rect().size();
        let zoomed = shown().zoomed(8.0, at);
        assert!((part(shown()) - part(zoomed)).length() < 1e-4);
        assert!((zoomed.rect().width() / shown().rect().width() - 8.0).abs() < 1e-3);
        let back = zoomed.zoomed(0.01, at);
        assert_eq!(back.look, Large::WHOLE);
    }

    #[test]
    fn one_to_one_shows_every_pixel_of_what_is_seen() {
        // The copy has half of the pixels: at a tenth of the size it is sharp, at 1:1 it is not.
        assert_eq!(shown().part(0.5, 1.0, 8_192), None);
        let one = shown().zoomed(1.0 / shown().zoom(), pos2(300.0, 200.0));
        assert!((one.zoom() - 1.0).abs() < 1e-4);
        let part = one.part(0.5, 1.0, 8_192).unwrap();
        let [left, top, width, height] = part;
        assert!(
            left <= 1_800 && left + width >= 2_200 && top <= 850 && top + height >= 1_150,
            "{part:?}"
        );
        assert!(
            width <= 400 + 2 * PART_STEP && height <= 300 + 2 * PART_STEP,
            "{part:?}"
        );
        assert!(one.rect_of(part).contains_rect(one.area));
        // A small drag needs no other part.
        let moved = one.moved(vec2(3.0, 3.0));
        assert_eq!(moved.part(0.5, 1.0, 8_192), Some(part));
        assert_eq!(one.part(0.5, 1.0, 256), None, "too large for the graphics card");
    }

    #[test]
    fn a_drag_moves_the_picture_and_ends_at_its_edge() {
        let zoomed = shown().zoomed(8.0, pos2(300.0, 200.0));
        let moved = zoomed.moved(vec2(20.0, 0.0));
        assert!((moved.rect().min - zoomed.rect().min - vec2(20.0, 0.0)).length() < 1e-2);
        let far = zoomed.moved(vec2(1e6, 1e6));
        assert!((far.rect().min - far.area.min).length() < 1e-2);
    }
}
