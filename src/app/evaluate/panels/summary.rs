//! The numbers of an evaluation, each with its interval, and what was left out.

use egui::{Grid, RichText, Sense, TextEdit, Ui, WidgetInfo};

use super::{Sheet, card, pictures};
use crate::app::command::{Command, FileDialog};
use crate::app::evaluate::{Door, EvaluateCommand, Page};
use crate::app::shell::icons as icon;
use crate::app::shell::theme;
use crate::app::shell::widgets::{checkbox, combo, note, section};
use crate::app::state::State;
use crate::engine::evaluation::{Evaluation, ExportKind, Measures, Negatives, Retrieval, Source};

/// Problems that are named.
const NAMED: usize = 8;

/// Draws the page.
pub fn summary_ui(ui: &mut Ui, state: &State, page: &mut Sheet<'_>) {
    let evaluating = &state.evaluating;
    let Some(shown) = evaluating.shown() else { return };
    card(ui, |ui| {
        if shown.source == Source::Captions {
            retrieval_ui(ui, shown.retrieval.as_ref());
        } else {
            figures_ui(ui, state, shown, page);
        }
    });
    if let Some(negatives) = &shown.negatives {
        card(ui, |ui| negatives_ui(ui, negatives));
    }
    card(ui, |ui| further_ui(ui, state, shown, page));
    card(ui, |ui| about_ui(ui, state, shown, page));
}

fn figures_ui(ui: &mut Ui, state: &State, shown: &Evaluation, page: &mut Sheet<'_>) {
    let evaluating = &state.evaluating;
    let marked = shown.marks.len();
    let measures = evaluating.measured().map_or(&shown.measures, |found| &found.measures);
    ui.horizontal_wrapped(|ui| {
        ui.label(section("Accuracy"));
        if marked > 0 {
            let mut leave_out = evaluating.leaves_out_marked();
            let words = format!("without the {} that are marked", pictures(marked));
            if checkbox(ui, &mut leave_out, &words).changed() {
                page.want(EvaluateCommand::LeaveOutMarked(leave_out));
            }
        }
    });
    ui.horizontal_wrapped(|ui| {
        ui.spacing_mut().item_spacing = egui::vec2(12.0, 8.0);
        let wrong: Vec<usize> = (0..shown.pictures.len())
            .filter(|place| !shown.pictures[*place].answer.right())
            .collect();
        let all = shown.pictures.len();
        if figure_ui(
            ui,
            "Top 1",
            measures.top1.mean,
            Some(measures.top1),
            "The share that is answered rightly",
        )
        .clicked()
        {
            page.want(EvaluateCommand::Enter(Some(Door::new("mistakes", wrong))));
        }
        let missed: Vec<usize> = (0..all)
            .filter(|place| shown.pictures[*place].answer.rank >= 5)
            .collect();
        let hover = "The share whose true class is among the five best";
        if figure_ui(ui, "Top 5", measures.top5.mean, Some(measures.top5), hover).clicked() {
            page.want(EvaluateCommand::Enter(Some(Door::new(
                "true class not among the five best",
                missed,
            ))));
        }
        let hover = "The mean of the classes' recalls: every class counts the same";
        if figure_ui(ui, "Mean per-class recall", measures.macro_recall, None, hover).clicked() {
            page.want(EvaluateCommand::Open(Page::Classes));
        }
        let ece = evaluating
            .measured()
            .map_or(shown.calibration.all.ece, |found| found.reliability.ece);
        let hover = "How far probabilities are from how often they are right (15 equal bins); 0 is best";
        if figure_ui(ui, "ECE", ece, None, hover).clicked() {
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

fn macro_ui(ui: &mut Ui, measures: &Measures) {
    let words = format!(
        "Macro precision {:.1} %, macro F1 {:.1} %. Intervals are Wilson's, at 95 %.",
        100.0 * measures.macro_precision,
        100.0 * measures.macro_f1
    );
    ui.label(note(ui, words));
}

/// Room for a large number with its name and its interval.
const FIGURE: egui::Vec2 = egui::vec2(148.0, 66.0);

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

fn retrieval_ui(ui: &mut Ui, retrieval: Option<&Retrieval>) {
    let Some(found) = retrieval else { return };
    ui.label(section("Retrieval"));
    ui.label(note(
        ui,
        format!("{} with {} captions", pictures(found.pictures), found.captions),
    ));
    Grid::new("retrieval")
        .num_columns(4)
        .spacing([24.0, 4.0])
        .show(ui, |ui| {
            for heading in ["", "R@1", "R@5", "R@10"] {
                ui.label(note(ui, heading));
            }
            ui.end_row();
            for (name, row) in [
                ("Picture finds a caption", &found.to_captions),
                ("Caption finds its picture", &found.to_pictures),
            ] {
                ui.label(name);
                for recall in row {
                    ui.label(recall.share_words());
                }
                ui.end_row();
            }
        });
}

fn negatives_ui(ui: &mut Ui, negatives: &Negatives) {
    ui.label(section("\u{201c}None of these\u{201d} against your negatives"));
    ui.label(format!(
        "AUROC {:.3}; {:.1} % of the {} are taken for a class where 95 % of the classes' own are",
        negatives.auroc,
        100.0 * negatives.fpr95,
        pictures(negatives.count)
    ));
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
        if shown.source != Source::Captions
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

const EXPORTS: [(ExportKind, &str); 9] = [
    (ExportKind::Html { pictures: true }, "Report with pictures (HTML)"),
    (ExportKind::Html { pictures: false }, "Report without pictures (HTML)"),
    (ExportKind::Csv, "A line for each picture (CSV)"),
    (ExportKind::JsonLines, "An object for each picture (JSON lines)"),
    (ExportKind::Latex, "Table (LaTeX)"),
    (ExportKind::Markdown, "Table (Markdown)"),
    (ExportKind::ClipBenchmark, "CLIP_benchmark\u{2019}s JSON"),
    (ExportKind::Parquet, "With its map, for Embedding Atlas (Parquet)"),
    (ExportKind::Evaluation, "The evaluation, for another machine"),
];

fn about_ui(ui: &mut Ui, state: &State, shown: &Evaluation, page: &mut Sheet<'_>) {
    ui.label(section("What was measured"));
    let setup = &shown.setup;
    let (mut name, mut note_text) = (shown.name.clone(), shown.note.clone());
    Grid::new("about evaluation")
        .num_columns(2)
        .spacing([16.0, 4.0])
        .show(ui, |ui| {
            ui.label("Name");
            let edited = ui.add(TextEdit::singleline(&mut name).desired_width(320.0)).changed();
            ui.end_row();
            ui.label("Note");
            let noted = ui
                .add(TextEdit::multiline(&mut note_text).desired_rows(1).desired_width(320.0))
                .changed();
            ui.end_row();
            if edited || noted {
                page.want(EvaluateCommand::Describe(name.clone(), note_text.clone()));
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
