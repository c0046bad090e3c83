//! The map of the embeddings: what lies together looks alike to the model.

use std::sync::Arc;

use egui::{
    Align, Align2, Color32, EventFilter, Key, Layout, Pos2, Rect, ScrollArea, Sense, Stroke, TextureOptions, Ui,
    WidgetInfo, vec2,
};

use super::Sheet;
use super::gallery::thumbnail_ui;
use crate::app::evaluate::scatter::{self, View};
use crate::app::evaluate::{Door, EvaluateCommand, Evaluating, MapColour};
use crate::app::shell::icons as icon;
use crate::app::shell::theme;
use crate::app::shell::widgets::{note, segmented_ui, swatch_ui};
use crate::app::state::State;
use crate::engine::evaluation::{Evaluation, MapKind, Projection};
use crate::heatmap::Ramp;

const LEGEND: f32 = 170.0;
/// How near the pointer has to be to a picture, in points.
const NEAR: f32 = 9.0;
/// Side of the picture under the pointer.
const PEEK: f32 = 120.0;

/// Draws the page.
pub fn map_page_ui(ui: &mut Ui, state: &State, page: &mut Sheet<'_>) {
    let evaluating = &state.evaluating;
    let Some(shown) = evaluating.shown() else { return };
    ui.horizontal_wrapped(|ui| {
        let kinds = [(MapKind::Pca, "PCA"), (MapKind::Tsne, "t-SNE")];
        if let Some(kind) = segmented_ui(ui, evaluating.map_kind().unwrap_or(MapKind::Pca), &kinds) {
            page.want(EvaluateCommand::Project(kind));
        }
        let colours = [
            (MapColour::Truth, "class"),
            (MapColour::Answer, "answer"),
            (MapColour::Correctness, "right or wrong"),
            (MapColour::Score, "probability"),
        ];
        if let Some(colour) = segmented_ui(ui, evaluating.map_colour(), &colours) {
            page.want(EvaluateCommand::ColourMap(colour));
        }
    });
    let Some(map) = evaluating.map() else {
        ui.spinner();
        return;
    };
    ui.horizontal_wrapped(|ui| {
        ui.label(note(ui, words(map, evaluating.map_is_stopped())));
        if map.done < 1.0 && !evaluating.map_is_stopped() {
            let stop = egui::Button::new(format!("{}  Stop", icon::STOP));
            if ui.add(stop).on_hover_text("The map stays as it is by then").clicked() {
                page.want(EvaluateCommand::StopMap);
            }
        }
    });
    ui.label(note(
        ui,
        "Wheel zooms, dragging moves; hold Shift and draw around pictures to see them alone. With the map in focus, arrows walk \
         from picture to picture, and Enter looks at one.",
    ));

    ui.horizontal_top(|ui| {
        let room = ui.available_size();
        let legend = if room.x > 480.0 { LEGEND } else { 0.0 };
        let (rect, response) = ui.allocate_exact_size(vec2(room.x - legend, room.y), Sense::click_and_drag());
        response.widget_info(|| WidgetInfo::labeled(egui::accesskit::Role::Image, true, "Map of the embeddings"));
        points_ui(ui, evaluating, shown, map, rect, response, page);
        if legend > 0.0 {
            ui.vertical(|ui| legend_ui(ui, evaluating, shown, page));
        }
    });
}

fn words(map: &Projection, stopped: bool) -> String {
    let done = 100.0 * map.done;
    match (map.kind, map.explained) {
        (MapKind::Pca, Some(explained)) => {
            format!(
                "The two directions in which pictures differ most: {:.0} % of their variance",
                100.0 * explained
            )
        }
        (MapKind::Pca, None) => "The two directions in which pictures differ most".into(),
        (MapKind::Tsne, _) if map.done < 1.0 && stopped => {
            format!("Neighbours stay neighbours; stopped at {done:.0} %")
        }
        (MapKind::Tsne, _) if map.done < 1.0 => format!("Neighbours stay neighbours; {done:.0} % done"),
        (MapKind::Tsne, _) => "Neighbours stay neighbours; distances between groups mean nothing".into(),
    }
}

fn points_ui(
    ui: &mut Ui,
    evaluating: &Evaluating,
    shown: &Arc<Evaluation>,
    map: &Arc<Projection>,
    rect: Rect,
    response: egui::Response,
    page: &mut Sheet<'_>,
) {
    let id = ui.make_persistent_id(("map view", &shown.id));
    let mut view: View = ui.data(|data| data.get_temp(id)).unwrap_or_default();
    let drawing = ui.input(|input| input.modifiers.shift);
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
    let palette = theme::palette(ui);
    let visible = |place: usize| evaluating.is_on_map(&shown.pictures[place].answer);
    let scale = ui.ctx().pixels_per_point();
    let size = [(rect.width() * scale) as usize, (rect.height() * scale) as usize];
    if size.contains(&0) || map.pictures.len() != shown.pictures.len() {
        return;
    }
    let version = format!(
        "{:p} {view:?} {size:?} {:?} {:?} {:?} {}",
        Arc::as_ptr(map),
        evaluating.map_colour(),
        evaluating.hidden_on_map(),
        evaluating.shows_on_map(),
        ui.visuals().dark_mode
    );
    let texture = page
        .textures
        .drawn(ui.ctx(), "map", version, TextureOptions::NEAREST, || {
            let colours: Vec<Color32> = (0..map.pictures.len())
                .map(|place| {
                    if visible(place) {
                        colour(ui, evaluating, shown, place)
                    } else {
                        Color32::TRANSPARENT
                    }
                })
                .collect();
            scatter::draw(&map.pictures, &colours, view, size, palette.surface)
        });
    let whole = Rect::from_min_max(Pos2::ZERO, Pos2::new(1.0, 1.0));
    ui.painter().image(texture.id(), rect, whole, Color32::WHITE);
    names_ui(ui, evaluating, shown, map, view, rect);
    lasso_ui(ui, &response, drawing, |line| {
        let places = scatter::inside(&map.pictures, visible, view, rect, line);
        page.want(EvaluateCommand::Enter(Some(Door::new(
            "drawn around on the map",
            places,
        ))));
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
    ui.painter().circle_stroke(spot, 6.0, Stroke::new(2.0, palette.text));
    peek_ui(ui, evaluating, shown, place, spot, rect, page);
    let entered = pointed.is_none() && walked.is_some_and(|(_, entered)| entered);
    if entered || (pointed.is_some() && response.clicked()) {
        page.want(EvaluateCommand::Look(Some(place)));
    }
}

/// While the map has the focus, arrows walk to the nearest picture that way: which one, and whether Enter was pressed.
fn keys_ui(
    ui: &Ui,
    response: &egui::Response,
    map: &Projection,
    visible: impl Fn(usize) -> bool,
) -> Option<(usize, bool)> {
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

fn colour(ui: &Ui, evaluating: &Evaluating, shown: &Evaluation, place: usize) -> Color32 {
    let answer = &shown.pictures[place].answer;
    let palette = theme::palette(ui);
    match evaluating.map_colour() {
        MapColour::Truth => theme::label_colour(answer.truth),
        MapColour::Answer => theme::label_colour(answer.answered()),
        MapColour::Correctness if answer.right() => palette.accent,
        MapColour::Correctness => palette.error,
        MapColour::Score => {
            let [red, green, blue] = Ramp::Viridis.colour(answer.confidence());
            Color32::from_rgb(red, green, blue)
        }
    }
}

/// The texts of the classes, where they lie on the map: those with the most pictures first, as far as there is room.
fn names_ui(ui: &Ui, evaluating: &Evaluating, shown: &Evaluation, map: &Projection, view: View, rect: Rect) {
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
fn lasso_ui(ui: &Ui, response: &egui::Response, drawing: bool, held: impl FnOnce(&[Pos2])) {
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
fn peek_ui(
    ui: &mut Ui,
    evaluating: &Evaluating,
    shown: &Evaluation,
    place: usize,
    spot: Pos2,
    rect: Rect,
    page: &mut Sheet<'_>,
) {
    let palette = theme::palette(ui);
    let left = if spot.x + PEEK + 20.0 > rect.right() {
        spot.x - PEEK - 12.0
    } else {
        spot.x + 12.0
    };
    let top = (spot.y + 12.0).min(rect.bottom() - PEEK - 24.0).max(rect.top());
    let square = Rect::from_min_size(Pos2::new(left, top), vec2(PEEK, PEEK));
    let judged = &shown.pictures[place];
    thumbnail_ui(ui, page, &judged.path, square);
    let titles = evaluating.titles();
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

/// What the colours mean; classes are switched off and on by a click.
fn legend_ui(ui: &mut Ui, evaluating: &Evaluating, shown: &Evaluation, page: &mut Sheet<'_>) {
    let palette = theme::palette(ui);
    match evaluating.map_colour() {
        MapColour::Correctness => {
            let shows = evaluating.shows_on_map();
            for (n, (colour, words)) in [(palette.accent, "right"), (palette.error, "wrong")]
                .into_iter()
                .enumerate()
            {
                if entry_ui(ui, colour, shows[n], words, "Show these pictures or not") {
                    page.want(EvaluateCommand::ToggleAnswersOnMap(n == 0));
                }
            }
        }
        MapColour::Score => {
            ui.label(note(ui, "Dark: unsure of its answer. Yellow: sure."));
        }
        MapColour::Truth | MapColour::Answer => {}
    }
    if shown.is_of_captions() {
        return;
    }
    let titles = evaluating.titles();
    let row_height = ui.spacing().interact_size.y;
    ScrollArea::vertical()
        .id_salt("map legend")
        .show_rows(ui, row_height, titles.len(), |ui, rows| {
            for class in rows {
                let on = !evaluating.is_hidden_on_map(class);
                let colour = theme::label_colour(class);
                if entry_ui(ui, colour, on, &titles[class], "Show this class or not") {
                    page.want(EvaluateCommand::ToggleOnMap(class));
                }
            }
        });
}

/// A colour and its name beside each other; whether it was clicked.
fn entry_ui(ui: &mut Ui, colour: Color32, on: bool, words: &str, hover: &str) -> bool {
    let room = vec2(ui.available_width(), ui.spacing().interact_size.y);
    let row = ui.allocate_ui_with_layout(room, Layout::left_to_right(Align::Center), |ui| {
        swatch_ui(ui, colour);
        let button = egui::Button::selectable(on, words).truncate();
        ui.add(button).on_hover_text(hover).clicked()
    });
    row.inner
}
