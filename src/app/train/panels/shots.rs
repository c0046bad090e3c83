//! Accuracy against the number of shots: how much do a few examples help a model that knows the words?

use std::path::PathBuf;

use egui::{Button, Color32, Grid, RichText, Sense, Stroke, Ui, Vec2, vec2};
use egui_plot::{FilledArea, GridMark, HLine, Line, LineStyle, MarkerShape, Plot, PlotPoints, PlotUi, Points};

use crate::app::command::{Command, FileDialog};
use crate::app::shell::icons as icon;
use crate::app::shell::theme;
use crate::app::shell::widgets::{elided_note, note, section, swatch_ui};
use crate::app::state::State;
use crate::app::train::panels::{card, cell_ui, progress_ui};
use crate::app::train::ready::ready_for_shots;
use crate::app::train::{AtWork, TrainCommand};
use crate::engine::training::{Band, FineTuneMethod, METHODS, PEOPLE, bands};
use crate::fixed::signed;
use crate::library::SAMPLES_FOLDER;

const HEIGHT: f32 = 320.0;
const SAMPLES_WORDS: &str = "Drawings against photographs, the two folders that the samples lie in";
/// The most examples that are asked for.
const MOST: usize = 16;
/// The table's headings.
const HEADINGS: [&str; 4] = [
    "Method",
    "Examples",
    "Accuracy (lowest to highest)",
    "Compared with zero-shot",
];
/// Room for the first three columns, between columns, and for the last one at most.
const WIDTHS: [f32; 3] = [110.0, 64.0, 180.0];
const COLUMN_GAP: f32 = 20.0;
const GAIN_WIDTH: f32 = 420.0;
/// Numbers of examples that are measured.
const EXAMPLES: [usize; 6] = [0, 1, 2, 4, 8, 16];

pub fn shots_ui(ui: &mut Ui, state: &State, commands: &mut Vec<Command>) {
    let training = &state.training;
    ui.label(RichText::new("Few-shot against zero-shot").font(theme::strong(theme::SIZE_HEADING)));
    let words = "The star is the model without any example, knowing only the names. The curves learn from 1 to 16 \
                 examples of each class (all there are, where a class has fewer), and are tested on pictures that they \
                 never saw, each on several random splits.";
    ui.label(note(ui, words));
    ui.add_space(theme::GAP_SMALL);
    card(ui, |ui| {
        measure_ui(ui, state, commands);
    });
    if training.shots.is_empty() {
        card(ui, |ui| {
            chart_ui(ui, &[]);
            let words = "One curve for each method will appear here, with its spread over the splits, and zero-shot \
                         as a level to compare with.";
            ui.label(note(ui, words));
            people_ui(ui);
        });
    } else {
        card(ui, |ui| {
            let bands = bands(&training.shots);
            chart_ui(ui, &bands);
            words_ui(ui, &bands);
            table_ui(ui, &bands);
        });
    }
}

/// From which pictures, the button that begins, and why it cannot.
fn measure_ui(ui: &mut Ui, state: &State, commands: &mut Vec<Command>) {
    let training = &state.training;
    let ready = ready_for_shots(state);
    ui.horizontal(|ui| {
        if ui
            .button(format!("{}  Choose folder\u{2026}", icon::FOLDER_OPEN))
            .clicked()
        {
            commands.push(Command::Choose(FileDialog::TrainingFolder));
        }
        if let Some(samples) = samples(state)
            && ui.button("Use the samples").on_hover_text(SAMPLES_WORDS).clicked()
        {
            commands.push(Command::Train(TrainCommand::UseFolder(samples)));
        }
        let measure = Button::new(format!("{}  Measure", icon::CHART_LINE_UP));
        if ui.add_enabled(ready.is_ok(), measure).clicked() {
            commands.push(Command::Train(TrainCommand::MeasureShots));
        }
        let folder = training.draft.folder.display().to_string();
        let shown = match folder.as_str() {
            "" => "one folder per class",
            folder => folder,
        };
        elided_note(ui, shown).on_hover_text(&folder);
    });
    if let Some(AtWork::Other(what, done)) = &training.at_work {
        commands.extend(progress_ui(ui, what, *done).map(Command::Train));
    } else if let Err(reason) = ready {
        ui.label(note(ui, reason));
    }
}

/// The folder of the samples, while Explore shows them and something else is set up: there they lie unpacked.
fn samples(state: &State) -> Option<PathBuf> {
    let shown = state.settings.folders.is_empty() && !state.explore.pictures().is_empty();
    let folder = state.about.data_folder.as_ref()?.join(SAMPLES_FOLDER);
    (shown && state.training.draft.folder != folder).then_some(folder)
}

fn people_ui(ui: &mut Ui) {
    let [none, one] = PEOPLE.map(|share| format!("{:.1} %", 100.0 * share));
    let words = format!(
        "What one example can do for people: those who named the breeds of Oxford Pets went from {none} without an example \
         to {one} with one of each (Radford et al. 2021, table 2)."
    );
    ui.label(note(ui, words));
}

fn colour(method: FineTuneMethod) -> Color32 {
    let place = METHODS.iter().position(|known| *known == method).unwrap_or(0);
    theme::label_colour(place)
}

/// Examples are drawn at the logarithm of their number, after zero.
fn across(examples: usize) -> f64 {
    if examples == 0 {
        0.0
    } else {
        (examples as f64).log2() + 1.0
    }
}

fn chart_ui(ui: &mut Ui, bands: &[Band]) {
    let palette = theme::palette(ui);
    ui.label(section("Accuracy on test pictures"));
    let star = bands.iter().find(|band| band.method.is_none());
    let axis = |text: &str| note(ui, text);
    let plot = Plot::new("k-shot")
        .height(HEIGHT)
        .grid_color(palette.line)
        .allow_scroll(false)
        .allow_zoom(false)
        .allow_drag(false)
        .set_margin_fraction(vec2(0.04, 0.06))
        .include_x(0.0)
        .include_x(across(MOST))
        .include_y(0.0)
        .include_y(1.0)
        .x_axis_label(axis("examples per class"))
        .y_axis_label(axis("accuracy on test"))
        .x_grid_spacer(|_| ticks(bands))
        .x_axis_formatter(|mark, _| examples_at(mark.value))
        .y_axis_formatter(|mark, _| format!("{:.0} %", 100.0 * mark.value));
    plot.show(ui, |plot| {
        if let Some(star) = star {
            let level = HLine::new("zero-shot", star.mean).color(palette.text_weak);
            plot.hline(level.style(LineStyle::dashed_dense()));
        }
        for method in METHODS {
            method_ui(plot, method, bands);
        }
        if let Some(star) = star {
            let ends = PlotPoints::from(vec![[0.0, star.low], [0.0, star.high]]);
            plot.line(Line::new("zero-shot", ends).color(palette.text).width(1.5));
            let star = Points::new("zero-shot", PlotPoints::from(vec![[0.0, star.mean]]));
            plot.points(star.shape(MarkerShape::Asterisk).radius(9.0).color(palette.text));
        }
    });
}

fn method_ui(plot: &mut PlotUi<'_>, method: FineTuneMethod, bands: &[Band]) {
    let these: Vec<&Band> = bands.iter().filter(|band| band.method == Some(method)).collect();
    let colour = theme::themed(plot.ctx(), colour(method));
    let values = |of: fn(&Band) -> f64| -> Vec<f64> { these.iter().map(|band| of(band)).collect() };
    let xs = values(|band| across(band.examples));
    if these.len() > 1 {
        let name = format!("{}, lowest to highest", method.title());
        let area = FilledArea::new(name, &xs, &values(|band| band.low), &values(|band| band.high));
        plot.add(area.fill_color(colour.gamma_multiply(0.2)).allow_hover(false));
    }
    let points: Vec<[f64; 2]> = these.iter().map(|band| [across(band.examples), band.mean]).collect();
    let means = || PlotPoints::from(points.clone());
    plot.line(Line::new(method.title(), means()).color(colour).width(2.0));
    plot.points(Points::new(method.title(), means()).color(colour).radius(4.0));
}

/// Zero, and every number of examples that was measured.
fn ticks(bands: &[Band]) -> Vec<GridMark> {
    let mut places: Vec<usize> = bands.iter().map(|band| band.examples).collect();
    if bands.is_empty() {
        places.extend(EXAMPLES);
    }
    places.sort_unstable();
    places.dedup();
    let mark = |examples: usize| GridMark {
        value: across(examples),
        step_size: 1.0,
    };
    places.into_iter().map(mark).collect()
}

fn examples_at(place: f64) -> String {
    if place <= 0.0 {
        return "0".into();
    }
    format!("{:.0}", (place - 1.0).exp2())
}

/// What the colours and bands are.
fn words_ui(ui: &mut Ui, bands: &[Band]) {
    ui.horizontal_wrapped(|ui| {
        ui.spacing_mut().item_spacing.x = theme::GAP_SMALL;
        if let Some(star) = bands.iter().find(|band| band.method.is_none()) {
            star_ui(ui);
            ui.label(note(ui, format!("zero-shot {} (dashed: its level)", spread(star))));
        }
        for method in METHODS {
            swatch_ui(ui, colour(method));
            ui.label(note(ui, method.title()));
        }
    });
    let seeds = bands.iter().map(|band| band.seeds).max().unwrap_or(0);
    let splits = if seeds == 1 {
        "split so far"
    } else {
        "splits, each by its own seed"
    };
    let words = format!(
        "Lines are means, bands reach from the lowest to the highest of {seeds} {splits}. So few splits give no confidence \
         interval; the table says in how many splits the test shows a difference from zero-shot."
    );
    ui.label(note(ui, words));
}

/// The mark of the plot, as its legend.
fn star_ui(ui: &mut Ui) {
    let (place, _) = ui.allocate_exact_size(vec2(theme::SWATCH, theme::SWATCH), Sense::hover());
    let stroke = Stroke::new(1.5, theme::palette(ui).text);
    for turn in 0..3 {
        let arm = Vec2::angled(turn as f32 * std::f32::consts::FRAC_PI_3 + std::f32::consts::FRAC_PI_2);
        let arm = arm * place.width() / 2.0;
        ui.painter()
            .line_segment([place.center() - arm, place.center() + arm], stroke);
    }
}

/// A mean with the lowest and the highest.
fn spread(band: &Band) -> String {
    let [mean, low, high] = [band.mean, band.low, band.high].map(|share| 100.0 * share);
    format!("{mean:.1} % ({low:.1} to {high:.1})")
}

fn table_ui(ui: &mut Ui, bands: &[Band]) {
    ui.add_space(theme::GAP_SMALL);
    let [method, examples, accuracy] = WIDTHS;
    let room = ui.available_width() - WIDTHS.iter().sum::<f32>() - 3.0 * COLUMN_GAP;
    let widths = [method, examples, accuracy, room.min(GAIN_WIDTH)];
    Grid::new("bands")
        .num_columns(widths.len())
        .spacing([COLUMN_GAP, 3.0])
        .striped(true)
        .show(ui, |ui| {
            for (heading, width) in HEADINGS.into_iter().zip(widths) {
                let heading = note(ui, heading);
                cell_ui(ui, width, heading);
            }
            ui.end_row();
            for band in bands {
                for (text, width) in cells(band).into_iter().zip(widths) {
                    cell_ui(ui, width, RichText::new(text));
                }
                ui.end_row();
            }
        });
}

/// A row of the table.
fn cells(band: &Band) -> [String; 4] {
    [
        band.method.map_or("Zero-shot", FineTuneMethod::title).to_owned(),
        band.examples.to_string(),
        spread(band),
        compared_with_zero_shot(band),
    ]
}

fn compared_with_zero_shot(band: &Band) -> String {
    let Some(gain) = band.gain else {
        return "-".into();
    };
    let (better, worse, seeds) = (band.improved, band.worsened, band.seeds);
    let shown = match (better, worse) {
        (0, 0) => "no difference shown in any split".into(),
        (better, 0) => format!("improved in {better} of {seeds} splits"),
        (0, worse) => format!("worsened in {worse} of {seeds} splits"),
        (better, worse) => format!("improved in {better}, worsened in {worse} of {seeds} splits"),
    };
    format!("{} points: {shown}", signed(100.0 * gain, 1))
}

#[cfg(test)]
mod tests {
    use super::{across, examples_at};

    #[test]
    fn examples_stand_where_they_are_and_are_told_so() {
        let told: Vec<String> = [0, 1, 4, 12, 16].map(|examples| examples_at(across(examples))).into();
        assert_eq!(told, ["0", "1", "4", "12", "16"]);
        assert!(across(12) < across(16));
    }
}
