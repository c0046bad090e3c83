//! One run: where it stands, what it learnt, and what can be done with it.

use egui::{Button, CornerRadius, Grid, Key, ProgressBar, RichText, TextEdit, Ui};

use super::blend::blend_ui;
use super::board::{Matrix, board_ui, picture_ui};
use super::run_charts::charts_ui;
use super::run_result::result_ui;
use super::trials::{self, trials_ui};
use crate::app::shell::icons as icon;
use crate::app::shell::status::thousands;
use crate::app::shell::textures::Textures;
use crate::app::shell::theme;
use crate::app::shell::widgets::{duration, icon_button, note, primary_button, section, short};
use crate::app::train::panels::{card, progress_ui};
use crate::app::train::{AtWork, Curves, TrainCommand, Training};
use crate::engine::training::{Field, RunRecord, RunState, TrainingRequest};

/// Width of the fields for a name and a note.
const EDIT_WIDTH: f32 = 480.0;

/// Draws the page.
pub fn run_ui(ui: &mut Ui, training: &Training, run: &str, textures: &mut Textures) -> Vec<TrainCommand> {
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
        progress(ui, training, record, curves, &mut commands);
        if let Some(error) = &record.error {
            ui.label(RichText::new(error).color(theme::palette(ui).error));
        }
        result_ui(ui, record);
    });
    if curves.loss.is_empty() && training.working_on(run).is_some() {
        coming_ui(ui);
    }
    charts_ui(ui, curves, record);
    trials_ui(ui, curves, record.classes.is_empty());
    if let Some(board) = &curves.board {
        card(ui, |ui| {
            ui.label(section("Pictures against texts (similarity matrix)"));
            let words = "Cosines of a fixed batch: a row for each picture, a column for each text. The diagonal brightens \
                         as what belongs together is drawn together.";
            ui.label(note(ui, words));
            board_ui(ui, &Matrix::of(board));
        });
    }
    flips_ui(ui, training, curves, textures);
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
    if primary_button(ui, "Keep").clicked() || entered {
        commands.push(TrainCommand::Send(TrainingRequest::Describe {
            run: run.to_owned(),
            name: new_name,
            note: new_note,
        }));
    }
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

fn progress(ui: &mut Ui, training: &Training, record: &RunRecord, curves: &Curves, commands: &mut Vec<TrainCommand>) {
    if let Some(AtWork::Other(what, done)) = &training.at_work {
        commands.extend(progress_ui(ui, what, *done));
        return;
    }
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
    if paused {
        text += ", paused";
    } else if let Some((pictures_per_s, left)) = curves.pace {
        text += &format!(", {pictures_per_s:.0} pictures/s, {} left", duration(f64::from(left)));
    }
    if let Some(step) = curves.checkpoint {
        text += &format!("; saved up to step {step}");
    }
    ui.label(note(ui, text));
}

/// Pictures that are answered otherwise than before.
fn flips_ui(ui: &mut Ui, training: &Training, curves: &Curves, textures: &mut Textures) {
    if curves.flips.is_empty() {
        return;
    }
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
                    picture_ui(ui, training, &flip.path, textures);
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
    facts.extend(fields.map(|field| (field.name.replace('-', " "), value(field))));
    if !record.chosen.is_empty() {
        facts.push(("Chosen by validation".into(), trials::settings(&record.chosen)));
    }
    facts
}
