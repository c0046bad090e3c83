//! What the colours of the map mean.

use egui::{Align, Color32, Layout, ScrollArea, Ui, vec2};

use super::Sheet;
use crate::app::evaluate::{EvaluateCommand, Evaluating, MapColour};
use crate::app::shell::theme;
use crate::app::shell::widgets::{note, swatch_ui};
use crate::engine::evaluation::Evaluation;

/// Draws the colours with their names; classes are switched off and on by a click.
pub fn legend_ui(ui: &mut Ui, evaluating: &Evaluating, shown: &Evaluation, page: &mut Sheet<'_>) {
    let palette = theme::palette(ui);
    match evaluating.map_colour() {
        MapColour::Correctness => {
            let shows = evaluating.shows_on_map();
            for (n, (colour, words)) in [(palette.accent, "right"), (palette.error, "wrong")]
                .into_iter()
                .enumerate()
            {
                if entry_ui(ui, colour, shows[n], words, "Show these pictures or not") {
                    page.want(EvaluateCommand::ToggleAnswersOnMap(n == 0));
                }
            }
        }
        MapColour::Score => {
            ui.label(note(ui, "Dark: unsure of its answer. Yellow: sure."));
        }
        MapColour::Truth | MapColour::Answer => {}
    }
    if shown.is_of_captions() {
        return;
    }
    let titles = evaluating.titles();
    let row_height = ui.spacing().interact_size.y;
    ScrollArea::vertical()
        .id_salt("map legend")
        .show_rows(ui, row_height, titles.len(), |ui, rows| {
            for class in rows {
                let on = !evaluating.is_hidden_on_map(class);
                let colour = theme::themed(ui.ctx(), theme::label_colour(class));
                if entry_ui(ui, colour, on, &titles[class], "Show this class or not") {
                    page.want(EvaluateCommand::ToggleOnMap(class));
                }
            }
        });
}

/// A colour and its name beside each other; whether it was clicked.
fn entry_ui(ui: &mut Ui, colour: Color32, on: bool, words: &str, hover: &str) -> bool {
    let room = vec2(ui.available_width(), ui.spacing().interact_size.y);
    let row = ui.allocate_ui_with_layout(room, Layout::left_to_right(Align::Center), |ui| {
        swatch_ui(ui, colour);
        let button = egui::Button::selectable(on, words).truncate();
        ui.add(button).on_hover_text(hover).clicked()
    });
    row.inner
}
