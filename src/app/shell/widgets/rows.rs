//! Long lists whose rows differ in height: only what is in view is drawn.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Arc, Mutex, PoisonError};

use egui::Ui;

/// Shorter lists are drawn whole.
const FEW: usize = 64;
/// Rows so far outside the view are drawn, so that a key that goes to the next finds it.
const MARGIN: f32 = 300.0;

/// Draws the rows of a list inside a scroll area, by their keys. A row that was not drawn yet is taken to be `height`
/// points high.
pub fn rows_ui<K: Clone + Eq + Hash + Send + Sync + 'static>(
    ui: &mut Ui,
    salt: &str,
    keys: &[K],
    height: f32,
    mut row_ui: impl FnMut(&mut Ui, usize),
) {
    if keys.len() <= FEW {
        (0..keys.len()).for_each(|place| row_ui(ui, place));
        return;
    }
    let id = ui.scope_id().with(salt);
    let known = ui.data_mut(|data| data.get_temp_mut_or_default::<Arc<Mutex<HashMap<K, f32>>>>(id).clone());
    let mut heights = known.lock().unwrap_or_else(PoisonError::into_inner);
    let view = ui.clip_rect().expand(MARGIN);
    let mut skipped = 0.0;
    for (place, key) in keys.iter().enumerate() {
        let height = heights.get(key).copied().unwrap_or(height);
        let top = ui.cursor().top() + skipped;
        if top > view.bottom() || top + height < view.top() {
            skipped += height;
            continue;
        }
        ui.add_space(std::mem::take(&mut skipped));
        let before = ui.cursor().top();
        row_ui(ui, place);
        heights.insert(key.clone(), ui.cursor().top() - before);
    }
    ui.add_space(skipped);
}

#[cfg(test)]
mod tests {
    use egui::{Rect, ScrollArea, pos2, vec2};

    use super::*;

    /// The rows that are drawn, and how high all are together.
    fn drawn(count: usize, offset: f32) -> (Vec<usize>, f32) {
        let ctx = egui::Context::default();
        let keys: Vec<usize> = (0..count).collect();
        let (mut places, mut height) = (Vec::new(), 0.0);
        // The second time, heights are known.
        for _ in 0..3 {
            places.clear();
            let input = egui::RawInput {
                screen_rect: Some(Rect::from_min_size(pos2(0.0, 0.0), vec2(200.0, 400.0))),
                ..Default::default()
            };
            let _ = ctx.run_ui(input, |ui| {
                let area = ScrollArea::vertical().vertical_scroll_offset(offset).show(ui, |ui| {
                    rows_ui(ui, "rows", &keys, 20.0, |ui, place| {
                        places.push(place);
                        ui.allocate_space(vec2(10.0, if place.is_multiple_of(2) { 20.0 } else { 40.0 }));
                    });
                });
                height = area.content_size.y;
            });
        }
        (places, height)
    }

    #[test]
    fn only_rows_in_view_are_drawn_and_the_list_is_as_long_as_all() {
        let (few, _) = drawn(FEW, 0.0);
        assert_eq!(few.len(), FEW);
        let (first, height) = drawn(10_000, 0.0);
        assert_eq!(first[0], 0);
        assert!(first.len() < 60, "{} rows were drawn", first.len());
        assert!(height > 200_000.0, "{height}");
        let (later, _) = drawn(10_000, 100_000.0);
        assert!(later.len() < 80 && later[0] > 1_000, "{later:?}");
    }
}
