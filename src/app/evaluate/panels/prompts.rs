//! Which words do better, and whether they do better than nonsense.

use std::sync::Arc;

use egui::{Align2, Grid, Rect, RichText, Sense, Ui, WidgetInfo, pos2, vec2};

use super::{Sheet, card, of_all_ui};
use crate::app::evaluate::{Door, EvaluateCommand};
use crate::app::shell::theme;
use crate::app::shell::widgets::{note, primary_button, section};
use crate::app::state::State;
use crate::engine::evaluation::{BesideNonsense, PromptRow, PromptStudy};
use crate::fixed::signed;

/// Height of a row of the chart.
const ROW: f32 = 34.0;

pub fn prompts_ui(ui: &mut Ui, state: &State, page: &mut Sheet<'_>) {
    let Some(shown) = state.evaluating.shown() else { return };
    card(ui, |ui| {
        ui.label(section("Do the words matter?"));
        let words = "Each kind of prompt answers the same pictures. Beside its gain over the first stands the gain of \
                     nonsense: a hundred draws of random words in as many templates of the same length (WaffleCLIP, arXiv \
                     2306.07282). A gain inside that band is luck; one below it is worse than nonsense.";
        ui.label(note(ui, words));
        let again = if shown.prompts.is_some() {
            "Measure again"
        } else {
            "Compare the prompts"
        };
        let free = state.evaluating.at_work().is_none();
        if ui.add_enabled_ui(free, |ui| primary_button(ui, again)).inner.clicked() {
            page.want(EvaluateCommand::StudyPrompts);
        }
    });
    if let Some(study) = &shown.prompts {
        card(ui, |ui| {
            of_all_ui(ui, state);
            chart_ui(ui, study, page);
            table_ui(ui, study, page);
        });
    }
}

/// Draws the gains; a click in a row leads to the mistakes with its prompts.
fn chart_ui(ui: &mut Ui, study: &PromptStudy, page: &mut Sheet<'_>) {
    let ends = study.rows.iter().flat_map(|row| {
        let own = row.gain.map(|gain| [gain.difference.low, gain.difference.high]);
        let band = row.nonsense.as_ref().map(|nonsense| [nonsense.low, nonsense.high]);
        own.into_iter().chain(band).flatten()
    });
    let (low, high) = ends.fold((-0.01f64, 0.01f64), |(low, high), end| (low.min(end), high.max(end)));
    let (low, high) = (low - 0.01, high + 0.01);
    let palette = theme::palette(ui);
    let width = ui.available_width().min(760.0);
    let names = 190.0f32.min(0.35 * width);
    let height = ROW * study.rows.len() as f32 + 22.0;
    let (rect, _) = ui.allocate_exact_size(vec2(width, height), Sense::hover());
    let painter = ui.painter_at(rect);
    let at = |gain: f64| rect.left() + names + ((gain - low) / (high - low)) as f32 * (width - names - 8.0);
    painter.vline(at(0.0), rect.y_range(), egui::Stroke::new(1.0, palette.text_weak));
    for (n, row) in study.rows.iter().enumerate() {
        let top = pos2(rect.left(), rect.top() + ROW * n as f32);
        if door_ui(ui, row, Rect::from_min_size(top, vec2(width, ROW))) {
            page.want(EvaluateCommand::Enter(Some(mistakes(row))));
        }
        row_ui(ui, row, rect.left(), rect.top() + ROW * (n as f32 + 0.5), at);
    }
    for (gain, align) in [
        (low, Align2::LEFT_CENTER),
        (0.0, Align2::CENTER_CENTER),
        (high, Align2::RIGHT_CENTER),
    ] {
        let text = match gain {
            0.0 => "0".into(),
            gain => format!("{:+.0} points", 100.0 * gain),
        };
        let font = theme::body(theme::SIZE_SMALL);
        painter.text(
            pos2(at(gain), rect.bottom() - 8.0),
            align,
            text,
            font,
            palette.text_weak,
        );
    }
    ui.label(note(
        ui,
        "Points: the gain over the first kind, with its paired interval. Grey bands: what nonsense gains. Click a row for its \
         mistakes.",
    ));
}

/// To the pictures that are answered wrong with a kind of prompt.
fn mistakes(row: &PromptRow) -> Arc<Door> {
    Door::new(format!("wrong with {}", row.name), row.wrong.clone())
}

/// The ground of a row of the chart; whether it was clicked.
fn door_ui(ui: &Ui, row: &PromptRow, rect: Rect) -> bool {
    let response = ui.interact(rect, ui.scope_id().with(("gain", &row.name)), Sense::click());
    let words = format!("gain of {}", row.name);
    response.widget_info(|| WidgetInfo::labeled(egui::accesskit::Role::Button, true, &words));
    if response.hovered() || response.has_focus() {
        let colour = theme::palette(ui).hover;
        ui.painter()
            .rect_filled(rect, theme::RADIUS, colour.gamma_multiply(0.5));
    }
    response.on_hover_text("Click for its mistakes").clicked()
}

/// A kind of prompt at this height: its name, what nonsense gains, and its own gain with its interval.
fn row_ui(ui: &Ui, row: &PromptRow, left: f32, y: f32, at: impl Fn(f64) -> f32) {
    let palette = theme::palette(ui);
    let painter = ui.painter();
    let font = theme::body(theme::SIZE_BODY);
    painter.text(pos2(left, y), Align2::LEFT_CENTER, &row.name, font, palette.text);
    if let Some(nonsense) = &row.nonsense {
        let band = Rect::from_x_y_ranges(at(nonsense.low)..=at(nonsense.high), y - 10.0..=y + 10.0);
        painter.rect_filled(band, 3.0, palette.hover);
    }
    let Some(gain) = row.gain else {
        painter.circle_filled(pos2(at(0.0), y), 5.0, palette.text);
        return;
    };
    let colour = match row.beside_nonsense() {
        Some(BesideNonsense::Luck) => palette.text_weak,
        Some(BesideNonsense::Worse) => palette.error,
        _ => palette.accent,
    };
    let line = egui::Stroke::new(2.0, colour);
    painter.hline(at(gain.difference.low)..=at(gain.difference.high), y, line);
    painter.circle_filled(pos2(at(gain.difference.mean), y), 5.0, colour);
}

fn table_ui(ui: &mut Ui, study: &PromptStudy, page: &mut Sheet<'_>) {
    ui.add_space(theme::GAP_SMALL);
    Grid::new("prompt kinds")
        .num_columns(4)
        .spacing([20.0, 4.0])
        .striped(true)
        .show(ui, |ui| {
            for heading in ["Prompts", "Top 1", "Gain", "Nonsense gains"] {
                ui.label(note(ui, heading));
            }
            ui.end_row();
            for row in &study.rows {
                if ui.link(&row.name).on_hover_text("Click for its mistakes").clicked() {
                    page.want(EvaluateCommand::Enter(Some(mistakes(row))));
                }
                ui.label(row.top1.share_words());
                ui.label(row.gain.map_or_else(|| "\u{2013}".into(), |gain| gain.words()));
                ui.label(RichText::new(nonsense_words(row)));
                ui.end_row();
            }
        });
}

fn nonsense_words(row: &PromptRow) -> String {
    let Some(nonsense) = &row.nonsense else {
        return "\u{2013}".into();
    };
    let band = format!(
        "{} to {} points",
        signed(100.0 * nonsense.low, 1),
        signed(100.0 * nonsense.high, 1)
    );
    match row.beside_nonsense() {
        Some(beside) => format!("{band}: {}", beside.title()),
        None => band,
    }
}
