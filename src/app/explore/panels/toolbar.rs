//! Above the gallery: what is opened, which pictures are shown, in which order, and how they are drawn.

use egui::containers::menu::{MenuButton, MenuConfig};
use egui::{Slider, TextEdit, Ui, WidgetInfo};

use super::filters::{count_ui, label_filter_ui, score_filter_ui, sort_ui};
use crate::app::command::{Command, FileDialog};
use crate::app::explore::command::ExploreCommand;
use crate::app::explore::state::Focus;
use crate::app::settings::{THUMBNAIL_SIDES, TileText};
use crate::app::shell::icons as icon;
use crate::app::shell::keys::with_hint;
use crate::app::shell::widgets::{checkbox, ends_ui, icon_button, labelled, note, radio};
use crate::app::state::State;

/// From this width on, two rows are enough.
const WIDE: f32 = 640.0;
/// Below it, menus are icons alone, and the count has a row of its own.
const NARROW: f32 = 300.0;
/// Approximate widths of the buttons on the right, and of the count.
const TOOLS_WIDTH: f32 = 140.0;
const COUNT_WIDTH: f32 = 60.0;
const FIELD_WIDTH: f32 = 200.0;
const SORT_WIDTH: f32 = 176.0;
const LABEL_WIDTH: f32 = 106.0;

/// Draws the toolbar, in as many rows as it needs.
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
                (
                    icon::ARROWS_CLOCKWISE,
                    "Rescan folders",
                    Command::Explore(ExploreCommand::Rescan),
                ),
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
            commands.push(ExploreCommand::OpenSamples.into());
        }
        if !state.settings.recent_folders.is_empty() {
            ui.separator();
            ui.label(note(ui, "Recent"));
        }
        for folder in &state.settings.recent_folders {
            if ui.button(folder.display().to_string()).clicked() {
                commands.push(ExploreCommand::Open(vec![folder.clone()]).into());
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
        &Command::Explore(ExploreCommand::FocusFilter),
    ));
    if state.explore.focus == Some(Focus::Filter) {
        response.request_focus();
        commands.push(ExploreCommand::Focused.into());
    }
    if response.changed() {
        commands.push(ExploreCommand::FilterName(name).into());
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
    let response = ui.add(
        Slider::new(&mut side, THUMBNAIL_SIDES.0..=THUMBNAIL_SIDES.1)
            .step_by(4.0)
            .suffix(" pt"),
    );
    response.widget_info(|| WidgetInfo::slider(true, f64::from(side), "Size of the pictures"));
    if response.changed() {
        commands.push(ExploreCommand::SizeThumbnails(side).into());
    }
    ui.separator();
    for text in TileText::ALL {
        if radio(ui, text == settings.tile_text, text.title()).clicked() {
            commands.push(ExploreCommand::TileText(text).into());
        }
    }
    ui.separator();
    let mut rows = settings.rows;
    if checkbox(ui, &mut rows, "Rows of whole pictures").clicked() {
        commands.push(ExploreCommand::ToggleRows.into());
    }
    ui.separator();
    let mut labels = settings.labels_shown;
    if checkbox(
        ui,
        &mut labels,
        with_hint("Labels", state, &Command::Explore(ExploreCommand::ToggleLabels)),
    )
    .clicked()
    {
        commands.push(ExploreCommand::ToggleLabels.into());
    }
    let mut inspector = settings.inspector_shown;
    if checkbox(
        ui,
        &mut inspector,
        with_hint("Inspector", state, &Command::Explore(ExploreCommand::ToggleInspector)),
    )
    .clicked()
    {
        commands.push(ExploreCommand::ToggleInspector.into());
    }
}
