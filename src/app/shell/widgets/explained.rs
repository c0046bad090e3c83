//! Explanations of terms and methods: a tooltip for the pointer, and the same for who comes by key.

use egui::{Order, Popup, Response, Tooltip, Ui};

/// Explains a control in words.
pub fn explained(response: Response, words: &str) -> Response {
    explained_ui(response, |ui| {
        ui.label(words);
    })
}

/// Explains a control. egui shows tooltips to the pointer alone.
pub fn explained_ui(response: Response, content: impl Fn(&mut Ui)) -> Response {
    // Below an open menu, the menu itself is what is looked at.
    let is_covered = Popup::is_any_open(&response.ctx) && response.layer_id.order != Order::Foreground;
    if came_by_key(&response) && !response.hovered() && !is_covered {
        Tooltip::for_widget(&response).show(&content);
        return response;
    }
    response.on_hover_ui(content)
}

/// Whether the control has the focus, and not from a press of the pointer.
fn came_by_key(response: &Response) -> bool {
    let id = response.id.with("focus by key");
    let ctx = &response.ctx;
    if !response.has_focus() {
        ctx.data_mut(|data| data.remove::<bool>(id));
        return false;
    }
    let by_pointer = ctx.input(|input| input.pointer.any_down() || input.pointer.any_released());
    ctx.data_mut(|data| *data.get_temp_mut_or_insert_with(id, || !by_pointer))
}
