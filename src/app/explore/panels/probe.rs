//! Below a picture that is partly erased, or cropped elsewhere: the brush's controls, and what changed.

use egui::{RichText, Ui};

use crate::app::command::Command;
use crate::app::explore::command::ExploreCommand;
use crate::app::explore::shown_map::NONE_OF_THESE;
use crate::app::explore::state::{BRUSH_SIZES, Brush};
use crate::app::shell::icons as icon;
use crate::app::shell::keys::with_hint;
use crate::app::shell::widgets::{combo, ends_ui, icon_button, note, warning};
use crate::app::state::State;
use crate::engine::protocol::{Fill, Scores};

/// Approximate width of the button that restores the picture.
const RESTORE_WIDTH: f32 = 130.0;
const FILL_WIDTH: f32 = 118.0;
const SIZE_WIDTH: f32 = 70.0;

/// The brush's controls, and what erasing or moving the crop changed.
pub fn probe_ui(ui: &mut Ui, state: &State, commands: &mut Vec<Command>) {
    let probe = &state.explore.probe;
    if let Some(brush) = state.explore.brush {
        ui.horizontal_wrapped(|ui| brush_ui(ui, state, brush, commands));
        if probe.dabs.is_empty() {
            ui.label(note(
                ui,
                "Paint over something and see what the model says without it. The file is not touched.",
            ));
        }
    }
    if !state.explore.is_probing() {
        return;
    }
    if let Some(text) = may_have_read(state) {
        ui.label(warning(ui, icon::WARNING, &text));
    }
    let words = if probe.dabs.is_empty() {
        "Change caused by moving the frame"
    } else {
        "Change caused by erasing"
    };
    ends_ui(
        ui,
        RESTORE_WIDTH,
        commands,
        |ui, _| {
            ui.add(egui::Label::new(note(ui, words)).truncate());
        },
        |ui, commands| {
            let restore = with_hint("Restore picture", state, &Command::Explore(ExploreCommand::ResetProbe));
            if ui.button(RichText::new(restore).small()).clicked() {
                commands.push(ExploreCommand::ResetProbe.into());
            }
        },
    );
}

/// Its fill, its size, and undo of its last stroke.
fn brush_ui(ui: &mut Ui, state: &State, brush: Brush, commands: &mut Vec<Command>) {
    let chosen = state.explore.probe.fill;
    ui.label(note(ui, "Fill"));
    combo("fill")
        .selected_text(chosen.title())
        .width(FILL_WIDTH)
        .show_ui(ui, |ui| {
            for fill in Fill::ALL {
                if ui.selectable_label(fill == chosen, fill.title()).clicked() {
                    commands.push(ExploreCommand::UseFill(fill).into());
                }
            }
        });
    ui.label(note(ui, "Size"));
    ui.spacing_mut().slider_width = SIZE_WIDTH;
    let mut radius = brush.radius;
    let slider = egui::Slider::new(&mut radius, BRUSH_SIZES).show_value(false);
    let response = ui.add(slider).on_hover_text("Size of the brush");
    response.widget_info(|| egui::WidgetInfo::slider(true, f64::from(radius), "Size of the brush"));
    if response.changed() {
        commands.push(ExploreCommand::SizeBrush(radius).into());
    }
    let undo = with_hint("Undo last stroke", state, &Command::Undo);
    if icon_button(ui, icon::ARROW_U_UP_LEFT, &undo, false).clicked() {
        commands.push(ExploreCommand::UndoStroke.into());
    }
}

/// A warning with both answers, if erasing what looks like writing changed the answer of a model that can read.
fn may_have_read(state: &State) -> Option<String> {
    let probed = state.probed().filter(|probed| probed.read_the_word)?;
    if state.model.as_ref().is_none_or(|model| !model.can_read()) {
        return None;
    }
    let lens = state.lens();
    // As the window shows answers, which one of the two may be hidden from.
    if lens.winner(&probed.before) == lens.winner(&probed.after) {
        return None;
    }
    let answer = |scores: &Scores| match lens.winner(scores) {
        Some(place) => {
            let asked = probed.question.labels.get(place);
            let name = asked.map_or("", |asked| asked.label.name.as_str());
            format!("\"{name}\" ({})", lens.text(lens.value(scores, place)))
        }
        None => format!("{} ({})", NONE_OF_THESE, lens.text(lens.none_value(scores))),
    };
    let (before, after) = (answer(&probed.before), answer(&probed.after));
    Some(format!(
        "The model may have read it: what you erased looks like writing, and the answer changed from {before} to {after}."
    ))
}
