//! The gallery's cells: where they are, which are on screen, and the rubber band that marks several of them.

use std::collections::BTreeSet;

use egui::scroll_area::{DragScroll, ScrollSource};
use egui::{CornerRadius, Id, Pos2, Rect, ScrollArea, Sense, Stroke, StrokeKind, Ui, Vec2, pos2, vec2};

use super::tile::{caption_height, tile_ui};
use crate::app::command::Command;
use crate::app::explore::command::{ExploreCommand, Mark};
use crate::app::shell::textures::Textures;
use crate::app::shell::theme;
use crate::app::state::State;
use crate::engine::protocol::PictureId;

const CELL_GAP: f32 = 8.0;
/// Width of a typical picture whose height is 1.
const USUAL_ASPECT: f32 = 1.33;
/// In rows, pictures are cropped to an aspect ratio in this range.
const ASPECTS: std::ops::RangeInclusive<f32> = 0.6..=2.0;

/// Where cells go: so many in a row, squares or, in rows, each as wide as its picture.
struct Grid {
    columns: usize,
    width: f32,
    /// Height of a picture, and of a row with its text and the gap below it.
    picture_height: f32,
    row_height: f32,
    in_rows: bool,
}

impl Grid {
    fn new(width: f32, wanted_side: f32, caption: f32, in_rows: bool) -> Self {
        let wanted = if in_rows {
            wanted_side * USUAL_ASPECT
        } else {
            wanted_side
        };
        let columns = (((width + CELL_GAP) / (wanted + CELL_GAP)).floor() as usize).max(1);
        let side = (width - CELL_GAP * (columns - 1) as f32) / columns as f32;
        let picture_height = if in_rows { side / USUAL_ASPECT } else { side };
        Self {
            columns,
            width,
            picture_height,
            row_height: picture_height + caption + CELL_GAP,
            in_rows,
        }
    }

    /// The cells of a row, text included, for pictures of these aspects.
    fn cells(&self, origin: Pos2, row: usize, aspects: &[f32]) -> Vec<Rect> {
        let room = self.width - CELL_GAP * (self.columns - 1) as f32;
        // A row that is not full is no wider than it were if it was.
        let missing = (self.columns - aspects.len().min(self.columns)) as f32 * USUAL_ASPECT;
        let total: f32 = aspects.iter().sum::<f32>() + missing;
        let mut left = origin.x;
        let top = origin.y + row as f32 * self.row_height;
        let height = self.row_height - CELL_GAP;
        let cells = aspects.iter().map(|aspect| {
            let width = if self.in_rows {
                room * aspect / total
            } else {
                room / self.columns as f32
            };
            let cell = Rect::from_min_size(pos2(left, top), vec2(width, height));
            left += width + CELL_GAP;
            cell
        });
        cells.collect()
    }

    /// The pictures whose cells the rubber band touches, which is in the gallery's own coordinates.
    fn within(&self, order: &[PictureId], band: Rect, mut aspect: impl FnMut(PictureId) -> f32) -> BTreeSet<PictureId> {
        let row = |y: f32| (y / self.row_height).floor().max(0.0) as usize;
        let rows = order.chunks(self.columns).enumerate();
        let touched = rows
            .skip(row(band.top()))
            .take_while(|(at, _)| *at <= row(band.bottom()));
        let pictures = touched.flat_map(|(at, pictures)| {
            let aspects: Vec<f32> = pictures.iter().map(|&id| aspect(id)).collect();
            let cells = self.cells(Pos2::ZERO, at, &aspects);
            let hit = pictures.iter().zip(cells).filter(|(_, cell)| cell.intersects(band));
            hit.map(|(&id, _)| id).collect::<Vec<_>>()
        });
        pictures.collect()
    }
}

/// Draws the cells on screen; returns the pictures whose thumbnails are missing.
pub fn grid_ui(ui: &mut Ui, state: &State, textures: &mut Textures, commands: &mut Vec<Command>) -> Vec<PictureId> {
    let settings = &state.settings;
    let order = state.explore.order();
    let scroll_bar = ui.spacing().scroll.allocated_width().max(10.0);
    let caption = caption_height(state);
    let width = ui.available_width() - scroll_bar;
    let grid = Grid::new(width, settings.thumbnail_side, caption, settings.rows);
    let rows_on_screen = (ui.available_height() / grid.row_height).floor().max(1.0) as usize;
    if state.explore.grid != (grid.columns, rows_on_screen) {
        commands.push(
            ExploreCommand::LayOut {
                columns: grid.columns,
                rows: rows_on_screen,
            }
            .into(),
        );
    }
    if state.explore.wants_menu {
        commands.push(ExploreCommand::MenuShown.into());
    }
    let mut missing = Vec::new();
    ScrollArea::vertical()
        .id_salt(("gallery", state.explore.opened))
        .auto_shrink([false, false])
        .scroll_source(ScrollSource {
            drag: DragScroll::OnTouch,
            ..ScrollSource::ALL
        })
        .show_viewport(ui, |ui, viewport| {
            let rows = order.len().div_ceil(grid.columns);
            ui.set_height(rows as f32 * grid.row_height);
            let origin = ui.max_rect().min;
            scroll_to_selected(ui, state, &grid, origin, commands);
            band_ui(ui, (state, textures), &grid, origin, commands);
            let first = (viewport.min.y / grid.row_height).floor().max(0.0) as usize;
            let last = ((viewport.max.y / grid.row_height).ceil() as usize).min(rows);
            for row in first..last {
                let places = row * grid.columns..((row + 1) * grid.columns).min(order.len());
                let aspects: Vec<f32> = order[places.clone()].iter().map(|&id| aspect(textures, id)).collect();
                for (place, cell) in places.zip(grid.cells(origin, row, &aspects)) {
                    let picture = Rect::from_min_size(cell.min, vec2(cell.width(), grid.picture_height));
                    if !tile_ui(ui, state, textures, order[place], (cell, picture), commands) {
                        missing.push(order[place]);
                    }
                }
            }
        });
    missing
}

fn aspect(textures: &mut Textures, id: PictureId) -> f32 {
    let size = textures.thumbnail(id).map(|texture| texture.size_vec2());
    let aspect = size.map_or(USUAL_ASPECT, |size| size.x / size.y.max(1.0));
    aspect.clamp(*ASPECTS.start(), *ASPECTS.end())
}

fn scroll_to_selected(ui: &Ui, state: &State, grid: &Grid, origin: Pos2, commands: &mut Vec<Command>) {
    if !state.explore.scroll_to_selected {
        return;
    }
    commands.push(ExploreCommand::Scrolled.into());
    let selected = state.explore.reach.or(state.explore.selected);
    let place = selected.and_then(|id| state.explore.order().iter().position(|&other| other == id));
    if let Some(place) = place {
        let top = origin + vec2(0.0, (place / grid.columns) as f32 * grid.row_height);
        let row = Rect::from_min_size(top, vec2(grid.width, grid.row_height - CELL_GAP));
        ui.scroll_to_rect(row, None);
    }
}

/// The rubber band that a drag in the gallery draws: what it touches is marked.
fn band_ui(
    ui: &Ui,
    (state, textures): (&State, &mut Textures),
    grid: &Grid,
    origin: Pos2,
    commands: &mut Vec<Command>,
) {
    let response = ui.interact(ui.clip_rect(), Id::unique("gallery band"), Sense::DRAG);
    let id = response.id.with("from");
    if response.drag_started()
        && let Some(press) = ui.input(|input| input.pointer.press_origin())
    {
        ui.data_mut(|data| data.insert_temp(id, press - origin));
    }
    let (true, Some(pointer)) = (response.dragged(), response.interact_pointer_pos()) else {
        return;
    };
    let Some(from) = ui.data(|data| data.get_temp::<Vec2>(id)) else {
        return;
    };
    let band = Rect::from_two_pos(origin + from, pointer);
    ui.scroll_to_rect(Rect::from_center_size(pointer, Vec2::splat(8.0)), None);
    let order = state.explore.order();
    let marked = grid.within(order, band.translate(-origin.to_vec2()), |id| aspect(textures, id));
    if marked != state.explore.marked {
        commands.push(ExploreCommand::Mark(Mark::These(marked.into_iter().collect())).into());
    }
    let palette = theme::palette(ui);
    let painter = ui
        .ctx()
        .layer_painter(egui::LayerId::new(egui::Order::Foreground, id))
        .with_clip_rect(ui.clip_rect());
    painter.rect(
        band,
        CornerRadius::same(2),
        palette.accent.gamma_multiply(0.15),
        Stroke::new(1.0, palette.accent),
        StrokeKind::Inside,
    );
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn squares_and_rows_fill_the_width_and_nothing_overlaps() {
        for in_rows in [false, true] {
            let grid = Grid::new(554.0, 96.0, 40.0, in_rows);
            let aspects = [0.6, 1.0, 2.0, 1.5, 1.33];
            let cells = grid.cells(Pos2::ZERO, 2, &aspects[..grid.columns]);
            assert_eq!(cells.len(), grid.columns);
            assert!((cells[grid.columns - 1].right() - 554.0).abs() < 0.01);
            for pair in cells.windows(2) {
                assert!((pair[1].left() - pair[0].right() - CELL_GAP).abs() < 0.01);
            }
            assert_eq!(cells[0].top(), 2.0 * grid.row_height);
        }
    }

    #[test]
    fn a_band_touches_the_cells_that_are_drawn_also_where_they_are_of_many_widths() {
        let order: Vec<PictureId> = (0..9).collect();
        let aspects = [0.6, 2.0, 1.0, 0.8, 1.5, 2.0, 1.0, 0.6, 2.0];
        let aspect = |id: PictureId| aspects[id as usize];
        for in_rows in [false, true] {
            let grid = Grid::new(460.0, 100.0, 40.0, in_rows);
            assert!(grid.columns > 2);
            for (at, row) in order.chunks(grid.columns).enumerate() {
                let widths: Vec<f32> = row.iter().map(|&id| aspect(id)).collect();
                for (&id, cell) in row.iter().zip(grid.cells(Pos2::ZERO, at, &widths)) {
                    let touched = grid.within(&order, cell.shrink(4.0), aspect);
                    assert_eq!(touched, BTreeSet::from([id]), "{in_rows}");
                }
            }
            let all = Rect::from_min_max(Pos2::ZERO, pos2(10_000.0, 10_000.0));
            assert_eq!(grid.within(&order, all, aspect).len(), order.len());
        }
    }

    #[test]
    fn a_row_that_is_not_full_is_no_larger_than_the_others() {
        let grid = Grid::new(554.0, 96.0, 0.0, true);
        let one = grid.cells(Pos2::ZERO, 0, &[USUAL_ASPECT])[0].width();
        let usual = grid.cells(Pos2::ZERO, 0, &vec![USUAL_ASPECT; grid.columns])[0].width();
        assert!((one - usual).abs() < 0.01);
    }
}
