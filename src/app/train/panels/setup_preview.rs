//! What a run would learn from: counts, samples, and what is wrong.

use std::path::Path;
use std::sync::Arc;

use egui::{Align, Grid, Layout, RichText, Ui, Vec2};

use super::card;
use crate::app::shell::icons as icon;
use crate::app::shell::status::thousands;
use crate::app::shell::textures::Textures;
use crate::app::shell::theme;
use crate::app::shell::widgets::{note, section};
use crate::app::train::Training;
use crate::engine::training::{ClassCount, Previewed};

const SAMPLE_SIDE: f32 = 40.0;
/// Problems that are listed.
const MAX_PROBLEMS: usize = 12;
const MAX_CONTRADICTIONS: usize = 3;
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

/// Draws the card.
pub fn preview_ui(ui: &mut Ui, training: &Training, textures: &mut Textures) {
    let Some(previewed) = &training.previewed else {
        return;
    };
    card(ui, |ui| match previewed {
        Ok(previewed) => {
            counts_ui(ui, previewed);
            warnings_ui(ui, previewed);
            pairs_ui(ui, previewed, textures);
            table_ui(ui, previewed, textures);
        }
        Err(reason) => {
            ui.label(section("Nothing can be learnt from this folder"));
            ui.label(RichText::new(reason).color(theme::palette(ui).error));
        }
    });
}

fn counts_ui(ui: &mut Ui, previewed: &Previewed) {
    let classes = &previewed.preview.classes;
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

fn warnings_ui(ui: &mut Ui, previewed: &Previewed) {
    let preview = &previewed.preview;
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
        ui.label(note(ui, format!("and {more} more copies in two classes")));
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
fn pairs_ui(ui: &mut Ui, previewed: &Previewed, textures: &mut Textures) {
    let preview = &previewed.preview;
    if preview.duplicates == 0 {
        return;
    }
    let copies = thousands(preview.duplicates);
    let title = match preview.leaked {
        0 => format!("{copies} near-duplicates: copies stay on one side"),
        leaked => format!("{copies} near-duplicates: {} are on two sides", thousands(leaked)),
    };
    egui::CollapsingHeader::new(title).show(ui, |ui| {
        for (place, (pair, paths)) in previewed.pairs.iter().zip(&preview.pairs).enumerate() {
            ui.horizontal(|ui| {
                for (n, picture) in pair.iter().enumerate() {
                    let texture = textures.small(ui.ctx(), &format!("copies {place} {n}"), picture);
                    ui.add(egui::Image::new(&texture).fit_to_exact_size(fit(picture.width, picture.height)));
                }
                ui.label(note(ui, format!("{} and {}", file_name(&paths.0), file_name(&paths.1))));
            });
        }
        if preview.pairs.len() > previewed.pairs.len() {
            ui.label(note(
                ui,
                format!("and {} more pairs", preview.pairs.len() - previewed.pairs.len()),
            ));
        }
    });
}

/// A file with the folder that it lies in.
fn file_name(path: &Path) -> String {
    let parts: Vec<_> = path.iter().rev().take(2).map(|part| part.to_string_lossy()).collect();
    parts.into_iter().rev().collect::<Vec<_>>().join("/")
}

fn table_ui(ui: &mut Ui, previewed: &Arc<Previewed>, textures: &mut Textures) {
    let preview = &previewed.preview;
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
            for (place, class) in preview.classes.iter().take(MAX_CLASSES).enumerate() {
                ui.label(&class.name);
                for count in [class.train, class.validation, class.test] {
                    ui.label(count.to_string());
                }
                let line = egui::vec2(ui.available_width(), SAMPLE_SIDE);
                ui.allocate_ui_with_layout(line, Layout::left_to_right(Align::Center), |ui| {
                    ui.spacing_mut().item_spacing.x = theme::GAP_SMALL;
                    for (n, picture) in previewed.pictures.get(place).into_iter().flatten().enumerate() {
                        let texture = textures.small(ui.ctx(), &format!("preview {place} {n}"), picture);
                        ui.add(egui::Image::new(&texture).fit_to_exact_size(fit(picture.width, picture.height)));
                    }
                });
                ui.end_row();
            }
        });
    for caption in &preview.captions {
        ui.label(note(ui, format!("\u{201c}{caption}\u{201d}")));
    }
}

/// The size of a small picture in its square.
fn fit(width: usize, height: usize) -> Vec2 {
    let longest = width.max(height).max(1) as f32;
    egui::vec2(
        SAMPLE_SIDE * width as f32 / longest,
        SAMPLE_SIDE * height as f32 / longest,
    )
}
