//! The numbers of an evaluation, each with its interval, and what was left out.

use std::collections::BTreeSet;

use egui::{RichText, Sense, Ui, WidgetInfo};

use super::summary_about::{about_ui, further_ui};
use super::summary_negatives::negatives_ui;
use super::{Sheet, card, of_all_ui, pictures};
use crate::app::evaluate::{Door, EvaluateCommand, Page};
use crate::app::shell::theme;
use crate::app::shell::widgets::{checkbox, note, section};
use crate::app::state::State;
use crate::engine::evaluation::{AMONG, Evaluation, Interval, Measures, Published, Retrieval};

/// With fewer pictures, any measure says little.
const FEW: usize = 10;

pub fn summary_ui(ui: &mut Ui, state: &State, page: &mut Sheet<'_>) {
    let evaluating = &state.evaluating;
    let Some(shown) = evaluating.shown() else { return };
    card(ui, |ui| match &shown.retrieval {
        Some(found) => retrieval_ui(ui, state, shown, found, page),
        None => figures_ui(ui, state, shown, page),
    });
    if let Some(negatives) = &shown.negatives {
        card(ui, |ui| {
            of_all_ui(ui, state);
            negatives_ui(ui, shown, negatives, page);
        });
    }
    card(ui, |ui| further_ui(ui, state, shown, page));
    card(ui, |ui| about_ui(ui, state, shown, page));
}

fn figures_ui(ui: &mut Ui, state: &State, shown: &Evaluation, page: &mut Sheet<'_>) {
    let evaluating = &state.evaluating;
    let Some(figures) = evaluating.figures() else { return };
    let measures = figures.measures;
    heading_ui(ui, state, shown, "Accuracy", page);
    ui.horizontal_wrapped(|ui| {
        ui.spacing_mut().item_spacing = egui::vec2(12.0, 8.0);
        let hover = "The share of correct answers";
        if figure_ui(ui, "Top 1", measures.top1.mean, Some(measures.top1), hover).clicked() {
            page.want(EvaluateCommand::Enter(Some(missed(shown, 1, "mistakes"))));
        }
        let hover = "The share whose true class is among the five best";
        if figure_ui(ui, "Top 5", measures.top5.mean, Some(measures.top5), hover).clicked() {
            let words = "true class not among the five best";
            page.want(EvaluateCommand::Enter(Some(missed(shown, 5, words))));
        }
        let hover = "The mean of the classes' recalls: every class counts the same";
        let interval = measures.macro_recall_interval();
        if figure_ui(ui, "Mean recall", measures.macro_recall, interval, hover).clicked() {
            page.want(EvaluateCommand::Open(Page::Classes));
        }
        let hover = "How far probabilities are from how often they are right (15 equal bins); 0 is best";
        if figure_ui(ui, "ECE", figures.reliability.ece, None, hover).clicked() {
            page.want(EvaluateCommand::Open(Page::Calibration));
        }
    });
    macro_ui(ui, measures);
    if let Some(published) = &shown.published {
        published_ui(ui, measures, published);
    }
}

/// What others published for this model and set, and whether it differs from what was measured here.
fn published_ui(ui: &mut Ui, measures: &Measures, published: &Published) {
    let here = published.measure.of(measures);
    let differs = if here.is_some_and(|here| here.holds(published.share)) {
        "no difference shown: it lies within the interval of what was measured here"
    } else {
        "it lies outside the interval of what was measured here"
    };
    ui.label(note(
        ui,
        format!(
            "Published for {} on {}: {} {:.1} % ({}, {}); {differs}",
            published.model,
            published.set,
            published.measure.title(),
            100.0 * published.share,
            published.source,
            published.date
        ),
    ));
}

/// The heading, with what is left out, and a word where there is too little to say much.
fn heading_ui(ui: &mut Ui, state: &State, shown: &Evaluation, title: &str, page: &mut Sheet<'_>) {
    let marked = shown.marks.len();
    ui.horizontal_wrapped(|ui| {
        ui.label(section(title));
        if marked > 0 {
            let mut leave_out = state.evaluating.leaves_out_marked();
            let verb = if marked == 1 { "is" } else { "are" };
            let words = format!("without the {} that {verb} marked", pictures(marked));
            if checkbox(ui, &mut leave_out, &words).changed() {
                page.want(EvaluateCommand::LeaveOutMarked(leave_out));
            }
        }
    });
    let count = shown.pictures.len();
    if count < FEW {
        let colour = theme::palette(ui).warning;
        let words = format!(
            "{} say little: the share may lie anywhere in its interval",
            pictures(count)
        );
        ui.label(RichText::new(words).color(colour));
    }
}

/// The pictures whose truth is not among so many of the best.
fn missed(shown: &Evaluation, among: usize, words: &str) -> std::sync::Arc<Door> {
    let is_missed = |place: &usize| shown.pictures[*place].answer.rank >= among;
    Door::new(words, (0..shown.pictures.len()).filter(is_missed).collect())
}

fn macro_ui(ui: &mut Ui, measures: &Measures) {
    let words = format!(
        "Macro precision {:.1} %, macro F1 {:.1} %. Intervals at 95 %: Wilson's; that of mean recall follows from the \
         classes' own.",
        100.0 * measures.macro_precision,
        100.0 * measures.macro_f1
    );
    ui.label(note(ui, words));
}

/// Room for a large number with its name and its interval.
const FIGURE: egui::Vec2 = egui::vec2(112.0, 66.0);

/// A large number with its interval; it can be clicked, and leads to its pictures.
fn figure_ui(ui: &mut Ui, name: &str, share: f64, interval: Option<Interval>, hover: &str) -> egui::Response {
    let (rect, response) = ui.allocate_exact_size(FIGURE, Sense::click());
    let number = format!("{:.1} %", 100.0 * share);
    response.widget_info(|| WidgetInfo::labeled(egui::accesskit::Role::Button, true, format!("{name} {number}")));
    let palette = theme::palette(ui);
    let between = interval.map_or(String::new(), |found| {
        format!("{:.1} to {:.1} %", 100.0 * found.low, 100.0 * found.high)
    });
    let lines = [
        (8.0, name.to_owned(), theme::body(theme::SIZE_SMALL), palette.text_weak),
        (32.0, number, theme::strong(26.0), palette.text),
        (57.0, between, theme::body(theme::SIZE_SMALL), palette.text_weak),
    ];
    for (down, text, font, colour) in lines {
        let at = rect.left_top() + egui::vec2(0.0, down);
        ui.painter().text(at, egui::Align2::LEFT_CENTER, text, font, colour);
    }
    if response.hovered() || response.has_focus() {
        let line = egui::Stroke::new(1.5, palette.accent);
        ui.painter()
            .rect_stroke(rect.expand(4.0), theme::RADIUS, line, egui::StrokeKind::Outside);
    }
    response.on_hover_text(format!("{hover}. Click for its pictures"))
}

fn retrieval_ui(ui: &mut Ui, state: &State, shown: &Evaluation, found: &Retrieval, page: &mut Sheet<'_>) {
    heading_ui(ui, state, shown, "Retrieval", page);
    // Doors lead by the ranks of all; whoever is left out is not behind them.
    let Some(figures) = state.evaluating.figures().and_then(|figures| figures.retrieval) else {
        ui.label(note(
            ui,
            "Nothing is left to count, or the ranks of the captions were not kept.",
        ));
        return;
    };
    ui.label(note(
        ui,
        format!("{} with {} captions", pictures(figures.pictures), figures.captions),
    ));
    let rows = [
        (
            "Picture finds a caption",
            "picture finds no caption",
            &figures.to_captions,
        ),
        (
            "Caption finds its picture",
            "caption does not find its picture",
            &figures.to_pictures,
        ),
    ];
    for (n, (name, lost, shares)) in rows.into_iter().enumerate() {
        ui.label(name);
        ui.horizontal_wrapped(|ui| {
            ui.spacing_mut().item_spacing = egui::vec2(12.0, 8.0);
            for (share, among) in shares.iter().zip(AMONG) {
                let title = format!("R@{among}");
                let hover = format!("The share that is found among the best {among}");
                if figure_ui(ui, &title, share.mean, Some(*share), &hover).clicked() {
                    let words = match among {
                        1 => format!("{lost} at rank 1"),
                        among => format!("{lost} in the top {among}"),
                    };
                    let door = match n {
                        0 => missed(shown, among, &words),
                        _ => Door::new(words, not_found(shown, found, among)),
                    };
                    page.want(EvaluateCommand::Enter(Some(door)));
                }
            }
        });
    }
}

/// Pictures of which a caption does not find them among so many.
fn not_found(shown: &Evaluation, found: &Retrieval, among: usize) -> Vec<usize> {
    let ranks = shown.captions.iter().zip(&found.caption_ranks);
    let lost = ranks.filter(|(_, rank)| **rank >= among);
    let lost: BTreeSet<usize> = lost.map(|(caption, _)| caption.picture).collect();
    lost.into_iter().collect()
}
