//! A new evaluation: the pictures, what they are said to show, the words, the model.

use egui::{Grid, RichText, Ui};

use super::{Sheet, card, found, progress_ui, typed_ui};
use crate::app::command::{Command, FileDialog};
use crate::app::evaluate::{EvaluateCommand, Page, SixtyCommand};
use crate::app::shell::icons as icon;
use crate::app::shell::theme;
use crate::app::shell::widgets::{combo, elided_note, note, primary_button, section};
use crate::app::state::State;
use crate::engine::evaluation::{EvaluationConfig, Part, Preset, Side, TemplateSet};

pub fn setup_ui(ui: &mut Ui, state: &State, page: &mut Sheet<'_>) {
    ui.label(RichText::new("How good is the model on your pictures?").font(theme::strong(theme::SIZE_HEADING)));
    let words = "Choose a folder with a folder for each class (train, val and test folders are understood), or a list with \
                 a column for the picture and one for its label. Nothing in it is ever changed.";
    ui.label(note(ui, words));
    ui.add_space(theme::GAP_SMALL);
    card(ui, |ui| pictures_ui(ui, state, page));
    if let Some(found) = state.evaluating.truth() {
        card(ui, |ui| found::found_ui(ui, state, found, page));
        if found.is_ok() {
            card(ui, |ui| words_ui(ui, state, page));
        }
    }
    card(ui, |ui| unlabelled_ui(ui, state, page));
}

/// For who has pictures and no labels.
fn unlabelled_ui(ui: &mut Ui, state: &State, page: &mut Sheet<'_>) {
    ui.label(section("No labels yet?"));
    let labels = state.settings.labels.len();
    let folder = state.settings.folders.first();
    let words = "In some sixty clicks you can estimate the accuracy on the folder that is open in Explore, with the labels that \
                 you wrote there; every click is a label, and is kept.";
    ui.label(note(ui, words));
    let refusal = match folder {
        None => Some("Open a folder in Explore first"),
        _ if labels < 2 => Some("Write two labels or more in Explore first"),
        _ if state.evaluating.at_work().is_some() => Some("Something else is being measured: wait for it, or stop it"),
        _ => None,
    };
    ui.horizontal_wrapped(|ui| {
        let button = egui::Button::new("Estimate without labels");
        if ui.add_enabled(refusal.is_none(), button).clicked() {
            page.want(EvaluateCommand::Sixty(SixtyCommand::Begin));
        }
        if state.evaluating.sixty().is_some() && ui.button("Go on with the last one").clicked() {
            page.want(EvaluateCommand::Open(Page::Sixty));
        }
        let told = refusal.map(String::from).or_else(|| {
            let name = folder?.file_name().unwrap_or_default().to_string_lossy().into_owned();
            Some(format!("{name}, {labels} labels"))
        });
        ui.label(note(ui, told.unwrap_or_default()));
    });
}

fn pictures_ui(ui: &mut Ui, state: &State, page: &mut Sheet<'_>) {
    let draft = state.evaluating.draft();
    ui.label(section("Pictures"));
    ui.horizontal(|ui| {
        if ui
            .button(format!("{}  Choose a folder\u{2026}", icon::FOLDER_OPEN))
            .clicked()
        {
            page.drawn.commands.push(Command::Choose(FileDialog::EvaluationFolder));
        }
        if ui.button("Choose a list\u{2026}").clicked() {
            page.drawn.commands.push(Command::Choose(FileDialog::EvaluationList));
        }
        let open = state.settings.folders.first().filter(|folder| **folder != draft.folder);
        if let Some(open) = open.filter(|_| draft.folder.as_os_str().is_empty()) {
            let name = open.file_name().unwrap_or_default().to_string_lossy();
            if ui.button(format!("The open folder, {name}")).clicked() {
                page.want(EvaluateCommand::UseFolder(open.clone()));
            }
        }
        let folder = draft.folder.display().to_string();
        let shown = match folder.as_str() {
            "" => "nothing chosen yet",
            folder => folder,
        };
        elided_note(ui, shown).on_hover_text(&folder);
    });
    if state.evaluating.truth().is_none() && !draft.folder.as_os_str().is_empty() {
        ui.horizontal(|ui| {
            ui.spinner();
            ui.label(note(ui, "Looking through the folder"));
        });
    }
}

fn words_ui(ui: &mut Ui, state: &State, page: &mut Sheet<'_>) {
    let draft = state.evaluating.draft();
    let mut config = draft.clone();
    ui.label(section("Prompts and split"));
    Grid::new("evaluation words")
        .num_columns(2)
        .spacing([16.0, 6.0])
        .show(ui, |ui| {
            ui.label("Published set");
            combo("preset")
                .selected_text(config.preset.clone().unwrap_or_else(|| "none".into()))
                .show_ui(ui, |ui| {
                    ui.selectable_value(&mut config.preset, None, "none");
                    for name in Preset::all() {
                        ui.selectable_value(&mut config.preset, Some(name.to_string()), name);
                    }
                })
                .response
                .on_hover_text("Class names and templates as they were published for this set");
            ui.end_row();
            ui.label("Templates");
            templates_ui(ui, &mut config, &state.settings.templates);
            ui.end_row();
            ui.label("Measure on");
            part_ui(ui, state, &mut config);
            ui.end_row();
            ui.label("Name");
            let stands = config.name.clone();
            let named = typed_ui(ui, "evaluation name", &stands, |ui, text| {
                let hint = "the model and the folder";
                ui.add(egui::TextEdit::singleline(text).hint_text(hint).desired_width(260.0))
            });
            config.name = named.unwrap_or(stands);
            ui.end_row();
        });
    if config != *draft {
        page.want(EvaluateCommand::Configure(Box::new(config)));
    }
}

fn templates_ui(ui: &mut Ui, config: &mut EvaluationConfig, own: &TemplateSet) {
    let usual = if config.preset.is_some() {
        "those of the set"
    } else {
        "a photo of a {}."
    };
    let chosen = config
        .templates
        .as_ref()
        .map_or_else(|| usual.into(), TemplateSet::title);
    combo("evaluation templates").selected_text(chosen).show_ui(ui, |ui| {
        ui.selectable_value(&mut config.templates, None, usual);
        for preset in TemplateSet::PRESETS {
            let title = preset.title();
            ui.selectable_value(&mut config.templates, Some(preset), title);
        }
        if matches!(own, TemplateSet::Own(_)) {
            let title = format!("Yours: {}", own.title());
            ui.selectable_value(&mut config.templates, Some(own.clone()), title);
        }
    });
}

fn part_ui(ui: &mut Ui, state: &State, config: &mut EvaluationConfig) {
    let Some(Ok(truth)) = state.evaluating.truth() else {
        return;
    };
    let sides = truth.sides();
    let count = |side: Side| sides.get(&Some(side)).copied().unwrap_or(0);
    let titled = |part: Part| match part {
        Part::HeldOut => format!("held-out pictures ({})", truth.on(part).len()),
        Part::All => format!("all ({})", truth.pictures.len()),
        Part::Side(side) => format!("{} ({})", side.name(), count(side)),
    };
    combo("evaluation part")
        .selected_text(titled(config.part))
        .show_ui(ui, |ui| {
            ui.selectable_value(&mut config.part, Part::HeldOut, titled(Part::HeldOut))
                .on_hover_text("The test side where there is one, else the validation side, else all");
            ui.selectable_value(&mut config.part, Part::All, titled(Part::All));
            for side in [Side::Train, Side::Validation, Side::Test] {
                if count(side) > 0 {
                    ui.selectable_value(&mut config.part, Part::Side(side), titled(Part::Side(side)));
                }
            }
        });
}

/// The button, with what measures, and what is in its way.
pub fn start_ui(ui: &mut Ui, state: &State, page: &mut Sheet<'_>) {
    let evaluating = &state.evaluating;
    let model = state
        .model
        .as_ref()
        .map_or_else(|| "no model yet".to_string(), |model| state.name_of(model));
    if let Some(reason) = evaluating.failed() {
        let colour = theme::palette(ui).error;
        ui.label(RichText::new(reason).color(colour));
    }
    let refusal = evaluating.refusal();
    ui.horizontal_wrapped(|ui| {
        let start = ui
            .add_enabled_ui(refusal.is_none(), |ui| primary_button(ui, "Start the evaluation"))
            .inner;
        if start.clicked() {
            page.want(EvaluateCommand::Start);
        }
        ui.label(format!("Measured with {model}"));
        // Why nothing was found stands above.
        let said = evaluating.at_work().is_some() || matches!(evaluating.truth(), Some(Err(_)));
        if let Some(reason) = refusal.filter(|_| !said) {
            ui.label(note(ui, reason));
        }
    });
    progress_ui(ui, state, page);
}
