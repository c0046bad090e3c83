//! The test of the heatmap: its progress, and its result.

use egui::Ui;

use super::heatmap::{TEST_WORDS, WORDS_WIDTH};
use crate::app::command::Command;
use crate::app::explore::command::ExploreCommand;
use crate::app::shell::keys::with_hint;
use crate::app::shell::widgets::{Chart, ChartLine, chart_ui, ends_ui, icon_button, note, progress_ui, section};
use crate::app::shell::{icons as icon, theme};
use crate::app::state::State;
use crate::engine::protocol::{HeatmapMethod, Verdict};
use crate::heatmap::card;

const TEST_HEIGHT: f32 = 150.0;
/// Room for half of the last number on the axis, which is centred below the chart's end.
const CHART_END: f32 = 14.0;

/// The test of the heatmap: its progress, or its result.
pub(super) fn test_ui(ui: &mut Ui, state: &State, method: HeatmapMethod, commands: &mut Vec<Command>) {
    let tested = state.explore.inspected.tested.as_ref();
    let Some(tested) = tested.filter(|tested| state.shown_label() == Some(tested.label)) else {
        return;
    };
    ends_ui(
        ui,
        theme::ICON_BUTTON,
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
            let close = with_hint("Close the test", state, &Command::Explore(ExploreCommand::Back));
            if icon_button(ui, icon::X, &close, false).clicked() {
                commands.push(ExploreCommand::StopTestingMap.into());
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
        "{}: {} Erased parts are filled with the picture's mean colour. The measure is the average drop of the cosine \
         along the way; the other places are the map itself moved, and random blobs of its size.",
        card(method).title,
        TEST_WORDS
    ));
}
