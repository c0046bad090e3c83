//! Small parts that panels are made of. Each draws itself and returns what happened to it.

mod chart;
mod choice;
mod elided;
mod ends;
mod explained;
mod follow;
mod footer;
mod icon_button;
mod progress;
mod rows;
mod score_bar;
mod segmented;

pub use chart::{Chart, ChartLine, Look, chart_ui, clicked_chart_ui, short};
pub use choice::{checkbox, radio};
pub use elided::{elided_note, elided_ui, middle_elided};
pub use ends::{ends_ui, later_ui, reserved, tall_ends_ui};
pub use explained::{explained, explained_ui};
pub use follow::follow_focus;
pub use footer::{footer_room, footer_ui};
pub use icon_button::{icon_button, labelled, primary_button};
pub use progress::progress_ui;
pub use rows::rows_ui;
pub use score_bar::{BAR_HEIGHT, ScoreBar, score_bar_ui};
pub use segmented::segmented_ui;

use egui::{Color32, ComboBox, CornerRadius, Sense, Shape, Stroke, Ui, vec2};

use super::theme;

/// A square in a label's colour.
pub fn swatch_ui(ui: &mut Ui, colour: Color32) {
    let (rect, _) = ui.allocate_exact_size(vec2(theme::SWATCH, theme::SWATCH), Sense::hover());
    ui.painter()
        .rect_filled(rect, CornerRadius::same(3), theme::themed(ui.ctx(), colour));
}

/// Text of less weight, in the small size.
pub fn note(ui: &Ui, text: impl Into<String>) -> egui::RichText {
    egui::RichText::new(text).small().color(theme::palette(ui).text_weak)
}

/// A warning in the small size, behind its icon.
pub fn warning(ui: &Ui, icon: &str, words: &str) -> egui::RichText {
    let text = format!("{icon} {words}");
    egui::RichText::new(text).small().color(theme::palette(ui).warning)
}

/// A heading inside a panel.
pub fn section(text: &str) -> egui::RichText {
    egui::RichText::new(text).font(theme::strong(theme::SIZE_BODY))
}

/// A drop-down list with a small chevron.
pub fn combo(name: &'static str) -> ComboBox<'static> {
    ComboBox::from_id_salt(name).icon(|ui, rect, visuals, _| {
        let centre = rect.center();
        let wing = |x: f32| centre + vec2(x, -2.0);
        let chevron = vec![wing(-4.0), centre + vec2(0.0, 2.0), wing(4.0)];
        let stroke = Stroke::new(1.5, visuals.fg_stroke.color);
        ui.painter().add(Shape::line(chevron, stroke));
    })
}

/// The size of a file, in a fitting unit.
pub fn file_size(bytes: u64) -> String {
    match bytes as f64 {
        bytes if bytes >= 1e9 => format!("{:.1} GB", bytes / 1e9),
        bytes if bytes >= 1e7 => format!("{:.0} MB", bytes / 1e6),
        bytes if bytes >= 1e6 => format!("{:.1} MB", bytes / 1e6),
        bytes => format!("{:.0} kB", (bytes / 1e3).max(1.0)),
    }
}

/// How long something takes, in a fitting unit.
pub fn duration(seconds: f64) -> String {
    match seconds {
        s if s < 1.0 => "less than a second".into(),
        s if s < 90.0 => format!("{s:.0} s"),
        s if s < 5_400.0 => format!("{:.0} min", s / 60.0),
        s => format!("{:.1} h", s / 3_600.0),
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn files_are_told_in_fitting_units() {
        let told: Vec<String> = [7, 48_000, 1_234_567, 24_600_000, 3_400_000_000]
            .map(super::file_size)
            .into();
        assert_eq!(told, ["1 kB", "48 kB", "1.2 MB", "25 MB", "3.4 GB"]);
    }

    #[test]
    fn durations_are_told_in_fitting_units() {
        let told: Vec<String> = [0.2, 30.0, 600.0, 9_000.0].map(super::duration).into();
        assert_eq!(told, ["less than a second", "30 s", "10 min", "2.5 h"]);
    }
}
