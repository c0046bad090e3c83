//! The menus of a heatmap: what it is compared with, its colours and its scale.

use egui::{ScrollArea, Ui};

use super::heatmap::LIST_HEIGHT;
use crate::app::command::Command;
use crate::app::explore::command::{Compare, ExploreCommand};
use crate::app::shell::widgets::{checkbox, note, radio};
use crate::app::state::State;
use crate::engine::ModelChoice;
use crate::engine::protocol::HeatmapMethod;
use crate::heatmap::{Ramp, Scale, Style, card};

/// What can stand beside the heatmap.
pub(super) fn compare_ui(ui: &mut Ui, state: &State, commands: &mut Vec<Command>) {
    let chosen = &state.explore.compare;
    let divided = state.settings.divider;
    let mut choice = |ui: &mut Ui, compare: Option<Compare>, title: &str| {
        if ui.selectable_label(*chosen == compare, title).clicked() {
            commands.push(ExploreCommand::Compare(compare).into());
        }
    };
    choice(ui, None, "One heatmap");
    ui.menu_button("With another label", |ui| {
        ScrollArea::vertical().max_height(LIST_HEIGHT).show(ui, |ui| {
            for row in &state.settings.labels {
                choice(ui, Some(Compare::Label(row.id)), &row.label.name);
            }
        });
    });
    ui.menu_button("By another method", |ui| {
        let fits = |method: &HeatmapMethod| {
            let tower = state.model.as_ref().map(|model| model.tower);
            tower.is_some_and(|tower| method.fits(tower).is_ok())
        };
        for method in HeatmapMethod::all().filter(fits) {
            choice(ui, Some(Compare::Method(method)), card(method).title);
        }
    });
    ui.menu_button("By another model", |ui| {
        choice(ui, Some(Compare::Model(ModelChoice::Starter)), "Starter");
        for path in &state.settings.recent_models {
            let model = Compare::Model(ModelChoice::Path(path.clone()));
            choice(ui, Some(model), &state.name_at(path));
        }
    });
    if chosen.is_some() {
        ui.separator();
        for (divider, title) in [(None, "Side by side"), (Some(0.5), "One picture with a divider")] {
            if radio(ui, divided.is_some() == divider.is_some(), title).clicked() {
                commands.push(ExploreCommand::Divide(divider).into());
            }
        }
    }
}

/// In two columns, so that the picture above stays visible while its colours are chosen.
pub(super) fn colours_ui(ui: &mut Ui, state: &State, commands: &mut Vec<Command>) {
    ui.horizontal_top(|ui| {
        ui.vertical(|ui| ramps_ui(ui, state, commands));
        ui.separator();
        ui.vertical(|ui| scales_ui(ui, state, commands));
    });
}

fn ramps_ui(ui: &mut Ui, state: &State, commands: &mut Vec<Command>) {
    let settings = &state.settings;
    ui.label(note(ui, "Colours"));
    // For and against has colours of its own.
    ui.add_enabled_ui(settings.heatmap_scale != Some(Scale::Signed), |ui| {
        for ramp in Ramp::ALL.into_iter().filter(|ramp| *ramp != Ramp::BlueRed) {
            if radio(ui, ramp == settings.ramp, ramp.title()).clicked() {
                commands.push(ExploreCommand::UseRamp(ramp).into());
            }
        }
    });
    let mut smooth = settings.smooth;
    if checkbox(ui, &mut smooth, "Smooth between cells").clicked() {
        commands.push(ExploreCommand::ToggleSmooth.into());
    }
}

fn scales_ui(ui: &mut Ui, state: &State, commands: &mut Vec<Command>) {
    let settings = &state.settings;
    for style in Style::ALL {
        if radio(ui, style == settings.heatmap_style, style.title()).clicked() {
            commands.push(ExploreCommand::UseStyle(style).into());
        }
    }
    let mut contour = settings.contour;
    if checkbox(ui, &mut contour, "Contour at half maximum").clicked() {
        commands.push(ExploreCommand::ToggleContour.into());
    }
    ui.separator();
    let automatic = (None, "Automatic");
    let each = Scale::ALL.map(|scale| (Some(scale), scale.title()));
    for (scale, title) in [automatic].into_iter().chain(each) {
        if radio(ui, scale == settings.heatmap_scale, title).clicked() {
            commands.push(ExploreCommand::UseScale(scale).into());
        }
    }
    let mut same = settings.same_scale;
    if checkbox(ui, &mut same, "One scale for all labels").clicked() {
        commands.push(ExploreCommand::ToggleSameScale.into());
    }
}
