//! The inspector: one picture large, where a label is found in it, and what the model says.

use crate::app::icons as icon;
use egui::{
    Align, Color32, CornerRadius, Layout, Rect, RichText, ScrollArea, Sense, Stroke, StrokeKind, Ui, pos2, vec2,
};

use super::heatmap::heatmap_ui;
use crate::app::command::Command;
use crate::app::settings::Measure;
use crate::app::state::State;
use crate::app::textures::{OverlayKey, Textures};
use crate::app::theme;
use crate::app::view;
use crate::app::widgets::{ScoreBar, icon_button, note, score_bar_ui, section, segmented_ui};
use crate::engine::protocol::{HeatMap, InspectedPicture, Scores, ViewRect};
use crate::heatmap::Overlay;

/// Side of a drawn heatmap, in pixels; the graphics card smooths between them.
const OVERLAY_SIDE: u32 = 168;
/// The picture's share of the panel's height.
const PICTURE_SHARE: f32 = 0.4;
const PROBABILITY_WORDS: &str = "Shares of a softmax over these labels, not how certain the model is. \"None of \
    these\" is weighed against all of them together.";
const SIGMOID_WORDS: &str = "This model judges every label by itself: the numbers need not add up to 100 %, and several \
    labels can fit.";
const WHOLE: Rect = Rect {
    min: pos2(0.0, 0.0),
    max: pos2(1.0, 1.0),
};

/// Draws the inspector.
pub fn inspector_ui(ui: &mut Ui, state: &mut State, textures: &mut Textures) -> Vec<Command> {
    let mut commands = Vec::new();
    let Some(selected) = state.selected.filter(|&id| id < state.pictures.len()) else {
        empty_ui(ui);
        return commands;
    };
    header_ui(ui, state, selected, &mut commands);
    let map = shown_map(state);
    let overlay = overlay(state, map.as_ref());
    picture_ui(ui, state, textures, map.as_ref(), overlay);
    heatmap_ui(ui, state, map.as_ref(), overlay.range, &mut commands);
    ui.separator();
    bars_ui(ui, state, &mut commands);
    commands
}

fn empty_ui(ui: &mut Ui) {
    ui.vertical_centered(|ui| {
        ui.add_space(ui.available_height() * 0.3);
        let palette = theme::palette(ui);
        ui.label(RichText::new(icon::CURSOR_CLICK).size(40.0).color(palette.text_weak));
        ui.label(note(ui, "Click a picture to see where each label is found in it"));
    });
}

fn header_ui(ui: &mut Ui, state: &State, selected: usize, commands: &mut Vec<Command>) {
    let picture = &state.pictures[selected];
    ui.horizontal(|ui| {
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            if icon_button(ui, icon::EYE, "What the model sees (E)", state.model_view).clicked() {
                commands.push(Command::ToggleModelView);
            }
            if icon_button(ui, icon::THERMOMETER, "Heatmap (H)", state.settings.heatmap).clicked() {
                commands.push(Command::ToggleHeatmap);
            }
            ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
                let name = egui::Label::new(section(&picture.name())).truncate();
                ui.add(name).on_hover_text(picture.file.path.display().to_string());
            });
        });
    });
    let text = match (&state.inspected.picture, state.model_view, &state.model) {
        (_, true, Some(model)) => format!("What the model sees: {0} x {0} pixels", model.image_size),
        (Some(inspected), _, _) => {
            let (width, height) = inspected.original_size;
            format!("{width} x {height} pixels; the frame marks what the model sees")
        }
        _ => "Loading".into(),
    };
    ui.label(note(ui, text));
}

/// The map of the label that is shown, if the maps answer the newest question.
fn shown_map(state: &State) -> Option<HeatMap> {
    let set = state.inspected.maps.as_ref()?;
    if !state.settings.heatmap || set.generation != state.asking.generation {
        return None;
    }
    set.maps.get(state.shown_label()?).cloned()
}

/// How the map is drawn: on a scale of its own, or on one for all labels, so that they can be compared.
fn overlay(state: &State, map: Option<&HeatMap>) -> Overlay {
    let settings = &state.settings;
    let all = state.inspected.maps.as_ref().map_or(&[][..], |set| set.maps.as_slice());
    Overlay {
        ramp: settings.ramp,
        opacity: settings.opacity,
        range: match map {
            Some(map) if !settings.same_scale => settings.heatmap_scale.range([map]),
            _ => settings.heatmap_scale.range(all),
        },
        smooth: settings.smooth,
    }
}

fn picture_ui(ui: &mut Ui, state: &State, textures: &mut Textures, map: Option<&HeatMap>, overlay: Overlay) {
    let palette = theme::palette(ui);
    let width = ui.available_width();
    let height = (ui.available_height() * PICTURE_SHARE).clamp(140.0, width);
    let (area, response) = ui.allocate_exact_size(vec2(width, height), Sense::hover());
    let radius = CornerRadius::same(theme::RADIUS);
    ui.painter().rect_filled(area, radius, palette.ground);
    let Some(inspected) = state.inspected.picture.clone() else {
        ui.put(
            Rect::from_center_size(area.center(), vec2(24.0, 24.0)),
            egui::Spinner::new(),
        );
        return;
    };
    let (picture, model_view) = textures.inspected(ui.ctx(), &inspected);
    let (texture, view) = if state.model_view {
        (model_view, WHOLE)
    } else {
        (picture, view_of(&inspected))
    };
    let rect = fitted(texture.size_vec2(), area.shrink(2.0));
    egui::Image::new(&texture)
        .corner_radius(CornerRadius::same(3))
        .paint_at(ui, rect);
    let seen = Rect::from_min_max(
        rect.min + view.min.to_vec2() * rect.size(),
        rect.min + view.max.to_vec2() * rect.size(),
    );
    let painter = ui.painter_at(rect);
    if let Some(map) = map {
        let key = OverlayKey {
            values: map.values.clone(),
            overlay,
        };
        let drawn = textures.overlay(ui.ctx(), key, || overlay.colours(map, OVERLAY_SIDE));
        painter.image(drawn.id(), seen, WHOLE, Color32::WHITE);
    }
    if !state.model_view && seen != rect {
        painter.rect_stroke(
            seen,
            CornerRadius::ZERO,
            Stroke::new(2.0, Color32::from_white_alpha(200)),
            StrokeKind::Inside,
        );
        painter.rect_stroke(
            seen,
            CornerRadius::ZERO,
            Stroke::new(1.0, Color32::from_black_alpha(200)),
            StrokeKind::Inside,
        );
    }
    if let (Some(map), Some(pointer)) = (map, response.hover_pos()) {
        let at = (pointer - seen.min) / seen.size();
        if (0.0..1.0).contains(&at.x) && (0.0..1.0).contains(&at.y) {
            response.on_hover_text_at_pointer(format!("{:.3}", overlay.value(map, at.x, at.y)));
        }
    }
}

fn view_of(inspected: &InspectedPicture) -> Rect {
    let ViewRect {
        left,
        top,
        width,
        height,
    } = inspected.view;
    Rect::from_min_size(pos2(left, top), vec2(width, height))
}

fn fitted(size: egui::Vec2, area: Rect) -> Rect {
    let scale = (area.width() / size.x).min(area.height() / size.y);
    Rect::from_center_size(area.center(), size * scale)
}

fn bars_ui(ui: &mut Ui, state: &mut State, commands: &mut Vec<Command>) {
    let choices: Vec<(Measure, &str)> = Measure::ALL.iter().map(|m| (*m, m.title())).collect();
    if let Some(measure) = segmented_ui(ui, state.settings.measure, &choices) {
        commands.push(Command::Show(measure));
    }
    let scores = state.selected_scores().cloned();
    let Some(scores) = scores.filter(|s| s.cosines.len() == state.settings.labels.len()) else {
        ui.label(note(ui, "Waiting for the model"));
        return;
    };
    if state.settings.labels.is_empty() {
        ui.label(note(ui, "No labels yet"));
        return;
    }
    let mut hovered = None;
    ScrollArea::vertical()
        .id_salt("bars")
        .auto_shrink([false, false])
        .show(ui, |ui| {
            ui.spacing_mut().item_spacing.y = 2.0;
            for entry in ranked(&scores) {
                match entry {
                    Some(label) => {
                        if label_bar_ui(ui, state, &scores, label, commands) {
                            hovered = Some(label);
                        }
                    }
                    None => none_bar_ui(ui, state, &scores),
                }
            }
            if state.settings.measure == Measure::Probability {
                let by_itself = state.scoring().logit_bias.is_some();
                let words = if by_itself { SIGMOID_WORDS } else { PROBABILITY_WORDS };
                ui.label(note(ui, words));
            }
        });
    state.hovered_label = hovered;
}

/// Labels best first, with "none of these" (`None`) where its cosine puts it.
fn ranked(scores: &Scores) -> Vec<Option<usize>> {
    let mut entries: Vec<(f32, Option<usize>)> =
        scores.cosines.iter().enumerate().map(|(i, c)| (*c, Some(i))).collect();
    let none_rank = if scores.none_won {
        f32::INFINITY
    } else {
        scores.none_cosine
    };
    entries.push((none_rank, None));
    entries.sort_by(|(a, _), (b, _)| b.total_cmp(a));
    entries.into_iter().map(|(_, entry)| entry).collect()
}

/// Draws a label's bar; whether the pointer is over it.
fn label_bar_ui(ui: &mut Ui, state: &State, scores: &Scores, label: usize, commands: &mut Vec<Command>) -> bool {
    let measure = state.settings.measure;
    let row = &state.settings.labels[label];
    let value = view::value(scores, label, measure, state.scoring());
    let response = score_bar_ui(
        ui,
        &ScoreBar {
            name: &row.label.name,
            number: view::shown(value, measure),
            share: share(measure, value, scores.cosines[label]),
            colour: theme::label_colour(row.colour),
            winner: view::winner(scores) == Some(label),
            chosen: state.shown_label() == Some(label),
        },
    );
    if response.clicked() {
        commands.push(Command::MapLabel(label));
    }
    response.hovered()
}

fn none_bar_ui(ui: &mut Ui, state: &State, scores: &Scores) {
    let measure = state.settings.measure;
    let value = view::none_value(scores, measure, state.scoring());
    let bar = ScoreBar {
        name: "none of these",
        number: view::shown(value, measure),
        share: share(measure, value, scores.none_cosine),
        colour: theme::none_colour(ui),
        winner: scores.none_won,
        chosen: false,
    };
    score_bar_ui(ui, &bar);
}

/// How far a bar reaches: cosines and logits from 0 to a cosine of 1.
fn share(measure: Measure, value: f32, cosine: f32) -> f32 {
    match measure {
        Measure::Probability => value,
        Measure::Cosine | Measure::Logit => cosine,
    }
}
