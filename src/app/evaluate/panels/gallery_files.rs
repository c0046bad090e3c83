//! Files behind a number that are no pictures of the evaluation, such as negatives: a click shows one in Explore.

use egui::{Align2, Rect, ScrollArea, Sense, Ui, WidgetInfo, pos2, vec2};

use super::gallery::{CAPTION, GAP, SIDE, chip_ui, thumbnail_ui};
use super::{Sheet, pictures};
use crate::app::evaluate::{Door, EvaluateCommand};
use crate::app::shell::theme;
use crate::app::shell::widgets::{middle_elided, note};

pub fn files_ui(ui: &mut Ui, door: &Door, page: &mut Sheet<'_>) {
    ui.horizontal_wrapped(|ui| {
        chip_ui(ui, door, page);
        ui.label(note(ui, pictures(door.files.len())));
        ui.label(note(ui, "Click one to see it in Explore."));
    });
    let width = ui.available_width() - 14.0;
    let columns = (((width + GAP) / (SIDE + GAP)).floor() as usize).max(1);
    let row_height = SIDE + CAPTION + GAP;
    let rows = door.files.len().div_ceil(columns);
    ScrollArea::vertical()
        .id_salt("files behind a number")
        .auto_shrink([false, false])
        .show_rows(ui, row_height, rows, |ui, rows| {
            for row in rows {
                let (rect, _) = ui.allocate_exact_size(vec2(width, row_height), Sense::hover());
                let first = row * columns;
                for (n, file) in door.files.iter().enumerate().skip(first).take(columns) {
                    let left = rect.left() + (n - first) as f32 * (SIDE + GAP);
                    let tile = Rect::from_min_size(pos2(left, rect.top()), vec2(SIDE, SIDE + CAPTION));
                    tile_ui(ui, file, tile, page);
                }
            }
        });
}

fn tile_ui(ui: &mut Ui, file: &std::path::Path, tile: Rect, page: &mut Sheet<'_>) {
    let square = Rect::from_min_size(tile.min, vec2(SIDE, SIDE));
    if file_ui(ui, file, square, page) {
        page.want(EvaluateCommand::ShowInExplore(file.to_path_buf()));
    }
    let name = file.file_name().unwrap_or_default().to_string_lossy();
    let palette = theme::palette(ui);
    let galley = middle_elided(ui, &name, theme::body(theme::SIZE_SMALL), palette.text, SIDE);
    let at = Align2::LEFT_CENTER.anchor_size(pos2(tile.left(), square.bottom() + 9.0), galley.size());
    ui.painter().galley(at.min, galley, palette.text);
}

/// The small picture of a file; whether it was clicked.
pub fn file_ui(ui: &mut Ui, file: &std::path::Path, square: Rect, page: &mut Sheet<'_>) -> bool {
    let response = ui.interact(square, ui.scope_id().with(("file", file)), Sense::click());
    let path = file.display().to_string();
    response.widget_info(|| WidgetInfo::labeled(egui::accesskit::Role::Button, true, &path));
    thumbnail_ui(ui, page, file, square);
    if response.hovered() || response.has_focus() {
        let line = egui::Stroke::new(2.5, theme::palette(ui).text_weak);
        ui.painter()
            .rect_stroke(square, theme::RADIUS, line, egui::StrokeKind::Outside);
    }
    response
        .on_hover_text(format!("{path}\nClick to see it in Explore"))
        .clicked()
}
