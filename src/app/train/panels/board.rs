//! The board: pictures against texts, N x N, as contrastive training sees a batch.

use egui::accesskit::Role;
use egui::{
    Align, Align2, Button, Color32, CornerRadius, Image, Layout, Rect, RichText, Sense, Stroke, StrokeKind, TextEdit,
    Ui, WidgetInfo, vec2,
};

use crate::app::shell::icons as icon;
use crate::app::shell::textures::Textures;
use crate::app::shell::theme;
use crate::app::shell::widgets::{icon_button, note};
use crate::app::state::State;
use crate::app::train::panels::{card, progress_ui};
use crate::app::train::{AtWork, Pair, TrainCommand};
use crate::engine::protocol::ScreenImage;
use crate::heatmap::Ramp;

/// Side of a cell, as long as there is room.
const CELL: f32 = 52.0;
const PAIRS: usize = 12;
const NAME_WIDTH: f32 = 200.0;

/// Draws the page.
pub fn board_page_ui(ui: &mut Ui, state: &mut State, textures: &mut Textures) -> Vec<TrainCommand> {
    let mut commands = Vec::new();
    ui.label(RichText::new("Pictures against texts").font(theme::strong(theme::SIZE_HEADING)));
    let words = "Contrastive training compares every picture of a batch with every text. The diagonal, where picture and \
                 text belong together, is to become brighter than its row and its column. Take a step and see.";
    ui.label(note(ui, words));
    ui.add_space(theme::GAP_SMALL);
    card(ui, |ui| pairs_ui(ui, state, &mut commands));
    card(ui, |ui| steps_ui(ui, state, &mut commands));
    if let Some((board, pictures)) = &state.training.board {
        card(ui, |ui| {
            let steps = match board.steps {
                0 => "as the model is".into(),
                1 => "after one step".into(),
                steps => format!("after {steps} steps"),
            };
            ui.label(format!("Contrastive loss {:.3}, {steps}", board.loss));
            let textures = pictures
                .iter()
                .enumerate()
                .map(|(place, picture)| textures.small(ui.ctx(), &format!("board {place}"), picture));
            let textures: Vec<_> = textures.collect();
            board_ui(ui, &board.cosines, Some((pictures.as_slice(), textures.as_slice())));
            ui.label(note(ui, "Nothing of these steps is kept: for that, start a run."));
        });
    }
    commands
}

fn pairs_ui(ui: &mut Ui, state: &mut State, commands: &mut Vec<TrainCommand>) {
    let mut pairs: Vec<Pair> = state.training.pairs.clone();
    let mut removed = None;
    for (place, (path, text)) in pairs.iter_mut().enumerate() {
        ui.horizontal(|ui| {
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            ui.label(note(ui, format!("{}", place + 1)));
            let left = Layout::left_to_right(Align::Center);
            ui.allocate_ui_with_layout(vec2(NAME_WIDTH, theme::ROW_HEIGHT), left, |ui| {
                ui.set_width(NAME_WIDTH);
                ui.add(egui::Label::new(name).truncate());
            });
            ui.add(TextEdit::singleline(text).id_salt(("pair", place)).desired_width(340.0));
            if icon_button(ui, icon::X, &format!("Remove pair {}", place + 1), false).clicked() {
                removed = Some(place);
            }
        });
    }
    if let Some(place) = removed {
        pairs.remove(place);
    }
    if pairs.is_empty() {
        let words = "Pairs of a picture and its text come from the pictures that you look at: select one under Explore \
                     and add it here, or take the surest picture of each label.";
        ui.label(note(ui, words));
    }
    ui.horizontal(|ui| {
        let selected = state.explore.selected().and_then(|id| state.explore.pictures().get(id));
        let add = ui.add_enabled(
            selected.is_some() && pairs.len() < PAIRS,
            Button::new("Add the selected picture"),
        );
        if let (true, Some(picture)) = (add.clicked(), selected) {
            let answer = state.selected_answer();
            let text = answer.and_then(|answer| Some(answer.name(answer.scores.best?)));
            pairs.push((picture.file.path.clone(), text.unwrap_or_default().to_owned()));
        }
        if ui.button("One of each label").clicked() {
            commands.push(TrainCommand::FillBoard);
        }
    });
    if pairs != state.training.pairs {
        commands.push(TrainCommand::SetPairs(pairs));
    }
}

fn steps_ui(ui: &mut Ui, state: &State, commands: &mut Vec<TrainCommand>) {
    let training = &state.training;
    if let Some(AtWork::Other(what, done)) = &training.at_work {
        commands.extend(progress_ui(ui, what, *done));
        return;
    }
    let ready = training.pairs.len() > 1 && training.at_work.is_none();
    let done = training.board.as_ref().map(|(board, _)| board.steps);
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

/// Draws the cells; `pictures` stand beside their rows.
pub fn board_ui(ui: &mut Ui, cosines: &[Vec<f32>], pictures: Option<(&[ScreenImage], &[egui::TextureHandle])>) {
    let columns = cosines.first().map_or(0, Vec::len).max(1);
    let values = || cosines.iter().flatten().copied();
    let low = values().fold(f32::INFINITY, f32::min);
    let high = values().fold(f32::NEG_INFINITY, f32::max);
    let side = CELL.min((ui.available_width() - CELL) / columns as f32).max(16.0);
    let heading = if pictures.is_some() { side } else { 0.0 };
    let size = vec2(heading + side * columns as f32, side * cosines.len() as f32);
    let (area, response) = ui.allocate_exact_size(size, Sense::hover());
    response.widget_info(|| WidgetInfo::labeled(Role::Image, true, "Cosines of pictures and texts"));
    let painter = ui.painter_at(area);
    let accent = theme::palette(ui).accent;
    for (row, cells) in cosines.iter().enumerate() {
        let top = area.top() + side * row as f32;
        if let Some((image, texture)) =
            pictures.and_then(|(images, textures)| Some((images.get(row)?, textures.get(row)?)))
        {
            let longest = image.width.max(image.height).max(1) as f32;
            let fitted = vec2(image.width as f32, image.height as f32) * ((side - 4.0) / longest);
            let centre = egui::pos2(area.left() + side / 2.0, top + side / 2.0);
            Image::new(texture).paint_at(ui, Rect::from_center_size(centre, fitted));
        }
        for (column, value) in cells.iter().enumerate() {
            let min = egui::pos2(area.left() + heading + side * column as f32, top);
            let cell = Rect::from_min_size(min, vec2(side, side)).shrink(1.0);
            let share = (value - low) / (high - low).max(1e-6);
            let [r, g, b] = Ramp::Viridis.colour(share);
            painter.rect_filled(cell, CornerRadius::same(3), Color32::from_rgb(r, g, b));
            if row == column {
                painter.rect_stroke(
                    cell,
                    CornerRadius::same(3),
                    Stroke::new(2.0, accent),
                    StrokeKind::Inside,
                );
            }
            if side >= 36.0 {
                let ink = if share > 0.6 { Color32::BLACK } else { Color32::WHITE };
                let font = theme::body(theme::SIZE_SMALL);
                painter.text(cell.center(), Align2::CENTER_CENTER, format!("{value:.2}"), font, ink);
            }
        }
    }
}
