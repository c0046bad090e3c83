//! A picture of the gallery: its middle, its answer and number, its name; what a click on it means.

use std::sync::Arc;

use egui::accesskit::Role;
use egui::{
    Align2, Color32, CornerRadius, Event, FontId, Galley, Key, Modifiers, Rect, Sense, Stroke, StrokeKind, Ui,
    WidgetInfo, pos2, vec2,
};

use super::menu::menu_ui;
use super::numbers::Lens;
use super::picture::Answer;
use super::{label_colour, looking};
use crate::app::command::{Command, Mark};
use crate::app::settings::{Sort, TileText};
use crate::app::shell::textures::Textures;
use crate::app::shell::theme;
use crate::app::state::State;
use crate::engine::protocol::PictureId;

/// Height of the two lines below a picture.
pub const CAPTION_HEIGHT: f32 = 38.0;
/// Height of the line on a picture.
const STRIP_HEIGHT: f32 = 20.0;

/// What a tile says of its picture.
struct Said {
    answer: String,
    number: String,
    colour: Color32,
}

/// Draws one picture in its cell; whether its thumbnail was there.
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
    if response.double_clicked() || by_key {
        commands.push(Command::OpenLarge(Some(id)));
    } else if response.clicked() {
        let modifiers = held(ui);
        commands.push(if modifiers.command {
            Command::Mark(Mark::Toggle(id))
        } else if modifiers.shift {
            Command::Mark(Mark::UpTo(id))
        } else {
            Command::Select(id)
        });
    }
    response.context_menu(|ui| menu_ui(ui, state, id, commands));
    let there = picture_ui(ui, textures, id, area);
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
            ui.label(format!("{}  {}", said.answer, said.number));
        }
    });
    there
}

/// What was held when the pointer was released: at the frame's end it may be let go.
fn held(ui: &Ui) -> Modifiers {
    ui.input(|input| {
        let released = input.events.iter().rev().find_map(|event| match event {
            Event::PointerButton {
                pressed: false,
                modifiers,
                ..
            } => Some(*modifiers),
            _ => None,
        });
        released.unwrap_or(input.modifiers)
    })
}

fn picture_ui(ui: &Ui, textures: &mut Textures, id: PictureId, area: Rect) -> bool {
    let radius = CornerRadius::same(theme::RADIUS);
    ui.painter().rect_filled(area, radius, theme::palette(ui).raised);
    let Some(texture) = textures.thumbnail(id) else {
        return false;
    };
    let image = egui::Image::new(texture)
        .uv(cover(texture.size_vec2(), area.size()))
        .corner_radius(radius);
    image.paint_at(ui, area);
    true
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
    ui.painter().rect_stroke(area, radius, stroke, StrokeKind::Outside);
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
    let at = pos2(rect.left(), rect.top() + 29.0 - galley.size().y / 2.0);
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
    ui.painter().rect_filled(strip, radius, Color32::from_black_alpha(170));
    let inner = strip.shrink2(vec2(5.0, 0.0));
    line_ui(
        ui,
        said,
        inner.left_center(),
        inner.width(),
        (Color32::WHITE, Color32::WHITE),
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

/// A line with the ellipsis in its middle: names of files differ at their ends.
pub fn middle_elided(ui: &Ui, text: &str, font: FontId, colour: Color32, width: f32) -> Arc<Galley> {
    let layout = |text: String| ui.painter().layout_no_wrap(text, font.clone(), colour);
    let whole = layout(text.to_owned());
    let count = text.chars().count();
    if whole.size().x <= width || count < 4 {
        return whole;
    }
    let mut kept = ((width / whole.size().x) * count as f32) as usize;
    loop {
        let cut = layout(middle_cut(text, kept));
        if cut.size().x <= width || kept <= 3 {
            return cut;
        }
        kept -= 1;
    }
}

/// So many characters, an ellipsis in their middle included.
fn middle_cut(text: &str, kept: usize) -> String {
    let count = text.chars().count();
    if kept >= count {
        return text.to_owned();
    }
    let letters = kept.saturating_sub(1);
    let tail = letters / 2;
    let start: String = text.chars().take(letters - tail).collect();
    let end: String = text.chars().skip(count - tail).collect();
    format!("{start}…{end}")
}

/// What the model says of a picture: the number is what the gallery is sorted by, where that is a number.
fn said(ui: &Ui, state: &State, id: PictureId) -> Option<Said> {
    let explore = &state.explore;
    let answer = state.answer(id)?;
    if answer.question.labels.is_empty() {
        return None;
    }
    let lens = state.lens();
    let winner = lens.winner(answer.scores);
    let alike = explore.alike.as_ref().and_then(|alike| alike.cosines.get(&id));
    Some(Said {
        answer: winner
            .map_or(looking::NONE_OF_THESE, |place| answer.name(place))
            .to_owned(),
        number: match alike {
            Some(cosine) => format!("like {cosine:.3}"),
            None => number(state, lens, answer, id),
        },
        colour: label_colour(ui, state, winner.and_then(|place| answer.question.id(place))),
    })
}

fn number(state: &State, lens: Lens, answer: Answer<'_>, id: PictureId) -> String {
    if state.settings.sort == Sort::Margin {
        let lead = lens.lead(answer.question, answer.scores);
        return lead.map_or_else(String::new, |lead| format!("+{lead:.3}"));
    }
    let number = lens
        .best(answer.scores)
        .map_or_else(String::new, |number| lens.text(number));
    match state.explore.arranged.ranks.get(&id) {
        Some(rank) => format!("#{rank}  {number}"),
        None => number,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_names_lose_their_middle() {
        assert_eq!(middle_cut("1321949151_77b77b4617.jpg", 9), "1321….jpg");
        assert_eq!(middle_cut("a.jpg", 9), "a.jpg");
        assert_eq!(middle_cut("äöü🙂ßé.jpeg", 5), "äö…eg");
    }

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
