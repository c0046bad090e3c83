//! A row with something at either end, drawn in reading order, so that Tab reaches what is on the left first.

use egui::{Align, Layout, Rect, Ui, UiBuilder, vec2};

use crate::app::shell::theme;

/// Draws a row: what is on the left has the room that what is on the right leaves. `guess` is the right part's width until
/// it was drawn once.
pub fn ends_ui<C>(
    ui: &mut Ui,
    guess: f32,
    context: &mut C,
    left: impl FnOnce(&mut Ui, &mut C),
    right: impl FnOnce(&mut Ui, &mut C),
) {
    let height = ui.spacing().interact_size.y;
    tall_ends_ui(ui, height, guess, context, left, right);
}

/// The same, this high.
pub fn tall_ends_ui<C>(
    ui: &mut Ui,
    height: f32,
    guess: f32,
    context: &mut C,
    left: impl FnOnce(&mut Ui, &mut C),
    right: impl FnOnce(&mut Ui, &mut C),
) {
    let size = vec2(ui.available_width(), height);
    ui.allocate_ui_with_layout(size, Layout::left_to_right(Align::Center), |ui| {
        let area = ui.available_rect_before_wrap();
        let id = ui.unique_id().with("width of the right end");
        let width: f32 = ui.data(|data| data.get_temp(id)).unwrap_or(guess);
        let begin = (area.right() - width).max(area.left());
        let gap = ui.spacing().item_spacing.x;
        part_ui(ui, area.with_max_x((begin - gap).max(area.left())), |ui| {
            left(ui, context)
        });
        let drawn = part_ui(ui, area.with_min_x(begin), |ui| right(ui, context));
        if (drawn - width).abs() > 0.5 {
            ui.data_mut(|data| data.insert_temp(id, drawn));
            ui.ctx().request_repaint();
        }
    });
}

/// The room of a panel, all of it, for what is drawn into it later.
pub fn reserved(ui: &mut Ui) -> Rect {
    let area = ui.max_rect();
    ui.expand_to_include_rect(area);
    area
}

/// Draws into the room of a panel that was reserved before: what is read last is drawn last, wherever it lies.
pub fn later_ui<R>(ui: &mut Ui, name: &'static str, area: Rect, content: impl FnOnce(&mut Ui) -> R) -> R {
    let builder = UiBuilder::new()
        .id_salt(name)
        .max_rect(area)
        .layout(Layout::top_down(Align::Min));
    let mut child = ui.new_child(builder);
    child.set_clip_rect(area.expand(f32::from(theme::PANEL_MARGIN)));
    child.set_max_width(area.width());
    content(&mut child)
}

/// Draws a part of the row; how wide it became.
fn part_ui(ui: &mut Ui, area: Rect, content: impl FnOnce(&mut Ui)) -> f32 {
    let builder = UiBuilder::new()
        .max_rect(area)
        .layout(Layout::left_to_right(Align::Center));
    ui.scope_builder(builder, content).response.rect.width()
}

#[cfg(test)]
mod tests {
    use egui::pos2;

    use super::*;

    #[test]
    fn the_right_end_is_at_the_right_and_the_left_has_the_rest() {
        let ctx = egui::Context::default();
        let (mut room, mut last) = (0.0, Rect::NOTHING);
        for _ in 0..3 {
            let input = egui::RawInput {
                screen_rect: Some(Rect::from_min_size(pos2(0.0, 0.0), vec2(200.0, 100.0))),
                ..Default::default()
            };
            let _ = ctx.run_ui(input, |ui| {
                ui.spacing_mut().item_spacing.x = 8.0;
                ends_ui(
                    ui,
                    10.0,
                    &mut (),
                    |ui, ()| room = ui.available_width(),
                    |ui, ()| {
                        ui.allocate_space(vec2(20.0, 20.0));
                        last = ui.allocate_space(vec2(30.0, 20.0)).1;
                    },
                );
            });
        }
        assert_eq!((last.right(), room), (200.0, 200.0 - 58.0 - 8.0));
    }
}
