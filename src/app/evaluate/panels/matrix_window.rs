//! Which part of the matrix is seen: the wheel zooms, dragging moves, and arrows walk from cell to cell.

use egui::{EventFilter, Key, Pos2, Rect, Response, Ui, Vec2, vec2};

/// Which part of the matrix is seen: cells from the left and the top, and how many.
#[derive(Debug, Clone, Copy)]
pub struct Window {
    pub corner: Vec2,
    pub cells: f32,
}

/// The cell that was walked to by arrow keys, and whether Enter was pressed on it.
#[derive(Clone, Copy)]
pub struct Walked {
    pub cell: (usize, usize),
    pub entered: bool,
}

/// While the matrix has the focus, arrows walk from cell to cell, and the window follows.
pub fn keys_ui(ui: &Ui, response: &Response, lines: usize, window: &mut Window) -> Option<Walked> {
    if !response.has_focus() || lines == 0 {
        return None;
    }
    let arrows = EventFilter {
        horizontal_arrows: true,
        vertical_arrows: true,
        ..EventFilter::default()
    };
    ui.memory_mut(|memory| memory.set_focus_lock_filter(response.id, arrows));
    let id = response.id.with("walked");
    let (mut row, mut column): (usize, usize) = ui.data(|data| data.get_temp(id)).unwrap_or_default();
    let last = lines - 1;
    let entered = ui.input(|input| {
        let pressed = |key| usize::from(input.key_pressed(key));
        row = (row + pressed(Key::ArrowDown))
            .saturating_sub(pressed(Key::ArrowUp))
            .min(last);
        column = (column + pressed(Key::ArrowRight))
            .saturating_sub(pressed(Key::ArrowLeft))
            .min(last);
        input.key_pressed(Key::Enter)
    });
    ui.data_mut(|data| data.insert_temp(id, (row, column)));
    let least = vec2(column as f32 + 1.0, row as f32 + 1.0) - Vec2::splat(window.cells);
    window.corner = window.corner.clamp(
        least.max(Vec2::ZERO),
        vec2(column as f32, row as f32).max(least.max(Vec2::ZERO)),
    );
    Some(Walked {
        cell: (row, column),
        entered,
    })
}

/// Follows wheel and dragging.
pub fn moved(ui: &Ui, response: &Response, square: Rect, lines: f32, window: &mut Window) {
    let side = square.width();
    if response.dragged() {
        window.corner -= response.drag_delta() * window.cells / side;
    }
    if let Some(at) = response.hover_pos() {
        let (scroll, pinch) = ui.input(|input| (input.smooth_scroll_delta().y, input.zoom_delta()));
        let factor = pinch * (scroll / 240.0).exp();
        if factor != 1.0 {
            let under = window.corner + (at - square.min) * window.cells / side;
            window.cells = (window.cells / factor).clamp(2.0f32.min(lines), lines);
            window.corner = under - (at - square.min) * window.cells / side;
        }
    }
    let most = Vec2::splat((lines - window.cells).max(0.0));
    window.corner = window.corner.clamp(Vec2::ZERO, most);
}

/// The cell at a place on screen, by its row and column.
pub fn cell_at(at: Pos2, square: Rect, window: Window, lines: usize) -> Option<(usize, usize)> {
    if !square.contains(at) {
        return None;
    }
    let cell = window.corner + (at - square.min) * window.cells / square.width();
    let (column, row) = (cell.x.floor() as usize, cell.y.floor() as usize);
    (row < lines && column < lines).then_some((row, column))
}
