//! The templates, and the comparison with the answers under the previous ones.

use egui::Ui;

use crate::app::command::{Command, Dialog};
use crate::app::explore::command::ExploreCommand;
use crate::app::shell::icons as icon;
use crate::app::shell::status::counted;
use crate::app::shell::theme;
use crate::app::shell::widgets::{combo, ends_ui, explained, icon_button, note, section};
use crate::app::state::State;
use crate::zero_shot::TemplateSet;

pub fn templates_ui(ui: &mut Ui, state: &State, commands: &mut Vec<Command>) {
    ends_ui(
        ui,
        theme::ICON_BUTTON,
        commands,
        |ui, _| {
            ui.label(section("Template"));
        },
        |ui, commands| {
            if icon_button(ui, icon::PENCIL_SIMPLE, "Write your own templates", false).clicked() {
                commands.push(Command::OpenDialog(Dialog::Templates));
            }
        },
    );
    let chosen = &state.settings.templates;
    let list = combo("templates")
        .selected_text(chosen.title())
        .width(ui.available_width())
        .truncate()
        .show_ui(ui, |ui| {
            let own = state.settings.own_templates.iter().cloned();
            let now = matches!(chosen, TemplateSet::Own(_)).then(|| chosen.clone());
            let own = own.chain(now).last();
            for set in TemplateSet::PRESETS.into_iter().chain(own) {
                if ui.selectable_label(set == *chosen, set.title()).clicked() {
                    commands.push(ExploreCommand::UseTemplates(set).into());
                }
            }
        });
    explained(
        list.response,
        "The sentence around each label's name, as the model reads it. After a change, the bars show the results under \
         both.",
    );
    baseline_ui(ui, state, commands);
}

/// What the thin bars mean, and how many answers differ.
fn baseline_ui(ui: &mut Ui, state: &State, commands: &mut Vec<Command>) {
    let Some(baseline) = state.comparable_baseline() else {
        return;
    };
    let before = baseline.question.templates.title();
    let text = match baseline.changed {
        None => format!("Thin bars: with \"{before}\""),
        Some(0) => format!("Thin bars: with \"{before}\". Every picture has the same answer under both."),
        Some(count) => {
            let changed = counted(count, "picture has", "pictures have");
            format!("Thin bars: with \"{before}\". {changed} another answer.")
        }
    };
    ui.label(note(ui, text));
    if ui.link(egui::RichText::new("Stop comparing").small()).clicked() {
        commands.push(ExploreCommand::ForgetBaseline.into());
    }
}
