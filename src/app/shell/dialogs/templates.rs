//! The user's own templates.

use egui::{Key, Modifiers, RichText, TextEdit, Ui};

use super::just_opened;
use crate::app::command::Command;
use crate::app::explore::ExploreCommand;
use crate::app::shell::keys::for_this_platform;
use crate::app::shell::theme;
use crate::app::shell::widgets::{note, primary_button};
use crate::app::state::State;
use crate::zero_shot::TemplateSet;

const ROWS: usize = 12;
/// Of all templates together: what is longer takes seconds to draw.
const MAX_CHARACTERS: usize = 200_000;

pub fn templates_ui(ui: &mut Ui, state: &State) -> Vec<Command> {
    let mut commands = Vec::new();
    let words = "One template per line, with {} where the name goes. Several form an ensemble: the mean of their \
                 normalised embeddings, normalised again.";
    ui.label(note(ui, words));
    let opened = just_opened(ui);
    let apply_key = ui.input_mut(|input| input.consume_key(Modifiers::COMMAND, Key::Enter));
    let known = || state.settings.templates.templates().join("\n");
    let mut text = state.draft.clone().unwrap_or_else(known);
    let field = TextEdit::multiline(&mut text)
        .id_salt("own templates")
        .char_limit(MAX_CHARACTERS)
        .hint_text("a photo of a {}.")
        .desired_rows(ROWS)
        .desired_width(f32::INFINITY);
    let field = ui.add(field);
    if opened {
        field.request_focus();
    }
    if field.changed() {
        commands.push(Command::Draft(text.clone()));
    }
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
    let own = TemplateSet::own(lines.map(String::from).collect());
    if let Err(error) = &own {
        ui.label(RichText::new(error.to_string()).color(theme::palette(ui).error));
    }
    ui.add_space(theme::GAP_SMALL);
    ui.horizontal(|ui| {
        let use_them = ui.add_enabled_ui(own.is_ok(), |ui| primary_button(ui, "Use these templates"));
        let wanted = use_them.inner.on_hover_text(for_this_platform("Ctrl+Enter")).clicked() || apply_key;
        if let (true, Ok(set)) = (wanted, own) {
            commands.extend([
                Command::Explore(ExploreCommand::UseTemplates(set)),
                Command::CloseDialog,
            ]);
        }
        if ui.button("Cancel").clicked() {
            commands.push(Command::CancelDialog);
        }
    });
    commands
}
