//! A tile of the gallery: the picture's middle, its answer, number and name; and what a click on it means.

use std::sync::Arc;

use egui::accesskit::Role;
use egui::{
    Align2, Color32, CornerRadius, Event, FontId, Galley, Key, Modifiers, Popup, Rect, Response, Sense, Stroke,
    StrokeKind, Ui, WidgetInfo, pos2, vec2,
};

use super::menu::menu_ui;
use super::said::{Said, said};
use crate::app::command::Command;
use crate::app::explore::command::{ExploreCommand, Mark};
use crate::app::settings::TileText;
use crate::app::shell::textures::Textures;
use crate::app::shell::theme;
use crate::app::shell::widgets::middle_elided;
use crate::app::state::State;
use crate::engine::protocol::PictureId;

/// Height of the caption below a picture: answer and name, or the name alone.
const CAPTION_HEIGHT: f32 = 38.0;
const NAME_HEIGHT: f32 = 20.0;
/// Height of the line on a picture.
const STRIP_HEIGHT: f32 = 20.0;

/// Height of the caption below each picture.
pub fn caption_height(state: &State) -> f32 {
    match state.settings.tile_text {
        TileText::Below if state.asked_rows().next().is_none() => NAME_HEIGHT,
        TileText::Below => CAPTION_HEIGHT,
        TileText::Over | TileText::Nowhere => 0.0,
    }
}

/// Draws one picture in its cell; returns whether its thumbnail was there.
pub fn tile_ui(
    ui: &mut Ui,
    state: &State,
    textures: &mut Textures,
    id: PictureId,
    (cell, area): (Rect, Rect),
    commands: &mut Vec<Command>,
) -> bool {
    let explore = &state.explore;
    let name = explore.caption(&explore.pictures[id]);
    let response = ui.interact(cell, ui.scope_id().with(("picture", id)), Sense::click());
    let selected = explore.selected == Some(id);
    response.widget_info(|| WidgetInfo::selected(Role::Button, true, selected, &name));
    let by_key = response.clicked() && ui.input(|input| input.key_pressed(Key::Enter) || input.key_pressed(Key::Space));
    let modifiers = held(ui);
    // Ctrl with a key does what Ctrl with a click does.
    if response.double_clicked() || (by_key && !modifiers.command) {
        commands.push(ExploreCommand::OpenLarge(Some(id)).into());
    } else if response.clicked() {
        commands.push(if modifiers.command {
            Command::Explore(ExploreCommand::Mark(Mark::Toggle(id)))
        } else if modifiers.shift {
            Command::Explore(ExploreCommand::Mark(Mark::UpTo(id)))
        } else {
            Command::Explore(ExploreCommand::Select(id))
        });
    }
    tile_menu_ui(ui, state, &response, (id, selected), commands);
    picture_ui(ui, textures, id, area);
    let marked = explore.marked.contains(&id);
    ring_ui(ui, area, (selected, marked), response.hovered() || response.has_focus());
    let said = said(ui, state, id);
    match state.settings.tile_text {
        TileText::Below => below_ui(
            ui,
            said.as_ref(),
            &name,
            Rect::from_min_max(area.left_bottom(), cell.max),
        ),
        TileText::Over => over_ui(ui, said.as_ref(), area),
        TileText::Nowhere => {}
    }
    response.on_hover_ui(|ui| {
        ui.label(&name);
        if let Some(said) = &said {
            ui.label(&said.answer);
            if !said.number.is_empty() {
                ui.label(format!("{}: {}", said.what, said.number));
            }
        }
    });
    textures.has(id)
}

/// The menu of a picture: on a secondary click, or by key for the one that has the focus, or else the selected one.
pub fn tile_menu_ui(
    ui: &Ui,
    state: &State,
    response: &Response,
    (id, selected): (PictureId, bool),
    commands: &mut Vec<Command>,
) {
    let focused = ui.memory(|memory| memory.focused());
    let meant = response.has_focus() || (selected && focused.is_none());
    let by_key = meant && state.explore.wants_menu;
    let popup = Popup::context_menu(response);
    let popup_id = popup.get_id();
    let opened = popup_id.with("by key");
    if by_key {
        Popup::open_id(ui.ctx(), popup_id);
        ui.data_mut(|data| data.insert_temp(opened, true));
    } else if response.secondary_clicked() {
        ui.data_mut(|data| data.insert_temp(opened, false));
    }
    let is_by_key = ui.data(|data| data.get_temp(opened)).unwrap_or(false);
    let popup = if is_by_key {
        popup.at_position(response.rect.center())
    } else {
        popup
    };
    popup.show(|ui| menu_ui(ui, state, id, by_key, commands));
}

/// The modifiers at the moment of the click: by the end of the frame they may be released.
fn held(ui: &Ui) -> Modifiers {
    ui.input(|input| {
        let released = input.events.iter().rev().find_map(|event| match event {
            Event::PointerButton {
                pressed: false,
                modifiers,
                ..
            }
            | Event::Key {
                key: Key::Enter | Key::Space,
                pressed: true,
                modifiers,
                ..
            } => Some(*modifiers),
            _ => None,
        });
        released.unwrap_or(input.modifiers)
    })
}

fn picture_ui(ui: &Ui, textures: &mut Textures, id: PictureId, area: Rect) {
    let radius = CornerRadius::same(theme::RADIUS);
    ui.painter().rect_filled(area, radius, theme::palette(ui).raised);
    let Some(texture) = textures.thumbnail(id) else {
        return;
    };
    let image = egui::Image::new(texture)
        .uv(cover(texture.size_vec2(), area.size()))
        .corner_radius(radius);
    image.paint_at(ui, area);
}

/// The middle of a picture that fills an area: of a square, what the usual preprocessing shows the model.
fn cover(picture: egui::Vec2, area: egui::Vec2) -> Rect {
    let scale = (area.x / picture.x).max(area.y / picture.y);
    let part = vec2(area.x / picture.x / scale, area.y / picture.y / scale);
    Rect::from_center_size(pos2(0.5, 0.5), part)
}

fn ring_ui(ui: &Ui, area: Rect, (selected, marked): (bool, bool), touched: bool) {
    let palette = theme::palette(ui);
    let radius = CornerRadius::same(theme::RADIUS);
    if marked {
        ui.painter()
            .rect_filled(area, radius, palette.accent.gamma_multiply(0.35));
    }
    let stroke = if selected || marked {
        Stroke::new(3.0, palette.accent)
    } else if touched {
        Stroke::new(2.0, palette.text_weak)
    } else {
        return;
    };
    // Inside: around the first row there is no room for it.
    ui.painter().rect_stroke(area, radius, stroke, StrokeKind::Inside);
}

/// The answer, number and name below a picture.
fn below_ui(ui: &Ui, said: Option<&Said>, name: &str, rect: Rect) {
    let palette = theme::palette(ui);
    if let Some(said) = said {
        line_ui(
            ui,
            said,
            rect.left_top() + vec2(0.0, 13.0),
            rect.width(),
            (palette.text, palette.text),
        );
    }
    let font = theme::body(theme::SIZE_SMALL);
    let galley = middle_elided(ui, name, font, palette.text_weak, rect.width());
    // In the last line: an answer that is yet to come has its own.
    let at = pos2(rect.left(), rect.bottom() - 9.0 - galley.size().y / 2.0);
    ui.painter().galley(at, galley, palette.text_weak);
}

/// The answer and number on a picture.
fn over_ui(ui: &Ui, said: Option<&Said>, area: Rect) {
    let Some(said) = said else { return };
    let strip = area.with_min_y(area.bottom() - STRIP_HEIGHT);
    let radius = CornerRadius {
        sw: theme::RADIUS,
        se: theme::RADIUS,
        ..CornerRadius::ZERO
    };
    ui.painter().rect_filled(strip, radius, theme::STRIP_SHADE);
    let inner = strip.shrink2(vec2(5.0, 0.0));
    line_ui(
        ui,
        said,
        inner.left_center(),
        inner.width(),
        (theme::ON_PICTURE, theme::ON_PICTURE),
    );
}

fn line_ui(ui: &Ui, said: &Said, at: egui::Pos2, width: f32, (text, number): (Color32, Color32)) {
    let painter = ui.painter();
    painter.circle_filled(at + vec2(5.0, 0.0), 4.0, said.colour);
    let right = at + vec2(width, 0.0);
    let font = theme::body(theme::SIZE_SMALL);
    let number = painter.text(right, Align2::RIGHT_CENTER, &said.number, font, number);
    let room = number.left() - at.x - 18.0;
    let galley = elided(ui, &said.answer, theme::strong(theme::SIZE_SMALL), text, room);
    painter.galley(at + vec2(14.0, -galley.size().y / 2.0), galley, text);
}

/// A line that ends in an ellipsis where there is no room for all of it.
fn elided(ui: &Ui, text: &str, font: FontId, colour: Color32, width: f32) -> Arc<Galley> {
    let mut job = egui::text::LayoutJob::simple_singleline(text.to_owned(), font, colour);
    job.wrap = egui::text::TextWrapping::truncate_at_width(width.max(0.0));
    ui.painter().layout_job(job)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_picture_fills_its_area_and_is_cut_where_it_is_longer() {
        assert_eq!(
            cover(vec2(200.0, 100.0), vec2(50.0, 50.0)),
            Rect::from_min_max(pos2(0.25, 0.0), pos2(0.75, 1.0))
        );
        assert_eq!(
            cover(vec2(200.0, 100.0), vec2(100.0, 50.0)),
            Rect::from_min_max(pos2(0.0, 0.0), pos2(1.0, 1.0))
        );
    }
}
