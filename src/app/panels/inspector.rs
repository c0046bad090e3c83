//! The inspector: one picture large, where a label is found in it, and what the model says.

use crate::app::icons as icon;
use egui::{
    Align, Align2, Color32, CornerRadius, Layout, Mesh, Rect, RichText, ScrollArea, Sense, Shape, Slider, Stroke,
    StrokeKind, Ui, WidgetInfo, pos2, vec2,
};

use crate::app::command::Command;
use crate::app::settings::Measure;
use crate::app::state::State;
use crate::app::textures::{OverlayKey, Textures};
use crate::app::theme;
use crate::app::view;
use crate::app::widgets::{ScoreBar, combo, icon_button, note, score_bar_ui, section, segmented_ui};
use crate::engine::protocol::{HeatMap, InspectedPicture, Scores, ViewRect};
use crate::heatmap::{Overlay, Ramp};

/// Side of a drawn heatmap, in pixels; the graphics card smooths between them.
const OVERLAY_SIDE: u32 = 168;
/// The picture's share of the panel's height.
const PICTURE_SHARE: f32 = 0.4;
const PROBABILITY_WORDS: &str = "Shares of a softmax over these labels, not how certain the model is. \"None of \
    these\" is weighed against all of them together.";
const SIGMOID_WORDS: &str = "This model judges every label by itself: the numbers need not add up to 100 %, and several \
    labels can fit.";
const RAMP_STEPS: usize = 48;
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
    let range = shared_range(state);
    picture_ui(ui, state, textures, map.as_ref(), range);
    legend_ui(ui, state, map.as_ref(), range, &mut commands);
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
    let (generation, maps) = state.inspected.maps.as_ref()?;
    if !state.settings.heatmap || *generation != state.asking.generation {
        return None;
    }
    maps.get(state.shown_label()?).cloned()
}

/// One scale for all labels of a picture, so that their maps can be compared.
fn shared_range(state: &State) -> (f32, f32) {
    let maps = state
        .inspected
        .maps
        .as_ref()
        .map_or(&[][..], |(_, maps)| maps.as_slice());
    let (low, high) = maps
        .iter()
        .map(HeatMap::range)
        .fold((f32::INFINITY, f32::NEG_INFINITY), |(low, high), (l, h)| {
            (low.min(l), high.max(h))
        });
    if low <= high { (low, high) } else { (0.0, 1.0) }
}

fn picture_ui(ui: &mut Ui, state: &State, textures: &mut Textures, map: Option<&HeatMap>, range: (f32, f32)) {
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
        let overlay = Overlay {
            ramp: state.settings.ramp,
            opacity: state.settings.opacity,
            range,
        };
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
            response.on_hover_text_at_pointer(format!("{:.3}", map.sample(at.x, at.y)));
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

fn legend_ui(ui: &mut Ui, state: &State, map: Option<&HeatMap>, range: (f32, f32), commands: &mut Vec<Command>) {
    let Some(map) = map else {
        let text = if !state.settings.heatmap {
            "The heatmap is off (H)"
        } else if state.settings.labels.is_empty() {
            "Add a label to see where it is found"
        } else {
            "Heatmap: computing"
        };
        ui.label(note(ui, text));
        return;
    };
    let label = state.shown_label().and_then(|label| state.settings.labels.get(label));
    ui.horizontal(|ui| {
        if let Some(row) = label {
            crate::app::widgets::swatch_ui(ui, theme::label_colour(row.colour));
            ui.add(egui::Label::new(section(&row.label.name)).truncate());
        }
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            let text = format!("{} {}", map.method.title(), icon::QUESTION);
            ui.label(note(ui, text)).on_hover_text(map.method.explanation());
        });
    });
    ramp_ui(ui, state.settings.ramp, range);
    ui.horizontal(|ui| {
        let mut opacity = state.settings.opacity;
        ui.label(note(ui, "Opacity"));
        ui.spacing_mut().slider_width = 84.0;
        let response = ui.add(Slider::new(&mut opacity, 0.0..=1.0).show_value(false));
        response.widget_info(|| WidgetInfo::slider(true, f64::from(opacity), "Opacity of the heatmap"));
        if response.changed() {
            commands.push(Command::SetOpacity(opacity));
        }
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            combo("ramp")
                .selected_text(state.settings.ramp.title())
                .width(84.0)
                .show_ui(ui, |ui| {
                    for ramp in Ramp::ALL {
                        if ui.selectable_label(ramp == state.settings.ramp, ramp.title()).clicked() {
                            commands.push(Command::UseRamp(ramp));
                        }
                    }
                });
            ui.label(note(ui, "Colours"));
        });
    });
}

/// The ramp with the numbers at its ends.
fn ramp_ui(ui: &mut Ui, ramp: Ramp, (low, high): (f32, f32)) {
    let (rect, _) = ui.allocate_exact_size(vec2(ui.available_width(), 10.0), Sense::hover());
    let mut mesh = Mesh::default();
    for step in 0..=RAMP_STEPS {
        let t = step as f32 / RAMP_STEPS as f32;
        let [r, g, b] = ramp.colour(t);
        let x = rect.left() + t * rect.width();
        for y in [rect.top(), rect.bottom()] {
            mesh.colored_vertex(pos2(x, y), Color32::from_rgb(r, g, b));
        }
        if step > 0 {
            let n = 2 * step as u32;
            mesh.add_triangle(n - 2, n - 1, n);
            mesh.add_triangle(n - 1, n, n + 1);
        }
    }
    ui.painter().add(Shape::mesh(mesh));
    let (row, _) = ui.allocate_exact_size(vec2(ui.available_width(), 16.0), Sense::hover());
    let colour = theme::palette(ui).text_weak;
    for (at, align, text) in [
        (row.left_center(), Align2::LEFT_CENTER, format!("{low:.2}")),
        (row.center(), Align2::CENTER_CENTER, "one scale for all labels".into()),
        (row.right_center(), Align2::RIGHT_CENTER, format!("{high:.2}")),
    ] {
        ui.painter()
            .text(at, align, text, theme::body(theme::SIZE_SMALL), colour);
    }
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
