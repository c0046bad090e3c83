//! The bar at the bottom: folder and progress on the left, model and device on the right.

use crate::app::explore::ExploreCommand;
use crate::app::shell::icons as icon;
use egui::{ProgressBar, RichText, Ui};

use crate::app::command::{Command, Dialog};
use crate::app::shell::keys::with_hint;
use crate::app::shell::theme;
use crate::app::shell::widgets::{duration, icon_button, note, tall_ends_ui, warning};
use crate::app::state::{Mode, State};
use crate::app::train::TrainCommand;

/// Characters of a name that the bar has room for.
const NAME_CHARACTERS: usize = 32;
/// What model and device take, about.
const RIGHT_WIDTH: f32 = 250.0;
/// Where there is less room than this, bars are shorter, or left out.
const ROOM_FOR_BARS: f32 = 520.0;
const BAR_WIDTHS: (f32, f32) = (110.0, 44.0);

/// Draws the bar: what is on the right has its room first.
pub fn status_ui(ui: &mut Ui, state: &State) -> Vec<Command> {
    let mut commands = Vec::new();
    let height = ui.available_height();
    tall_ends_ui(
        ui,
        height,
        RIGHT_WIDTH,
        &mut commands,
        |ui, commands| {
            ui.set_clip_rect(ui.max_rect().intersect(ui.clip_rect()));
            // How long it still takes, and the way to hold it, are seen whatever else there is.
            let id = ui.scope_id().with("width of the progress");
            let needed: f32 = ui.data(|data| data.get_temp(id)).unwrap_or_default();
            ui.scope(|ui| {
                ui.set_max_width((ui.available_width() - needed).max(0.0));
                folder_ui(ui, state, commands);
                run_ui(ui, state, commands);
            });
            let drawn = ui.scope(|ui| progress_ui(ui, state, commands)).response.rect.width();
            let gap = ui.spacing().item_spacing.x;
            let drawn = if drawn > 0.0 { drawn + gap } else { 0.0 };
            if (drawn - needed).abs() > 0.5 {
                ui.data_mut(|data| data.insert_temp(id, drawn));
                ui.ctx().request_repaint();
            }
        },
        |ui, commands| {
            ui.separator();
            model_ui(ui, state, commands);
            ui.separator();
            device_ui(ui, state, commands);
        },
    );
    commands
}

/// A name that is too long, with its middle left out.
fn shortened(name: &str) -> String {
    let characters: Vec<char> = name.chars().collect();
    if characters.len() <= NAME_CHARACTERS {
        return name.to_owned();
    }
    let half = NAME_CHARACTERS / 2;
    let (start, end) = (&characters[..half], &characters[characters.len() - half + 1..]);
    format!(
        "{}\u{2026}{}",
        start.iter().collect::<String>(),
        end.iter().collect::<String>()
    )
}

/// What is open.
pub fn folder_name(state: &State) -> String {
    match state.settings.folders.as_slice() {
        [] => "Samples".to_string(),
        [one] => one
            .file_name()
            .map_or_else(|| one.display().to_string(), |name| name.to_string_lossy().into_owned()),
        many => format!("{} folders", many.len()),
    }
}

/// What the window is called: what is open, with which model.
pub fn window_title(state: &State) -> String {
    let model = state.model.as_ref().map(|model| state.name_of(model));
    let model = model.map_or(String::new(), |name| format!(", {name}"));
    format!("{}{model} - Clipsight", folder_name(state))
}

fn folder_ui(ui: &mut Ui, state: &State, commands: &mut Vec<Command>) {
    let name = folder_name(state);
    ui.label(RichText::new(icon::FOLDER).color(theme::palette(ui).text_weak));
    ui.label(RichText::new(shortened(&name)).small()).on_hover_text(&name);
    ui.label(note(
        ui,
        counted(
            state.explore.pictures().len() - state.explore.skipped(),
            "picture",
            "pictures",
        ),
    ));
    let skipped = state.explore.skipped() + state.explore.unreadable().len();
    if skipped > 0 {
        let text = warning(ui, icon::WARNING, &format!("{} skipped", thousands(skipped)));
        if ui
            .add(egui::Button::new(text).frame_when_inactive(false))
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
    let (wide, narrow) = BAR_WIDTHS;
    let width = if ui.available_width() < ROOM_FOR_BARS {
        narrow
    } else {
        wide
    };
    ui.add(ProgressBar::new(share).desired_width(width).desired_height(8.0));
    ui.label(note(ui, indexing_words(state, done, total)));
    let command = Command::Explore(ExploreCommand::PauseIndexing(!state.explore.is_paused()));
    let (sign, name) = if state.explore.is_paused() {
        (icon::PLAY, "Resume indexing")
    } else {
        (icon::PAUSE, "Pause indexing")
    };
    if icon_button(ui, sign, &with_hint(name, state, &command), false).clicked() {
        commands.push(command);
    }
}

/// What is done, how fast, and how long it still takes.
fn indexing_words(state: &State, done: usize, total: usize) -> String {
    let counts = format!("{} of {} indexed", thousands(done), thousands(total));
    if state.explore.is_paused() {
        return format!("{counts}, paused");
    }
    match state
        .explore
        .speed()
        .filter(|speed| *speed > 0.0 && state.explore.is_scanned())
    {
        Some(speed) => {
            let left = duration(total.saturating_sub(done) as f64 / f64::from(speed));
            format!("{counts}, {left} left")
        }
        None => counts,
    }
}

/// The run that is at work: from every mode, how far it is, and the way to its page.
fn run_ui(ui: &mut Ui, state: &State, commands: &mut Vec<Command>) {
    let Some(work) = state.training.work() else { return };
    ui.separator();
    if ui.available_width() > ROOM_FOR_BARS {
        ui.add(ProgressBar::new(work.done).desired_width(70.0).desired_height(8.0));
    }
    let button = egui::Button::new(RichText::new(format!("{} {}", icon::GRADUATION_CAP, work.words())).small());
    let page = work.page.clone();
    if ui
        .add(button.frame_when_inactive(false).truncate())
        .on_hover_text("Show it")
        .clicked()
    {
        commands.push(Command::Train(TrainCommand::Open(page)));
    }
}

fn model_ui(ui: &mut Ui, state: &State, commands: &mut Vec<Command>) {
    let text = match (state.name_of_loading(), &state.model) {
        (Some(name), _) => {
            ui.spinner();
            format!("Loading {name}\u{2026}")
        }
        (None, Some(model)) if model.is_starter() => "Starter (not CLIP)".into(),
        (None, Some(model)) => state.name_of(model),
        (None, None) => "No model".into(),
    };
    let blend = state
        .training
        .run_of(&state.opened_model)
        .filter(|record| record.is_blend());
    let hint = match blend {
        Some(record) => format!("{text}: {}", record.mixture()),
        None => text.clone(),
    };
    let button = egui::Button::new(RichText::new(format!("{} {}", icon::CUBE, shortened(&text))).small())
        .frame_when_inactive(false);
    let command = Command::UseMode(Mode::Models);
    let hint = with_hint(&format!("{hint}. Models"), state, &command);
    if ui.add(button).on_hover_text(hint).clicked() {
        commands.push(command);
    }
}

fn device_ui(ui: &mut Ui, state: &State, commands: &mut Vec<Command>) {
    if let Some(gpu) = &state.gpu_preparing {
        ui.spinner();
        ui.label(note(ui, format!("preparing {gpu}")))
            .on_hover_text("The GPU is being prepared; until then the CPU answers");
    }
    let name = state.device.as_ref().map_or("\u{2026}", |device| device.name.as_str());
    let mut text = format!("{} {name}", icon::CPU);
    if let Some(speed) = state.explore.speed() {
        text += &format!(", {speed:.0} pictures/s");
    }
    let button = egui::Button::new(RichText::new(text).small()).frame_when_inactive(false);
    if ui
        .add(button)
        .on_hover_text("Where the model computes; click to choose")
        .clicked()
    {
        commands.push(Command::OpenDialog(Dialog::Settings));
    }
}

/// A number of things, in words.
pub fn counted(count: usize, one: &str, many: &str) -> String {
    format!("{} {}", thousands(count), if count == 1 { one } else { many })
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
    fn the_middle_of_a_long_name_is_left_out() {
        assert_eq!(super::shortened("Starter"), "Starter");
        let long = super::shortened("CLIP-ViT-B-32-256x256-DataComp-s34B-b86K");
        assert_eq!(long, "CLIP-ViT-B-32-25\u{2026}aComp-s34B-b86K");
        assert_eq!(long.chars().count(), super::NAME_CHARACTERS);
    }

    #[test]
    fn one_thing_is_told_in_the_singular() {
        let told: Vec<String> = [0, 1, 1_204]
            .map(|count| super::counted(count, "picture", "pictures"))
            .into();
        assert_eq!(told, ["0 pictures", "1 picture", "1,204 pictures"]);
    }

    #[test]
    fn thousands_have_commas() {
        let shown: Vec<String> = [7, 999, 1_000, 1_234_567].map(super::thousands).into();
        assert_eq!(shown, ["7", "999", "1,000", "1,234,567"]);
    }
}
