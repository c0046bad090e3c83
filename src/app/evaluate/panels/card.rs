//! A failure: the picture, what it shows, what is answered, and why that may be.

use egui::{Align, Button, Image, Label, Layout, Rect, RichText, ScrollArea, Sense, TextEdit, Ui, vec2};

use super::gallery::thumbnail_ui;
use super::{Sheet, typed_ui};
use crate::app::command::{Command, FileDialog};
use crate::app::evaluate::EvaluateCommand;
use crate::app::shell::icons as icon;
use crate::app::shell::theme;
use crate::app::shell::widgets::{elided_note, icon_button, note, section};
use crate::app::state::State;
use crate::engine::evaluation::{Answer, Evaluation, Explained, Mark, Marked};
use crate::engine::protocol::ScreenImage;
use crate::fixed::probability;

/// Side of a neighbour.
const NEIGHBOUR: f32 = 84.0;

pub fn card_ui(ui: &mut Ui, state: &State, page: &mut Sheet<'_>) {
    let evaluating = &state.evaluating;
    let (Some(shown), Some(place)) = (evaluating.shown(), evaluating.looked_at()) else {
        return;
    };
    let Some(judged) = shown.pictures.get(place) else {
        return;
    };
    let titles = evaluating.titles().clone();
    header_ui(ui, state, place, page);
    ScrollArea::vertical()
        .id_salt("failure")
        .auto_shrink([false, false])
        .show(ui, |ui| {
            verdict_ui(ui, &judged.answer, &titles);
            let path = judged.path.display().to_string();
            elided_note(ui, &path).on_hover_text(&path);
            explained_ui(ui, state, place, &judged.answer, &titles, page);
            marks_ui(ui, shown, place, page);
            texts_ui(ui, &judged.answer, &titles);
            nearest_ui(ui, state, shown, place, &titles, page);
        });
}

/// The way to the pictures beside it, and what can be done with this one.
fn header_ui(ui: &mut Ui, state: &State, place: usize, page: &mut Sheet<'_>) {
    let gallery = state.evaluating.gallery();
    ui.horizontal(|ui| {
        if icon_button(ui, icon::ARROW_LEFT, "Previous picture", false).clicked() {
            page.want(EvaluateCommand::Step(-1));
        }
        if icon_button(ui, icon::ARROW_RIGHT, "Next picture", false).clicked() {
            page.want(EvaluateCommand::Step(1));
        }
        if let Some(at) = gallery.iter().position(|other| *other == place) {
            ui.label(note(ui, format!("{} of {}", at + 1, gallery.len())));
        }
        ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| {
            if icon_button(ui, icon::X, "Close", false).clicked() {
                page.want(EvaluateCommand::Look(None));
            }
            if icon_button(ui, icon::EXPORT, "Save this card as a picture", false).clicked() {
                page.drawn.commands.push(Command::Choose(FileDialog::EvaluationCard));
            }
            if icon_button(
                ui,
                icon::ERASER,
                "Erase and see: this picture in Explore, with both labels",
                false,
            )
            .clicked()
            {
                page.want(EvaluateCommand::EraseInExplore);
            }
            let hover = "Test the heatmap in Explore: erase what it marks, part by part, and watch the score";
            if ui.button("Test").on_hover_text(hover).clicked() {
                page.want(EvaluateCommand::TestInExplore);
            }
        });
    });
}

fn verdict_ui(ui: &mut Ui, answer: &Answer, titles: &[String]) {
    let palette = theme::palette(ui);
    let (truth, answered) = (&titles[answer.truth], &titles[answer.answered()]);
    let text = if answer.right() {
        RichText::new(format!("{truth}: answered correctly"))
    } else {
        RichText::new(format!("{truth}, answered {answered}")).color(palette.error)
    };
    ui.label(text.font(theme::strong(theme::SIZE_HEADING)));
    let words = format!(
        "Probability {} for {answered}, {} for {truth} (place {})",
        probability(answer.confidence(), 1),
        probability(answer.of_truth.probability, 1),
        answer.rank + 1
    );
    ui.label(note(ui, words));
}

/// The picture, and what speaks for truth and answer in it, both on one scale.
fn explained_ui(ui: &mut Ui, state: &State, place: usize, answer: &Answer, titles: &[String], page: &mut Sheet<'_>) {
    let found = state.evaluating.explained(place);
    let width = ui.available_width();
    match found {
        Some(Ok(explained)) => {
            let picture = page.textures.small(ui.ctx(), "failure", &explained.picture);
            let side = picture.size_vec2();
            let scale = (width / side.x).min(300.0 / side.y).min(1.0);
            ui.add(
                Image::new(&picture)
                    .fit_to_exact_size(scale * side)
                    .corner_radius(theme::RADIUS),
            );
            maps_ui(ui, explained, answer, titles, page);
        }
        Some(Err(reason)) => {
            let colour = theme::palette(ui).warning;
            ui.label(RichText::new(reason).color(colour));
        }
        None => {
            let side = width.min(300.0);
            let (rect, _) = ui.allocate_exact_size(vec2(width, side), Sense::hover());
            let path = state.evaluating.shown().map(|shown| shown.pictures[place].path.clone());
            if let Some(path) = path {
                thumbnail_ui(ui, page, &path, Rect::from_min_size(rect.min, vec2(side, side)));
            }
            ui.label(note(ui, "Heatmaps: computing\u{2026}"));
        }
    }
}

fn maps_ui(ui: &mut Ui, explained: &Explained, answer: &Answer, titles: &[String], page: &mut Sheet<'_>) {
    let (truth, answered) = (answer.truth, answer.answered());
    let shown = [
        ("failure truth", truth, &explained.truth),
        ("failure answer", answered, &explained.answer),
    ];
    let count = if truth == answered { 1 } else { 2 };
    // Beside the scroll bar.
    let side = (ui.available_width() - theme::GAP - 12.0) / 2.0;
    ui.horizontal_top(|ui| {
        for (name, class, image) in shown.into_iter().take(count) {
            map_ui(ui, side, name, &titles[class], image, page);
        }
    });
    ui.label(note(ui, format!("{}, both on one scale", explained.method)));
    let Some(beside) = &explained.beside else { return };
    let verdict = if beside.right { "correct" } else { "wrong" };
    ui.label(format!("{} answers {}: {verdict}", beside.name, beside.answered));
    ui.horizontal_top(|ui| {
        for (name, title, image) in [
            ("beside truth", titles[truth].as_str(), &beside.truth),
            ("beside answer", beside.answered.as_str(), &beside.answer),
        ] {
            map_ui(ui, side, name, title, image, page);
        }
    });
    ui.label(note(ui, "All four on one scale where both are made in the same way"));
}

/// A heatmap under its name.
fn map_ui(ui: &mut Ui, side: f32, name: &'static str, title: &str, image: &ScreenImage, page: &mut Sheet<'_>) {
    ui.vertical(|ui| {
        ui.set_width(side);
        ui.add(Label::new(title).truncate());
        let texture = page.textures.small(ui.ctx(), name, image);
        let size = texture.size_vec2();
        let scale = (side / size.x).min(220.0 / size.y);
        ui.add(
            Image::new(&texture)
                .fit_to_exact_size(scale * size)
                .corner_radius(theme::RADIUS),
        );
    });
}

fn marks_ui(ui: &mut Ui, shown: &Evaluation, place: usize, page: &mut Sheet<'_>) {
    ui.add_space(theme::GAP_SMALL);
    ui.label(section("Mark"));
    let own = shown.marks.get(&place);
    ui.horizontal_wrapped(|ui| {
        for mark in Mark::ALL {
            let chosen = own.is_some_and(|marked| marked.mark == mark);
            if ui.add(Button::new(mark.title()).selected(chosen)).clicked() {
                let text = own.map_or(String::new(), |marked| marked.note.clone());
                let marked = (!chosen).then_some(Marked { mark, note: text });
                page.want(EvaluateCommand::Mark(marked));
            }
        }
    });
    if let Some(marked) = own {
        let typed = typed_ui(ui, ("mark note", &shown.id, place), &marked.note, |ui, text| {
            let width = ui.available_width();
            ui.add(TextEdit::singleline(text).hint_text("a note").desired_width(width))
        });
        if let Some(note) = typed {
            let mark = marked.mark;
            page.want(EvaluateCommand::Mark(Some(Marked { mark, note })));
        }
    }
}

/// Room for both numbers behind a text.
const NUMBERS: f32 = 150.0;

fn texts_ui(ui: &mut Ui, answer: &Answer, titles: &[String]) {
    ui.add_space(theme::GAP_SMALL);
    ui.label(section("Closest texts"));
    for ranked in &answer.best {
        let name = &titles[ranked.class];
        let text = if ranked.class == answer.truth {
            RichText::new(name).strong()
        } else {
            RichText::new(name)
        };
        ui.horizontal(|ui| {
            let width = (ui.available_width() - NUMBERS).max(60.0);
            let room = vec2(width, ui.spacing().interact_size.y);
            ui.allocate_ui_with_layout(room, Layout::left_to_right(Align::Center), |ui| {
                ui.set_min_width(width);
                ui.add(Label::new(text).truncate()).on_hover_text(name);
            });
            ui.label(probability(ranked.probability, 1));
            ui.label(note(ui, format!("cosine {:.3}", ranked.cosine)));
        });
    }
}

fn nearest_ui(ui: &mut Ui, state: &State, shown: &Evaluation, place: usize, titles: &[String], page: &mut Sheet<'_>) {
    let Some(nearest) = state.evaluating.nearest(place) else {
        return;
    };
    ui.add_space(theme::GAP_SMALL);
    let truth = &titles[shown.pictures[place].answer.truth];
    ui.label(section(&format!("Nearest pictures of {truth}")));
    if nearest.is_empty() {
        ui.label(note(ui, "There is no other picture of this class."));
    }
    ui.horizontal_wrapped(|ui| {
        for (other, cosine) in nearest {
            let (rect, response) = ui.allocate_exact_size(vec2(NEIGHBOUR, NEIGHBOUR), Sense::click());
            let judged = &shown.pictures[*other];
            thumbnail_ui(ui, page, &judged.path, rect);
            let words = format!("answered {}, cosine {cosine:.3}", titles[judged.answer.answered()]);
            response.widget_info(|| egui::WidgetInfo::labeled(egui::accesskit::Role::Button, true, &words));
            if response.on_hover_text(words.clone()).clicked() {
                page.want(EvaluateCommand::Look(Some(*other)));
            }
        }
    });
}
