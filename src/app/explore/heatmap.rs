//! Below the inspected picture: which heatmap it is, what its colours mean, and how far to trust it.

use egui::{Align2, Color32, Mesh, RichText, ScrollArea, Sense, Shape, Slider, Ui, WidgetInfo, pos2, vec2};

use super::label_colour;
use super::looking::ShownMap;
use crate::app::command::{Command, Compare, FileDialog};
use crate::app::shell::icons as icon;
use crate::app::shell::keys::with_hint;
use crate::app::shell::theme;
use crate::app::shell::widgets::{
    Chart, ChartLine, chart_ui, checkbox, combo, ends_ui, icon_button, labelled, note, progress_ui, radio, section,
    swatch_ui, tall_ends_ui,
};
use crate::app::state::State;
use crate::engine::ModelChoice;
use crate::engine::protocol::{HeatmapMethod, Verdict};
use crate::heatmap::{Ramp, Scale, Style, card, short};

const RAMP_STEPS: usize = 48;
const RAMP_HEIGHT: f32 = 10.0;
const NUMBERS_HEIGHT: f32 = 16.0;
const TEST_HEIGHT: f32 = 150.0;
const COMBO_WIDTH: f32 = 132.0;
/// Enough for every method.
const LIST_HEIGHT: f32 = 400.0;
const TEST_WORDS: &str = "Erases what the map marks, part by part, and watches the score: beside erasing the same shape \
    elsewhere, and beside what an unrelated label's map marks. The picture's file is not touched.";

/// What stands after the bar of something that is computed.
const WORDS_WIDTH: f32 = 84.0;
/// What the buttons right of the opacity take, about.
const TOOLS_WIDTH: f32 = 136.0;
/// Room for half of the last number below a chart, which stands below the chart's end.
const CHART_END: f32 = 14.0;

/// Draws everything that belongs to the heatmap, and to the one that it is compared with. While it is computed, every row
/// is where it will be.
pub fn heatmap_ui(
    ui: &mut Ui,
    state: &State,
    (shown, second): (Option<&ShownMap<'_>>, Option<&ShownMap<'_>>),
    commands: &mut Vec<Command>,
) {
    if !state.settings.heatmap {
        let words = with_hint("The heatmap is off", state, &Command::ToggleHeatmap);
        ui.label(note(ui, words));
        return;
    }
    if state.settings.labels.is_empty() {
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

/// Whose map it is; where that was chosen, the way to release it.
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
        let text = with_hint(text, state, &Command::Back);
        if icon_button(ui, icon::PUSH_PIN, &text, true).clicked() {
            commands.push(Command::MapLabel(label));
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
                let choice = choice.on_hover_ui(|ui| card_ui(ui, method));
                let choice = match fits {
                    Ok(()) => choice,
                    Err(reason) => choice.on_disabled_hover_text(format!("Does not fit this model: {reason}")),
                };
                if choice.clicked() {
                    commands.push(Command::UseMethod(Some(method)));
                }
            }
        });
    response.response.on_hover_ui(|ui| card_ui(ui, used));
}

/// What a method computes and what it cannot tell.
fn card_ui(ui: &mut Ui, method: HeatmapMethod) {
    let about = card(method);
    ui.set_max_width(320.0);
    ui.label(section(about.title));
    ui.label(about.computes);
    ui.label(RichText::new("What it cannot tell").strong());
    ui.label(about.cannot_tell);
    ui.label(note(ui, about.source));
}

/// In the legend's place while there is no map yet, and as high.
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
                commands.push(Command::HoldHeatmap(!stopped));
            }
        },
    );
}

/// The ramp with the numbers at its ends, what they are, and where zero is.
fn ramp_ui(ui: &mut Ui, shown: &ShownMap<'_>) {
    let overlay = &shown.overlay;
    let (low, high) = overlay.range;
    let (rect, _) = ui.allocate_exact_size(vec2(ui.available_width(), RAMP_HEIGHT), Sense::hover());
    let mut mesh = Mesh::default();
    for step in 0..=RAMP_STEPS {
        let t = step as f32 / RAMP_STEPS as f32;
        let [r, g, b] = overlay.ramp.colour(t);
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
    let at = |value: f32| rect.left() + (value - low) / (high - low).max(f32::MIN_POSITIVE) * rect.width();
    let half = shown.map.half();
    if overlay.contour.is_some() && (low..=high).contains(&half) {
        tick_ui(ui, at(half), rect, Color32::WHITE);
    }
    let (row, _) = ui.allocate_exact_size(vec2(ui.available_width(), NUMBERS_HEIGHT), Sense::hover());
    let colour = theme::palette(ui).text_weak;
    let font = || theme::body(theme::SIZE_SMALL);
    let write = |at, align, text: &str| ui.painter().text(at, align, text, font(), colour);
    let left = write(row.left_center(), Align2::LEFT_CENTER, &short(low, high - low));
    let right = write(row.right_center(), Align2::RIGHT_CENTER, &short(high, high - low));
    let mut middle = row.center().x;
    if low < 0.0 && high > 0.0 {
        let zero = at(0.0);
        tick_ui(ui, zero, rect, Color32::BLACK);
        let room = left.right() + 8.0..=right.left() - 14.0;
        if room.contains(&zero) {
            write(pos2(zero, row.center().y), Align2::CENTER_CENTER, "0");
            // The words take the larger part.
            middle = if zero < middle {
                (zero + right.left()) / 2.0
            } else {
                (left.right() + zero) / 2.0
            };
        }
    }
    let unit = shown.map.unit();
    let words = ui.painter().layout_no_wrap(unit.into(), font(), colour).size().x / 2.0;
    if (left.right() + words..right.left() - words).contains(&middle) {
        write(pos2(middle, row.center().y), Align2::CENTER_CENTER, unit);
    }
}

/// A mark on the ramp, seen on every colour.
fn tick_ui(ui: &Ui, x: f32, ramp: egui::Rect, colour: Color32) {
    let other = if colour == Color32::BLACK {
        Color32::WHITE
    } else {
        Color32::BLACK
    };
    for (width, colour) in [(3.0, other), (1.0, colour)] {
        ui.painter().vline(x, ramp.y_range(), egui::Stroke::new(width, colour));
    }
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
        commands.push(Command::SetOpacity(opacity));
    }
}

fn tools_ui(ui: &mut Ui, state: &State, there: bool, commands: &mut Vec<Command>) {
    ui.spacing_mut().item_spacing.x = theme::GAP_SMALL;
    ui.spacing_mut().button_padding.x = 6.0;
    let test = ui.add_enabled_ui(there && state.explore.inspected.tested.is_none(), |ui| {
        icon_button(ui, icon::QUESTION, "Test this heatmap", false).on_hover_text(TEST_WORDS)
    });
    if test.inner.clicked() {
        commands.push(Command::TestMap);
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
        ("Copy with its legend", Command::CopyHeatmap),
        ("Save with its legend…", Command::Choose(FileDialog::HeatmapPicture)),
        ("Save the numbers…", Command::Choose(FileDialog::HeatmapGrid)),
    ];
    for (words, command) in choices {
        if ui.button(with_hint(words, state, &command)).clicked() {
            commands.push(command);
        }
    }
}

/// What can stand beside the heatmap.
fn compare_ui(ui: &mut Ui, state: &State, commands: &mut Vec<Command>) {
    let chosen = &state.explore.compare;
    let divided = state.settings.divider;
    let mut choice = |ui: &mut Ui, compare: Option<Compare>, title: &str| {
        if ui.selectable_label(*chosen == compare, title).clicked() {
            commands.push(Command::Compare(compare));
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
                commands.push(Command::Divide(divider));
            }
        }
    }
}

/// In two columns: the picture above is seen while its colours are chosen.
fn colours_ui(ui: &mut Ui, state: &State, commands: &mut Vec<Command>) {
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
                commands.push(Command::UseRamp(ramp));
            }
        }
    });
    let mut smooth = settings.smooth;
    if checkbox(ui, &mut smooth, "Smooth between cells").clicked() {
        commands.push(Command::ToggleSmooth);
    }
}

fn scales_ui(ui: &mut Ui, state: &State, commands: &mut Vec<Command>) {
    let settings = &state.settings;
    for style in Style::ALL {
        if radio(ui, style == settings.heatmap_style, style.title()).clicked() {
            commands.push(Command::UseStyle(style));
        }
    }
    let mut contour = settings.contour;
    if checkbox(ui, &mut contour, "Line at half of the maximum").clicked() {
        commands.push(Command::ToggleContour);
    }
    ui.separator();
    let automatic = (None, "Whichever scale fits the values");
    let each = Scale::ALL.map(|scale| (Some(scale), scale.title()));
    for (scale, title) in [automatic].into_iter().chain(each) {
        if radio(ui, scale == settings.heatmap_scale, title).clicked() {
            commands.push(Command::UseScale(scale));
        }
    }
    let mut same = settings.same_scale;
    if checkbox(ui, &mut same, "One scale for all labels").clicked() {
        commands.push(Command::ToggleSameScale);
    }
}

/// The test of the shown map: how far it is, or what came of it.
fn test_ui(ui: &mut Ui, state: &State, method: HeatmapMethod, commands: &mut Vec<Command>) {
    let tested = state.explore.inspected.tested.as_ref();
    let Some(tested) = tested.filter(|tested| state.shown_label() == Some(tested.label)) else {
        return;
    };
    ends_ui(
        ui,
        26.0,
        commands,
        |ui, _| match &tested.verdict {
            Some(_) => {
                ui.label(section("Test of this heatmap"));
            }
            None => {
                let words = format!("Erasing… {:.0} %", 100.0 * tested.done);
                progress_ui(ui, tested.done, &words, WORDS_WIDTH);
            }
        },
        |ui, commands| {
            let close = with_hint("Close the test", state, &Command::Back);
            if icon_button(ui, icon::X, &close, false).clicked() {
                commands.push(Command::StopTestingMap);
            }
        },
    );
    if let Some(verdict) = &tested.verdict {
        verdict_ui(ui, verdict, tested.beside.as_deref(), method);
    }
}

fn verdict_ui(ui: &mut Ui, verdict: &Verdict, beside: Option<&str>, method: HeatmapMethod) {
    let palette = theme::palette(ui);
    let line = |name: &str, colour, cosines: &[f32]| {
        let last = cosines.len().max(2) - 1;
        let erased = |n: usize| 100.0 * n as f64 / last as f64;
        let points = cosines
            .iter()
            .enumerate()
            .map(|(n, cosine)| [erased(n), f64::from(*cosine)]);
        ChartLine {
            name: name.into(),
            colour,
            points: points.collect(),
            ..ChartLine::default()
        }
    };
    let mut lines = vec![
        line("by this map", palette.accent, &verdict.marked.cosines),
        line(
            "the same shape elsewhere",
            palette.text_weak,
            &verdict.elsewhere.cosines,
        ),
    ];
    if let Some(unrelated) = &verdict.unrelated {
        let name = beside.map_or_else(
            || "by another label's map".into(),
            |name| format!("by the map for \"{name}\""),
        );
        lines.push(line(&name, palette.warning, &unrelated.cosines));
    }
    let chart = Chart {
        title: "Cosine while the picture is erased",
        about: TEST_WORDS,
        across: "% of the picture erased",
        up: "cosine",
        height: TEST_HEIGHT,
        lines,
        ..Chart::default()
    };
    ui.scope(|ui| {
        ui.set_max_width(ui.available_width() - CHART_END);
        chart_ui(ui, &chart);
    });
    ui.label(note(ui, verdict.sentence())).on_hover_text(format!(
        "{}: {} Erased parts are filled with the picture's mean colour. Compared is how far the cosine lies below its \
         start, on the mean of the way; the other places are the map itself moved, and random blobs of its size.",
        card(method).title,
        TEST_WORDS
    ));
}
