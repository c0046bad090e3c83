//! The numbers of an evaluation, each with its interval, and what was left out.

use std::collections::BTreeSet;

use egui::{Grid, RichText, Sense, TextEdit, Ui, WidgetInfo};

use super::gallery::thumbnail_ui;
use super::{Sheet, card, pictures, share, thousands, typed_ui};
use crate::app::command::{Command, FileDialog};
use crate::app::evaluate::{Door, EvaluateCommand, Page};
use crate::app::shell::icons as icon;
use crate::app::shell::theme;
use crate::app::shell::widgets::{checkbox, combo, note, section};
use crate::app::state::State;
use crate::engine::evaluation::{AMONG, Evaluation, ExportKind, Measures, Negatives, Retrieval};

/// Problems that are named.
const NAMED: usize = 8;
/// With fewer pictures, any measure says little.
const FEW: usize = 10;
/// Negatives that are shown, and their size.
const NEGATIVES: usize = 12;
const NEGATIVE: egui::Vec2 = egui::vec2(64.0, 64.0);

/// Draws the page.
pub fn summary_ui(ui: &mut Ui, state: &State, page: &mut Sheet<'_>) {
    let evaluating = &state.evaluating;
    let Some(shown) = evaluating.shown() else { return };
    card(ui, |ui| match &shown.retrieval {
        Some(found) => retrieval_ui(ui, state, shown, found, page),
        None => figures_ui(ui, state, shown, page),
    });
    if let Some(negatives) = &shown.negatives {
        card(ui, |ui| negatives_ui(ui, shown, negatives, page));
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
        let hover = "The share that is answered rightly";
        if figure_ui(ui, "Top 1", measures.top1.mean, Some(measures.top1), hover).clicked() {
            page.want(EvaluateCommand::Enter(Some(missed(shown, 1, "mistakes"))));
        }
        let hover = "The share whose true class is among the five best";
        if figure_ui(ui, "Top 5", measures.top5.mean, Some(measures.top5), hover).clicked() {
            let words = "true class not among the five best";
            page.want(EvaluateCommand::Enter(Some(missed(shown, 5, words))));
        }
        let hover = "The mean of the classes' recalls: every class counts the same";
        if figure_ui(ui, "Mean recall", measures.macro_recall, None, hover).clicked() {
            page.want(EvaluateCommand::Open(Page::Classes));
        }
        let hover = "How far probabilities are from how often they are right (15 equal bins); 0 is best";
        if figure_ui(ui, "ECE", figures.reliability.ece, None, hover).clicked() {
            page.want(EvaluateCommand::Open(Page::Calibration));
        }
    });
    macro_ui(ui, measures);
    if let Some(published) = &shown.published {
        ui.label(note(
            ui,
            format!(
                "Published for {} on {}: {:.1} % ({}, {})",
                published.model,
                published.set,
                100.0 * published.top1,
                published.source,
                published.date
            ),
        ));
    }
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
        "Macro precision {:.1} %, macro F1 {:.1} %. Intervals are Wilson's, at 95 %.",
        100.0 * measures.macro_precision,
        100.0 * measures.macro_f1
    );
    ui.label(note(ui, words));
}

/// Room for a large number with its name and its interval.
const FIGURE: egui::Vec2 = egui::vec2(112.0, 66.0);

/// A large number with its interval; it can be clicked, and leads to its pictures.
fn figure_ui(
    ui: &mut Ui,
    name: &str,
    share: f64,
    interval: Option<crate::engine::evaluation::Interval>,
    hover: &str,
) -> egui::Response {
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
    ui.label(note(
        ui,
        format!("{} with {} captions", pictures(found.pictures), found.captions),
    ));
    let rows = [
        (
            "Picture finds a caption",
            "picture finds no caption",
            &found.to_captions,
        ),
        (
            "Caption finds its picture",
            "caption does not find it",
            &found.to_pictures,
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
                    let words = format!("{lost} among {among}");
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

fn negatives_ui(ui: &mut Ui, shown: &Evaluation, negatives: &Negatives, page: &mut Sheet<'_>) {
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
    let mistaken = negatives.mistaken_files();
    if !mistaken.is_empty() {
        ui.label(note(ui, "Negatives that are taken for a class, the surest first:"));
        ui.horizontal_wrapped(|ui| {
            for file in mistaken.into_iter().take(NEGATIVES) {
                let (rect, response) = ui.allocate_exact_size(NEGATIVE, Sense::hover());
                thumbnail_ui(ui, page, file, rect);
                response.on_hover_text(file.display().to_string());
            }
        });
    }
    let line = |of: fn(&crate::engine::evaluation::Threshold) -> f64| -> Vec<[f64; 2]> {
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

fn further_ui(ui: &mut Ui, state: &State, shown: &Evaluation, page: &mut Sheet<'_>) {
    ui.label(section("Next steps"));
    ui.horizontal_wrapped(|ui| {
        let free = state.evaluating.at_work().is_none();
        if ui
            .add_enabled(free, egui::Button::new("Measure with the open model"))
            .clicked()
        {
            page.want(EvaluateCommand::AgainWithOpenModel);
        }
        if !shown.is_of_captions()
            && ui
                .add_enabled(free, egui::Button::new("Negatives\u{2026}"))
                .on_hover_text("A folder of pictures that show none of the classes")
                .clicked()
        {
            page.drawn
                .commands
                .push(Command::Choose(FileDialog::EvaluationNegatives));
        }
        combo("export evaluation")
            .selected_text(format!("{}  Export", icon::EXPORT))
            .show_ui(ui, |ui| {
                for (kind, title) in EXPORTS {
                    if ui.selectable_label(false, title).clicked() {
                        page.want(EvaluateCommand::AskWhereTo(kind));
                    }
                }
            });
    });
}

const EXPORTS: [(ExportKind, &str); 11] = [
    (ExportKind::Html { pictures: true }, "Report with pictures (HTML)"),
    (ExportKind::Html { pictures: false }, "Report without pictures (HTML)"),
    (ExportKind::Csv, "A line for each picture (CSV)"),
    (ExportKind::JsonLines, "An object for each picture (JSON lines)"),
    (ExportKind::Latex, "Table (LaTeX)"),
    (ExportKind::Markdown, "Table (Markdown)"),
    (ExportKind::LatexOfAll, "All evaluations, models against sets (LaTeX)"),
    (
        ExportKind::MarkdownOfAll,
        "All evaluations, models against sets (Markdown)",
    ),
    (ExportKind::ClipBenchmark, "CLIP_benchmark\u{2019}s JSON"),
    (ExportKind::Parquet, "With its map, for Embedding Atlas (Parquet)"),
    (ExportKind::Evaluation, "The evaluation, for another machine"),
];

fn about_ui(ui: &mut Ui, state: &State, shown: &Evaluation, page: &mut Sheet<'_>) {
    ui.label(section("What was measured"));
    let setup = &shown.setup;
    Grid::new("about evaluation")
        .num_columns(2)
        .spacing([16.0, 4.0])
        .show(ui, |ui| {
            ui.label("Name");
            let named = typed_ui(ui, ("name", &shown.id), &shown.name, |ui, text| {
                ui.add(TextEdit::singleline(text).hint_text("a name").desired_width(320.0))
            });
            ui.end_row();
            ui.label("Note");
            let noted = typed_ui(ui, ("note", &shown.id), &shown.note, |ui, text| {
                let field = TextEdit::multiline(text).hint_text("what it is for").desired_rows(1);
                ui.add(field.desired_width(320.0))
            });
            ui.end_row();
            if named.is_some() || noted.is_some() {
                let name = named.filter(|name| !name.trim().is_empty());
                let name = name.unwrap_or_else(|| shown.name.clone());
                page.want(EvaluateCommand::Describe(
                    name,
                    noted.unwrap_or_else(|| shown.note.clone()),
                ));
            }
            let rows = [
                ("Pictures", setup.folder.display().to_string()),
                ("Model", format!("{} ({})", setup.model.name, setup.model.precision)),
                ("Prompts", setup.templates.title()),
                ("Date", setup.date.replace(['T', 'Z'], " ").trim().to_string()),
            ];
            for (what, value) in rows {
                ui.label(what);
                ui.add(egui::Label::new(value).truncate());
                ui.end_row();
            }
        });
    for said in shown.notes.iter().chain(state.evaluating.says()) {
        ui.label(note(ui, said));
    }
    if !shown.problems.is_empty() {
        let colour = theme::palette(ui).warning;
        let words = format!("{} could not be used", pictures(shown.problems.len()));
        let label = ui.label(RichText::new(words).color(colour));
        let each = shown
            .problems
            .iter()
            .take(NAMED)
            .map(|(path, reason)| format!("{}: {reason}", path.display()));
        label.on_hover_text(each.collect::<Vec<_>>().join("\n"));
    }
}
