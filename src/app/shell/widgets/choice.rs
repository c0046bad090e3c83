//! A checkbox and a radio button whose outlines are visible on every ground.

use egui::{IntoAtoms, Response, Ui};

use crate::app::shell::theme;

/// Yes or no.
pub fn checkbox<'a>(ui: &mut Ui, checked: &'a mut bool, text: impl IntoAtoms<'a>) -> Response {
    empty(ui, |ui| ui.checkbox(checked, text))
}

/// One of several.
pub fn radio<'a>(ui: &mut Ui, chosen: bool, text: impl IntoAtoms<'a>) -> Response {
    empty(ui, |ui| ui.radio(chosen, text))
}

fn empty(ui: &mut Ui, content: impl FnOnce(&mut Ui) -> Response) -> Response {
    let fill = theme::palette(ui).surface;
    let draw = |ui: &mut Ui| {
        let widgets = &mut ui.visuals_mut().widgets;
        for state in [&mut widgets.inactive, &mut widgets.hovered, &mut widgets.active] {
            state.bg_fill = fill;
        }
        content(ui)
    };
    ui.scope(draw).inner
}
