//! The list of models: what fits first, with what each needs and does.

use egui::{Button, Grid, RichText, Ui};

use super::size;
use crate::app::command::Command;
use crate::app::explore::{Compare, ExploreCommand};
use crate::app::models::fit::{STARTER, fits, listed, measured, needed_bytes, others_here, speed, starter_is_listed};
use crate::app::models::{ModelsCommand, Only, Order};
use crate::app::shell::icons as icon;
use crate::app::shell::theme;
use crate::app::shell::widgets::{checkbox, combo, elided_ui, icon_button, note, section};
use crate::app::state::{Mode, State};
use crate::engine::ModelChoice;
use crate::engine::protocol::CachedModel;
use crate::hub::{CatalogueEntry, catalogue};

const NAME_WIDTH: f32 = 270.0;
/// What a row takes that says the most. Where there is less room, names are narrower, and what can be done stands below.
const NARROW: f32 = 1_080.0;
const NARROW_NAME_WIDTH: f32 = 220.0;
/// The columns with what they mean; the last is for what can be done.
const COLUMNS: [(&str, &str); 7] = [
    ("Model", "Its name on the Hugging Face Hub"),
    ("Accuracy", "Zero-shot top-1 on ImageNet, as published"),
    ("Size", "Of its files; an estimate until it is downloaded"),
    ("Memory", "About what the model and this program need"),
    ("Speed", "Pictures a second on this device, measured or estimated"),
    ("Languages", "In which it reads labels"),
    ("", ""),
];

/// Draws it.
pub fn table_ui(ui: &mut Ui, state: &State, commands: &mut Vec<Command>) {
    theme::card(ui, |ui| {
        ui.label(section("Models to choose from"));
        choices_ui(ui, state, commands);
        ui.add_space(theme::GAP_SMALL);
        let models = &state.models;
        let (starter, entries, others) = (starter_is_listed(models), listed(models), others_here(models));
        if !starter && entries.is_empty() && others.is_empty() {
            ui.label(note(ui, "No models match."));
            return;
        }
        let narrow = ui.available_width() < NARROW;
        let columns = COLUMNS.len() - usize::from(narrow);
        Grid::new("models")
            .num_columns(columns)
            .spacing([16.0, 8.0])
            .show(ui, |ui| {
                for (heading, about) in &COLUMNS[..columns] {
                    let heading = ui.label(note(ui, *heading));
                    if !about.is_empty() {
                        heading.on_hover_text(*about);
                    }
                }
                ui.end_row();
                if starter {
                    starter_ui(ui, state, narrow, commands);
                }
                for entry in entries {
                    entry_ui(ui, state, entry, narrow, commands);
                }
                for model in others {
                    other_ui(ui, state, model, narrow, commands);
                }
            });
        ui.label(note(ui, words(state)));
    });
}

fn words(state: &State) -> String {
    let machine = match state.models.machine_bytes() {
        Some(bytes) => format!("of the {} here", size(bytes)),
        None => "of what is here".into(),
    };
    format!(
        "Accuracy: zero-shot top-1 on ImageNet as published. Sizes are estimates until downloaded. Memory: about what the \
         model and this program need, {machine}. Speed: pictures a second, measured where the model was in use on this \
         device, else estimated from one that was."
    )
}

fn choices_ui(ui: &mut Ui, state: &State, commands: &mut Vec<Command>) {
    let only = state.models.only();
    let mut wanted = Vec::new();
    ui.horizontal_wrapped(|ui| {
        ui.label(note(ui, "Sort by"));
        let order = state.models.order();
        let title = Order::ALL
            .iter()
            .find(|(other, _)| *other == order)
            .map_or("", |(_, title)| title);
        combo("order of models")
            .selected_text(title)
            .width(170.0)
            .show_ui(ui, |ui| {
                for (choice, title) in Order::ALL {
                    if ui.selectable_label(choice == order, title).clicked() {
                        wanted.push(ModelsCommand::SortBy(choice));
                    }
                }
            });
        let mut here = only.here;
        if checkbox(ui, &mut here, "Downloaded").changed() {
            wanted.push(ModelsCommand::List(Only { here, ..only.clone() }));
        }
        let mut many_languages = only.many_languages;
        if checkbox(ui, &mut many_languages, "Multilingual").changed() {
            wanted.push(ModelsCommand::List(Only {
                many_languages,
                ..only.clone()
            }));
        }
        licence_ui(ui, only, &mut wanted);
    });
    commands.extend(wanted.into_iter().map(Command::Models));
}

fn licence_ui(ui: &mut Ui, only: &Only, wanted: &mut Vec<ModelsCommand>) {
    let mut licences: Vec<&str> = catalogue().iter().map(|entry| entry.licence.as_str()).collect();
    licences.sort_unstable();
    licences.dedup();
    let any = "Any licence";
    let chosen = only.licence.as_deref();
    combo("licence")
        .selected_text(chosen.unwrap_or(any))
        .width(110.0)
        .show_ui(ui, |ui| {
            for choice in [None].into_iter().chain(licences.into_iter().map(Some)) {
                if ui.selectable_label(choice == chosen, choice.unwrap_or(any)).clicked() {
                    let licence = choice.map(String::from);
                    wanted.push(ModelsCommand::List(Only {
                        licence,
                        ..only.clone()
                    }));
                }
            }
        });
}

fn entry_ui(ui: &mut Ui, state: &State, entry: &CatalogueEntry, narrow: bool, commands: &mut Vec<Command>) {
    let here = state.models.find(&entry.name);
    let good_for = format!("Good for: {}. {}", entry.good_for, entry.licence);
    name_ui(ui, state, (&entry.name, here), &good_for, narrow, commands);
    ui.label(format!("{:.1} %", entry.imagenet_top1))
        .on_hover_text(format!("Source: {}", entry.source));
    ui.label(size(here.map_or(entry.bytes(), |model| model.bytes)))
        .on_hover_text(format!("{} million parameters", entry.parameters / 1_000_000));
    memory_ui(ui, state, entry.bytes());
    let device = state.device.as_ref().map_or("", |device| device.name.as_str());
    let speed = speed(entry, device, &state.settings.speeds);
    ui.label(speed.map_or_else(|| entry.speed.title().to_owned(), |speed| speed.words()));
    ui.label(&entry.languages);
    if !narrow {
        actions_ui(ui, state, &entry.name, here, commands);
    }
    ui.end_row();
}

/// The model in the program itself, to compare with and to measure others by.
fn starter_ui(ui: &mut Ui, state: &State, narrow: bool, commands: &mut Vec<Command>) {
    let open = state.opened_model == ModelChoice::Starter;
    let words = if open { "in use" } else { "built in" };
    let named = ("Starter", Some(words));
    name_row_ui(ui, named, "Not CLIP: everyday objects only", narrow, |ui| {
        ui.horizontal(|ui| here_actions_ui(ui, state, ModelChoice::Starter, open, commands));
    });
    ui.label(note(ui, "-"));
    ui.label(note(ui, "-"));
    ui.label(note(ui, "-"));
    let device = state.device.as_ref().map_or("", |device| device.name.as_str());
    let speed = measured(STARTER, device, &state.settings.speeds);
    ui.label(speed.map_or_else(|| "-".into(), |speed| speed.words()));
    ui.label("English");
    if !narrow {
        ui.horizontal(|ui| here_actions_ui(ui, state, ModelChoice::Starter, open, commands));
    }
    ui.end_row();
}

/// A model that somebody fetched by name.
fn other_ui(ui: &mut Ui, state: &State, model: &CachedModel, narrow: bool, commands: &mut Vec<Command>) {
    let named = (model.name.as_str(), Some(model));
    name_ui(ui, state, named, "Not in the catalogue", narrow, commands);
    ui.label(note(ui, "-"));
    ui.label(size(model.bytes));
    memory_ui(ui, state, model.bytes);
    let device = state.device.as_ref().map_or("", |device| device.name.as_str());
    let speed = measured(&model.name, device, &state.settings.speeds);
    ui.label(speed.map_or_else(|| "-".into(), |speed| speed.words()));
    ui.label(note(ui, "-"));
    if !narrow {
        actions_ui(ui, state, &model.name, Some(model), commands);
    }
    ui.end_row();
}

fn name_ui(
    ui: &mut Ui,
    state: &State,
    (name, here): (&str, Option<&CachedModel>),
    words: &str,
    narrow: bool,
    commands: &mut Vec<Command>,
) {
    let place = here.map(|_| if is_open(state, here) { "in use" } else { "downloaded" });
    name_row_ui(ui, (name, place), words, narrow, |ui| {
        actions_ui(ui, state, name, here, commands);
    });
}

/// The first column; in narrow windows with what can be done below.
fn name_row_ui(
    ui: &mut Ui,
    (name, place): (&str, Option<&str>),
    words: &str,
    narrow: bool,
    actions: impl FnOnce(&mut Ui),
) {
    let palette = theme::palette(ui);
    let width = if narrow { NARROW_NAME_WIDTH } else { NAME_WIDTH };
    ui.vertical(|ui| {
        ui.set_width(width);
        ui.spacing_mut().item_spacing.y = 0.0;
        elided_ui(ui, name, theme::body(theme::SIZE_BODY), palette.text).on_hover_text(name);
        ui.horizontal(|ui| {
            if let Some(place) = place {
                ui.label(RichText::new(place).small().color(palette.accent));
            }
            ui.add(egui::Label::new(note(ui, words)).truncate())
                .on_hover_text(words);
        });
        if narrow {
            actions(ui);
        }
    });
}

fn is_open(state: &State, here: Option<&CachedModel>) -> bool {
    here.is_some_and(|model| state.opened_model == ModelChoice::Path(model.folder.clone()))
}

fn memory_ui(ui: &mut Ui, state: &State, weights: u64) {
    let palette = theme::palette(ui);
    let needed = format!("about {}", size(needed_bytes(weights)));
    match fits(weights, state.models.machine_bytes()) {
        Some(false) => {
            let text = RichText::new(format!("{} {needed}", icon::WARNING)).color(palette.warning);
            ui.label(text).on_hover_text("Too large for this machine's memory");
        }
        Some(true) | None => {
            ui.label(needed);
        }
    }
}

fn actions_ui(ui: &mut Ui, state: &State, name: &str, here: Option<&CachedModel>, commands: &mut Vec<Command>) {
    ui.horizontal(|ui| match here {
        Some(_) if state.models.is_asked_about(name) => {
            let delete = ui.button("Delete for all programs");
            let words = "It lies in the Hugging Face cache, where other programs find it too";
            if delete.on_hover_text(words).clicked() {
                commands.push(Command::RemoveModel(name.into()));
            }
            if ui.button("Cancel").clicked() {
                commands.push(Command::Models(ModelsCommand::AskToRemove(None)));
            }
        }
        Some(model) => {
            let choice = ModelChoice::Path(model.folder.clone());
            here_actions_ui(ui, state, choice, is_open(state, here), commands);
            let remove = format!("Delete {name}: frees {}", size(model.bytes));
            if icon_button(ui, icon::TRASH, &remove, false).clicked() {
                commands.push(Command::Models(ModelsCommand::AskToRemove(Some(name.into()))));
            }
        }
        None => {
            let get = Button::new(format!("{}  Get", icon::DOWNLOAD_SIMPLE));
            let get = ui.add_enabled(state.models.fetching().is_none(), get);
            if get
                .on_disabled_hover_text("Another model is being downloaded")
                .clicked()
            {
                commands.push(Command::FetchModel(name.into()));
            }
        }
    });
}

/// What can be done with a model that is on this machine.
fn here_actions_ui(ui: &mut Ui, state: &State, choice: ModelChoice, open: bool, commands: &mut Vec<Command>) {
    if ui.add_enabled(!open, Button::new("Use")).clicked() {
        commands.push(Command::LoadModel(choice.clone()));
    }
    let beside = ui.add_enabled(!open, Button::new("Compare"));
    if beside
        .on_hover_text("Show its heatmaps beside those of the model in use")
        .clicked()
    {
        commands.push(Command::Explore(ExploreCommand::Compare(Some(Compare::Model(
            choice.clone(),
        )))));
        commands.push(Command::UseMode(Mode::Explore));
    }
    let measuring = state.models.measuring();
    if measuring == Some(&choice) {
        ui.spinner();
        ui.label(note(ui, "measuring"));
    } else {
        let measure = ui.add_enabled(measuring.is_none(), Button::new("Measure"));
        let words = "Embeds pictures for some seconds, and says how many a second it does on this device";
        if measure.on_hover_text(words).clicked() {
            commands.push(Command::MeasureModel(choice));
        }
    }
}
