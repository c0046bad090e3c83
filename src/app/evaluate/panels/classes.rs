//! Class by class: recall, precision, F1; each row leads to its pictures, and can be called otherwise.

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
                if row_ui(ui, &titles[*class], &per_class[*class]) {
                    page.want(EvaluateCommand::Enter(Some(Door::new(
                        format!("pictures of {}", titles[*class]),
                        of_class(shown, *class),
                    ))));
                }
            }
        });
}

fn of_class(shown: &Evaluation, class: usize) -> Vec<usize> {
    (0..shown.pictures.len())
        .filter(|place| shown.pictures[*place].answer.truth == class)
        .collect()
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
    let Some(door) = state.evaluating.door() else { return };
    let titles = state.evaluating.titles();
    let class = (0..titles.len()).find(|class| door.words == format!("pictures of {}", titles[*class]));
    let Some(own) = class.map(|class| &shown.classes[class]) else {
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

/// Draws a row; whether it was clicked.
fn row_ui(ui: &mut Ui, title: &str, measures: &ClassMeasures) -> bool {
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
    response.on_hover_text("Click for its pictures").clicked()
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
    use super::*;

    #[test]
    fn a_few_words_are_a_name_and_a_sentence_is_a_description() {
        let own = Class::of_folder("n02123045");
        assert_eq!(called(&own, "tabby cat").name.as_deref(), Some("tabby cat"));
        let described = called(&own, "a cat with dark stripes | a striped cat on a sofa");
        assert_eq!((described.name, described.descriptions.len()), (None, 2));
    }
}
