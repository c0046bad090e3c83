//! One run: where it stands, what it learnt, and what can be done with it.

use egui::{Button, CornerRadius, Grid, ProgressBar, RichText, TextEdit, Ui};

use super::blend::blend_ui;
use super::board::board_ui;
use super::run_charts::charts_ui;
use super::run_result::result_ui;
use super::trials::{self, trials_ui};
use crate::app::shell::icons as icon;
use crate::app::shell::theme;
use crate::app::shell::widgets::{note, section, short};
use crate::app::state::State;
use crate::app::train::panels::{card, duration, progress_ui};
use crate::app::train::{AtWork, Curves, TrainCommand, Training};
use crate::engine::training::{Field, RunRecord, RunState};

/// Draws the page.
pub fn run_ui(ui: &mut Ui, state: &mut State, run: &str) -> Vec<TrainCommand> {
    let training = &mut state.training;
    // Lent to this page for the frame: nothing else draws them.
    let curves = training.curves.remove(run).unwrap_or_default();
    let commands = page_ui(ui, training, run, &curves);
    training.curves.insert(run.to_owned(), curves);
    commands
}

fn page_ui(ui: &mut Ui, training: &mut Training, run: &str, curves: &Curves) -> Vec<TrainCommand> {
    let mut commands = Vec::new();
    let Some(record) = training.record(run).cloned() else {
        preparing_ui(ui, curves, &mut commands);
        return commands;
    };
    card(ui, |ui| {
        name_ui(ui, training, &record, &mut commands);
        buttons_ui(ui, training, &record, &mut commands);
        progress(ui, training, &record, curves, &mut commands);
        if let Some(error) = &record.error {
            ui.label(RichText::new(error).color(theme::palette(ui).error));
        }
        result_ui(ui, &record);
    });
    charts_ui(ui, curves, &record);
    trials_ui(ui, curves, record.classes.is_empty());
    if let Some(board) = &curves.board {
        card(ui, |ui| {
            ui.label(section("Pictures against texts"));
            let words = "Cosines of a fixed batch: a row for each picture, a column for each text. The diagonal brightens \
                         as what belongs together is drawn together.";
            ui.label(note(ui, words));
            board_ui(ui, board, None);
        });
    }
    flips_ui(ui, curves);
    blend_ui(ui, training, &record, &mut commands);
    settings_ui(ui, &record);
    commands
}

/// A run that has no record yet.
fn preparing_ui(ui: &mut Ui, curves: &Curves, commands: &mut Vec<TrainCommand>) {
    card(ui, |ui| {
        ui.label(section("A new run"));
        match &curves.preparing {
            Some((what, done)) => commands.extend(progress_ui(ui, what, *done)),
            None => {
                ui.label(note(ui, "It is not there any more."));
            }
        }
    });
}

fn name_ui(ui: &mut Ui, training: &mut Training, record: &RunRecord, commands: &mut Vec<TrainCommand>) {
    let rests = training.working_on(&record.run).is_none();
    let fresh = || (record.run.clone(), record.name.clone(), record.note.clone());
    let (run, name, note) = training.description.get_or_insert_with(fresh);
    if *run != record.run {
        (*run, *name, *note) = fresh();
    }
    ui.add_enabled_ui(rests, |ui| {
        let title = TextEdit::singleline(name)
            .id_salt("run name")
            .font(theme::strong(theme::SIZE_HEADING))
            .desired_width(f32::INFINITY)
            .hint_text("A name for this run");
        let named = ui.add(title);
        let words = TextEdit::multiline(note)
            .id_salt("run note")
            .desired_rows(1)
            .desired_width(f32::INFINITY)
            .hint_text("A note");
        let noted = ui.add(words);
        let changed = *name != record.name || *note != record.note;
        if (named.lost_focus() || noted.lost_focus()) && changed {
            commands.push(TrainCommand::Describe {
                run: run.clone(),
                name: name.clone(),
                note: note.clone(),
            });
        }
    });
}

fn buttons_ui(ui: &mut Ui, training: &Training, record: &RunRecord, commands: &mut Vec<TrainCommand>) {
    let run = || record.run.clone();
    let busy = training.at_work.is_some();
    ui.horizontal_wrapped(|ui| {
        if let Some(paused) = training.working_on(&record.run) {
            let (sign, name) = if paused {
                (icon::PLAY, "Go on")
            } else {
                (icon::PAUSE, "Pause")
            };
            if ui.button(format!("{sign}  {name}")).clicked() {
                commands.push(TrainCommand::Pause(!paused));
            }
            let stop = ui.button(format!("{}  Stop and keep", icon::STOP));
            if stop
                .on_hover_text("Ends the run; its best state becomes a model")
                .clicked()
            {
                commands.push(TrainCommand::Stop);
            }
            return;
        }
        let palette = theme::palette(ui);
        if record.model.is_some() {
            let text = RichText::new(format!("{}  Use this model", icon::CUBE)).color(palette.surface);
            let button = Button::new(text).fill(palette.accent);
            if ui
                .add(button)
                .on_hover_text("Predictions and heatmaps come from it at once, for the classes that it was taught")
                .clicked()
            {
                commands.push(TrainCommand::Use(run()));
            }
        }
        if record.state != RunState::Done {
            let resume = ui.add_enabled(!busy, Button::new(format!("{}  Resume", icon::PLAY)));
            if resume.on_hover_text("Goes on from the last checkpoint").clicked() {
                commands.push(TrainCommand::Resume(run()));
            }
        }
        if record.model.is_some() {
            let export = ui.add_enabled(!busy, Button::new(format!("{}  Export ..", icon::EXPORT)));
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
            commands.push(TrainCommand::Delete(run()));
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
    let mut text = format!("Step {step} of {steps}");
    if paused {
        text += ", held";
    } else if let Some((pictures_per_s, left)) = curves.pace {
        text += &format!(", {pictures_per_s:.0} pictures/s, {} left", duration(f64::from(left)));
    }
    if let Some(step) = curves.checkpoint {
        text += &format!("; kept up to step {step}");
    }
    ui.label(note(ui, text));
}

/// Pictures that are answered otherwise than before.
fn flips_ui(ui: &mut Ui, curves: &Curves) {
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
                    let name = flip.path.file_name().unwrap_or_default().to_string_lossy();
                    ui.label(note(ui, name)).on_hover_text(flip.path.display().to_string());
                    ui.label(&flip.class);
                    for answer in [&flip.before, &flip.after] {
                        let right = *answer == flip.class;
                        let colour = if right { palette.text } else { palette.error };
                        ui.label(RichText::new(answer).color(colour));
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
            format!("{} for training, {} for testing", record.n_train, record.n_test),
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
