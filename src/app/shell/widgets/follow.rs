//! Keeps what has the focus in view.

use egui::{Id, Ui};

/// At the end of what a scroll area holds: brings what Tab has just reached into sight.
pub fn follow_focus(ui: &Ui) {
    let focused = ui.memory(|memory| memory.focused());
    let id = ui.unique_id().with("what had the focus");
    let before: Option<Option<Id>> = ui.data(|data| data.get_temp(id));
    ui.data_mut(|data| data.insert_temp(id, focused));
    if before == Some(focused) {
        return;
    }
    let Some(response) = focused.and_then(|id| ui.ctx().read_response(id)) else {
        return;
    };
    // What is drawn elsewhere can lie where the part lies that is scrolled out of sight.
    let seen = response.interact_rect;
    let elsewhere = seen.is_positive() && !ui.clip_rect().contains_rect(seen);
    let is_ours = response.layer_id == ui.layer_id() && ui.min_rect().contains(response.rect.center());
    if is_ours && !elsewhere {
        ui.scroll_to_rect(response.rect, None);
    }
}
