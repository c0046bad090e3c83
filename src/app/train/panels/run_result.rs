//! What a run came to: accuracies with their intervals, and what their difference says.

use egui::{Color32, RichText, TextStyle, TextWrapMode, Ui, WidgetText};

use crate::app::shell::status::counted;
use crate::app::shell::theme;
use crate::app::shell::widgets::note;
use crate::app::train::panels::{percent, share};
use crate::engine::training::{Comparison, Interval, RunRecord, Verdict};
use crate::evaluation::p_words;

/// Draws the numbers that count, large.
pub fn result_ui(ui: &mut Ui, record: &RunRecord) {
    let (Some(after), Some(before)) = (record.accuracy, record.zero_shot_accuracy) else {
        if record.model.is_some() {
            ui.label(note(ui, "No picture was left to test with: nothing was measured."));
        }
        return;
    };
    let what = if record.classes.is_empty() {
        "recall at 1"
    } else {
        "accuracy"
    };
    ui.add_space(theme::GAP_SMALL);
    ui.horizontal_wrapped(|ui| {
        ui.spacing_mut().item_spacing.x = 28.0;
        let words = |when: &str, interval: Option<Interval>| format!("test {what} {when}{}", ends(interval));
        let colour = verdict_colour(ui, record.compared.as_ref());
        number_ui(ui, after, words("after", record.accuracy_interval()), colour);
        let plain = theme::palette(ui).text;
        number_ui(
            ui,
            before,
            words("before (zero-shot)", record.zero_shot_interval()),
            plain,
        );
        if let Some((before, after)) = record.control {
            let forgot = forgot(record);
            let colour = if forgot { theme::palette(ui).warning } else { plain };
            let (was, is) = record
                .control_compared
                .map(|compared| (compared.before, compared.after))
                .unzip();
            let words = format!("on the control set{}; {} before", ends(is), share(before, was));
            number_ui(ui, after, words, colour);
        }
    });
    if record.is_blend() {
        ui.label(note(
            ui,
            format!("Measured of the model as it is now: {}.", record.mixture()),
        ));
    }
    for line in sentences(record) {
        ui.label(note(ui, line));
    }
}

/// The ends of an interval, behind a comma.
fn ends(interval: Option<Interval>) -> String {
    let percent = |share: f64| format!("{:.1}", 100.0 * share);
    interval.map_or(String::new(), |interval| {
        format!(", {} to {} %", percent(interval.low), percent(interval.high))
    })
}

fn verdict_colour(ui: &Ui, compared: Option<&Comparison>) -> Color32 {
    let palette = theme::palette(ui);
    match compared.map(Comparison::verdict) {
        Some(Verdict::Improved) => palette.accent,
        Some(Verdict::Worsened) => palette.warning,
        Some(Verdict::NoDifferenceShown) | None => palette.text,
    }
}

/// Whether the control set shows that something was forgotten.
fn forgot(record: &RunRecord) -> bool {
    let verdict = record.control_compared.map(|compared| compared.verdict());
    verdict == Some(Verdict::Worsened)
}

/// What the numbers say, and what they do not.
fn sentences(record: &RunRecord) -> Vec<String> {
    let tested = |compared: &Comparison| {
        let pictures = counted(compared.count, "test picture", "test pictures");
        format!("Measured on {pictures} that the run never saw.")
    };
    let mut lines = Vec::new();
    match &record.compared {
        Some(compared) => {
            let claim = match compared.verdict() {
                Verdict::Improved if forgot(record) => "Better on this task, worse on other pictures",
                Verdict::Improved => "It helped",
                Verdict::Worsened => "It did not help: the model as it was does better",
                Verdict::NoDifferenceShown => "No difference shown",
            };
            lines.push(format!("{claim}: {}. {}", numbers(compared), tested(compared)));
        }
        None => lines.push(format!(
            "Measured on {} that the run never saw. This run is from before answers were kept picture by \
             picture: whether the difference is chance cannot be told.",
            counted(record.n_test, "test picture", "test pictures")
        )),
    }
    if let Some(control) = &record.control_compared {
        let claim = match control.verdict() {
            Verdict::Worsened => "Forgetting on the control set",
            Verdict::Improved => "The control set is answered better, too",
            Verdict::NoDifferenceShown => "No difference shown on the control set",
        };
        let pictures = counted(control.count, "picture", "pictures");
        lines.push(format!("{claim}: {}, {pictures}.", numbers(control)));
    }
    lines
}

/// A difference with its interval and its test.
pub fn numbers(compared: &Comparison) -> String {
    let p = compared.p.map_or(String::new(), |p| format!(", {}", p_words(p)));
    format!("{}{p}", compared.difference.difference_words())
}

/// A large number over its words, which stay in one line: where this row has no room for them, on the next.
fn number_ui(ui: &mut Ui, share: f32, words: String, colour: Color32) {
    let words = note(ui, words);
    let galley =
        WidgetText::from(words.clone()).into_galley(ui, Some(TextWrapMode::Extend), f32::INFINITY, TextStyle::Small);
    let is_first = ui.cursor().left() <= ui.max_rect().left() + 1.0;
    if !is_first && ui.available_size_before_wrap().x < galley.size().x {
        ui.end_row();
    }
    ui.vertical(|ui| {
        ui.spacing_mut().item_spacing.y = 0.0;
        ui.label(RichText::new(percent(share)).font(theme::strong(26.0)).color(colour));
        ui.label(words);
    });
}
