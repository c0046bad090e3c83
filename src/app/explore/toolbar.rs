//! Above the gallery: what is opened, which pictures are shown, in which order, and how.

use egui::containers::menu::{MenuButton, MenuConfig};
use egui::{Slider, TextEdit, Ui, WidgetInfo};

use super::histogram::{Side, histogram_slider_ui};
use super::looking::NONE_OF_THESE;
use super::numbers::lead_text;
use super::state::Focus;
use super::words;
use crate::app::command::{Command, FileDialog};
use crate::app::settings::{Measure, Sort, TileText};
use crate::app::shell::icons as icon;
use crate::app::shell::keys::with_hint;
use crate::app::shell::status::thousands;
use crate::app::shell::widgets::{checkbox, combo, ends_ui, icon_button, labelled, note, radio};
use crate::app::state::State;
use crate::engine::protocol::LabelId;

/// From this width on, two rows are enough.
const WIDE: f32 = 640.0;
/// Below it, menus are icons alone, and the count has a row of its own.
const NARROW: f32 = 300.0;
/// What the buttons at the right take, about, and the count.
const TOOLS_WIDTH: f32 = 140.0;
const COUNT_WIDTH: f32 = 60.0;
const FIELD_WIDTH: f32 = 200.0;
const SORT_WIDTH: f32 = 176.0;
const LABEL_WIDTH: f32 = 106.0;
const LIST_HEIGHT: f32 = 420.0;

/// Draws it, in as many rows as it takes.
pub fn toolbar_ui(ui: &mut Ui, state: &State, commands: &mut Vec<Command>) {
    let width = ui.available_width();
    let narrow = width < NARROW;
    ends_ui(
        ui,
        TOOLS_WIDTH,
        commands,
        |ui, commands| {
            open_menu_ui(ui, state, narrow, commands);
            name_filter_ui(ui, state, commands);
        },
        |ui, commands| {
            if width >= WIDE {
                count_ui(ui, state, commands);
            }
            view_menu_ui(ui, state, narrow, commands);
            for (sign, name, command) in [
                (icon::ARROWS_CLOCKWISE, "Rescan folders", Command::Rescan),
                (icon::TABLE, "Save predictions as CSV", Command::Choose(FileDialog::Csv)),
            ] {
                if icon_button(ui, sign, &with_hint(name, state, &command), false).clicked() {
                    commands.push(command);
                }
            }
        },
    );
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
        // A list is as much wider than its text as its button's margins are; and its text is no longer than that.
        let margins = 4.0 * ui.spacing().button_padding.x;
        let rest = width - gap - 2.0 * margins;
        for (share, list_ui) in [(0.58, sort_ui as ListUi), (0.42, label_filter_ui as ListUi)] {
            ui.scope(|ui| {
                ui.set_max_width(rest * share + margins);
                list_ui(ui, state, rest * share, commands);
            });
        }
    });
    if narrow {
        ui.horizontal(|ui| score_filter_ui(ui, state, commands));
        ui.horizontal(|ui| count_ui(ui, state, commands));
        return;
    }
    ends_ui(
        ui,
        COUNT_WIDTH,
        commands,
        |ui, commands| score_filter_ui(ui, state, commands),
        |ui, commands| count_ui(ui, state, commands),
    );
}

/// Draws a list of choices.
type ListUi = fn(&mut Ui, &State, f32, &mut Vec<Command>);

/// A menu behind an icon with its name, or behind the icon alone.
fn named_menu(
    ui: &mut Ui,
    (sign, name): (&str, &str),
    narrow: bool,
    config: MenuConfig,
    content: impl FnOnce(&mut Ui),
) {
    let button = egui::Button::new(if narrow {
        sign.to_owned()
    } else {
        format!("{sign} {name}")
    });
    let response = MenuButton::from_button(button).config(config).ui(ui, content).0;
    if narrow {
        labelled(response.on_hover_text(name), name);
    }
}

fn open_menu_ui(ui: &mut Ui, state: &State, narrow: bool, commands: &mut Vec<Command>) {
    named_menu(ui, (icon::FOLDER_OPEN, "Open"), narrow, MenuConfig::new(), |ui| {
        let choose = Command::Choose(FileDialog::Folders);
        let words = with_hint("Folders…", state, &choose);
        if ui.button(format!("{}  {words}", icon::FOLDER_OPEN)).clicked() {
            commands.push(choose);
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
    let response = ui.add(field).on_hover_text(with_hint(
        "Part of a file's name, or of a folder's below the open one",
        state,
        &Command::FocusFilter,
    ));
    if state.explore.focus == Some(Focus::Filter) {
        response.request_focus();
        commands.push(Command::Focused);
    }
    if response.changed() {
        commands.push(Command::FilterName(name));
    }
}

/// How the gallery is drawn.
fn view_menu_ui(ui: &mut Ui, state: &State, narrow: bool, commands: &mut Vec<Command>) {
    let config = MenuConfig::new().close_behavior(egui::PopupCloseBehavior::CloseOnClickOutside);
    named_menu(ui, (icon::SQUARES_FOUR, "View"), narrow, config, |ui| {
        look_ui(ui, state, commands)
    });
}

fn look_ui(ui: &mut Ui, state: &State, commands: &mut Vec<Command>) {
    let settings = &state.settings;
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
    if checkbox(ui, &mut labels, with_hint("Labels", state, &Command::ToggleLabels)).clicked() {
        commands.push(Command::ToggleLabels);
    }
    let mut inspector = settings.inspector_shown;
    if checkbox(
        ui,
        &mut inspector,
        with_hint("Inspector", state, &Command::ToggleInspector),
    )
    .clicked()
    {
        commands.push(Command::ToggleInspector);
    }
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
        .on_hover_text("Only pictures with this answer");
}

/// A bound on the number that the gallery is sorted by: from below, and for the closest calls from above.
fn score_filter_ui(ui: &mut Ui, state: &State, commands: &mut Vec<Command>) {
    let Some(spread) = &state.explore.arranged.spread else {
        return;
    };
    let lens = state.lens();
    let closest = state.settings.sort == Sort::Margin;
    let bound = state.explore.filter.bound;
    let (rest, sign) = if closest {
        (spread.range.1, "≤")
    } else {
        (spread.range.0, "≥")
    };
    let (what, name, about) = if closest {
        let name = "Only pictures whose answer leads by at most this";
        ("Lead", name.to_owned(), words::CLOSEST_CALL)
    } else {
        let what = lens.measure.title();
        let name = format!(
            "Only pictures whose best label has at least this {}",
            what.to_lowercase()
        );
        (what, name, words::measure(lens.measure))
    };
    let mut at = bound.unwrap_or(rest);
    let side = if closest { Side::Below } else { Side::Above };
    let response = histogram_slider_ui(ui, spread, &mut at, side, &name);
    let response = response.on_hover_text(format!("{name}. {about}"));
    let text = match bound {
        None => format!("{what}: any"),
        Some(bound) if closest => format!("{what} {sign} {}", lead_text(bound)),
        Some(bound) => format!("{what} {sign} {}", lens.text(bound)),
    };
    ui.add(egui::Label::new(note(ui, text)).truncate());
    if response.changed() {
        commands.push(Command::FilterScore((at != rest).then_some(at)));
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
    if clear
        .on_hover_text(with_hint("Show all pictures", state, &Command::ClearFilters))
        .clicked()
    {
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
