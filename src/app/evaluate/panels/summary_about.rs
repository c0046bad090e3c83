//! What can be done with an evaluation, and all that is known of how it was made.

use egui::accesskit::Role;
use egui::{Grid, RichText, TextEdit, Ui, WidgetInfo};

use super::{Sheet, pictures, typed_ui};
use crate::app::command::{Command, FileDialog};
use crate::app::evaluate::EvaluateCommand;
use crate::app::shell::icons as icon;
use crate::app::shell::theme;
use crate::app::shell::widgets::{combo, elided_ui, note, section};
use crate::app::state::State;
use crate::engine::evaluation::{Evaluation, ExportKind, Part, Setup};

/// Problems that are named.
const NAMED: usize = 8;

const EXPORTS: [(ExportKind, &str); 11] = [
    (ExportKind::Html { pictures: true }, "Report with pictures (HTML)"),
    (ExportKind::Html { pictures: false }, "Report without pictures (HTML)"),
    (ExportKind::Csv, "A line for each picture (CSV)"),
    (ExportKind::JsonLines, "An object for each picture (JSON lines)"),
    (ExportKind::Latex, "Table (LaTeX)"),
    (ExportKind::Markdown, "Table (Markdown)"),
    (ExportKind::LatexOfAll, "All evaluations, models against sets (LaTeX)"),
    (
        ExportKind::MarkdownOfAll,
        "All evaluations, models against sets (Markdown)",
    ),
    (ExportKind::ClipBenchmark, "CLIP_benchmark\u{2019}s JSON"),
    (ExportKind::Parquet, "With its map, for Embedding Atlas (Parquet)"),
    (ExportKind::Evaluation, "The evaluation, for another machine"),
];

/// Draws what can be done next.
pub fn further_ui(ui: &mut Ui, state: &State, shown: &Evaluation, page: &mut Sheet<'_>) {
    ui.label(section("Next steps"));
    ui.horizontal_wrapped(|ui| {
        let free = state.evaluating.at_work().is_none();
        if ui
            .add_enabled(free, egui::Button::new("Measure with the open model"))
            .clicked()
        {
            page.want(EvaluateCommand::AgainWithOpenModel);
        }
        if !shown.is_of_captions()
            && ui
                .add_enabled(free, egui::Button::new("Negatives\u{2026}"))
                .on_hover_text("A folder of pictures that show none of the classes")
                .clicked()
        {
            page.drawn
                .commands
                .push(Command::Choose(FileDialog::EvaluationNegatives));
        }
        combo("export evaluation")
            .selected_text(format!("{}  Export", icon::EXPORT))
            .show_ui(ui, |ui| {
                for (kind, title) in EXPORTS {
                    if ui.selectable_label(false, title).clicked() {
                        page.want(EvaluateCommand::AskWhereTo(kind));
                    }
                }
            });
    });
}

/// Draws its name and note, which can be changed, and how it was measured.
pub fn about_ui(ui: &mut Ui, state: &State, shown: &Evaluation, page: &mut Sheet<'_>) {
    ui.label(section("What was measured"));
    Grid::new("about evaluation")
        .num_columns(2)
        .spacing([16.0, 4.0])
        .show(ui, |ui| {
            described_ui(ui, shown, page);
            for (what, value) in facts(&shown.setup) {
                fact_ui(ui, what, &value);
                ui.end_row();
            }
        });
    for said in shown.notes.iter().chain(state.evaluating.says()) {
        ui.label(note(ui, said));
    }
    if !shown.problems.is_empty() {
        let colour = theme::palette(ui).warning;
        let words = format!("{} could not be used", pictures(shown.problems.len()));
        let label = ui.label(RichText::new(words).color(colour));
        let each = shown
            .problems
            .iter()
            .take(NAMED)
            .map(|(path, reason)| format!("{}: {reason}", path.display()));
        label.on_hover_text(each.collect::<Vec<_>>().join("\n"));
    }
}

/// By what was measured, so that it can be measured again.
fn facts(setup: &Setup) -> Vec<(&'static str, String)> {
    let model = &setup.model;
    let mut facts = vec![
        ("Pictures", setup.folder.display().to_string()),
        ("Measured on", part(setup.part)),
        ("Data hash", setup.data.clone()),
        ("Model", format!("{} ({})", model.name, model.precision)),
        ("Model identity", model.identity.clone()),
    ];
    let path = model.path.iter().map(|path| ("Model file", path.display().to_string()));
    facts.extend(path);
    let hashes: Vec<String> = (model.files.iter())
        .map(|(file, hash)| format!("{file} {hash}"))
        .collect();
    facts.push(("SHA-256 of its files", hashes.join("\n")));
    facts.push(("Prompts", setup.templates.title()));
    facts.extend(setup.preset.iter().map(|preset| ("Published set", preset.clone())));
    facts.push(("Date", setup.date.replace(['T', 'Z'], " ").trim().to_string()));
    facts.push(("Clipsight", setup.version.clone()));
    facts.retain(|(_, value)| !value.is_empty());
    facts
}

fn part(part: Part) -> String {
    match part {
        Part::HeldOut => "held-out pictures".into(),
        Part::All => "all pictures".into(),
        Part::Side(side) => format!("the {} split", side.name()),
    }
}

/// A row whose value can be copied; in one line, and whole under the pointer.
fn fact_ui(ui: &mut Ui, what: &str, value: &str) {
    let colour = theme::palette(ui).text;
    ui.label(what);
    ui.horizontal(|ui| {
        let copy = ui.small_button("Copy");
        let name = format!("Copy {what}");
        copy.widget_info(|| WidgetInfo::labeled(Role::Button, true, &name));
        if copy.clicked() {
            ui.ctx().copy_text(value.to_owned());
        }
        let line = value.replace('\n', ", ");
        elided_ui(ui, &line, theme::body(theme::SIZE_BODY), colour).on_hover_text(value);
    });
}

/// The rows of its name and note.
fn described_ui(ui: &mut Ui, shown: &Evaluation, page: &mut Sheet<'_>) {
    ui.label("Name");
    let named = typed_ui(ui, ("name", &shown.id), &shown.name, |ui, text| {
        ui.add(TextEdit::singleline(text).hint_text("a name").desired_width(320.0))
    });
    ui.end_row();
    ui.label("Note");
    let noted = typed_ui(ui, ("note", &shown.id), &shown.note, |ui, text| {
        let field = TextEdit::multiline(text).hint_text("what it is for").desired_rows(1);
        ui.add(field.desired_width(320.0))
    });
    ui.end_row();
    if named.is_some() || noted.is_some() {
        let name = named.filter(|name| !name.trim().is_empty());
        let name = name.unwrap_or_else(|| shown.name.clone());
        page.want(EvaluateCommand::Describe(
            name,
            noted.unwrap_or_else(|| shown.note.clone()),
        ));
    }
}
