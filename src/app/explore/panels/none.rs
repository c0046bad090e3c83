//! "None of these", which stands beside the labels and is not one of them: its row, its switch, its offset.

use egui::{DragValue, RichText, Slider, Ui, WidgetInfo, vec2};

use crate::app::command::Command;
use crate::app::explore::command::ExploreCommand;
use crate::app::explore::help;
use crate::app::explore::shown_map::NONE_OF_THESE;
use crate::app::shell::widgets::{checkbox, ends_ui, explained, icon_button, note};
use crate::app::shell::{icons as icon, theme};
use crate::app::state::State;
use crate::fixed::signed;

/// The range of the offset.
const OFFSETS: std::ops::RangeInclusive<f32> = -0.15..=0.15;
/// Approximate widths of what is right of the slider, of what is right of a label's name, and of the buttons in that.
const END_WIDTH: f32 = 104.0;
const ROW_WIDTH: f32 = 88.0;
const BUTTONS_WIDTH: f32 = 2.0 * theme::ICON_BUTTON + 2.0;
/// Offsets smaller than this count as zero.
const NO_OFFSET: f32 = 0.000_5;

/// Draws the switch, and the offset while "none of these" competes.
pub fn none_ui(ui: &mut Ui, state: &State, commands: &mut Vec<Command>) {
    let shown = state.settings.show_none;
    ui.horizontal(|ui| {
        let mut on = shown;
        let text = RichText::new(format!("Include \"{NONE_OF_THESE}\"")).small();
        if explained(checkbox(ui, &mut on, text), help::NONE).clicked() {
            commands.push(ExploreCommand::ShowNone(on).into());
        }
    });
    if shown {
        offset_ui(ui, state, commands);
    }
}

fn offset_ui(ui: &mut Ui, state: &State, commands: &mut Vec<Command>) {
    let before = state.settings.none_bias;
    let mut bias = before;
    ui.label(note(ui, "How easily it wins (cosine offset)"));
    ends_ui(
        ui,
        END_WIDTH,
        &mut bias,
        |ui, bias| {
            ui.spacing_mut().slider_width = (ui.available_width() - 8.0).max(40.0);
            let slider = Slider::new(bias, OFFSETS).show_value(false);
            let response = explained(ui.add(slider), help::NONE);
            response.widget_info(|| WidgetInfo::slider(true, f64::from(*bias), "Offset of none of these"));
        },
        |ui, bias| {
            let value = DragValue::new(bias)
                .range(OFFSETS)
                .speed(0.001)
                .custom_formatter(|value, _| signed(value, 3));
            ui.add(value);
            let reset = ui.add_enabled_ui(bias.abs() > NO_OFFSET, |ui| {
                icon_button(ui, icon::ARROW_CLOCKWISE, "Reset the offset to 0", false)
            });
            if reset.inner.clicked() {
                *bias = 0.0;
            }
        },
    );
    if bias != before {
        commands.push(ExploreCommand::SetNoneBias(bias).into());
    }
}

/// The row below the labels: a ring instead of a swatch.
pub fn none_row_ui(ui: &mut Ui, wins: impl FnOnce(&mut Ui)) {
    ui.horizontal(|ui| {
        ui.spacing_mut().item_spacing.x = theme::GAP_SMALL + 2.0;
        let colour = theme::none_colour(ui);
        let (rect, _) = ui.allocate_exact_size(vec2(theme::SWATCH, theme::SWATCH), egui::Sense::hover());
        let stroke = egui::Stroke::new(1.5, colour);
        ui.painter()
            .circle_stroke(rect.center(), theme::SWATCH / 2.0 - 1.0, stroke);
        let name = |ui: &mut Ui, _: &mut ()| {
            ui.add(egui::Label::new(RichText::new(NONE_OF_THESE).color(colour)).truncate())
                .on_hover_text(help::NONE);
        };
        ends_ui(ui, ROW_WIDTH, &mut (), name, |ui, ()| {
            ui.spacing_mut().item_spacing.x = theme::GAP_SMALL + 2.0;
            wins(ui);
            // Below the buttons of the labels there is none here.
            ui.add_space(BUTTONS_WIDTH);
        });
    });
}
