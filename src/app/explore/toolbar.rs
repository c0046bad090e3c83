//! Above the gallery: what is opened, which pictures are shown, in which order, and how.

use egui::{Align, Layout, Slider, TextEdit, Ui, WidgetInfo};

use super::histogram::histogram_slider_ui;
use super::looking::NONE_OF_THESE;
use super::state::Focus;
use super::words;
use crate::app::command::{Command, FileDialog};
use crate::app::settings::{Measure, Sort, TileText};
use crate::app::shell::icons as icon;
use crate::app::shell::status::thousands;
use crate::app::shell::widgets::{checkbox, combo, icon_button, labelled, note, radio};
use crate::app::state::State;
use crate::engine::protocol::LabelId;

/// From this width on, two rows are enough.
const WIDE: f32 = 640.0;
const FIELD_WIDTH: f32 = 200.0;
const SORT_WIDTH: f32 = 176.0;
const LABEL_WIDTH: f32 = 106.0;
const LIST_HEIGHT: f32 = 420.0;

/// Draws it, in as many rows as it takes.
pub fn toolbar_ui(ui: &mut Ui, state: &State, commands: &mut Vec<Command>) {
    let width = ui.available_width();
    ui.horizontal(|ui| {
        open_menu_ui(ui, state, commands);
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            if icon_button(ui, icon::EXPORT, "Save predictions as CSV (Ctrl+S)", false).clicked() {
                commands.push(Command::Choose(FileDialog::Csv));
            }
            if icon_button(ui, icon::ARROWS_CLOCKWISE, "Rescan folders (F5)", false).clicked() {
                commands.push(Command::Rescan);
            }
            view_menu_ui(ui, state, commands);
            if width >= WIDE {
                count_ui(ui, state, commands);
            }
            ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
                name_filter_ui(ui, state, commands)
            });
        });
    });
    let gap = ui.spacing().item_spacing.x;
    if width >= WIDE {
        ui.horizontal(|ui| {
            sort_ui(ui, state, SORT_WIDTH, commands);
            label_filter_ui(ui, state, LABEL_WIDTH, commands);
            score_filter_ui(ui, state, commands);
        });
        return;
    }
    ui.horizontal(|ui| {
        // A list is as much wider than its text as its button's margins are.
        let rest = width - gap - 8.0 * ui.spacing().button_padding.x;
        sort_ui(ui, state, rest * 0.58, commands);
        label_filter_ui(ui, state, rest * 0.42, commands);
    });
    ui.horizontal(|ui| {
        score_filter_ui(ui, state, commands);
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| count_ui(ui, state, commands));
    });
}

fn open_menu_ui(ui: &mut Ui, state: &State, commands: &mut Vec<Command>) {
    ui.menu_button(format!("{} Open", icon::FOLDER_OPEN), |ui| {
        if ui
            .button(format!("{}  Folders…  (Ctrl+O)", icon::FOLDER_OPEN))
            .clicked()
        {
            commands.push(Command::Choose(FileDialog::Folders));
        }
        if ui.button(format!("{}  Samples", icon::IMAGES)).clicked() {
            commands.push(Command::OpenSamples);
        }
        if !state.settings.recent_folders.is_empty() {
            ui.separator();
            ui.label(note(ui, "Recent"));
        }
        for folder in &state.settings.recent_folders {
            if ui.button(folder.display().to_string()).clicked() {
                commands.push(Command::Open(vec![folder.clone()]));
            }
        }
    });
}

fn name_filter_ui(ui: &mut Ui, state: &State, commands: &mut Vec<Command>) {
    let mut name = state.explore.filter.name.clone();
    let field = TextEdit::singleline(&mut name)
        .id_salt("filter by name")
        .char_limit(crate::escape::MAX_NAME_CHARACTERS)
        .hint_text(format!("{} Filter by name", icon::MAGNIFYING_GLASS))
        .desired_width((ui.available_width() - 16.0).clamp(40.0, FIELD_WIDTH))
        .margin(egui::Margin::symmetric(8, 6));
    let response = ui
        .add(field)
        .on_hover_text("Part of a file's name, or of a folder's below the open one (/)");
    if state.explore.focus == Some(Focus::Filter) {
        response.request_focus();
        commands.push(Command::Focused);
    }
    if response.changed() {
        commands.push(Command::FilterName(name));
    }
}

/// How the gallery is drawn.
fn view_menu_ui(ui: &mut Ui, state: &State, commands: &mut Vec<Command>) {
    let settings = &state.settings;
    let button = egui::Button::new(format!("{} View", icon::SQUARES_FOUR));
    let config =
        egui::containers::menu::MenuConfig::new().close_behavior(egui::PopupCloseBehavior::CloseOnClickOutside);
    egui::containers::menu::MenuButton::from_button(button)
        .config(config)
        .ui(ui, |ui| {
            ui.label(note(ui, "Size of the pictures (+ and −)"));
            let mut side = settings.thumbnail_side;
            let response = ui.add(Slider::new(&mut side, 64.0..=320.0).step_by(4.0).suffix(" pt"));
            response.widget_info(|| WidgetInfo::slider(true, f64::from(side), "Size of the pictures"));
            if response.changed() {
                commands.push(Command::SizeThumbnails(side));
            }
            ui.separator();
            for text in TileText::ALL {
                if radio(ui, text == settings.tile_text, text.title()).clicked() {
                    commands.push(Command::TileText(text));
                }
            }
            ui.separator();
            let mut rows = settings.rows;
            if checkbox(ui, &mut rows, "Rows of whole pictures").clicked() {
                commands.push(Command::ToggleRows);
            }
            ui.separator();
            let mut labels = settings.labels_shown;
            if checkbox(ui, &mut labels, "Labels (L)").clicked() {
                commands.push(Command::ToggleLabels);
            }
            let mut inspector = settings.inspector_shown;
            if checkbox(ui, &mut inspector, "Inspector (I)").clicked() {
                commands.push(Command::ToggleInspector);
            }
        });
}

/// An order as it is called: with the number that it sorts by.
fn sort_title(sort: Sort, measure: Measure) -> String {
    match sort {
        Sort::Name => "Name".into(),
        Sort::Score => format!("{} of best label", measure.title()),
        Sort::Margin => "Closest call (lead)".into(),
        Sort::Label => format!("Label, then {}", measure.title().to_lowercase()),
    }
}

fn sort_ui(ui: &mut Ui, state: &State, width: f32, commands: &mut Vec<Command>) {
    let measure = state.lens().measure;
    let sort = state.settings.sort;
    let alike = state.explore.alike.as_ref();
    let title = match alike.and_then(|alike| state.explore.pictures.get(alike.to)) {
        Some(picture) => format!("Like {}", picture.name()),
        None => sort_title(sort, measure),
    };
    combo("sort")
        .selected_text(format!("{} {title}", icon::SORT_ASCENDING))
        .width(width)
        .truncate()
        .show_ui(ui, |ui| {
            for choice in Sort::ALL {
                let chosen = choice == sort && alike.is_none();
                let item = ui.selectable_label(chosen, sort_title(choice, measure));
                let about = match choice {
                    Sort::Name => "By path",
                    Sort::Score | Sort::Label => words::measure(measure),
                    Sort::Margin => words::CLOSEST_CALL,
                };
                if item.on_hover_text(about).clicked() {
                    commands.push(Command::SortBy(choice));
                }
            }
        });
}

fn label_filter_ui(ui: &mut Ui, state: &State, width: f32, commands: &mut Vec<Command>) {
    let title = |label: Option<Option<LabelId>>| match label {
        None => "All labels".to_string(),
        Some(None) => NONE_OF_THESE.into(),
        Some(Some(label)) => state.row(label).map_or_else(String::new, |row| row.label.name.clone()),
    };
    let chosen = state.explore.filter.label;
    combo("label filter")
        .selected_text(format!("{} {}", icon::FUNNEL, title(chosen)))
        .width(width)
        .height(LIST_HEIGHT)
        .truncate()
        .show_ui(ui, |ui| {
            let each = state.settings.labels.iter().map(|row| Some(Some(row.id)));
            let none = state.settings.show_none.then_some(Some(None));
            for choice in [None].into_iter().chain(each).chain(none) {
                if ui.selectable_label(choice == chosen, title(choice)).clicked() {
                    commands.push(Command::FilterLabel(choice));
                }
            }
        })
        .response
        .on_hover_text("Show only pictures with this best label");
}

fn score_filter_ui(ui: &mut Ui, state: &State, commands: &mut Vec<Command>) {
    let Some(spread) = &state.explore.arranged.spread else {
        return;
    };
    let lens = state.lens();
    let lowest = spread.range.0;
    let mut least = state.explore.filter.least.unwrap_or(lowest);
    let name = format!("Least {} of the best label", lens.measure.title().to_lowercase());
    let response = histogram_slider_ui(ui, spread, &mut least, &name);
    let response = response.on_hover_text(format!("{name}. {}", words::measure(lens.measure)));
    let text = format!("{} ≥ {}", lens.measure.title(), lens.text(least));
    ui.label(note(ui, text));
    if response.changed() {
        commands.push(Command::FilterScore((least > lowest).then_some(least)));
    }
}

/// How many pictures are shown, of how many; a click shows all. While there is a newer order, the way to it.
fn count_ui(ui: &mut Ui, state: &State, commands: &mut Vec<Command>) {
    let explore = &state.explore;
    if explore.held.is_some() {
        held_ui(ui, state, commands);
        return;
    }
    let all = explore.pictures.len() - explore.skipped();
    let count = format!("{} of {}", thousands(explore.order().len()), thousands(all));
    if explore.filter.is_off() && explore.alike.is_none() {
        ui.label(note(ui, count));
        return;
    }
    let clear = ui.button(format!("{} {count}", icon::X));
    if clear.on_hover_text("Show all pictures (Backspace)").clicked() {
        commands.push(Command::ClearFilters);
    }
}

/// A newer order, while somebody points at the gallery.
fn held_ui(ui: &mut Ui, state: &State, commands: &mut Vec<Command>) {
    let Some(held) = &state.explore.held else { return };
    let places = if held.moved == 1 {
        "1 new place".into()
    } else {
        format!("{} new places", thousands(held.moved))
    };
    let button = ui.link(egui::RichText::new(format!("{places}, reorder")).small());
    let button = button.on_hover_text("Scores have changed the order. Nothing moves while you point at the gallery.");
    if labelled(button, "Reorder").clicked() {
        commands.push(Command::Reorder);
    }
}
