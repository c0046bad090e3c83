//! The names below a chart.

use egui::{Color32, Rangef, Sense, Stroke, TextStyle, TextWrapMode, Ui, WidgetText, vec2};

use super::{Chart, Look, pale};
use crate::app::shell::theme;
use crate::app::shell::widgets::{note, swatch_ui};

/// Length of a dash of a level in the legend, and of the gap after it.
const DASH: f32 = 4.0;

pub(super) fn legend_ui(ui: &mut Ui, chart: &Chart<'_>) {
    ui.horizontal_wrapped(|ui| {
        ui.spacing_mut().item_spacing.x = theme::GAP_SMALL;
        let mut named: Vec<&str> = Vec::new();
        for line in &chart.lines {
            if named.contains(&line.name.as_str()) {
                continue;
            }
            named.push(&line.name);
            let is_pale = matches!(line.look, Look::Faint | Look::PalePoints);
            let own = theme::themed(ui.ctx(), line.colour);
            let colour = if is_pale { pale(own) } else { own };
            let band = if !line.band.is_empty() {
                ", with its 95 % interval"
            } else {
                ""
            };
            entry_ui(ui, format!("{}{band}", line.name), theme::SWATCH, |ui| {
                swatch_ui(ui, colour)
            });
        }
        for (name, colour, _) in &chart.levels {
            entry_ui(ui, name.clone(), 5.0 * DASH, |ui| dashes_ui(ui, *colour));
        }
    });
}

/// A sample of this width and its words, in the next row if this one has no room for both.
fn entry_ui(ui: &mut Ui, words: String, width: f32, sample_ui: impl FnOnce(&mut Ui)) {
    let words = note(ui, words);
    let galley =
        WidgetText::from(words.clone()).into_galley(ui, Some(TextWrapMode::Extend), f32::INFINITY, TextStyle::Body);
    let is_first = ui.cursor().left() <= ui.max_rect().left() + 1.0;
    let needed = width + theme::GAP_SMALL + galley.size().x;
    if !is_first && ui.available_size_before_wrap().x < needed {
        ui.end_row();
    }
    sample_ui(ui);
    ui.label(words);
    ui.add_space(theme::GAP_SMALL);
}

/// A level as it is drawn in the plot.
fn dashes_ui(ui: &mut Ui, colour: Color32) {
    let (area, _) = ui.allocate_exact_size(vec2(5.0 * DASH, theme::SWATCH), Sense::hover());
    for n in [0.0, 2.0, 4.0] {
        let left = area.left() + n * DASH;
        let dash = Rangef::new(left, left + DASH);
        ui.painter().hline(dash, area.center().y, Stroke::new(1.5, colour));
    }
}
