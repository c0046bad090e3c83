//! One picture in the gallery's place: the thumbnail at once, the picture itself when it is decoded; the wheel zooms at the
//! pointer, a drag moves.

use egui::accesskit::Role;
use egui::{Align, CornerRadius, Layout, Pos2, Rect, Sense, TextureHandle, Ui, Vec2, WidgetInfo, pos2, vec2};

use super::menu::menu_ui;
use super::state::Large;
use super::tile::middle_elided;
use crate::app::command::{Command, Step};
use crate::app::shell::icons as icon;
use crate::app::shell::textures::Textures;
use crate::app::shell::theme;
use crate::app::shell::widgets::{icon_button, note};
use crate::app::state::State;
use crate::engine::protocol::PictureId;

/// Points on the screen for a pixel of the picture: no more than this.
const MOST: f32 = 16.0;
/// How much a turn of the wheel zooms.
const PER_POINT: f32 = 0.004;
const NAME_WIDTH: f32 = 260.0;
/// Where there is less room than this, the inspector alone says how large the picture is, and how it is called.
const ROOM_FOR_SIZE: f32 = 160.0;
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
    let (area, response) = ui.allocate_exact_size(ui.available_size(), Sense::click_and_drag());
    let name = explore
        .pictures
        .get(id)
        .map_or_else(String::new, |picture| explore.caption(picture));
    response.widget_info(|| WidgetInfo::labeled(Role::Image, true, format!("{name}, large")));
    ui.painter()
        .rect_filled(area, CornerRadius::same(theme::RADIUS), theme::palette(ui).raised);
    let thumbnail = textures.thumbnail(id).cloned();
    let missing = thumbnail.is_none();
    let texture = match sharp {
        Some(inspected) => Some(textures.inspected(ui.ctx(), inspected).0),
        None => thumbnail,
    };
    if let Some(texture) = texture {
        let size = original.map_or(texture.size_vec2(), |(width, height)| vec2(width as f32, height as f32));
        let shown = Shown::new(look, size, area, original.is_some());
        paint(ui, &texture, shown.rect(), area);
        commands.extend(handled(ui, &response, shown));
    }
    response.context_menu(|ui| menu_ui(ui, state, id, commands));
    if missing { vec![id] } else { Vec::new() }
}

fn header_ui(ui: &mut Ui, state: &State, id: PictureId, original: Option<(u32, u32)>, commands: &mut Vec<Command>) {
    let explore = &state.explore;
    ui.horizontal(|ui| {
        if icon_button(ui, icon::SQUARES_FOUR, "Back to the gallery (G, Esc)", false).clicked() {
            commands.push(Command::CloseLarge);
        }
        if icon_button(ui, icon::CARET_LEFT, "The picture before (Left)", false).clicked() {
            commands.push(Command::Go(Step::Left));
        }
        if icon_button(ui, icon::CARET_RIGHT, "The next picture (Right)", false).clicked() {
            commands.push(Command::Go(Step::Right));
        }
        let place = explore.order().iter().position(|&other| other == id);
        if let Some(place) = place {
            ui.label(note(ui, format!("{} of {}", place + 1, explore.order().len())));
        }
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            let (fits, text) = match explore.large.and_then(|large| large.zoom) {
                None => (true, "Whole picture".to_owned()),
                Some(zoom) => (false, format!("{:.0} %", 100.0 * zoom * ui.ctx().pixels_per_point())),
            };
            let zoom = ui
                .button(text)
                .on_hover_text("1:1, or the whole picture (Z, double click)");
            if zoom.clicked() {
                commands.push(Command::LookAt(if fits { one_to_one(ui.ctx()) } else { Large::WHOLE }));
            }
            if let Some((width, height)) = original.filter(|_| ui.available_width() > ROOM_FOR_SIZE) {
                ui.label(note(ui, format!("{width} × {height}")));
            }
            if let Some(picture) = explore
                .pictures
                .get(id)
                .filter(|_| ui.available_width() > ROOM_FOR_NAME)
            {
                let name = explore.caption(picture);
                let width = ui.available_width().min(NAME_WIDTH);
                let colour = theme::palette(ui).text;
                let galley = middle_elided(ui, &name, theme::strong(theme::SIZE_BODY), colour, width);
                ui.label(galley).on_hover_text(picture.file.path.display().to_string());
            }
        });
    });
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
    fn a_drag_moves_the_picture_and_ends_at_its_edge() {
        let zoomed = shown().zoomed(8.0, pos2(300.0, 200.0));
        let moved = zoomed.moved(vec2(20.0, 0.0));
        assert!((moved.rect().min - zoomed.rect().min - vec2(20.0, 0.0)).length() < 1e-2);
        let far = zoomed.moved(vec2(1e6, 1e6));
        assert!((far.rect().min - far.area.min).length() < 1e-2);
    }
}
