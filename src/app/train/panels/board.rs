//! The board: pictures against texts, N x N, as contrastive training sees a batch (a similarity matrix).

use std::path::Path;

use egui::{Align, Button, CornerRadius, Layout, Rect, RichText, Sense, Stroke, StrokeKind, TextEdit, Ui, vec2};

use super::board_matrix::{CELL, Matrix, board_ui, reading_ui};
use crate::app::shell::icons as icon;
use crate::app::shell::textures::FilePictures;
use crate::app::shell::theme;
use crate::app::shell::widgets::{elided_note, icon_button, note};
use crate::app::state::State;
use crate::app::train::panels::{card, progress_ui};
use crate::app::train::{AtWork, Pair, TrainCommand, Training};
use crate::engine::training::MAX_BOARD_PAIRS;

const NAME_WIDTH: f32 = 200.0;
/// Side of the small pictures in lists.
const PICTURE_SIDE: f32 = 40.0;
/// Cells of the board that shows what is to come.
const EMPTY: usize = 4;

pub fn board_page_ui(ui: &mut Ui, state: &State, files: &mut FilePictures<'_>) -> Vec<TrainCommand> {
    let mut commands = Vec::new();
    let training = &state.training;
    ui.label(RichText::new("Pictures against texts").font(theme::strong(theme::SIZE_HEADING)));
    let words = "Contrastive training compares every picture of a batch with every text (a similarity matrix). The \
                 diagonal, where picture and text belong together, should become the brightest in its row and in its \
                 column. Take a step and see.";
    ui.label(note(ui, words));
    ui.add_space(theme::GAP_SMALL);
    card(ui, |ui| pairs_ui(ui, state, files, &mut commands));
    card(ui, |ui| steps_ui(ui, state, &mut commands));
    card(ui, |ui| match &training.board {
        Some(board) => {
            let steps = match board.steps {
                0 => "as the model is".into(),
                1 => "after one step".into(),
                steps => format!("after {steps} steps"),
            };
            ui.label(format!("Contrastive loss {:.3}, {steps}", board.loss));
            let reading = reading_ui(ui, training.reading, &mut commands);
            let scale = state.scoring().logit_scale;
            board_ui(ui, &Matrix::of(&board.cosines, &training.pairs, reading, scale, files));
            ui.label(note(ui, "These steps are not saved; start a run to keep a model."));
        }
        None => {
            let words = "A row for each picture and a column for each text will appear here, each cell the brighter the \
                         better the two fit.";
            ui.label(note(ui, words));
            empty_ui(ui);
        }
    });
    commands
}

/// A board before there is one.
fn empty_ui(ui: &mut Ui) {
    let side = CELL * EMPTY as f32;
    let (area, _) = ui.allocate_exact_size(vec2(side, side), Sense::hover());
    let palette = theme::palette(ui);
    for place in 0..EMPTY * EMPTY {
        let (row, column) = (place / EMPTY, place % EMPTY);
        let min = area.min + vec2(CELL * column as f32, CELL * row as f32);
        let cell = Rect::from_min_size(min, vec2(CELL, CELL)).shrink(1.0);
        let colour = if row == column { palette.accent } else { palette.line };
        let stroke = Stroke::new(1.5, colour);
        ui.painter()
            .rect_stroke(cell, CornerRadius::same(3), stroke, StrokeKind::Inside);
    }
}

fn pairs_ui(ui: &mut Ui, state: &State, files: &mut FilePictures<'_>, commands: &mut Vec<TrainCommand>) {
    let known = &state.training.pairs;
    let paths: Vec<&Path> = known.iter().map(|(path, _)| path.as_path()).collect();
    let mut pairs: Vec<Pair> = known.clone();
    let mut removed = None;
    for (place, pair) in pairs.iter_mut().enumerate() {
        let name = short_name(paths[place], &paths);
        if pair_ui(ui, place, pair, &name, files) {
            removed = Some(place);
        }
    }
    if let Some(place) = removed {
        pairs.remove(place);
    }
    if pairs.is_empty() {
        let words = "Pairs of a picture and its text come from the pictures that you look at: select one in Explore and \
                     add it here, or take the most confident picture of each label.";
        ui.label(note(ui, words));
    }
    ui.horizontal_wrapped(|ui| {
        let selected = selected_pair(state);
        let in_the_way = add_in_the_way(&state.training, selected.as_ref());
        let add = ui.add_enabled(in_the_way.is_none(), Button::new("Add the selected picture"));
        if add.on_disabled_hover_text(in_the_way.unwrap_or_default()).clicked() {
            pairs.extend(selected);
        }
        if ui.button("One of each label").clicked() {
            commands.push(TrainCommand::FillBoard);
        }
    });
    if pairs != *known {
        commands.push(TrainCommand::SetPairs(pairs));
    }
}

/// Why the selected picture cannot be added.
fn add_in_the_way(training: &Training, selected: Option<&Pair>) -> Option<String> {
    match selected {
        None => Some("No picture is selected in Explore".into()),
        Some((path, _)) if training.has_pair_of(path) => Some("The selected picture is on the board already".into()),
        Some(_) if training.board_is_full() => Some(format!("The board takes {MAX_BOARD_PAIRS} pairs")),
        Some(_) => None,
    }
}

/// The picture that is selected in Explore, with its best label as text.
fn selected_pair(state: &State) -> Option<Pair> {
    let selected = state.explore.selected()?;
    let picture = state.explore.pictures().get(selected)?;
    let answer = state.selected_answer();
    let text = answer.and_then(|answer| Some(answer.name(answer.scores.best?)));
    Some((picture.file.path.clone(), text.unwrap_or_default().to_owned()))
}

/// A picture and the text that belongs to it, which can be changed; whether it shall go.
fn pair_ui(ui: &mut Ui, place: usize, (path, text): &mut Pair, name: &str, files: &mut FilePictures<'_>) -> bool {
    let left = Layout::left_to_right(Align::Center);
    let line = vec2(ui.available_width(), PICTURE_SIDE);
    let row = ui.allocate_ui_with_layout(line, left, |ui| {
        ui.label(note(ui, format!("{}", place + 1)));
        ui.allocate_ui_with_layout(vec2(NAME_WIDTH, PICTURE_SIDE), left, |ui| {
            ui.set_width(NAME_WIDTH);
            picture_ui(ui, path, name, files);
        });
        let width = (ui.available_width() - PICTURE_SIDE).clamp(120.0, 480.0);
        let field = TextEdit::singleline(text)
            .id_salt(("pair", place))
            .char_limit(crate::escape::MAX_NAME_CHARACTERS);
        ui.add(field.desired_width(width));
        icon_button(ui, icon::X, &format!("Remove pair {}", place + 1), false).clicked()
    });
    row.inner
}

/// A small picture with its name, which gives way in its middle: names of files differ at their ends.
pub fn picture_ui(ui: &mut Ui, path: &Path, name: &str, files: &mut FilePictures<'_>) {
    ui.horizontal(|ui| {
        let (area, _) = ui.allocate_exact_size(vec2(PICTURE_SIDE, PICTURE_SIDE), Sense::hover());
        files.paint(ui, path, area);
        elided_note(ui, name).on_hover_text(path.display().to_string());
    });
}

/// A file's name; with its folder where another one is called the same.
pub fn short_name(path: &Path, all: &[&Path]) -> String {
    let name = path.file_name().unwrap_or_default();
    let repeats = all.iter().filter(|other| other.file_name() == Some(name)).count() > 1;
    let folder = path.parent().and_then(Path::file_name).filter(|_| repeats);
    match folder {
        Some(folder) => format!("{}/{}", folder.to_string_lossy(), name.to_string_lossy()),
        None => name.to_string_lossy().into_owned(),
    }
}

fn steps_ui(ui: &mut Ui, state: &State, commands: &mut Vec<TrainCommand>) {
    let training = &state.training;
    if let Some(AtWork::Other(what, done)) = &training.at_work {
        commands.extend(progress_ui(ui, what, *done));
        return;
    }
    let ready = training.pairs.len() > 1 && training.at_work.is_none();
    let done = training.board.as_ref().map(|board| board.steps);
    ui.horizontal(|ui| {
        let show = ui.add_enabled(ready, Button::new(format!("{}  Compare", icon::GRID_NINE)));
        if show.clicked() {
            commands.push(TrainCommand::ShowBoard(0));
        }
        let step = ui.add_enabled(ready && done.is_some(), Button::new("One contrastive step"));
        if step
            .on_hover_text("The text tower and the projections learn from exactly these pairs")
            .clicked()
        {
            commands.push(TrainCommand::ShowBoard(done.unwrap_or(0) + 1));
        }
    });
}
