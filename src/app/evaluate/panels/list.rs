//! The evaluations that are kept.

use egui::accesskit::Role;
use egui::{
    Align, Button, CornerRadius, Frame, Label, Layout, Margin, RichText, ScrollArea, Sense, Ui, UiBuilder, WidgetInfo,
};

use super::{Sheet, thousands};
use crate::app::command::{Command, FileDialog};
use crate::app::evaluate::{EvaluateCommand, Page};
use crate::app::shell::icons as icon;
use crate::app::shell::theme;
use crate::app::shell::widgets::{icon_button, note, section};
use crate::app::state::State;
use crate::engine::evaluation::Listed;

pub fn list_ui(ui: &mut Ui, state: &State, page: &mut Sheet<'_>) {
    let evaluating = &state.evaluating;
    ui.label(RichText::new("Evaluations").font(theme::strong(theme::SIZE_HEADING)));
    ui.add_space(theme::GAP_SMALL);
    let new = Button::new(format!("{}  New evaluation", icon::CHART_BAR))
        .selected(evaluating.page() == Page::Setup)
        .min_size(egui::vec2(ui.available_width(), theme::ROW_HEIGHT));
    if ui.add(new).clicked() {
        page.want(EvaluateCommand::Open(Page::Setup));
    }
    let open = Button::new(format!("{}  Open an evaluation\u{2026}", icon::FOLDER_OPEN))
        .min_size(egui::vec2(ui.available_width(), theme::ROW_HEIGHT));
    let hover = "A file that was exported here or on another machine; then the folder where its pictures lie";
    if ui.add(open).on_hover_text(hover).clicked() {
        page.drawn.commands.push(Command::Choose(FileDialog::EvaluationFile));
    }
    ui.add_space(theme::GAP);
    ui.label(section("Kept"));
    if evaluating.list().is_empty() {
        ui.label(note(
            ui,
            "None yet. What you measure stays here, with its prompts, its model and its date.",
        ));
    }
    ScrollArea::vertical().id_salt("kept evaluations").show(ui, |ui| {
        for listed in evaluating.list() {
            row_ui(ui, state, listed, page);
        }
    });
}

fn row_ui(ui: &mut Ui, state: &State, listed: &Listed, page: &mut Sheet<'_>) {
    let palette = theme::palette(ui);
    let shown = state.evaluating.shown().is_some_and(|shown| shown.id == listed.id);
    let fill = if shown { palette.accent_soft } else { palette.raised };
    let mut delete = false;
    let row = ui.scope_builder(UiBuilder::new().id_salt(&listed.id).sense(Sense::click()), |ui| {
        Frame::new()
            .fill(fill)
            .corner_radius(CornerRadius::same(theme::RADIUS))
            .inner_margin(Margin::symmetric(8, 6))
            .show(ui, |ui| {
                ui.set_width(ui.available_width());
                ui.horizontal(|ui| {
                    ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                        delete = icon_button(ui, icon::TRASH, &format!("Delete {}", listed.name), false).clicked();
                        ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
                            ui.add(Label::new(&listed.name).truncate().selectable(false));
                        });
                    });
                });
                ui.spacing_mut().item_spacing.y = 2.0;
                let of = if listed.of_captions { "R@1 " } else { "" };
                let words = format!("{of}{}, n = {}", listed.top1.share_words(), thousands(listed.count));
                ui.add(Label::new(note(ui, words)).truncate().selectable(false));
                let day = listed.date.split('T').next().unwrap_or_default();
                let words = format!("{}, {day}", listed.model);
                ui.add(Label::new(note(ui, words)).truncate().selectable(false));
            });
    });
    let response = row.response;
    response.widget_info(|| WidgetInfo::selected(Role::Button, true, shown, &listed.name));
    if delete {
        page.want(EvaluateCommand::Delete(listed.id.clone()));
    } else if response.clicked() {
        page.want(EvaluateCommand::Show(listed.id.clone()));
    }
}
