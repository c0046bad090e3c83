//! The points of the map: drawn into one picture, panned and zoomed, drawn around, and walked by keys.

use std::sync::Arc;

use egui::{Align2, Color32, EventFilter, Key, Pos2, Rect, Response, Stroke, TextureOptions, Ui, vec2};

use super::Sheet;
use super::gallery::thumbnail_ui;
use crate::app::evaluate::scatter::{self, View};
use crate::app::evaluate::{Door, EvaluateCommand, Evaluating, MapColour};
use crate::app::shell::theme;
use crate::engine::evaluation::{Evaluation, Projection};
use crate::heatmap::Ramp;

/// How near the pointer has to be to a picture, in points.
const NEAR: f32 = 9.0;
/// Side of the picture under the pointer.
const PEEK: f32 = 120.0;

/// The map as it lies on screen.
#[derive(Clone, Copy)]
struct Points<'a> {
    evaluating: &'a Evaluating,
    shown: &'a Evaluation,
    map: &'a Arc<Projection>,
    view: View,
    rect: Rect,
}

impl Points<'_> {
    fn is_visible(&self, place: usize) -> bool {
        self.evaluating.is_on_map(&self.shown.pictures[place].answer)
    }

    fn colour(&self, ui: &Ui, place: usize) -> Color32 {
        let answer = &self.shown.pictures[place].answer;
        let palette = theme::palette(ui);
        match self.evaluating.map_colour() {
            _ if !self.is_visible(place) => Color32::TRANSPARENT,
            MapColour::Truth => theme::themed(ui.ctx(), theme::label_colour(answer.truth)),
            MapColour::Answer => theme::themed(ui.ctx(), theme::label_colour(answer.answered())),
            MapColour::Correctness if answer.right() => palette.accent,
            MapColour::Correctness => palette.error,
            MapColour::Score => {
                let [red, green, blue] = Ramp::Viridis.colour(answer.confidence());
                Color32::from_rgb(red, green, blue)
            }
        }
    }

    /// What they are drawn from.
    fn version(&self, size: [usize; 2], dark: bool) -> String {
        format!(
            "{} {:?} {size:?} {:?} {:?} {:?} {dark}",
            self.evaluating.map_version(),
            self.view,
            self.evaluating.map_colour(),
            self.evaluating.hidden_on_map(),
            self.evaluating.shows_on_map(),
        )
    }
}

/// Draws them; a line that is drawn around some, a click on one, or Enter, leads to the pictures.
pub fn points_ui(
    ui: &mut Ui,
    evaluating: &Evaluating,
    shown: &Evaluation,
    map: &Arc<Projection>,
    rect: Rect,
    response: Response,
    page: &mut Sheet<'_>,
) {
    let drawing = ui.input(|input| input.modifiers.shift);
    let view = moved(ui, &shown.id, rect, &response, drawing);
    if map.pictures.len() != shown.pictures.len() {
        return;
    }
    let points = Points {
        evaluating,
        shown,
        map,
        view,
        rect,
    };
    if !picture_ui(ui, points, page) {
        return;
    }
    names_ui(ui, points);
    let visible = |place: usize| points.is_visible(place);
    lasso_ui(ui, &response, drawing, |line| {
        let places = scatter::inside(&map.pictures, visible, view, rect, line);
        let door = Door::new("selected on the map", places);
        page.want(EvaluateCommand::Enter(Some(door)));
    });
    let pointed = response
        .hover_pos()
        .filter(|_| !drawing)
        .and_then(|at| scatter::nearest(&map.pictures, visible, view, rect, at, NEAR));
    let walked = keys_ui(ui, &response, map, visible);
    let Some(place) = pointed.or(walked.map(|(place, _)| place)) else {
        return;
    };
    let spot = view.to_screen(rect, map.pictures[place]);
    let stroke = Stroke::new(2.0, theme::palette(ui).text);
    ui.painter().circle_stroke(spot, 6.0, stroke);
    peek_ui(ui, points, place, spot, page);
    let entered = pointed.is_none() && walked.is_some_and(|(_, entered)| entered);
    if entered || (pointed.is_some() && response.clicked()) {
        page.want(EvaluateCommand::Look(Some(place)));
    }
}

/// Which part is seen, after what the pointer does: the wheel zooms, dragging moves, a double click shows all.
fn moved(ui: &Ui, evaluation: &str, rect: Rect, response: &Response, drawing: bool) -> View {
    let id = ui.make_persistent_id(("map view", evaluation));
    let mut view: View = ui.data(|data| data.get_temp(id)).unwrap_or_default();
    if response.dragged() && !drawing {
        view = view.moved(rect, response.drag_delta());
    }
    if let Some(at) = response.hover_pos() {
        let (scroll, pinch) = ui.input(|input| (input.smooth_scroll_delta().y, input.zoom_delta()));
        view = view.zoomed(rect, at, pinch * (scroll / 240.0).exp());
    }
    if response.double_clicked() {
        view = View::default();
    }
    ui.data_mut(|data| data.insert_temp(id, view));
    view
}

/// Draws them as one picture; false where there is no room for it.
fn picture_ui(ui: &Ui, points: Points<'_>, page: &mut Sheet<'_>) -> bool {
    let scale = ui.ctx().pixels_per_point();
    let size = [points.rect.width(), points.rect.height()].map(|side| (side * scale) as usize);
    if size.contains(&0) {
        return false;
    }
    let ground = theme::palette(ui).surface;
    let places = &points.map.pictures;
    let draw = || {
        let colours: Vec<Color32> = (0..places.len()).map(|place| points.colour(ui, place)).collect();
        scatter::draw(places, &colours, points.view, size, ground)
    };
    let version = points.version(size, ui.visuals().dark_mode);
    let texture = page
        .textures
        .drawn(ui.ctx(), "map", version, TextureOptions::NEAREST, draw);
    let whole = Rect::from_min_max(Pos2::ZERO, Pos2::new(1.0, 1.0));
    ui.painter().image(texture.id(), points.rect, whole, Color32::WHITE);
    true
}

/// While the map has the focus, arrows walk to the nearest picture that way: which one, and whether Enter was pressed.
fn keys_ui(ui: &Ui, response: &Response, map: &Projection, visible: impl Fn(usize) -> bool) -> Option<(usize, bool)> {
    if !response.has_focus() {
        return None;
    }
    let arrows = EventFilter {
        horizontal_arrows: true,
        vertical_arrows: true,
        ..EventFilter::default()
    };
    ui.memory_mut(|memory| memory.set_focus_lock_filter(response.id, arrows));
    let id = response.id.with("walked");
    let there = |place: &usize| visible(*place) && map.pictures[*place][0].is_finite();
    let kept: Option<usize> = ui.data(|data| data.get_temp(id));
    let from = kept.filter(|place| *place < map.pictures.len() && there(place));
    let from = from.or_else(|| (0..map.pictures.len()).find(there))?;
    let (way, entered) = ui.input(|input| {
        let pressed = |key| f32::from(u8::from(input.key_pressed(key)));
        let across = pressed(Key::ArrowRight) - pressed(Key::ArrowLeft);
        let down = pressed(Key::ArrowDown) - pressed(Key::ArrowUp);
        (vec2(across, down), input.key_pressed(Key::Enter))
    });
    let to = scatter::next_that_way(&map.pictures, |place| there(&place), from, way).unwrap_or(from);
    ui.data_mut(|data| data.insert_temp(id, to));
    Some((to, entered))
}

/// The texts of the classes, where they lie on the map: those with the most pictures first, as far as there is room.
fn names_ui(ui: &Ui, points: Points<'_>) {
    let Points {
        evaluating,
        shown,
        map,
        view,
        rect,
    } = points;
    if shown.is_of_captions() {
        return;
    }
    let palette = theme::palette(ui);
    let painter = ui.painter_at(rect);
    let titles = evaluating.titles();
    let mut classes: Vec<usize> = (0..map.classes.len().min(titles.len()))
        .filter(|class| !evaluating.is_hidden_on_map(*class))
        .collect();
    classes.sort_by_key(|class| (std::cmp::Reverse(shown.confusion.shown(*class)), *class));
    let mut taken: Vec<Rect> = Vec::new();
    for class in classes {
        let at = view.to_screen(rect, map.classes[class]);
        if !rect.contains(at) {
            continue;
        }
        let galley = painter.layout_no_wrap(titles[class].clone(), theme::strong(theme::SIZE_SMALL), palette.text);
        let behind = Align2::CENTER_CENTER
            .anchor_size(at, galley.size())
            .expand2(vec2(4.0, 1.0));
        if taken.iter().any(|other| other.intersects(behind)) {
            // A dot shows that there is one.
            painter.circle_filled(at, 2.5, palette.text);
            continue;
        }
        taken.push(behind);
        painter.rect_filled(behind, 3.0, palette.surface.gamma_multiply(0.85));
        painter.galley(behind.min + vec2(4.0, 1.0), galley, palette.text);
    }
}

/// Follows a line that is drawn; what it holds at the end.
fn lasso_ui(ui: &Ui, response: &Response, drawing: bool, held: impl FnOnce(&[Pos2])) {
    let id = response.id.with("lasso");
    let mut line: Vec<Pos2> = ui.data(|data| data.get_temp(id)).unwrap_or_default();
    if response.dragged() && (drawing || !line.is_empty()) {
        line.extend(response.interact_pointer_pos());
    }
    if !line.is_empty() {
        let stroke = Stroke::new(1.5, theme::palette(ui).text);
        ui.painter().add(egui::Shape::closed_line(line.clone(), stroke));
    }
    if response.drag_stopped() && line.len() > 2 {
        held(&line);
    }
    if response.drag_stopped() || !response.dragged() {
        line.clear();
    }
    ui.data_mut(|data| data.insert_temp(id, line));
}

/// The picture under the pointer.
fn peek_ui(ui: &mut Ui, points: Points<'_>, place: usize, spot: Pos2, page: &mut Sheet<'_>) {
    let palette = theme::palette(ui);
    let left = if spot.x + PEEK + 20.0 > points.rect.right() {
        spot.x - PEEK - 12.0
    } else {
        spot.x + 12.0
    };
    let top = (spot.y + 12.0)
        .min(points.rect.bottom() - PEEK - 24.0)
        .max(points.rect.top());
    let square = Rect::from_min_size(Pos2::new(left, top), vec2(PEEK, PEEK));
    let judged = &points.shown.pictures[place];
    thumbnail_ui(ui, page, &judged.path, square);
    let titles = points.evaluating.titles();
    let (truth, answered) = (&titles[judged.answer.truth], &titles[judged.answer.answered()]);
    let words = if judged.answer.right() {
        truth.clone()
    } else {
        format!("{truth} \u{2192} {answered}")
    };
    let strip = Rect::from_min_size(square.left_bottom(), vec2(PEEK, 20.0));
    ui.painter().rect_filled(strip, 3.0, palette.raised);
    ui.painter_at(strip).text(
        strip.center(),
        Align2::CENTER_CENTER,
        words,
        theme::body(theme::SIZE_SMALL),
        palette.text,
    );
}
