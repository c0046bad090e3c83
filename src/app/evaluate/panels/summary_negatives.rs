//! "None of these" against pictures that show none of the classes.

use egui::{Sense, Ui};

use super::gallery::thumbnail_ui;
use super::{Sheet, pictures, share, thousands};
use crate::app::evaluate::{Door, EvaluateCommand};
use crate::app::shell::theme;
use crate::app::shell::widgets::{note, section};
use crate::engine::evaluation::{Evaluation, Negatives, Threshold};

/// Negatives that are shown, and their size.
const NEGATIVES: usize = 12;
const NEGATIVE: egui::Vec2 = egui::vec2(64.0, 64.0);

/// Draws how well they are told apart, the pictures that are not, and the curve over thresholds.
pub fn negatives_ui(ui: &mut Ui, shown: &Evaluation, negatives: &Negatives, page: &mut Sheet<'_>) {
    ui.label(section("\u{201c}None of these\u{201d} against your negatives"));
    ui.label(format!(
        "AUROC {:.3}; {} of the {} are taken for a class where 95 % of the classes' own are",
        negatives.auroc,
        share(negatives.mistaken()),
        pictures(negatives.count)
    ));
    let lost = lost_to_none(shown, negatives);
    let words = format!("{}  of the classes' own would be taken for none", thousands(lost.len()));
    if ui.button(words).on_hover_text("Click for these pictures").clicked() {
        let door = Door::ordered("taken for \u{201c}none of these\u{201d}", lost, "smallest lead first");
        page.want(EvaluateCommand::Enter(Some(door)));
    }
    mistaken_ui(ui, negatives, page);
    curve_ui(ui, negatives);
}

fn mistaken_ui(ui: &mut Ui, negatives: &Negatives, page: &mut Sheet<'_>) {
    let mistaken = negatives.mistaken_files();
    if mistaken.is_empty() {
        return;
    }
    ui.label(note(ui, "Negatives that are taken for a class, the surest first:"));
    ui.horizontal_wrapped(|ui| {
        for file in mistaken.into_iter().take(NEGATIVES) {
            let (rect, response) = ui.allocate_exact_size(NEGATIVE, Sense::hover());
            thumbnail_ui(ui, page, file, rect);
            response.on_hover_text(file.display().to_string());
        }
    });
}

fn curve_ui(ui: &mut Ui, negatives: &Negatives) {
    let line = |of: fn(&Threshold) -> f64| -> Vec<[f64; 2]> {
        negatives.curve.iter().map(|point| [point.lead, of(point)]).collect()
    };
    let palette = theme::palette(ui);
    egui_plot::Plot::new("negatives")
        .height(180.0)
        .allow_scroll(false)
        .allow_zoom(false)
        .allow_drag(false)
        .x_axis_label(note(ui, "lead over \u{201c}none of these\u{201d}, in cosine"))
        .y_axis_label(note(ui, "share that has it"))
        .legend(egui_plot::Legend::default())
        .show(ui, |plot| {
            plot.line(egui_plot::Line::new("the classes' own", line(|point| point.kept)).color(palette.accent));
            plot.line(egui_plot::Line::new("negatives", line(|point| point.mistaken)).color(palette.error));
            plot.vline(
                egui_plot::VLine::new("95 % of the classes' own", negatives.threshold95).color(palette.text_weak),
            );
        });
}

/// Pictures of the classes whose lead over "none of these" is below the threshold, the smallest first.
fn lost_to_none(shown: &Evaluation, negatives: &Negatives) -> Vec<usize> {
    let lead = |place: &usize| {
        let answer = &shown.pictures[*place].answer;
        let best = answer.best.first().map_or(0.0, |best| best.cosine);
        f64::from(best - answer.none_cosine)
    };
    let below = |place: &usize| lead(place) < negatives.threshold95;
    let mut places: Vec<usize> = (0..shown.pictures.len()).filter(below).collect();
    places.sort_by(|a, b| lead(a).total_cmp(&lead(b)));
    places
}
