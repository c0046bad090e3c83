//! The labels: one a row, each with its colour; the templates; "none of these".

use std::collections::HashSet;

use crate::app::shell::icons as icon;
use egui::{Event, Key, Modifiers, RichText, ScrollArea, TextEdit, Ui, vec2};

use super::none::{none_row_ui, none_ui};
use super::state::Focus;
use super::templates::templates_ui;
use super::wording::Wording;

use crate::app::command::{Command, Dialog};
use crate::app::settings::LabelRow;
use crate::app::shell::keys::with_hint;
use crate::app::shell::status::thousands;
use crate::app::shell::theme;
use crate::app::shell::widgets::{ends_ui, follow_focus, icon_button, labelled, note, section, swatch_ui};
use crate::app::state::State;
use crate::app::train::taught_ui;
use crate::zero_shot::{Label, LabelId, MAX_LABEL_CHARACTERS, of_fair_length, parse_labels};

/// From so many labels on, only those that are seen are drawn.
const MANY: usize = 100;
/// The id of the field for new labels.
/// Of all descriptions of a label together.
const MAX_DESCRIPTIONS: usize = 20 * MAX_LABEL_CHARACTERS;
const NEW_LABEL: &str = "new label";
/// Rows so far out of sight are drawn: Tab goes to them.
const MARGIN: f32 = 60.0;
/// What the templates and "none of these" take below the list, about; the list itself is never lower than the other.
const BELOW: f32 = 158.0;
const LEAST_LIST: f32 = 80.0;
/// The line above them.
const SEPARATOR: f32 = 6.0;
/// What the buttons right of the heading take, and those right of a label.
const HEADER_WIDTH: f32 = 128.0;
const ROW_WIDTH: f32 = 88.0;

/// Draws the panel.
pub fn labels_ui(ui: &mut Ui, state: &State, commands: &mut Vec<Command>) {
    header_ui(ui, state, commands);
    taught_ui(ui, state, commands);
    new_label_ui(ui, state, commands);
    ui.add_space(theme::GAP_SMALL);
    // What is below the list has its room first.
    let id = ui.scope_id().with("height below the labels");
    let below: f32 = ui.data(|data| data.get_temp(id)).unwrap_or(BELOW);
    let height = (ui.available_height() - below - ui.spacing().item_spacing.y).max(LEAST_LIST);
    ScrollArea::vertical()
        .max_height(height)
        .auto_shrink([false, true])
        .show(ui, |ui| {
            if state.settings.labels.is_empty() {
                ui.label(note(
                    ui,
                    "No labels yet. Type what a picture could show, such as \"cat\", and press Enter.",
                ));
            }
            rows_ui(ui, state, commands);
            if !state.settings.labels.is_empty() && state.settings.show_none {
                none_row_ui(ui, |ui| {
                    wins_ui(ui, state.explore.arranged.none_wins, None, state, commands)
                });
            }
            follow_focus(ui);
        });
    let drawn = ui.scope(|ui| {
        ui.separator();
        ScrollArea::vertical()
            .id_salt("below the labels")
            .auto_shrink([false, true])
            .show(ui, |ui| {
                templates_ui(ui, state, commands);
                none_ui(ui, state, commands);
                follow_focus(ui);
                ui.min_rect().height()
            })
            .inner
    });
    let drawn = drawn.inner + ui.spacing().item_spacing.y + SEPARATOR;
    if (drawn - below).abs() > 0.5 {
        ui.data_mut(|data| data.insert_temp(id, drawn));
        ui.ctx().request_repaint();
    }
}

fn header_ui(ui: &mut Ui, state: &State, commands: &mut Vec<Command>) {
    let now = Wording::of(&state.settings);
    let history = &state.explore.history;
    let undo = history.before().map(|before| before.change_to(&now));
    let redo = history.after().map(|after| now.change_to(after));
    let tools = |ui: &mut Ui, commands: &mut Vec<Command>| {
        let steps = [
            (icon::ARROW_U_UP_LEFT, "Undo", undo, Command::Undo),
            (icon::ARROW_U_UP_RIGHT, "Redo", redo, Command::Redo),
        ];
        for (sign, name, what, command) in steps {
            let told = match &what {
                Some(what) => format!("{name} {what}"),
                None => format!("Nothing to {}", name.to_lowercase()),
            };
            let told = with_hint(&told, state, &command);
            let button = ui.add_enabled_ui(what.is_some(), |ui| icon_button(ui, sign, &told, false));
            if button.inner.clicked() {
                commands.push(command);
            }
        }
        if icon_button(ui, icon::LIST_PLUS, "Paste or edit the list", false).clicked() {
            commands.push(Command::OpenDialog(Dialog::LabelList));
        }
        let fold = with_hint("Fold the labels", state, &Command::ToggleLabels);
        if icon_button(ui, icon::SIDEBAR_SIMPLE, &fold, false).clicked() {
            commands.push(Command::ToggleLabels);
        }
    };
    let title = |ui: &mut Ui, _: &mut Vec<Command>| {
        ui.label(section("Labels"));
    };
    ends_ui(ui, HEADER_WIDTH, commands, title, tools);
}

fn new_label_ui(ui: &mut Ui, state: &State, commands: &mut Vec<Command>) {
    let mut typed = state.explore.new_label.clone();
    let field = TextEdit::singleline(&mut typed)
        .id_salt(NEW_LABEL)
        // One more than is taken: that it is too long is said, not hidden by cutting it.
        .char_limit(MAX_LABEL_CHARACTERS + 1)
        .hint_text("Add a label, press Enter")
        .desired_width(f32::INFINITY)
        .margin(egui::Margin::symmetric(10, 7));
    let response = ui.add(field);
    if state.explore.focus == Some(Focus::NewLabel) {
        response.request_focus();
        commands.push(Command::Focused);
    }
    // A pasted list becomes rows; the field itself would join its lines.
    let pasted = ui.input(|input| {
        input.events.iter().find_map(|event| match event {
            Event::Paste(text) if text.trim().contains('\n') => Some(text.clone()),
            _ => None,
        })
    });
    if let Some(text) = pasted.filter(|_| response.has_focus()) {
        commands.push(Command::TypeNewLabel(String::new()));
        add(state, parse_labels(&text), commands);
    } else if response.lost_focus() && ui.input(|input| input.key_pressed(Key::Enter)) {
        commands.push(Command::TypeNewLabel(String::new()));
        add(state, Label::parse(&typed).into_iter().collect(), commands);
        response.request_focus();
    } else if response.changed() {
        commands.push(Command::TypeNewLabel(typed));
    }
}

/// The rows; of very many, only those that are seen.
fn rows_ui(ui: &mut Ui, state: &State, commands: &mut Vec<Command>) {
    let labels = &state.settings.labels;
    let clip = ui.clip_rect().expand2(vec2(0.0, MARGIN));
    let mut height = None;
    for (place, row) in labels.iter().enumerate() {
        let top = ui.cursor().top();
        if let Some(height) = height
            && labels.len() > MANY
            && (top > clip.bottom() || top + height < clip.top())
            && state.explore.expanded_label != Some(row.id)
        {
            ui.add_space(height);
            continue;
        }
        row_ui(ui, state, place, commands);
        height.get_or_insert(ui.cursor().top() - top);
    }
}

/// Labels that are there already are not added once more: they would halve each other's share.
fn add(state: &State, labels: Vec<Label>, commands: &mut Vec<Command>) {
    let (labels, refused) = of_fair_length(labels);
    commands.extend(refusal(&refused));
    let mut rows = state.settings.labels.clone();
    let mut known: HashSet<_> = rows.iter().map(|row| reading(&row.label)).collect();
    let mut colours = FreeColours::beside(&rows);
    for label in labels {
        if known.insert(reading(&label)) {
            rows.push(LabelRow::new(label, colours.next_free()));
        }
    }
    commands.push(Command::EditLabels(rows));
}

/// Says which labels are not taken.
pub fn refusal(refused: &[String]) -> Option<Command> {
    let first = refused.first()?;
    let more = refused.len() - 1;
    let rest = if more > 0 {
        format!(" ({more} more are too long)")
    } else {
        String::new()
    };
    Some(Command::Report(format!("Not taken: {first}{rest}")))
}

/// Colours for new labels: always one that the fewest have.
pub struct FreeColours(Vec<usize>);

impl FreeColours {
    /// Beside labels that are there.
    pub fn beside(rows: &[LabelRow]) -> Self {
        let mut counts = vec![0; theme::label_colours()];
        rows.iter()
            .for_each(|row| counts[row.colour % theme::label_colours()] += 1);
        Self(counts)
    }

    /// One more has this colour.
    pub fn take(&mut self, colour: usize) {
        self.0[colour % theme::label_colours()] += 1;
    }

    /// The first colour that the fewest labels have; one more has it now.
    pub fn next_free(&mut self) -> usize {
        let colour = (0..self.0.len()).min_by_key(|colour| self.0[*colour]).unwrap_or(0);
        self.take(colour);
        colour
    }
}

/// How a label reads to people: the model's scores for two that read the same hardly differ.
fn reading(label: &Label) -> (String, Vec<String>) {
    (label.name.trim().to_lowercase(), label.descriptions.clone())
}

/// Whether a label can be English, as far as its letters tell.
fn is_english(label: &Label) -> bool {
    let texts = std::iter::once(&label.name).chain(&label.descriptions);
    let foreign = |text: &String| text.chars().any(|c| c.is_alphabetic() && c as u32 >= 0x250);
    !texts.into_iter().any(foreign)
}

/// Labels that read like one above them.
pub fn doubled(rows: &[LabelRow]) -> HashSet<LabelId> {
    let mut seen = HashSet::new();
    let doubled = rows.iter().filter(|row| !seen.insert(reading(&row.label)));
    doubled.map(|row| row.id).collect()
}

fn row_ui(ui: &mut Ui, state: &State, place: usize, commands: &mut Vec<Command>) {
    let mut row = state.settings.labels[place].clone();
    let wins = state.explore.arranged.wins.get(&row.id).copied().unwrap_or(0);
    let (id, name) = (row.id, row.label.name.clone());
    ui.push_id(row.id, |ui| {
        ui.horizontal(|ui| {
            ui.spacing_mut().item_spacing.x = theme::GAP_SMALL + 2.0;
            swatch_ui(ui, theme::label_colour(row.colour));
            ends_ui(
                ui,
                ROW_WIDTH,
                commands,
                |ui, commands| name_ui(ui, state, place, &mut row, commands),
                |ui, commands| {
                    ui.spacing_mut().item_spacing.x = theme::GAP_SMALL + 2.0;
                    wins_ui(ui, wins, Some(id), state, commands);
                    menu_ui(ui, state, place, commands);
                    if icon_button(ui, icon::X, &format!("Remove {name}"), false).clicked() {
                        commands.push(Command::EditLabels(without(state, place)));
                    }
                },
            );
        });
        if state.explore.doubled.contains(&row.id) {
            let text = format!("{} The same as a label above: they share its score", icon::WARNING);
            ui.label(RichText::new(text).small().color(theme::palette(ui).warning));
        }
        if state.model.as_ref().is_some_and(|model| model.is_starter()) && !is_english(&row.label) {
            let text = format!("{} The starter reads English only", icon::WARNING);
            ui.label(RichText::new(text).small().color(theme::palette(ui).warning));
        }
        descriptions_ui(ui, state, place, commands);
        let answer = state.explore.asking.answer.as_ref();
        let as_answered =
            answer.and_then(|question| question.label(row.id)) == Some(&state.settings.labels[place].label);
        let mut lost_words = state.explore.asking.lost_words.iter();
        if let Some((_, lost)) = lost_words.find(|(label, _)| as_answered && *label == row.id) {
            let colour = theme::palette(ui).warning;
            let text = format!("{} Too long: the model does not read \"{lost}\"", icon::SCISSORS);
            ui.label(RichText::new(text).small().color(colour));
        }
        let mut untaught = state.explore.asking.untaught.iter();
        if let Some((_, note)) = untaught.find(|(label, _)| as_answered && *label == row.id) {
            let text = format!("{} {note}", icon::WARNING);
            ui.label(RichText::new(text).small().color(theme::palette(ui).warning));
        }
    });
}

/// The name, where it is typed.
fn name_ui(ui: &mut Ui, state: &State, place: usize, row: &mut LabelRow, commands: &mut Vec<Command>) {
    let width = ui.available_width();
    let field = TextEdit::singleline(&mut row.label.name)
        .id_salt("name")
        .char_limit(MAX_LABEL_CHARACTERS)
        .hint_text("Name")
        .frame(egui::Frame::new())
        .margin(egui::Margin::ZERO)
        .align(egui::Align2::LEFT_CENTER)
        .min_size(vec2(width, theme::ROW_HEIGHT - 4.0))
        .desired_width(width);
    let response = ui.add(field);
    if response.changed() {
        let mut rows = state.settings.labels.clone();
        rows[place].label.name.clone_from(&row.label.name);
        commands.push(Command::TypeLabel(rows));
    }
    if response.has_focus() {
        move_by_key(ui, state, place, commands);
    }
}

/// How many pictures a label wins; a click shows only those.
fn wins_ui(ui: &mut Ui, wins: usize, label: Option<LabelId>, state: &State, commands: &mut Vec<Command>) {
    let palette = theme::palette(ui);
    let filtered = state.explore.filter.label == Some(label);
    let colour = if filtered { palette.accent } else { palette.text_weak };
    let text = RichText::new(thousands(wins)).small().color(colour);
    let button = egui::Button::new(text).frame(filtered).min_size(vec2(24.0, 20.0));
    let response = ui
        .add(button)
        .on_hover_text("Pictures whose best label this is; click to show only them");
    if response.clicked() {
        commands.push(Command::FilterLabel(if filtered { None } else { Some(label) }));
    }
}

fn menu_ui(ui: &mut Ui, state: &State, place: usize, commands: &mut Vec<Command>) {
    let last = state.settings.labels.len() - 1;
    let name = format!("More for {}", state.settings.labels[place].label.name);
    let button = egui::Button::new(RichText::new(icon::DOTS_THREE_VERTICAL)).frame(false);
    let response = egui::containers::menu::MenuButton::from_button(button)
        .ui(ui, |ui| {
            if ui
                .button(format!("{}  Use a description", icon::TEXT_ALIGN_LEFT))
                .clicked()
            {
                commands.push(Command::ExpandLabel(Some(state.settings.labels[place].id)));
            }
            if ui.button(format!("{}  Next colour", icon::PALETTE)).clicked() {
                let mut rows = state.settings.labels.clone();
                rows[place].colour = (rows[place].colour + 1) % theme::label_colours();
                commands.push(Command::EditLabels(rows));
            }
            let up = egui::Button::new(format!("{}  Move up (Alt+Up)", icon::ARROW_UP));
            if ui.add_enabled(place > 0, up).clicked() {
                commands.push(Command::EditLabels(swapped(state, place, place.saturating_sub(1))));
            }
            let down = egui::Button::new(format!("{}  Move down (Alt+Down)", icon::ARROW_DOWN));
            if ui.add_enabled(place < last, down).clicked() {
                commands.push(Command::EditLabels(swapped(state, place, (place + 1).min(last))));
            }
        })
        .0;
    labelled(response.on_hover_text(&name), &name);
}

fn move_by_key(ui: &Ui, state: &State, place: usize, commands: &mut Vec<Command>) {
    let pressed = |key| ui.input_mut(|input| input.consume_key(Modifiers::ALT, key));
    if place > 0 && pressed(Key::ArrowUp) {
        commands.push(Command::EditLabels(swapped(state, place, place - 1)));
    } else if place + 1 < state.settings.labels.len() && pressed(Key::ArrowDown) {
        commands.push(Command::EditLabels(swapped(state, place, place + 1)));
    }
}

fn without(state: &State, place: usize) -> Vec<LabelRow> {
    let mut rows = state.settings.labels.clone();
    rows.remove(place);
    rows
}

fn swapped(state: &State, a: usize, b: usize) -> Vec<LabelRow> {
    let mut rows = state.settings.labels.clone();
    rows.swap(a, b);
    rows
}

fn descriptions_ui(ui: &mut Ui, state: &State, place: usize, commands: &mut Vec<Command>) {
    let row = &state.settings.labels[place];
    let (id, descriptions) = (row.id, row.label.descriptions.clone());
    if state.explore.expanded_label != Some(id) {
        if !descriptions.is_empty() {
            let text = format!("{} {}", icon::TEXT_ALIGN_LEFT, descriptions.join("; "));
            if ui
                .add(egui::Label::new(note(ui, text)).truncate().sense(egui::Sense::click()))
                .clicked()
            {
                commands.push(Command::ExpandLabel(Some(id)));
            }
        }
        return;
    }
    let mut text = descriptions.join("\n");
    let field = TextEdit::multiline(&mut text)
        .id_salt("descriptions")
        .char_limit(MAX_DESCRIPTIONS)
        .hint_text("like a horse, with black and white stripes")
        .desired_rows(2)
        .desired_width(f32::INFINITY);
    if ui.add(field).changed() {
        let mut rows = state.settings.labels.clone();
        rows[place].label.descriptions = text.split('\n').map(String::from).collect();
        match rows[place].label.too_long() {
            None => commands.push(Command::TypeLabel(rows)),
            reason => commands.extend(refusal(&Vec::from_iter(reason))),
        }
    }
    ui.horizontal_wrapped(|ui| {
        ui.label(note(ui, "One per line; replaces the name"));
        if ui.small_button("Done").clicked() {
            commands.push(Command::ExpandLabel(None));
            let mut rows = state.settings.labels.clone();
            rows[place].label.descriptions.retain(|text| !text.trim().is_empty());
            commands.push(Command::TypeLabel(rows));
        }
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn new_labels_have_the_colours_that_the_fewest_have_however_many_there_are() {
        let mut colours = FreeColours::beside(&[]);
        let count = theme::label_colours();
        let given: Vec<usize> = (0..100_000).map(|_| colours.next_free()).collect();
        assert!(given.iter().enumerate().all(|(place, colour)| *colour == place % count));
        let rows = [
            LabelRow::new(Label::named("a"), 0),
            LabelRow::new(Label::named("b"), count + 1),
        ];
        assert_eq!(FreeColours::beside(&rows).next_free(), 2);
    }

    #[test]
    fn labels_that_are_too_long_are_not_taken_and_the_first_is_named() {
        assert_eq!(refusal(&[]), None);
        let long = |letter: char| Label::named(letter.to_string().repeat(2_000));
        let (kept, refused) = of_fair_length(vec![Label::named("cat"), long('x'), long('y')]);
        assert_eq!(kept.len(), 1);
        let Some(Command::Report(text)) = refusal(&refused) else {
            panic!("nothing was said")
        };
        assert!(
            text.starts_with("Not taken: \"xxx") && text.contains("1 more"),
            "{text}"
        );
    }
}
