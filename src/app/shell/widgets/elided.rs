//! Names that are longer than the room for them.

use std::sync::Arc;

use egui::accesskit::Role;
use egui::{Color32, FontId, Galley, Response, Ui, WidgetInfo};

use crate::app::shell::theme;

/// A line with the ellipsis in its middle: names of files differ at their ends.
pub fn middle_elided(ui: &Ui, text: &str, font: FontId, colour: Color32, width: f32) -> Arc<Galley> {
    let layout = |text: String| ui.painter().layout_no_wrap(text, font.clone(), colour);
    let whole = layout(text.to_owned());
    let count = text.chars().count();
    if whole.size().x <= width || count < 4 {
        return whole;
    }
    let mut kept = ((width / whole.size().x) * count as f32) as usize;
    loop {
        let cut = layout(middle_cut(text, kept));
        if cut.size().x <= width || kept <= 3 {
            return cut;
        }
        kept -= 1;
    }
}

/// A text in the room that is left, its middle giving way where it is longer; told whole to those who do not see it.
pub fn elided_ui(ui: &mut Ui, text: &str, font: FontId, colour: Color32) -> Response {
    let galley = middle_elided(ui, text, font, colour, ui.available_width());
    let response = ui.label(galley);
    response.widget_info(|| WidgetInfo::labeled(Role::Label, true, text));
    response
}

/// The same as a note.
pub fn elided_note(ui: &mut Ui, text: &str) -> Response {
    let colour = theme::palette(ui).text_weak;
    elided_ui(ui, text, theme::body(theme::SIZE_SMALL), colour)
}

/// So many characters, an ellipsis in their middle included.
fn middle_cut(text: &str, kept: usize) -> String {
    let count = text.chars().count();
    if kept >= count {
        return text.to_owned();
    }
    let letters = kept.saturating_sub(1);
    let tail = letters / 2;
    let start: String = text.chars().take(letters - tail).collect();
    let end: String = text.chars().skip(count - tail).collect();
    format!("{start}…{end}")
}

#[cfg(test)]
mod tests {
    use super::middle_cut;

    #[test]
    fn long_names_lose_their_middle() {
        assert_eq!(middle_cut("1321949151_77b77b4617.jpg", 9), "1321….jpg");
        assert_eq!(middle_cut("a.jpg", 9), "a.jpg");
        assert_eq!(middle_cut("äöü🙂ßé.jpeg", 5), "äö…eg");
    }
}
