//! Below the inspected picture: whose heatmap it is, by which method, how it is drawn, and what to do with it.

use egui::{RichText, Slider, Ui, WidgetInfo};

use super::heatmap_menus::{colours_ui, compare_ui};
use super::heatmap_test::test_ui;
use super::label_colour;
use super::legend::ramp_ui;
use crate::app::command::{Command, FileDialog};
use crate::app::explore::command::ExploreCommand;
use crate::app::explore::shown_map::ShownMap;
use crate::app::shell::keys::with_hint;
use crate::app::shell::widgets::{
    combo, ends_ui, explained, explained_ui, icon_button, labelled, note, progress_ui, section, swatch_ui, tall_ends_ui,
};
use crate::app::shell::{icons as icon, theme};
use crate::app::state::State;
use crate::engine::protocol::HeatmapMethod;
use crate::heatmap::card;

pub(super) const RAMP_HEIGHT: f32 = 10.0;
pub(super) const NUMBERS_HEIGHT: f32 = 16.0;
const COMBO_WIDTH: f32 = 132.0;
/// Enough for every method.
pub(super) const LIST_HEIGHT: f32 = 400.0;
pub(super) const TEST_WORDS: &str = "Erases what the map marks, part by part, and compares the drop with erasing the same \
    shape elsewhere and what an unrelated label's map marks. The picture's file is not touched.";
/// Width of the words after a progress bar.
pub(super) const WORDS_WIDTH: f32 = 84.0;
/// Approximate width of the buttons to the right of the opacity.
const TOOLS_WIDTH: f32 = 136.0;

/// Draws the controls of the heatmap, and of the one that it is compared with. While it is being computed, every row
/// is already where it will be.
pub fn heatmap_ui(
    ui: &mut Ui,
    state: &State,
    (shown, second): (Option<&ShownMap<'_>>, Option<&ShownMap<'_>>),
    commands: &mut Vec<Command>,
) {
    if !state.settings.heatmap {
        let words = with_hint(
            "The heatmap is off",
            state,
            &Command::Explore(ExploreCommand::ToggleHeatmap),
        );
        ui.label(note(ui, words));
        return;
    }
    if state.asked_rows().next().is_none() {
        ui.label(note(ui, "Add a label to see where it is found"));
        return;
    }
    ends_ui(
        ui,
        COMBO_WIDTH,
        commands,
        |ui, commands| label_ui(ui, state, shown, commands),
        |ui, commands| method_ui(ui, state, commands),
    );
    match shown {
        Some(shown) => ramp_ui(ui, shown),
        None => working_ui(ui, state, commands),
    }
    // Two maps that are not on one scale have a legend each.
    let is_on_other = |first: &ShownMap<'_>, second: &ShownMap<'_>| {
        let legend = |shown: &ShownMap<'_>| (shown.overlay.range, shown.overlay.ramp, shown.map.unit());
        legend(first) != legend(second)
    };
    if let (Some(first), Some(second)) = (shown, second)
        && is_on_other(first, second)
    {
        ui.add(egui::Label::new(note(ui, second.caption.replace('\n', " · "))).truncate());
        ramp_ui(ui, second);
    }
    look_ui(ui, state, shown.is_some(), commands);
    if let Some(shown) = shown {
        test_ui(ui, state, shown.map.method, commands);
    }
}

/// The label of the map; if that label is pinned, a button that releases it.
fn label_ui(ui: &mut Ui, state: &State, shown: Option<&ShownMap<'_>>, commands: &mut Vec<Command>) {
    let row = state.shown_label().and_then(|label| state.row(label));
    let label = match shown {
        Some(shown) => Some((shown.label, shown.name)),
        None => row.map(|row| (row.id, row.label.name.as_str())),
    };
    let Some((label, name)) = label else { return };
    swatch_ui(ui, label_colour(ui, state, Some(label)));
    if state.explore.mapped_label == Some(label) {
        let text = "This label's map stays for every picture; click to release it";
        let text = with_hint(text, state, &Command::Explore(ExploreCommand::Back));
        if icon_button(ui, icon::PUSH_PIN, &text, true).clicked() {
            commands.push(ExploreCommand::MapLabel(label).into());
        }
    }
    ui.add(egui::Label::new(section(name)).truncate());
}

/// The method that is used now.
fn method_in_use(state: &State) -> Option<HeatmapMethod> {
    let tower = state.model.as_ref()?.tower;
    let wanted = state.settings.heatmap_method;
    Some(
        wanted
            .filter(|method| method.fits(tower).is_ok())
            .unwrap_or(HeatmapMethod::default_for(tower)),
    )
}

fn method_ui(ui: &mut Ui, state: &State, commands: &mut Vec<Command>) {
    let (Some(used), Some(model)) = (method_in_use(state), &state.model) else {
        return;
    };
    let response = combo("method")
        .selected_text(card(used).title)
        .width(COMBO_WIDTH)
        .height(LIST_HEIGHT)
        .show_ui(ui, |ui| {
            for method in HeatmapMethod::all() {
                let fits = method.fits(model.tower);
                let about = card(method);
                let title = format!("{}  ({})", about.title, about.shows.title());
                let choice = ui.add_enabled(fits.is_ok(), egui::Button::selectable(method == used, title));
                let choice = explained_ui(choice, |ui| card_ui(ui, method));
                let choice = match fits {
                    Ok(()) => choice,
                    Err(reason) => choice.on_disabled_hover_text(format!("Does not fit this model: {reason}")),
                };
                if choice.clicked() {
                    commands.push(ExploreCommand::UseMethod(Some(method)).into());
                }
            }
        });
    explained_ui(response.response, |ui| card_ui(ui, used));
}

/// What a method computes, and what it cannot tell.
fn card_ui(ui: &mut Ui, method: HeatmapMethod) {
    let about = card(method);
    ui.set_max_width(320.0);
    ui.label(section(about.title));
    ui.label(about.computes);
    ui.label(RichText::new("What it cannot tell").strong());
    ui.label(about.cannot_tell);
    ui.label(note(ui, about.source));
}

/// Progress in place of the legend while there is no map yet, of the same height.
fn working_ui(ui: &mut Ui, state: &State, commands: &mut Vec<Command>) {
    let done = state.explore.inspected.maps.as_ref().map_or(0.0, |set| set.done);
    let stopped = state.explore.stopped;
    let height = RAMP_HEIGHT + ui.spacing().item_spacing.y + NUMBERS_HEIGHT;
    tall_ends_ui(
        ui,
        height,
        48.0,
        commands,
        |ui, _| {
            if stopped {
                ui.label(note(ui, "Stopped: there is no map of this picture"));
            } else if done > 0.0 {
                progress_ui(ui, done, &format!("{:.0} %", 100.0 * done), WORDS_WIDTH);
            } else {
                progress_ui(ui, done, "computing…", WORDS_WIDTH);
            }
        },
        |ui, commands| {
            let words = if stopped { "Resume" } else { "Stop" };
            if ui.button(RichText::new(words).small()).clicked() {
                commands.push(ExploreCommand::HoldHeatmap(!stopped).into());
            }
        },
    );
}

fn look_ui(ui: &mut Ui, state: &State, there: bool, commands: &mut Vec<Command>) {
    ends_ui(
        ui,
        TOOLS_WIDTH,
        commands,
        |ui, commands| opacity_ui(ui, state, commands),
        |ui, commands| tools_ui(ui, state, there, commands),
    );
}

fn opacity_ui(ui: &mut Ui, state: &State, commands: &mut Vec<Command>) {
    let mut opacity = state.settings.opacity;
    ui.label(note(ui, "Opacity"));
    ui.spacing_mut().slider_width = 64.0;
    let response = ui.add(Slider::new(&mut opacity, 0.0..=1.0).show_value(false));
    response.widget_info(|| WidgetInfo::slider(true, f64::from(opacity), "Opacity of the heatmap"));
    ui.label(note(ui, format!("{:.0} %", 100.0 * opacity)));
    if response.changed() {
        commands.push(ExploreCommand::SetOpacity(opacity).into());
    }
}

fn tools_ui(ui: &mut Ui, state: &State, there: bool, commands: &mut Vec<Command>) {
    ui.spacing_mut().item_spacing.x = theme::GAP_SMALL;
    ui.spacing_mut().button_padding.x = 6.0;
    let test = ui.add_enabled_ui(there && state.explore.inspected.tested.is_none(), |ui| {
        explained(icon_button(ui, icon::QUESTION, "Test this heatmap", false), TEST_WORDS)
    });
    if test.inner.clicked() {
        commands.push(ExploreCommand::TestMap.into());
    }
    named_menu(ui, icon::INTERSECT, "Compare with another", |ui| {
        compare_ui(ui, state, commands)
    });
    named_menu(ui, icon::PALETTE, "Colours and scale", |ui| {
        colours_ui(ui, state, commands)
    });
    named_menu(ui, icon::EXPORT, "Copy or save the heatmap", |ui| {
        take_away_ui(ui, state, commands)
    });
}

/// A menu behind an icon.
fn named_menu(ui: &mut Ui, icon: &str, name: &str, content: impl FnOnce(&mut Ui)) {
    let button = egui::Button::new(RichText::new(icon).size(theme::SIZE_BODY + 3.0));
    let response = egui::containers::menu::MenuButton::from_button(button)
        .ui(ui, content)
        .0;
    labelled(response.on_hover_text(name), name);
}

fn take_away_ui(ui: &mut Ui, state: &State, commands: &mut Vec<Command>) {
    let choices = [
        ("Copy with its legend", Command::Explore(ExploreCommand::CopyHeatmap)),
        ("Save with its legend…", Command::Choose(FileDialog::HeatmapPicture)),
        ("Save the numbers…", Command::Choose(FileDialog::HeatmapGrid)),
    ];
    for (words, command) in choices {
        if ui.button(with_hint(words, state, &command)).clicked() {
            commands.push(command);
        }
    }
}
