//! The validation pictures that a run answers otherwise than the model before it.

use std::path::Path;

use egui::{Grid, RichText, Ui};

use super::board::{picture_ui, short_name};
use crate::app::shell::icons as icon;
use crate::app::shell::textures::FilePictures;
use crate::app::shell::theme;
use crate::app::shell::widgets::{note, section};
use crate::app::train::Curves;
use crate::app::train::panels::{card, cell_ui};

/// Width of a picture with its name.
const PICTURE_WIDTH: f32 = 220.0;
/// Between columns, and for a class at most.
const COLUMN_GAP: f32 = 18.0;
const CLASS_WIDTH: f32 = 220.0;

/// Draws them, each with its true class and both answers.
pub fn flips_ui(ui: &mut Ui, curves: &Curves, files: &mut FilePictures<'_>) {
    if curves.flips.is_empty() {
        return;
    }
    let paths: Vec<&Path> = curves.flips.iter().map(|flip| flip.path.as_path()).collect();
    let told = |path: &Path| short_name(path, &paths);
    card(ui, |ui| {
        ui.label(section("Answers that changed, on validation"));
        let room = ui.available_width() - PICTURE_WIDTH - 3.0 * COLUMN_GAP;
        let width = (room / 3.0).min(CLASS_WIDTH);
        Grid::new("flips")
            .num_columns(4)
            .spacing([COLUMN_GAP, 3.0])
            .striped(true)
            .show(ui, |ui| {
                for heading in ["Picture", "True class", "Before", "After"] {
                    ui.label(note(ui, heading));
                }
                ui.end_row();
                let palette = theme::palette(ui);
                for flip in &curves.flips {
                    // A name that may be cut takes no room of its own in a grid.
                    ui.scope(|ui| {
                        ui.set_width(PICTURE_WIDTH);
                        picture_ui(ui, &flip.path, &told(&flip.path), files);
                    });
                    cell_ui(ui, width, RichText::new(&flip.class));
                    for answer in [&flip.before, &flip.after] {
                        let right = *answer == flip.class;
                        let (sign, colour) = if right {
                            (icon::CHECK, palette.text)
                        } else {
                            (icon::X, palette.error)
                        };
                        cell_ui(ui, width, RichText::new(format!("{sign}\u{a0}{answer}")).color(colour));
                    }
                    ui.end_row();
                }
            });
    });
}
