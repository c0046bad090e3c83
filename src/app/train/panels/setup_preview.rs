//! What a run would learn from: counts, samples, and what is wrong.

use std::path::Path;

use egui::{Align, Grid, Layout, ProgressBar, RichText, Sense, Ui, Vec2};

use super::card;
use crate::app::command::Command;
use crate::app::shell::icons as icon;
use crate::app::shell::status::{counted, thousands};
use crate::app::shell::textures::FilePictures;
use crate::app::shell::theme;
use crate::app::shell::widgets::{note, section};
use crate::app::train::{TrainCommand, Training};
use crate::engine::training::{ClassCount, Preview};

const SAMPLE_SIDE: f32 = 40.0;
/// Problems that are listed.
const MAX_PROBLEMS: usize = 12;
const MAX_CONTRADICTIONS: usize = 3;
/// Pairs of near-duplicates that are shown.
const MAX_PAIRS: usize = 12;
/// Classes that are listed; more is a wall of numbers.
const MAX_CLASSES: usize = 100;

/// The columns, and what they mean.
const HEADINGS: [(&str, &str); 5] = [
    ("Class", ""),
    (
        "Training",
        "Pictures that the run learns from. Their answers say nothing about others.",
    ),
    (
        "Validation",
        "Pictures by which settings, strengths and the best step are chosen. They are not learnt from.",
    ),
    (
        "Test",
        "Pictures that are used once, at the end. Only they say how well the model does on pictures that it never saw.",
    ),
    ("", ""),
];

pub fn preview_ui(ui: &mut Ui, training: &Training, files: &mut FilePictures<'_>, commands: &mut Vec<Command>) {
    match &training.previewed {
        None if training.draft.folder.as_os_str().is_empty() => {}
        None => card(ui, |ui| waiting_ui(ui, training.looked, commands)),
        Some(Ok(preview)) => card(ui, |ui| {
            counts_ui(ui, preview);
            warnings_ui(ui, preview);
            pairs_ui(ui, preview, files);
            table_ui(ui, preview, files);
        }),
        Some(Err(reason)) => card(ui, |ui| {
            ui.label(section("Nothing can be learnt from this folder yet"));
            ui.label(RichText::new(reason).color(theme::palette(ui).error));
            if ui.button("Look again").clicked() {
                commands.push(Command::Train(TrainCommand::Preview));
            }
        }),
    }
}

/// While the folder is looked through.
fn waiting_ui(ui: &mut Ui, done: f32, commands: &mut Vec<Command>) {
    ui.label(section("Training data"));
    ui.horizontal(|ui| {
        ui.add(ProgressBar::new(done).desired_width(160.0).desired_height(8.0));
        ui.label(note(ui, "Looking through the folder"));
        if ui.button(format!("{}  Stop", icon::STOP)).clicked() {
            commands.push(Command::Train(TrainCommand::StopPreview));
        }
    });
}

fn counts_ui(ui: &mut Ui, preview: &Preview) {
    let classes = &preview.classes;
    let sum = |side: fn(&ClassCount) -> usize| thousands(classes.iter().map(side).sum());
    ui.label(section("Training data"));
    let counts = format!(
        "{} for training, {} for validation, {} for testing",
        sum(|class| class.train),
        sum(|class| class.validation),
        sum(|class| class.test)
    );
    ui.label(counts);
}

fn warnings_ui(ui: &mut Ui, preview: &Preview) {
    let palette = theme::palette(ui);
    for warning in &preview.warnings {
        ui.label(RichText::new(format!("{}  {warning}", icon::WARNING)).color(palette.warning));
    }
    for found in preview.contradictions.iter().take(MAX_CONTRADICTIONS) {
        let (path, other) = (file_name(&found.paths.0), file_name(&found.paths.1));
        let (first, second) = &found.classes;
        let text = format!(
            "{}  {path} is a {first}, and its copy {other} a {second}",
            icon::WARNING
        );
        ui.label(RichText::new(text).color(palette.warning));
    }
    if preview.contradictions.len() > MAX_CONTRADICTIONS {
        let more = preview.contradictions.len() - MAX_CONTRADICTIONS;
        ui.label(note(
            ui,
            format!("and {} in two classes", counted(more, "more copy", "more copies")),
        ));
    }
    for (title, reasons) in [
        ("cannot be used", &preview.problems),
        ("left aside", &preview.left_aside),
    ] {
        if !reasons.is_empty() {
            let title = format!("{} {title}", thousands(reasons.len()));
            egui::CollapsingHeader::new(title).show(ui, |ui| {
                for (path, reason) in reasons.iter().take(MAX_PROBLEMS) {
                    ui.label(note(ui, format!("{}: {reason}", path.display())));
                }
            });
        }
    }
}

/// The copies that were found, side by side: whoever sees them can tell whether they are.
fn pairs_ui(ui: &mut Ui, preview: &Preview, files: &mut FilePictures<'_>) {
    if preview.duplicates == 0 {
        return;
    }
    let copies = counted(preview.duplicates, "near-duplicate", "near-duplicates");
    let title = match preview.leaked {
        0 => format!("{copies}, kept in the same split"),
        leaked => format!("{copies}; {} in two splits", counted(leaked, "is", "are")),
    };
    egui::CollapsingHeader::new(title).show(ui, |ui| {
        for (first, second) in preview.pairs.iter().take(MAX_PAIRS) {
            ui.horizontal(|ui| {
                for path in [first, second] {
                    sample_ui(ui, files, path);
                }
                ui.label(note(ui, format!("{} and {}", file_name(first), file_name(second))));
            });
        }
        let more = preview.pairs.len().saturating_sub(MAX_PAIRS);
        if more > 0 {
            ui.label(note(ui, format!("and {}", counted(more, "more pair", "more pairs"))));
        }
    });
}

/// A small picture of a file.
fn sample_ui(ui: &mut Ui, files: &mut FilePictures<'_>, path: &Path) {
    let (place, response) = ui.allocate_exact_size(Vec2::splat(SAMPLE_SIDE), Sense::hover());
    files.paint(ui, path, place);
    response.on_hover_text(path.display().to_string());
}

/// A file with the folder that it lies in.
fn file_name(path: &Path) -> String {
    let parts: Vec<_> = path.iter().rev().take(2).map(|part| part.to_string_lossy()).collect();
    parts.into_iter().rev().collect::<Vec<_>>().join("/")
}

fn table_ui(ui: &mut Ui, preview: &Preview, files: &mut FilePictures<'_>) {
    ui.add_space(theme::GAP_SMALL);
    Grid::new("classes")
        .num_columns(5)
        .spacing([14.0, 4.0])
        .striped(true)
        .show(ui, |ui| {
            for (heading, words) in HEADINGS {
                let heading = ui.label(note(ui, heading));
                if !words.is_empty() {
                    heading.on_hover_text(words);
                }
            }
            ui.end_row();
            for class in preview.classes.iter().take(MAX_CLASSES) {
                ui.label(&class.name);
                for count in [class.train, class.validation, class.test] {
                    ui.label(thousands(count));
                }
                let line = egui::vec2(ui.available_width(), SAMPLE_SIDE);
                ui.allocate_ui_with_layout(line, Layout::left_to_right(Align::Center), |ui| {
                    ui.spacing_mut().item_spacing.x = theme::GAP_SMALL;
                    for path in &class.samples {
                        sample_ui(ui, files, path);
                    }
                });
                ui.end_row();
            }
        });
    for caption in &preview.captions {
        ui.label(note(ui, format!("\u{201c}{caption}\u{201d}")));
    }
}
