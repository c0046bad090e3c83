//! The bar at the bottom: folder and progress on the left, model and device on the right.

use crate::app::shell::icons as icon;
use egui::{Align, Layout, ProgressBar, RichText, Ui};

use crate::app::command::{Command, Dialog};
use crate::app::shell::theme;
use crate::app::shell::widgets::{icon_button, note};
use crate::app::state::State;

/// Draws the bar.
pub fn status_ui(ui: &mut Ui, state: &State) -> Vec<Command> {
    let mut commands = Vec::new();
    ui.horizontal_centered(|ui| {
        folder_ui(ui, state, &mut commands);
        progress_ui(ui, state, &mut commands);
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            device_ui(ui, state, &mut commands);
            ui.separator();
            model_ui(ui, state, &mut commands);
        });
    });
    commands
}

fn folder_ui(ui: &mut Ui, state: &State, commands: &mut Vec<Command>) {
    let name = match state.settings.folders.as_slice() {
        [] => "Samples".to_string(),
        [one] => one
            .file_name()
            .map_or_else(|| one.display().to_string(), |name| name.to_string_lossy().into_owned()),
        many => format!("{} folders", many.len()),
    };
    ui.label(RichText::new(icon::FOLDER).color(theme::palette(ui).text_weak));
    ui.label(RichText::new(name).small());
    ui.label(note(
        ui,
        format!("{} pictures", thousands(state.explore.pictures().len() - state.explore.skipped())),
    ));
    let skipped = state.explore.skipped() + state.explore.unreadable().len();
    if skipped > 0 {
        let text = format!("{} {skipped} skipped", icon::WARNING);
        let text = RichText::new(text).small().color(theme::palette(ui).warning);
        if ui
            .add(egui::Button::new(text).frame(false))
            .on_hover_text("See which files, and why")
            .clicked()
        {
            commands.push(Command::OpenDialog(Dialog::Skipped));
        }
    }
}

fn progress_ui(ui: &mut Ui, state: &State, commands: &mut Vec<Command>) {
    let total = state.explore.pictures().len();
    let done = state.explore.indexed() + state.explore.skipped();
    if state.explore.is_scanned() && done >= total {
        return;
    }
    let share = if total == 0 { 0.0 } else { done as f32 / total as f32 };
    ui.add(ProgressBar::new(share).desired_width(110.0).desired_height(8.0));
    ui.label(note(ui, format!("{} of {}", thousands(done), thousands(total))));
    let (sign, name) = if state.explore.is_paused() {
        (icon::PLAY, "Go on with indexing (Space)")
    } else {
        (icon::PAUSE, "Stop indexing; go on at any time (Space)")
    };
    if icon_button(ui, sign, name, false).clicked() {
        commands.push(Command::PauseIndexing(!state.explore.is_paused()));
    }
}

fn model_ui(ui: &mut Ui, state: &State, commands: &mut Vec<Command>) {
    let text = match (state.name_of_loading(), &state.model) {
        (Some(name), _) => {
            ui.spinner();
            format!("Loading {name}")
        }
        (None, Some(model)) if model.is_starter() => "Starter (no CLIP)".into(),
        (None, Some(model)) => state.name_of(model),
        (None, None) => "No model".into(),
    };
    let button = egui::Button::new(RichText::new(format!("{} {text}", icon::CUBE)).small()).frame(false);
    if ui.add(button).on_hover_text("The model, and others (M)").clicked() {
        commands.push(Command::OpenDialog(Dialog::Models));
    }
}

fn device_ui(ui: &mut Ui, state: &State, commands: &mut Vec<Command>) {
    let name = state.device.as_ref().map_or("..", |device| device.name.as_str());
    let mut text = format!("{} {name}", icon::CPU);
    if let Some(speed) = state.explore.speed() {
        text += &format!(", {speed:.0} pictures/s");
    }
    let button = egui::Button::new(RichText::new(text).small()).frame(false);
    if ui
        .add(button)
        .on_hover_text("Where the model computes; click to choose")
        .clicked()
    {
        commands.push(Command::OpenDialog(Dialog::Settings));
    }
    if let Some(gpu) = &state.gpu_preparing {
        ui.label(note(ui, format!("preparing {gpu}")))
            .on_hover_text("The GPU is being prepared; until then the CPU answers");
        ui.spinner();
    }
}

/// A number with commas between thousands.
pub fn thousands(number: usize) -> String {
    let digits = number.to_string();
    let mut out = String::new();
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

#[cfg(test)]
mod tests {
    #[test]
    fn thousands_have_commas() {
        let shown: Vec<String> = [7, 999, 1_000, 1_234_567].map(super::thousands).into();
        assert_eq!(shown, ["7", "999", "1,000", "1,234,567"]);
    }
}
