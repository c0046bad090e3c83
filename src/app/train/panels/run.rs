//! One run: where it stands, what it learnt, and what can be done with it.

use std::path::Path;

use egui::{Button, CornerRadius, Grid, Key, ProgressBar, RichText, TextEdit, Ui};

use super::blend::blend_ui;
use super::board::{Matrix, board_ui, picture_ui, reading_ui};
use super::names;
use super::run_charts::charts_ui;
use super::run_result::result_ui;
use super::trials::{self, trials_ui};
use crate::app::shell::icons as icon;
use crate::app::shell::status::thousands;
use crate::app::shell::textures::FilePictures;
use crate::app::shell::theme;
use crate::app::shell::widgets::{duration, icon_button, note, primary_button, section, short};
use crate::app::state::State;
use crate::app::train::panels::{card, progress_ui};
use crate::app::train::{Curves, TrainCommand, Training};
use crate::engine::training::{Field, RunRecord, RunState, TrainingRequest};

/// Width of the fields for a name and a note.
const EDIT_WIDTH: f32 = 480.0;
/// Width of a picture with its name.
const PICTURE_WIDTH: f32 = 220.0;

/// Draws the page.
pub fn run_ui(ui: &mut Ui, state: &State, run: &str, files: &mut FilePictures<'_>) -> Vec<TrainCommand> {
    let training = &state.training;
    let mut commands = Vec::new();
    let none = Curves::default();
    let curves = training.curves.get(run).unwrap_or(&none);
    let Some(record) = training.record(run) else {
        preparing_ui(ui, curves, &mut commands);
        return commands;
    };
    card(ui, |ui| {
        name_ui(ui, training, record, &mut commands);
        buttons_ui(ui, training, record, &mut commands);
        progress(ui, training, record, curves);
        if let Some(error) = &record.error {
            ui.label(RichText::new(error).color(theme::palette(ui).error));
        }
        result_ui(ui, record);
    });
    if curves.loss.is_empty() && training.working_on(run).is_some() {
        coming_ui(ui);
    }
    charts_ui(ui, curves, record);
    trials_ui(ui, curves, record);
    if let Some(cosines) = &curves.board {
        card(ui, |ui| {
            ui.label(section("Pictures against texts (similarity matrix)"));
            let words = "A fixed batch of the validation pictures: a row for each picture, a column for each text. The \
                         diagonal brightens as what belongs together is drawn together.";
            ui.label(note(ui, words));
            let reading = reading_ui(ui, training.reading, &mut commands);
            let scale = state.scoring().logit_scale;
            board_ui(ui, &Matrix::of(cosines, &curves.board_pairs, reading, scale, files));
        });
    }
    flips_ui(ui, curves, files);
    blend_ui(ui, training, record, &mut commands);
    settings_ui(ui, record);
    commands
}

/// What will stand here once the run has taken its first steps.
fn coming_ui(ui: &mut Ui) {
    card(ui, |ui| {
        let words = "The curves come with the first steps: training loss, and accuracy on validation beside the zero-shot \
                     accuracy. After that: the test accuracy, the pictures that are answered otherwise than before, and a \
                     slider between the original model and this one.";
        ui.label(note(ui, words));
    });
}

/// A run that has no record yet.
fn preparing_ui(ui: &mut Ui, curves: &Curves, commands: &mut Vec<TrainCommand>) {
    card(ui, |ui| {
        ui.label(section("A new run"));
        match &curves.preparing {
            Some((what, done)) => commands.extend(progress_ui(ui, what, *done)),
            None => {
                ui.label(note(ui, "This run no longer exists."));
            }
        }
    });
}

/// The run's name and note: text, until somebody wants to change them.
fn name_ui(ui: &mut Ui, training: &Training, record: &RunRecord, commands: &mut Vec<TrainCommand>) {
    let edited = training.description.as_ref().filter(|(run, ..)| *run == record.run);
    if let Some((run, name, note)) = edited {
        edit_ui(ui, run, name, note, commands);
        return;
    }
    let rests = training.working_on(&record.run).is_none();
    ui.horizontal(|ui| {
        ui.add(egui::Label::new(RichText::new(&record.name).font(theme::strong(theme::SIZE_HEADING))).truncate());
        ui.add_enabled_ui(rests, |ui| {
            if icon_button(ui, icon::PENCIL_SIMPLE, "Change the name and the note", false).clicked() {
                commands.push(TrainCommand::Edit {
                    run: record.run.clone(),
                    name: record.name.clone(),
                    note: record.note.clone(),
                });
            }
        });
    });
    if !record.note.is_empty() {
        ui.label(&record.note);
    }
}

fn edit_ui(ui: &mut Ui, run: &str, name: &str, note: &str, commands: &mut Vec<TrainCommand>) {
    let (mut new_name, mut new_note) = (name.to_owned(), note.to_owned());
    let title = TextEdit::singleline(&mut new_name)
        .id_salt("run name")
        .char_limit(crate::escape::MAX_NAME_CHARACTERS)
        .desired_width(EDIT_WIDTH)
        .hint_text("A name for this run");
    let named = ui.add(title);
    let words = TextEdit::multiline(&mut new_note)
        .id_salt("run note")
        .char_limit(crate::escape::MAX_NOTE_CHARACTERS)
        .desired_rows(2)
        .desired_width(EDIT_WIDTH)
        .hint_text("A note");
    let noted = ui.add(words);
    if named.changed() || noted.changed() {
        commands.push(TrainCommand::Edit {
            run: run.to_owned(),
            name: new_name.clone(),
            note: new_note.clone(),
        });
    }
    let entered = named.lost_focus() && ui.input(|input| input.key_pressed(Key::Enter));
    ui.horizontal(|ui| {
        if primary_button(ui, "Save").clicked() || entered {
            commands.push(TrainCommand::Send(TrainingRequest::Describe {
                run: run.to_owned(),
                name: new_name,
                note: new_note,
            }));
        }
        let left = ui.input(|input| input.key_pressed(Key::Escape)) && (named.lost_focus() || noted.lost_focus());
        if ui.button("Cancel").clicked() || left {
            commands.push(TrainCommand::EndEdit);
        }
    });
}

fn buttons_ui(ui: &mut Ui, training: &Training, record: &RunRecord, commands: &mut Vec<TrainCommand>) {
    let run = || record.run.clone();
    let busy = training.at_work.is_some();
    ui.horizontal_wrapped(|ui| {
        if let Some(paused) = training.working_on(&record.run) {
            let (sign, name) = if paused {
                (icon::PLAY, "Resume")
            } else {
                (icon::PAUSE, "Pause")
            };
            if ui.button(format!("{sign}  {name}")).clicked() {
                commands.push(TrainCommand::Send(TrainingRequest::Pause(!paused)));
            }
            let stop = ui.button(format!("{}  Stop and keep", icon::STOP));
            if stop
                .on_hover_text("Ends the run; its best state becomes a model")
                .clicked()
            {
                commands.push(TrainCommand::Send(TrainingRequest::Stop));
            }
            return;
        }
        if record.model.is_some()
            && primary_button(ui, &format!("{}  Use this model", icon::CUBE))
                .on_hover_text("Predictions and heatmaps come from it at once, for the classes that it was taught")
                .clicked()
        {
            commands.push(TrainCommand::Use(run()));
        }
        // What failed before its first step would fail again.
        let has_begun = record.state != RunState::Failed || record.step > 0;
        if record.state != RunState::Done && has_begun {
            let resume = ui.add_enabled(!busy, Button::new(format!("{}  Resume", icon::PLAY)));
            if resume.on_hover_text("Goes on from the last checkpoint").clicked() {
                commands.push(TrainCommand::Send(TrainingRequest::Resume(run())));
            }
        }
        if record.model.is_some() {
            let export = ui.add_enabled(!busy, Button::new(format!("{}  Export\u{2026}", icon::EXPORT)));
            if export
                .on_hover_text("Its model in standard files, its curves as CSV")
                .clicked()
            {
                commands.push(TrainCommand::AskWhereTo(run()));
            }
        }
        let delete = ui.button(format!("{}  Delete", icon::TRASH));
        if delete
            .on_hover_text("Can be undone as long as the window is open")
            .clicked()
        {
            commands.push(TrainCommand::Send(TrainingRequest::Delete(run())));
        }
    });
}

fn progress(ui: &mut Ui, training: &Training, record: &RunRecord, curves: &Curves) {
    let Some(paused) = training.working_on(&record.run) else {
        return;
    };
    if let Some((what, done)) = &curves.preparing {
        ui.add(ProgressBar::new(*done).desired_height(8.0));
        ui.label(note(ui, what.clone()));
        return;
    }
    let (step, steps) = curves.step;
    ui.add(ProgressBar::new(step as f32 / steps.max(1) as f32).desired_height(8.0));
    let mut text = format!("Step {} of {}", thousands(step), thousands(steps));
    if let Some((trial, trials)) = training.trial_at_work(&record.run) {
        text = format!("Trial {trial} of {trials}, {}", text.to_lowercase());
    }
    if paused {
        text += ", paused";
    } else if let Some((pictures_per_s, left)) = curves.pace {
        text += &format!(", {pictures_per_s:.0} pictures/s, {} left", duration(f64::from(left)));
    }
    if let Some(step) = curves.checkpoint {
        text += &format!("; saved up to step {}", thousands(step));
    }
    ui.label(note(ui, text));
}

/// Pictures that are answered otherwise than before.
fn flips_ui(ui: &mut Ui, curves: &Curves, files: &mut FilePictures<'_>) {
    if curves.flips.is_empty() {
        return;
    }
    let paths: Vec<&Path> = curves.flips.iter().map(|flip| flip.path.as_path()).collect();
    let told = |path: &Path| short_name(path, &paths);
    card(ui, |ui| {
        ui.label(section("Answers that changed, on validation"));
        Grid::new("flips")
            .num_columns(4)
            .spacing([18.0, 3.0])
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
                    ui.label(&flip.class);
                    for answer in [&flip.before, &flip.after] {
                        let right = *answer == flip.class;
                        let (sign, colour) = if right {
                            (icon::CHECK, palette.text)
                        } else {
                            (icon::X, palette.error)
                        };
                        ui.label(RichText::new(format!("{sign} {answer}")).color(colour));
                    }
                    ui.end_row();
                }
            });
    });
}

/// A file's name; with its folder where another one is called the same.
fn short_name(path: &Path, all: &[&Path]) -> String {
    let name = path.file_name().unwrap_or_default();
    let repeats = all.iter().filter(|other| other.file_name() == Some(name)).count() > 1;
    let folder = path.parent().and_then(Path::file_name).filter(|_| repeats);
    match folder {
        Some(folder) => format!("{}/{}", folder.to_string_lossy(), name.to_string_lossy()),
        None => name.to_string_lossy().into_owned(),
    }
}

/// Everything that was asked for, and on what.
fn settings_ui(ui: &mut Ui, record: &RunRecord) {
    card(ui, |ui| {
        ui.label(section("Settings"));
        Grid::new("settings")
            .num_columns(2)
            .spacing([24.0, 3.0])
            .show(ui, |ui| {
                for (name, value) in facts(record) {
                    ui.label(note(ui, name));
                    ui.add(egui::Label::new(value).truncate());
                    ui.end_row();
                }
            });
    });
    ui.add_space(f32::from(CornerRadius::same(theme::RADIUS).nw));
}

/// A run's settings in words.
pub fn facts(record: &RunRecord) -> Vec<(String, String)> {
    let config = &record.config;
    let mut facts = vec![
        ("Run".to_owned(), record.run.clone()),
        ("Method".into(), config.method.title().into()),
        ("Base model".into(), record.base_name.clone()),
        ("Training data".into(), config.folder.display().to_string()),
        (
            "Examples (shots) per class".into(),
            config.shots.map_or("all".into(), |shots| shots.to_string()),
        ),
        (
            "Pictures".into(),
            format!(
                "{} for training, {} for testing",
                thousands(record.n_train),
                thousands(record.n_test)
            ),
        ),
        ("Seed".into(), config.seed.to_string()),
        ("Data hash".into(), record.data_hash.chars().take(16).collect()),
        ("Device".into(), record.device.clone()),
        ("Precision".into(), config.precision.name().into()),
        ("Time".into(), duration(record.worked_s)),
    ];
    if record.is_blend() {
        facts.push(("Blend".into(), format!("{:.2}: {}", record.blend, record.mixture())));
    }
    let value = |field: &Field| match config.search.iter().find(|choice| choice.name == field.name) {
        Some(choice) => trials::values(&choice.values),
        None => short(field.get(&config.hyper)),
    };
    let fields = Field::of(config.method);
    facts.extend(fields.map(|field| (names::title(config.method, field).to_owned(), value(field))));
    if !record.chosen.is_empty() {
        let chosen = trials::settings(config.method, &record.chosen);
        facts.push(("Chosen by validation".into(), chosen));
    }
    facts
}
