//! Class by class: recall, precision, F1; each row leads to its pictures, and can be called otherwise.

use std::sync::Arc;

use egui::{Align2, Rect, ScrollArea, Sense, TextEdit, Ui, WidgetInfo, pos2, vec2};

use super::found::parted;
use super::{Sheet, typed_ui};
use crate::app::evaluate::{ClassOrder, Door, EvaluateCommand};
use crate::app::shell::theme;
use crate::app::shell::widgets::{note, segmented_ui};
use crate::app::state::State;
use crate::engine::evaluation::{Class, ClassMeasures, Evaluation, Interval};

const ROW: f32 = 26.0;
/// The share of a row's width that each column begins at.
const COLUMNS: [f32; 5] = [0.0, 0.30, 0.38, 0.66, 0.92];

pub fn classes_ui(ui: &mut Ui, state: &State, page: &mut Sheet<'_>) {
    let evaluating = &state.evaluating;
    let (Some(shown), Some(figures)) = (evaluating.shown(), evaluating.figures()) else {
        return;
    };
    let per_class = &figures.measures.per_class;
    ui.horizontal_wrapped(|ui| {
        ui.label(note(ui, "Order"));
        let choices = [
            (ClassOrder::Recall, "lowest recall"),
            (ClassOrder::Precision, "lowest precision"),
            (ClassOrder::F1, "lowest F1"),
            (ClassOrder::Count, "most pictures"),
            (ClassOrder::Name, "name"),
        ];
        if let Some(order) = segmented_ui(ui, evaluating.class_order(), &choices) {
            page.want(EvaluateCommand::OrderClasses(order));
        }
    });
    name_ui(ui, state, shown, page);
    headings_ui(ui);
    let titles = evaluating.titles();
    let order = ordered(per_class, titles, evaluating.class_order());
    ScrollArea::vertical()
        .id_salt("class rows")
        .auto_shrink([false, false])
        .show_rows(ui, ROW, order.len(), |ui, rows| {
            ui.spacing_mut().item_spacing.y = 0.0;
            for class in &order[rows] {
                let title = &titles[*class];
                let door = match row_ui(ui, title, &per_class[*class]) {
                    Some(Column::Class) => of_class(shown, *class, title),
                    Some(Column::Answers) => answered_as(shown, *class, title),
                    None => continue,
                };
                page.want(EvaluateCommand::Enter(Some(door)));
            }
        });
}

/// What a click in a row leads to.
enum Column {
    /// The pictures of the class, which its recall and F1 are of.
    Class,
    /// The pictures that are answered with it, which its precision is of.
    Answers,
}

/// To the pictures that show a class.
pub fn of_class(shown: &Evaluation, class: usize, title: &str) -> Arc<Door> {
    let shows = |place: &usize| shown.pictures[*place].answer.truth == class;
    Door::of_class(class, title, (0..shown.pictures.len()).filter(shows).collect())
}

/// To the pictures that are answered with a class.
fn answered_as(shown: &Evaluation, class: usize, title: &str) -> Arc<Door> {
    let answered = |place: &usize| shown.pictures[*place].answer.answered() == class;
    let places = (0..shown.pictures.len()).filter(answered).collect();
    Door::new(format!("answered {title}"), places)
}

fn ordered(per_class: &[ClassMeasures], titles: &[String], order: ClassOrder) -> Vec<usize> {
    let mut classes: Vec<usize> = (0..titles.len()).collect();
    let of = |class: usize| &per_class[class];
    // A class without a picture has no recall: it comes last.
    let lowest = |share: Option<Interval>| share.map_or(f64::INFINITY, |share| share.mean);
    classes.sort_by(|a, b| {
        let (one, other) = (of(*a), of(*b));
        match order {
            ClassOrder::Recall => lowest(one.recall).total_cmp(&lowest(other.recall)),
            ClassOrder::Precision => lowest(one.precision).total_cmp(&lowest(other.precision)),
            ClassOrder::F1 => one.f1.total_cmp(&other.f1),
            ClassOrder::Count => other.count.cmp(&one.count),
            ClassOrder::Name => titles[*a].cmp(&titles[*b]),
        }
        .then(a.cmp(b))
    });
    classes
}

/// The class behind the filter can be called otherwise here, and the numbers follow.
fn name_ui(ui: &mut Ui, state: &State, shown: &Evaluation, page: &mut Sheet<'_>) {
    let class = state.evaluating.door().and_then(|door| door.class);
    let Some(own) = class.and_then(|class| shown.classes.get(class)) else {
        return;
    };
    ui.horizontal_wrapped(|ui| {
        ui.label(note(ui, format!("The model reads {} as", own.folder)));
        let stands = if own.descriptions.is_empty() {
            own.label().name
        } else {
            own.descriptions.join(" | ")
        };
        let typed = typed_ui(ui, ("class text", &shown.id, &own.folder), &stands, |ui, text| {
            ui.add(
                TextEdit::singleline(text)
                    .hint_text("a name or a sentence")
                    .desired_width(300.0),
            )
        });
        if let Some(text) = typed.filter(|text| !text.trim().is_empty() && text.trim() != stands) {
            page.want(EvaluateCommand::Call(called(own, &text)));
        }
        ui.label(note(
            ui,
            "A sentence, or several with | between, is used as it stands; a name goes through the templates.",
        ));
    });
}

/// A name is a word or a few; what is longer, or parted, is a description.
fn called(own: &Class, text: &str) -> Class {
    let parts = parted(text);
    let is_name = parts.len() == 1 && parts[0].split_whitespace().count() <= 4;
    Class {
        folder: own.folder.clone(),
        name: if is_name {
            Some(parts[0].clone())
        } else {
            own.name.clone()
        },
        descriptions: if is_name { Vec::new() } else { parts },
    }
}

fn headings_ui(ui: &mut Ui) {
    let (rect, _) = ui.allocate_exact_size(vec2(ui.available_width() - 16.0, ROW), Sense::hover());
    let palette = theme::palette(ui);
    for (at, heading) in COLUMNS.into_iter().zip(["Class", "n", "Recall", "Precision", "F1"]) {
        let place = pos2(rect.left() + at * rect.width() + 6.0, rect.center().y);
        ui.painter().text(
            place,
            Align2::LEFT_CENTER,
            heading,
            theme::body(theme::SIZE_SMALL),
            palette.text_weak,
        );
    }
}

/// Draws a row; what was clicked in it.
fn row_ui(ui: &mut Ui, title: &str, measures: &ClassMeasures) -> Option<Column> {
    let (rect, response) = ui.allocate_exact_size(vec2(ui.available_width() - 16.0, ROW), Sense::click());
    let words = format!("{title}, {} pictures", measures.count);
    response.widget_info(|| WidgetInfo::labeled(egui::accesskit::Role::Button, true, &words));
    let palette = theme::palette(ui);
    if response.hovered() || response.has_focus() {
        ui.painter().rect_filled(rect, theme::RADIUS, palette.hover);
    }
    let column = |place: usize| {
        let end = COLUMNS.get(place + 1).copied().unwrap_or(1.0);
        let left = rect.left() + COLUMNS[place] * rect.width();
        Rect::from_min_max(
            pos2(left, rect.top()),
            pos2(rect.left() + end * rect.width() - 6.0, rect.bottom()),
        )
    };
    let write = |place: usize, text: &str| {
        let cell = column(place);
        let at = pos2(cell.left() + 6.0, cell.center().y);
        ui.painter_at(cell).text(
            at,
            Align2::LEFT_CENTER,
            text,
            theme::body(theme::SIZE_BODY),
            palette.text,
        );
    };
    write(0, title);
    write(1, &measures.count.to_string());
    bar_ui(ui, column(2), measures.recall);
    bar_ui(ui, column(3), measures.precision);
    write(4, &format!("{:.2}", measures.f1));
    if precision_ui(ui, column(3), title, measures.precision) {
        return Some(Column::Answers);
    }
    let clicked = response.on_hover_text("Click for its pictures").clicked();
    clicked.then_some(Column::Class)
}

/// The precision, which is of other pictures than the rest of the row; whether it was clicked.
fn precision_ui(ui: &mut Ui, cell: Rect, title: &str, precision: Option<Interval>) -> bool {
    if precision.is_none() {
        return false;
    }
    let response = ui.interact(cell, ui.scope_id().with(("precision", title)), Sense::click());
    let words = format!("precision of {title}");
    response.widget_info(|| WidgetInfo::labeled(egui::accesskit::Role::Button, true, &words));
    if response.hovered() || response.has_focus() {
        let line = egui::Stroke::new(1.0, theme::palette(ui).accent);
        let frame = cell.shrink2(vec2(1.0, 3.0));
        ui.painter()
            .rect_stroke(frame, theme::RADIUS, line, egui::StrokeKind::Inside);
    }
    let hover = format!("Click for the pictures that are answered {title}");
    response.on_hover_text(hover).clicked()
}

/// A share as a bar, with its interval as a line over it.
fn bar_ui(ui: &Ui, cell: Rect, share: Option<Interval>) {
    let palette = theme::palette(ui);
    let Some(share) = share else {
        let at = pos2(cell.left() + 6.0, cell.center().y);
        ui.painter().text(
            at,
            Align2::LEFT_CENTER,
            "\u{2013}",
            theme::body(theme::SIZE_BODY),
            palette.text_weak,
        );
        return;
    };
    let number = 62.0;
    let room = Rect::from_min_max(
        pos2(cell.left() + 6.0, cell.top() + 8.0),
        pos2(cell.right() - number, cell.bottom() - 8.0),
    );
    let at = |value: f64| room.left() + value as f32 * room.width();
    ui.painter().rect_filled(room, 2.0, palette.raised);
    let filled = Rect::from_min_max(room.min, pos2(at(share.mean), room.bottom()));
    ui.painter().rect_filled(filled, 2.0, palette.accent);
    let line = egui::Stroke::new(1.5, palette.text);
    ui.painter()
        .hline(at(share.low)..=at(share.high), room.center().y, line);
    let text = format!("{:.1} %", 100.0 * share.mean);
    let place = pos2(cell.right() - 2.0, cell.center().y);
    ui.painter().text(
        place,
        Align2::RIGHT_CENTER,
        text,
        theme::body(theme::SIZE_SMALL),
        palette.text,
    );
}

#[cfg(test)]
mod tests {
    use super::super::super::state::tests::evaluation;
    use super::*;

    #[test]
    fn recall_leads_to_the_pictures_of_a_class_and_precision_to_those_that_are_answered_with_it() {
        let shown = evaluation(&[(0, 0), (0, 1), (1, 1), (1, 0), (1, 1)]);
        let (of, answered) = (of_class(&shown, 1, "cat"), answered_as(&shown, 1, "cat"));
        assert_eq!((of.words.as_str(), of.class), ("pictures of cat", Some(1)));
        assert_eq!(of.places, [2, 3, 4]);
        assert_eq!((answered.words.as_str(), answered.class), ("answered cat", None));
        assert_eq!(answered.places, [1, 2, 4]);
    }

    #[test]
    fn a_few_words_are_a_name_and_a_sentence_is_a_description() {
        let own = Class::of_folder("n02123045");
        assert_eq!(called(&own, "tabby cat").name.as_deref(), Some("tabby cat"));
        let described = called(&own, "a cat with dark stripes | a striped cat on a sofa");
        assert_eq!((described.name, described.descriptions.len()), (None, 2));
    }
}
