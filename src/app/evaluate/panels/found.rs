//! What a folder or a list says of its pictures, which can be corrected before anything is measured.

use egui::{Grid, RichText, ScrollArea, TextEdit, Ui};

use super::{Sheet, pictures, thousands};
use crate::app::evaluate::EvaluateCommand;
use crate::app::shell::theme;
use crate::app::shell::widgets::{combo, note, section};
use crate::app::state::State;
use crate::engine::evaluation::{Class, EvaluationConfig, GroundTruth, Source};

/// Problems that are named.
const NAMED: usize = 5;

/// Draws what was found.
pub fn found_ui(ui: &mut Ui, state: &State, truth: &GroundTruth, page: &mut Sheet<'_>) {
    ui.label(section("What was found"));
    let words = match truth.source {
        Source::Captions => format!("{} with captions", pictures(truth.pictures.len())),
        _ => format!(
            "{} of {} classes",
            pictures(truth.pictures.len()),
            thousands(truth.classes.len())
        ),
    };
    ui.label(words);
    let mut config = state.evaluating.draft().clone();
    source_ui(ui, truth, &mut config);
    aside_ui(ui, "could not be used", &truth.problems);
    aside_ui(ui, "left aside", &truth.left_aside);
    for said in &truth.notes {
        ui.label(note(ui, said));
    }
    if truth.source != Source::Captions {
        ui.add_space(theme::GAP_SMALL);
        names_ui(ui, truth, &mut config);
    }
    if config != *state.evaluating.draft() {
        page.want(EvaluateCommand::Configure(Box::new(config)));
    }
}

fn source_ui(ui: &mut Ui, truth: &GroundTruth, config: &mut EvaluationConfig) {
    ui.horizontal_wrapped(|ui| {
        ui.label("Classes are named by");
        combo("truth source")
            .selected_text(called(truth.source))
            .show_ui(ui, |ui| {
                for source in Source::ALL {
                    if ui.selectable_label(truth.source == source, called(source)).clicked() {
                        config.wanted.source = Some(source);
                    }
                }
            });
        if truth.source == Source::Folders {
            ui.label("at level");
            ui.add(egui::DragValue::new(&mut config.wanted.level).range(0..=8))
                .on_hover_text("Which folder on the way to a picture names its class: 0 is the first one");
        }
        for columns in &truth.columns {
            column_ui(
                ui,
                "picture column",
                &columns.file,
                &columns.all,
                &mut config.wanted.file_column,
            );
            column_ui(
                ui,
                "label column",
                columns.said.as_deref().unwrap_or("the last one"),
                &columns.all,
                &mut config.wanted.label_column,
            );
        }
    });
}

fn column_ui(ui: &mut Ui, name: &'static str, used: &str, all: &[String], wanted: &mut Option<String>) {
    ui.label(name);
    combo(name).selected_text(used).show_ui(ui, |ui| {
        for column in all {
            if ui.selectable_label(column == used, column).clicked() {
                *wanted = Some(column.clone());
            }
        }
    });
}

fn called(source: Source) -> &'static str {
    match source {
        Source::Folders => "folders",
        Source::Labels => "a list with labels",
        Source::Captions => "captions",
    }
}

fn aside_ui(ui: &mut Ui, what: &str, reasons: &[(std::path::PathBuf, String)]) {
    if reasons.is_empty() {
        return;
    }
    let colour = theme::palette(ui).warning;
    let label = ui.label(RichText::new(format!("{} {what}", thousands(reasons.len()))).color(colour));
    let each = reasons
        .iter()
        .take(NAMED)
        .map(|(path, reason)| format!("{}: {reason}", path.display()));
    label.on_hover_text(each.collect::<Vec<_>>().join("\n"));
}

/// A name and a description for each class, as they go to the model.
fn names_ui(ui: &mut Ui, truth: &GroundTruth, config: &mut EvaluationConfig) {
    ui.label(note(
        ui,
        "Names and descriptions. A description is used as it stands, instead of the name; leave it empty to use templates.",
    ));
    let row_height = ui.spacing().interact_size.y + 4.0;
    ScrollArea::vertical()
        .id_salt("class names")
        .max_height(220.0)
        .show_rows(ui, row_height, truth.classes.len(), |ui, rows| {
            Grid::new("class names")
                .num_columns(3)
                .spacing([12.0, 4.0])
                .start_row(rows.start)
                .show(ui, |ui| {
                    for own in &truth.classes[rows] {
                        class_ui(ui, own, config);
                        ui.end_row();
                    }
                });
        });
}

fn class_ui(ui: &mut Ui, own: &Class, config: &mut EvaluationConfig) {
    let edited = config
        .classes
        .iter()
        .find(|class| class.folder == own.folder)
        .unwrap_or(own);
    let (mut name, mut text) = (edited.title().to_string(), edited.descriptions.join(" | "));
    ui.add(egui::Label::new(&own.folder).truncate());
    let name_changed = ui.add(TextEdit::singleline(&mut name).desired_width(180.0)).changed();
    let hint = "several descriptions: a | b";
    let text_changed = ui
        .add(TextEdit::singleline(&mut text).hint_text(hint).desired_width(320.0))
        .changed();
    if name_changed || text_changed {
        let descriptions = text
            .split('|')
            .map(str::trim)
            .filter(|text| !text.is_empty())
            .map(String::from)
            .collect();
        let class = Class {
            folder: own.folder.clone(),
            name: (name != own.folder).then_some(name),
            descriptions,
        };
        config.classes.retain(|other| other.folder != own.folder);
        config.classes.push(class);
    }
}
