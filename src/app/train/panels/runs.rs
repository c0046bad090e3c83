//! The list of runs, with everything else that the mode offers above it.

use egui::{Align, Button, CornerRadius, Frame, Layout, Margin, RichText, ScrollArea, Sense, Ui, UiBuilder};

use super::share;
use crate::app::shell::icons as icon;
use crate::app::shell::theme;
use crate::app::shell::widgets::{follow_focus, icon_button, note, section};
use crate::app::state::State;
use crate::app::train::{Page, TrainCommand, Training};
use crate::engine::training::{RunRecord, RunState};

pub fn runs_ui(ui: &mut Ui, state: &State) -> Vec<TrainCommand> {
    let mut commands = Vec::new();
    let training = &state.training;
    ui.label(RichText::new("Training").font(theme::strong(theme::SIZE_HEADING)));
    ui.add_space(theme::GAP_SMALL);
    pages_ui(ui, &training.page, &mut commands);
    ui.add_space(theme::GAP);
    ui.horizontal(|ui| {
        ui.label(section("Runs"));
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            let count = training.compared.len();
            let compare = Button::new(format!("{}  Compare {count}", icon::SCALES));
            if count > 1 && ui.add(compare.selected(training.page == Page::Compare)).clicked() {
                commands.push(TrainCommand::Open(Page::Compare));
            }
        });
    });
    if training.has_run() && training.work().is_some_and(|work| work.page == training.page) && training.runs.is_empty()
    {
        ui.label(note(ui, "The first run is about to start\u{2026}"));
    } else if training.runs.is_empty() {
        ui.label(note(
            ui,
            "None yet. Your runs are kept here, each with its curves and its model.",
        ));
    }
    ScrollArea::vertical().show(ui, |ui| {
        for record in &training.runs {
            row_ui(ui, state, record, &mut commands);
        }
        follow_focus(ui);
    });
    commands
}

/// What the mode offers beside runs.
fn pages_ui(ui: &mut Ui, shown: &Page, commands: &mut Vec<TrainCommand>) {
    let pages = [
        (
            Page::Setup,
            icon::GRADUATION_CAP,
            "New run",
            "Teach a model from your own pictures (N)",
        ),
        (
            Page::Shots,
            icon::CHART_LINE_UP,
            "Few-shot against zero-shot",
            "How much do examples help?",
        ),
        (
            Page::Board,
            icon::GRID_NINE,
            "Board of pictures and texts",
            "What contrastive training sees",
        ),
    ];
    for (page, sign, name, words) in pages {
        let button = Button::new(format!("{sign}  {name}"))
            .selected(*shown == page)
            .min_size(egui::vec2(ui.available_width(), theme::ROW_HEIGHT));
        if ui.add(button).on_hover_text(words).clicked() {
            commands.push(TrainCommand::Open(page));
        }
    }
}

fn row_ui(ui: &mut Ui, state: &State, record: &RunRecord, commands: &mut Vec<TrainCommand>) {
    let palette = theme::palette(ui);
    let training = &state.training;
    let page = Page::Run(record.run.clone());
    let fill = if training.page == page {
        palette.accent_soft
    } else {
        palette.raised
    };
    let compared = training.compared.contains(&record.run);
    let mut toggled = false;
    let row = ui.scope_builder(UiBuilder::new().id_salt(&record.run).sense(Sense::click()), |ui| {
        Frame::new()
            .fill(fill)
            .corner_radius(CornerRadius::same(theme::RADIUS))
            .inner_margin(Margin::symmetric(8, 6))
            .show(ui, |ui| {
                ui.set_width(ui.available_width());
                ui.horizontal(|ui| {
                    ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                        let name = format!("Compare {}", record.name);
                        toggled = icon_button(ui, icon::SCALES, &name, compared).clicked();
                        ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
                            ui.add(egui::Label::new(&record.name).truncate().selectable(false));
                        });
                    });
                });
                ui.spacing_mut().item_spacing.y = 2.0;
                for line in words(training, record) {
                    ui.add(egui::Label::new(note(ui, line)).selectable(false));
                }
            });
    });
    let response = row.response;
    response.widget_info(|| {
        egui::WidgetInfo::selected(egui::accesskit::Role::Button, true, training.page == page, &record.name)
    });
    if toggled {
        commands.push(TrainCommand::Compare(record.run.clone()));
    } else if response.clicked() {
        commands.push(TrainCommand::Open(page));
    }
}

/// Where a run stands, in a few lines: what it came to, what the model came to before, and whether that differs.
fn words(training: &Training, record: &RunRecord) -> Vec<String> {
    if training.working_on(&record.run).is_some()
        && let Some(work) = training.work()
    {
        return vec![work.state_words()];
    }
    let (Some(after), Some(before)) = (record.accuracy, record.zero_shot_accuracy) else {
        return vec![record.state.title().into()];
    };
    if !matches!(record.state, RunState::Done | RunState::Stopped) {
        return vec![record.state.title().into()];
    }
    let what = match record.classes.len() {
        0 => "R@1",
        _ => "accuracy",
    };
    let blend = if record.is_blend() {
        format!("blend {:.2}: ", record.blend)
    } else {
        String::new()
    };
    let mut lines = vec![
        format!("{blend}{what} {}", share(after, record.accuracy_interval())),
        format!("zero-shot {}", share(before, record.zero_shot_interval())),
    ];
    lines.extend(record.compared.map(|compared| compared.verdict().title().to_owned()));
    lines
}
