//! What a folder or a list says of its pictures, which can be corrected before anything is measured.

use egui::{Grid, RichText, ScrollArea, TextEdit, Ui, vec2};

use super::{Sheet, pictures, thousands, typed_ui};
use crate::app::command::{Command, FileDialog};
use crate::app::evaluate::EvaluateCommand;
use crate::app::shell::theme;
use crate::app::shell::widgets::{combo, note, section};
use crate::app::state::State;
use crate::engine::evaluation::{Class, Columns, EvaluationConfig, GroundTruth, Source};

/// Widths of the fields for a name and for descriptions.
const NAME_WIDTH: f32 = 170.0;
const TEXTS_WIDTH: f32 = 320.0;

/// Problems that are named.
const NAMED: usize = 5;

/// Draws what was found, or why nothing was, and how it may be read otherwise.
pub fn found_ui(ui: &mut Ui, state: &State, found: Result<&GroundTruth, &String>, page: &mut Sheet<'_>) {
    let evaluating = &state.evaluating;
    ui.label(section("What was found"));
    match found {
        Ok(truth) => {
            let words = match truth.source {
                Source::Captions => format!("{} with captions", pictures(truth.pictures.len())),
                _ => format!(
                    "{} of {} classes",
                    pictures(truth.pictures.len()),
                    thousands(truth.classes.len())
                ),
            };
            ui.label(words);
        }
        Err(reason) => {
            let colour = theme::palette(ui).error;
            ui.label(RichText::new(reason).color(colour));
        }
    }
    let mut config = evaluating.draft().clone();
    source_ui(
        ui,
        found.ok().map(|truth| truth.source),
        evaluating.columns(),
        &mut config,
    );
    if let Ok(truth) = found {
        aside_ui(ui, "could not be used", &truth.problems);
        aside_ui(ui, "left aside", &truth.left_aside);
        for said in &truth.notes {
            ui.label(note(ui, said));
        }
        if truth.source != Source::Captions {
            ui.add_space(theme::GAP_SMALL);
            names_ui(ui, evaluating.names(), &mut config, page);
        }
    }
    if config != *evaluating.draft() {
        page.want(EvaluateCommand::Configure(Box::new(config)));
    }
}

/// How the folder is read. These can be changed also where the first guess led to nothing.
fn source_ui(ui: &mut Ui, found: Option<Source>, columns: &[Columns], config: &mut EvaluationConfig) {
    let used = config.wanted.source.or(found);
    ui.horizontal_wrapped(|ui| {
        ui.label("Classes are named by");
        let title = used.map_or("choose", called);
        combo("truth source").selected_text(title).show_ui(ui, |ui| {
            for source in Source::ALL {
                if ui.selectable_label(used == Some(source), called(source)).clicked() {
                    config.wanted.source = Some(source);
                }
            }
        });
        if used.is_none_or(|source| source == Source::Folders) {
            ui.label("at level");
            ui.add(egui::DragValue::new(&mut config.wanted.level).range(0..=8))
                .on_hover_text("Which folder on the way to a picture names its class: 0 is the first one");
        }
    });
    if used == Some(Source::Folders) && found.is_some() {
        return;
    }
    // One choice for all lists: their columns are called alike, or only one is meant.
    let mut all: Vec<&String> = columns.iter().flat_map(|columns| &columns.all).collect();
    all.sort();
    all.dedup();
    if all.is_empty() {
        return;
    }
    ui.horizontal_wrapped(|ui| {
        let first = columns.first();
        let file = first
            .map(|columns| columns.file.as_str())
            .filter(|file| !file.is_empty());
        let said = first.and_then(|columns| columns.said.as_deref());
        column_ui(ui, "picture column", file, &all, &mut config.wanted.file_column);
        column_ui(ui, "label column", said, &all, &mut config.wanted.label_column);
    });
}

fn column_ui(ui: &mut Ui, name: &'static str, used: Option<&str>, all: &[&String], wanted: &mut Option<String>) {
    ui.label(name);
    let chosen = wanted.clone().or(used.map(String::from));
    let title = chosen.as_deref().unwrap_or("choose");
    combo(name).selected_text(title).show_ui(ui, |ui| {
        for column in all {
            if ui.selectable_label(chosen.as_ref() == Some(*column), *column).clicked() {
                *wanted = Some((*column).clone());
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
fn names_ui(ui: &mut Ui, classes: &[Class], config: &mut EvaluationConfig, page: &mut Sheet<'_>) {
    ui.horizontal_wrapped(|ui| {
        ui.label(note(
            ui,
            "Names and descriptions. A description is used as it stands, instead of the name; leave it empty to use templates.",
        ));
        if ui
            .button("Load names\u{2026}")
            .on_hover_text("One line per class: folder, name and descriptions separated by tabs")
            .clicked()
        {
            page.drawn.commands.push(Command::Choose(FileDialog::EvaluationNames));
        }
    });
    let row_height = ui.spacing().interact_size.y + 4.0;
    ScrollArea::vertical()
        .id_salt("class names")
        .max_height(220.0)
        .show_rows(ui, row_height, classes.len(), |ui, rows| {
            Grid::new("class names")
                .num_columns(3)
                .spacing([12.0, 4.0])
                .start_row(rows.start)
                .show(ui, |ui| {
                    for own in &classes[rows] {
                        class_ui(ui, own, config);
                        ui.end_row();
                    }
                });
        });
}

fn class_ui(ui: &mut Ui, own: &Class, config: &mut EvaluationConfig) {
    let edited = config.classes.iter().find(|class| class.folder == own.folder);
    let edited = edited.unwrap_or(own).clone();
    let name = edited.name.as_deref().unwrap_or(own.title());
    let texts = edited.descriptions.join(" | ");
    ui.scope(|ui| {
        ui.set_width(150.0);
        ui.add(egui::Label::new(&own.folder).truncate());
    });
    let named = typed_ui(ui, ("class name", &own.folder), name, |ui, text| {
        let field = TextEdit::singleline(text).hint_text("a name");
        ui.add(field.desired_width(NAME_WIDTH).min_size(vec2(NAME_WIDTH, 0.0)))
    });
    let described = typed_ui(ui, ("class descriptions", &own.folder), &texts, |ui, text| {
        let hint = "several descriptions: a | b";
        let field = TextEdit::singleline(text).hint_text(hint);
        ui.add(field.desired_width(TEXTS_WIDTH).min_size(vec2(TEXTS_WIDTH, 0.0)))
    });
    if named.is_none() && described.is_none() {
        return;
    }
    let name = named.map_or(name.to_owned(), |name| name.trim().to_owned());
    // Without a name it is called as before.
    let name = (!name.is_empty() && name != own.title()).then_some(name);
    let class = Class {
        folder: own.folder.clone(),
        name,
        descriptions: described.map_or(edited.descriptions, |text| parted(&text)),
    };
    config.classes.retain(|other| other.folder != own.folder);
    if class != *own {
        config.classes.push(class);
    }
}

/// Descriptions with `|` between them.
pub fn parted(text: &str) -> Vec<String> {
    let parts = text.split('|').map(str::trim).filter(|part| !part.is_empty());
    parts.map(String::from).collect()
}
