//! A new run: from which pictures, how, with which settings; and what is wrong with it before it starts.

use egui::{Button, DragValue, RichText, Ui};

use crate::app::command::{Command, FileDialog};
use crate::app::shell::icons as icon;
use crate::app::shell::keys::with_hint;
use crate::app::shell::status::counted;
use crate::app::shell::textures::FilePictures;
use crate::app::shell::theme;
use crate::app::shell::widgets::{
    duration, elided_note, elided_ui, icon_button, note, primary_button, radio, section, segmented_ui,
};
use crate::app::state::{Mode, State};
use crate::app::train::panels::{card, progress_ui, settings, setup_preview};
use crate::app::train::ready::ready;
use crate::app::train::{AtWork, TrainCommand, Training};
use crate::engine::training::{FineTuneMethod, PRESETS, RunConfig};

const SHOTS: [(Option<usize>, &str); 6] = [
    (Some(1), "1"),
    (Some(2), "2"),
    (Some(4), "4"),
    (Some(8), "8"),
    (Some(16), "16"),
    (None, "all"),
];
const SHOTS_WORDS: &str = "This many per class are used for training; the rest are set aside. The field calls them shots: \
    16-shot is 16 pictures per class.";
/// What the buttons behind the folder of the control set take, about.
const OTHER_WIDTH: f32 = 110.0;
/// From this width on, what is learnt from stands beside the settings.
const TWO_COLUMNS: f32 = 760.0;

pub fn setup_ui(ui: &mut Ui, state: &State, files: &mut FilePictures<'_>, commands: &mut Vec<Command>) {
    ui.label(RichText::new("New run").font(theme::strong(theme::SIZE_HEADING)));
    let words = "Teach the model your own classes from a few examples, and see whether it helped: every run is \
                 measured on pictures that it never saw, beside the model as it was.";
    ui.label(note(ui, words));
    ui.add_space(theme::GAP_SMALL);
    if ui.available_width() >= TWO_COLUMNS {
        ui.columns(2, |columns| {
            pictures_ui(&mut columns[0], state, commands);
            method_ui(&mut columns[0], state, commands);
            settings_ui(&mut columns[1], state, commands);
            setup_preview::preview_ui(&mut columns[1], &state.training, files, commands);
        });
    } else {
        pictures_ui(ui, state, commands);
        setup_preview::preview_ui(ui, &state.training, files, commands);
        method_ui(ui, state, commands);
        settings_ui(ui, state, commands);
    }
}

fn pictures_ui(ui: &mut Ui, state: &State, commands: &mut Vec<Command>) {
    let draft = &state.training.draft;
    let mut wanted = Vec::new();
    card(ui, |ui| {
        ui.label(section("Pictures"));
        ui.horizontal(|ui| {
            let choose = Command::Choose(FileDialog::TrainingFolder);
            let button = ui.button(format!("{}  Choose folder\u{2026}", icon::FOLDER_OPEN));
            if button
                .on_hover_text(with_hint("Choose the training data", state, &choose))
                .clicked()
            {
                commands.push(choose);
            }
            let path = draft.folder.display().to_string();
            let shown = match path.as_str() {
                "" => "one folder per class, or pictures with captions",
                path => path,
            };
            elided_note(ui, shown).on_hover_text(&path);
        });
        ui.horizontal_wrapped(|ui| {
            ui.label("Examples (shots) per class").on_hover_text(SHOTS_WORDS);
            if let Some(shots) = segmented_ui(ui, draft.shots, &SHOTS) {
                wanted.push(configured(draft, |config| config.shots = shots));
            }
        });
        ui.horizontal(|ui| {
            ui.label("Seed");
            let mut seed = draft.seed;
            let dragged = ui.add(DragValue::new(&mut seed).range(0..=9_999));
            if dragged
                .on_hover_text("Decides the split and everything else that is left to chance")
                .changed()
            {
                wanted.push(configured(draft, |config| config.seed = seed));
            }
        });
        control_ui(ui, draft, commands);
    });
    commands.extend(wanted.into_iter().map(Command::Train));
}

fn method_ui(ui: &mut Ui, state: &State, commands: &mut Vec<Command>) {
    let draft = &state.training.draft;
    let mut wanted = Vec::new();
    card(ui, |ui| {
        ui.label(section("Method"));
        ui.horizontal_wrapped(|ui| {
            for (place, preset) in PRESETS.iter().enumerate() {
                let chosen = draft.method == preset.method && draft.shots == preset.shots;
                let button = Button::new(preset.title).selected(chosen);
                if ui.add(button).on_hover_text(preset.words).clicked() {
                    wanted.push(TrainCommand::UsePreset(place));
                }
            }
        });
        ui.add_space(theme::GAP_SMALL);
        methods_ui(ui, state, &mut wanted);
    });
    commands.extend(wanted.into_iter().map(Command::Train));
}

fn settings_ui(ui: &mut Ui, state: &State, commands: &mut Vec<Command>) {
    let draft = &state.training.draft;
    let mut wanted = Vec::new();
    card(ui, |ui| {
        ui.label(section(&format!("Settings of {}", draft.method.title())));
        settings::settings_ui(ui, draft, &mut wanted);
    });
    commands.extend(wanted.into_iter().map(Command::Train));
}

/// A draft with a change.
pub fn configured(draft: &RunConfig, change: impl FnOnce(&mut RunConfig)) -> TrainCommand {
    let mut config = draft.clone();
    change(&mut config);
    TrainCommand::Configure(Box::new(config))
}

fn control_ui(ui: &mut Ui, draft: &RunConfig, commands: &mut Vec<Command>) {
    ui.horizontal(|ui| {
        ui.label("Forgetting is measured on");
        match &draft.control {
            None => {
                ui.label("the samples");
            }
            Some(folder) => {
                let folder = folder.display().to_string();
                ui.scope(|ui| {
                    ui.set_max_width((ui.available_width() - OTHER_WIDTH).max(40.0));
                    let colour = theme::palette(ui).text;
                    elided_ui(ui, &folder, theme::body(theme::SIZE_BODY), colour).on_hover_text(&folder);
                });
            }
        }
        let words = "Another folder that the run never learns from, one folder per class";
        if ui.button("Other\u{2026}").on_hover_text(words).clicked() {
            commands.push(Command::Choose(FileDialog::ControlFolder));
        }
        if draft.control.is_some() && icon_button(ui, icon::X, "The samples again", false).clicked() {
            commands.push(Command::Train(TrainCommand::UseControl(None)));
        }
    });
}

fn methods_ui(ui: &mut Ui, state: &State, wanted: &mut Vec<TrainCommand>) {
    let draft = &state.training.draft;
    let fits = |method: FineTuneMethod| state.model.as_ref().map_or(Ok(()), |model| method.fits(model.tower));
    let none_fits = FineTuneMethod::all().all(|method| fits(method).is_err());
    if none_fits && let Err(reason) = fits(draft.method) {
        // Once, not at each of them.
        ui.label(note(ui, format!("Not for this model: {reason}")));
    }
    for method in FineTuneMethod::all() {
        let fits = fits(method);
        let chosen = draft.method == method;
        ui.add_enabled_ui(fits.is_ok(), |ui| {
            let radio = radio(ui, chosen, method.title());
            if radio.clicked() && !chosen {
                wanted.push(TrainCommand::UseMethod(method));
            }
        });
        ui.indent(method.name(), |ui| {
            let text = match fits {
                Err(reason) if !none_fits => format!("Not for this model: {reason}"),
                _ => words(method).to_string(),
            };
            ui.label(note(ui, text)).on_hover_text(method.about());
        });
    }
}

fn words(method: FineTuneMethod) -> &'static str {
    match method {
        FineTuneMethod::LinearProbe => "A linear classifier on the features, pulled towards the texts. Seconds.",
        FineTuneMethod::TipAdapter => "Remembers the examples; nothing is trained. Immediate.",
        FineTuneMethod::TipAdapterF => "The same, and the memory is trained. Seconds.",
        FineTuneMethod::ProLip => "Only the picture projection, pulled towards its original weights. Seconds.",
        FineTuneMethod::Lora => "Small changes of the attention in both towers. Minutes to hours.",
        FineTuneMethod::Contrastive => "Pictures against texts, as CLIP itself was trained. Long.",
        FineTuneMethod::Scratch => "A new small model from nothing: what CLIP's procedure can do with few pictures.",
    }
}

/// What would learn, what it would take, and the button.
pub fn start_ui(ui: &mut Ui, state: &State, commands: &mut Vec<Command>) {
    let training = &state.training;
    let ready = ready(state);
    ui.horizontal_wrapped(|ui| {
        let start = Command::Train(TrainCommand::Start);
        let hint = with_hint("Start the run", state, &start);
        let button = ui.add_enabled_ui(ready.is_ok(), |ui| {
            primary_button(ui, &format!("{}  Start", icon::PLAY))
        });
        if button.inner.on_hover_text(hint).clicked() {
            commands.push(start);
        }
        let estimate = ui.add_enabled(ready.is_ok(), Button::new("Estimate time and memory"));
        if estimate.on_hover_text("Tries one step").clicked() {
            commands.push(Command::Train(TrainCommand::Estimate));
        }
        let name = state
            .model
            .as_ref()
            .map_or_else(|| "no model yet".into(), |model| state.name_of(model));
        ui.label("Base model");
        let models = Command::UseMode(Mode::Models);
        if ui
            .link(name)
            .on_hover_text(with_hint("Another model", state, &models))
            .clicked()
        {
            commands.push(models);
        }
        if let Some(estimate) = &training.estimate {
            let memory = estimate
                .memory_mb
                .map_or(String::new(), |mb| format!(", about {mb:.0} MB of memory"));
            let (steps, time) = (counted(estimate.steps, "step", "steps"), duration(estimate.seconds));
            ui.label(format!("{steps}, {time}{memory}"));
        }
        commands.extend(work_ui(ui, training).map(Command::Train));
    });
    if let Err(reason) = ready {
        ui.label(note(ui, reason));
    }
    if let Some(record) = training.run_of(&state.opened_model) {
        let back = ui.link(format!(
            "Back to {}, which {} was taught from",
            record.base_name, record.name
        ));
        if back.clicked() {
            commands.push(Command::Train(TrainCommand::UseBase));
        }
    }
}

/// What else is at work.
fn work_ui(ui: &mut Ui, training: &Training) -> Option<TrainCommand> {
    match training.at_work.as_ref()? {
        AtWork::Other(what, done) => progress_ui(ui, what, *done),
        AtWork::Run { run: Some(_), .. } => None,
        AtWork::Run { run: None, .. } => {
            ui.spinner();
            None
        }
    }
}
