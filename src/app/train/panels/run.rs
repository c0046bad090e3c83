//! One run: where it stands, what it learnt, and what can be done with it.

use egui::{Button, Key, ProgressBar, RichText, TextEdit, Ui};

use super::blend::blend_ui;
use super::board_matrix::{Matrix, board_ui, reading_ui};
use super::run_charts::{charts_ui, coming_charts_ui};
use super::run_facts::facts_ui;
use super::run_flips::flips_ui;
use super::run_result::result_ui;
use super::trials::trials_ui;
use crate::app::shell::icons as icon;
use crate::app::shell::status::thousands;
use crate::app::shell::textures::FilePictures;
use crate::app::shell::theme;
use crate::app::shell::widgets::{duration, icon_button, note, primary_button, section};
use crate::app::state::State;
use crate::app::train::panels::{card, progress_ui};
use crate::app::train::{Curves, TrainCommand, Training};
use crate::engine::training::{RunRecord, RunState, TrainingRequest};

/// Width of the fields for a name and a note.
const EDIT_WIDTH: f32 = 480.0;

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
    facts_ui(ui, record);
    commands
}

/// What will stand here once the run has taken its first steps.
fn coming_ui(ui: &mut Ui) {
    card(ui, |ui| {
        let words = "The curves come with the first steps: training loss, and accuracy on validation beside the zero-shot \
                     accuracy. After that: the test accuracy, the pictures that are answered differently, and a \
                     slider between the original model and this one.";
        ui.label(note(ui, words));
        coming_charts_ui(ui);
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
    if curves.preparing.is_some() {
        coming_ui(ui);
    }
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
            return working_ui(ui, paused, commands);
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

/// What can be done with a run at work.
fn working_ui(ui: &mut Ui, paused: bool, commands: &mut Vec<TrainCommand>) {
    let (sign, name) = match paused {
        true => (icon::PLAY, "Resume"),
        false => (icon::PAUSE, "Pause"),
    };
    if ui.button(format!("{sign}  {name}")).clicked() {
        commands.push(TrainCommand::Send(TrainingRequest::Pause(!paused)));
    }
    let stop = ui.button(format!("{}  Stop and keep", icon::STOP));
    let stop = stop.on_hover_text("Ends the run; its best state becomes a model");
    if stop.clicked() {
        commands.push(TrainCommand::Send(TrainingRequest::Stop));
    }
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
