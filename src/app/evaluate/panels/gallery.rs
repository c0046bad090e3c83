//! The pictures behind a number, in an order, with truth and answer under each.

use egui::accesskit::Role;
use egui::{CornerRadius, Rect, ScrollArea, Sense, Stroke, StrokeKind, TextEdit, Ui, WidgetInfo, pos2, vec2};

use super::gallery_files::files_ui;
use super::{Sheet, pictures};
use crate::app::command::{Command, FileDialog};
use crate::app::evaluate::{Door, EvaluateCommand, Evaluating};
use crate::app::shell::icons as icon;
use crate::app::shell::theme;
use crate::app::shell::widgets::{combo, middle_elided, note};
use crate::app::state::State;
use crate::engine::evaluation::{Evaluation, FailureOrder, Judged};
use crate::fixed::probability;

/// A tile's side, the room for the words below it, and the gap to the next.
pub const SIDE: f32 = 104.0;
pub const CAPTION: f32 = 34.0;
pub const GAP: f32 = 6.0;

pub fn gallery_ui(ui: &mut Ui, state: &State, page: &mut Sheet<'_>) {
    let evaluating = &state.evaluating;
    let Some(shown) = evaluating.shown() else { return };
    if let Some(door) = evaluating.door().filter(|door| !door.files.is_empty()) {
        return files_ui(ui, door, page);
    }
    let gallery = evaluating.gallery().clone();
    ui.horizontal_wrapped(|ui| {
        match evaluating.door() {
            Some(door) => {
                chip_ui(ui, door, page);
                keep_ui(ui, &shown.id, door, page);
            }
            None => {
                ui.label(heading(evaluating.order()));
            }
        }
        ui.label(note(ui, pictures(gallery.len())));
        order_ui(ui, evaluating, shown.is_of_captions(), page);
        let cards = egui::Button::new("Save cards\u{2026}");
        let free = evaluating.at_work().is_none() && !gallery.is_empty();
        if ui
            .add_enabled(free, cards)
            .on_hover_text("A picture of each with its heatmaps and numbers, into a folder")
            .clicked()
        {
            page.drawn.commands.push(Command::Choose(FileDialog::EvaluationCards));
        }
    });
    if gallery.is_empty() {
        let words = if evaluating.door().is_some() {
            "No picture is behind this number."
        } else if evaluating.is_ordering() {
            "Looking for them\u{2026}"
        } else {
            nothing(evaluating.order())
        };
        ui.label(note(ui, words));
        return;
    }
    grid_ui(ui, state, shown, &gallery, page);
}

/// What the pictures have in common; a click shows all again.
pub fn chip_ui(ui: &mut Ui, door: &Door, page: &mut Sheet<'_>) {
    let chip = format!("{}  {}  {}", icon::FUNNEL, door.words, icon::X);
    if ui.button(chip).on_hover_text("Show all mistakes again (Esc)").clicked() {
        page.want(EvaluateCommand::Enter(None));
    }
}

/// The pictures are kept together under a name, which is at first what they have in common.
fn keep_ui(ui: &mut Ui, evaluation: &str, door: &Door, page: &mut Sheet<'_>) {
    let id = ui.make_persistent_id(("slice name", evaluation, &door.words));
    let typed: Option<String> = ui.data(|data| data.get_temp(id));
    let mut name = typed.unwrap_or_else(|| door.words.clone());
    let field = TextEdit::singleline(&mut name).hint_text("a name").desired_width(180.0);
    if ui.add(field).changed() {
        ui.data_mut(|data| data.insert_temp(id, name.clone()));
    }
    let keep = ui.add_enabled(!name.trim().is_empty(), egui::Button::new("Keep as slice"));
    let hover = "Under Groups, with its accuracy; also on the next model that is measured on these pictures";
    if keep.on_hover_text(hover).clicked() {
        ui.data_mut(|data| data.remove::<String>(id));
        page.want(EvaluateCommand::KeepSlice(name.trim().to_owned(), door.places.clone()));
    }
}

fn order_ui(ui: &mut Ui, evaluating: &Evaluating, of_captions: bool, page: &mut Sheet<'_>) {
    let order = evaluating.order();
    let own = evaluating.door().and_then(|door| door.order);
    combo("failure order")
        .selected_text(own.unwrap_or(order.title()))
        .width(230.0)
        .show_ui(ui, |ui| {
            let fits = |order: &FailureOrder| !of_captions || order.is_of_captions();
            for other in FailureOrder::ALL.into_iter().filter(fits) {
                let chosen = own.is_none() && other == order;
                if ui.selectable_label(chosen, other.title()).clicked() {
                    page.want(EvaluateCommand::OrderBy(other));
                }
            }
        });
}

/// What the gallery holds without a filter.
fn heading(order: FailureOrder) -> &'static str {
    match order {
        FailureOrder::Disagreement => "Mistakes",
        FailureOrder::Margin | FailureOrder::Entropy => "All pictures",
        FailureOrder::SuspectLabels => "Suspect labels",
        FailureOrder::CopiesAcrossClasses => "Copies across classes",
    }
}

fn nothing(order: FailureOrder) -> &'static str {
    match order {
        FailureOrder::Disagreement => "Every answer is correct.",
        FailureOrder::Margin | FailureOrder::Entropy => "There is no picture.",
        FailureOrder::SuspectLabels => "No label is suspect.",
        FailureOrder::CopiesAcrossClasses => "No picture has a copy in another class.",
    }
}

fn grid_ui(ui: &mut Ui, state: &State, shown: &Evaluation, gallery: &[usize], page: &mut Sheet<'_>) {
    let titles = state.evaluating.titles().clone();
    let width = ui.available_width() - 14.0;
    let columns = (((width + GAP) / (SIDE + GAP)).floor() as usize).max(1);
    let row_height = SIDE + CAPTION + GAP;
    let rows = gallery.len().div_ceil(columns);
    ScrollArea::vertical()
        .id_salt("failures")
        .auto_shrink([false, false])
        .show_viewport(ui, |ui, viewport| {
            ui.set_height(rows as f32 * row_height);
            let origin = ui.max_rect().min;
            let first = (viewport.min.y / row_height).floor().max(0.0) as usize * columns;
            let last = ((viewport.max.y / row_height).ceil().max(0.0) as usize * columns).min(gallery.len());
            for (n, place) in gallery.iter().enumerate().take(last).skip(first) {
                let corner = origin + vec2((n % columns) as f32 * (SIDE + GAP), (n / columns) as f32 * row_height);
                let rect = Rect::from_min_size(corner, vec2(SIDE, SIDE + CAPTION));
                tile_ui(ui, state, shown, &titles, *place, rect, page);
            }
        });
}

fn tile_ui(
    ui: &mut Ui,
    state: &State,
    shown: &Evaluation,
    titles: &[String],
    place: usize,
    rect: Rect,
    page: &mut Sheet<'_>,
) {
    let judged = &shown.pictures[place];
    let (truth, answered) = (&titles[judged.answer.truth], &titles[judged.answer.answered()]);
    let response = ui.interact(rect, ui.scope_id().with(("failure", place)), Sense::click());
    let selected = state.evaluating.looked_at() == Some(place);
    let file = judged.path.file_name().unwrap_or_default().to_string_lossy();
    let words = format!("{file}: {truth}, answered {answered}");
    response.widget_info(|| WidgetInfo::selected(Role::Button, true, selected, &words));
    if response.clicked() {
        page.want(EvaluateCommand::Look(Some(place)));
    }
    let palette = theme::palette(ui);
    let square = Rect::from_min_size(rect.min, vec2(rect.width(), rect.width()));
    thumbnail_ui(ui, page, &judged.path, square);
    if selected || response.hovered() || response.has_focus() {
        let colour = if selected { palette.accent } else { palette.text_weak };
        ui.painter()
            .rect_stroke(square, theme::RADIUS, Stroke::new(2.5, colour), StrokeKind::Outside);
    }
    caption_ui(ui, square, judged, truth, answered);
    let name = judged.path.display().to_string();
    let mark = shown
        .marks
        .get(&place)
        .map_or(String::new(), |marked| format!("\nmarked: {}", marked.mark.title()));
    response.on_hover_text(format!("{words}\n{name}{mark}"));
}

/// The class, and below it the answer with its probability, which keeps its place however long the names are.
fn caption_ui(ui: &Ui, square: Rect, judged: &Judged, truth: &str, answered: &str) {
    let palette = theme::palette(ui);
    let font = theme::body(theme::SIZE_SMALL);
    let line = |text: &str, y: f32, room: f32, colour| {
        let words = middle_elided(ui, text, font.clone(), colour, room);
        let at = pos2(square.left(), square.bottom() + y - 0.5 * words.size().y);
        ui.painter().galley(at, words, colour);
    };
    line(truth, 9.0, square.width(), palette.text);
    let right = judged.answer.right();
    let colour = if right { palette.text_weak } else { palette.error };
    let percent = probability(judged.answer.confidence(), 0);
    let percent = ui.painter().layout_no_wrap(percent, font.clone(), colour);
    let sign = if right { icon::CHECK } else { "\u{2192}" };
    let room = square.width() - percent.size().x - theme::GAP_SMALL;
    line(&format!("{sign} {answered}"), 25.0, room, colour);
    let at = pos2(
        square.right() - percent.size().x,
        square.bottom() + 25.0 - 0.5 * percent.size().y,
    );
    ui.painter().galley(at, percent, colour);
}

/// A small picture in a square; asked for where it is not there.
pub fn thumbnail_ui(ui: &Ui, page: &mut Sheet<'_>, path: &std::path::Path, square: Rect) {
    let palette = theme::palette(ui);
    let radius = CornerRadius::same(theme::RADIUS);
    ui.painter().rect_filled(square, radius, palette.raised);
    match page.textures.file(path) {
        Some(texture) => {
            let size = texture.size_vec2();
            let short = size.min_elem();
            let middle = Rect::from_center_size(pos2(0.5, 0.5), vec2(short / size.x, short / size.y));
            egui::Image::new(&texture)
                .uv(middle)
                .corner_radius(radius)
                .paint_at(ui, square);
        }
        None => page.drawn.missing_files.push(path.to_path_buf()),
    }
}
