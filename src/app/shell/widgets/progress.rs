//! A progress bar with words beside it: inside the bar, they would be read on two different grounds.

use egui::{ProgressBar, Ui};

use super::note;

const HEIGHT: f32 = 8.0;

/// Draws a bar with words after it, in the room there is; the words have this much of it.
pub fn progress_ui(ui: &mut Ui, done: f32, words: &str, words_width: f32) {
    let gap = ui.spacing().item_spacing.x;
    let width = (ui.available_width() - words_width - gap).max(24.0);
    ui.add(ProgressBar::new(done).desired_width(width).desired_height(HEIGHT));
    ui.add(egui::Label::new(note(ui, words)).truncate());
}

#[cfg(test)]
mod tests {
    use egui::{Rect, Shape, pos2, vec2};

    use super::*;
    use crate::app::shell::theme;

    #[test]
    fn words_are_never_in_the_bar() {
        let ctx = egui::Context::default();
        theme::install(&ctx);
        let input = egui::RawInput {
            screen_rect: Some(Rect::from_min_size(pos2(0.0, 0.0), vec2(300.0, 60.0))),
            ..Default::default()
        };
        let output = ctx.run_ui(input, |ui| {
            ui.horizontal(|ui| progress_ui(ui, 0.4, "computing", 80.0));
        });
        let shapes = || output.shapes.iter().map(|clipped| &clipped.shape);
        let bars: Vec<Rect> = shapes()
            .filter_map(|shape| match shape {
                Shape::Rect(bar) => Some(bar.rect),
                _ => None,
            })
            .collect();
        let words: Vec<Rect> = shapes()
            .filter_map(|shape| match shape {
                Shape::Text(text) => Some(text.visual_bounding_rect()),
                _ => None,
            })
            .collect();
        assert!(bars.len() >= 2 && words.len() == 1, "{bars:?} {words:?}");
        assert!(bars.iter().all(|bar| !bar.intersects(words[0])), "{bars:?} {words:?}");
    }
}
