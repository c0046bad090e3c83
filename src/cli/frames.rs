//! What frames of the window cost the processor: they are laid out and tessellated, and no card draws them.

use std::time::Instant;

use egui::{Context, Event, Modifiers, MouseWheelUnit, Pos2, RawInput, Rect, TouchPhase, vec2};

use crate::app::App;

/// Frames that are not counted: fonts and caches are made in them.
pub const WARM_UP: usize = 30;
const SIZE: egui::Vec2 = vec2(1_280.0, 800.0);
const FRAMES_A_SECOND: f64 = 60.0;

/// Lays out and tessellates a frame.
pub fn frame(ctx: &Context, app: &mut App, input: RawInput) {
    app.logic(ctx);
    let output = ctx.run_ui(input, |ui| app.ui(ui));
    std::hint::black_box(ctx.tessellate(output.shapes, output.pixels_per_point));
}

/// The 99th percentile of so many frames, in milliseconds. `events` says what is done in each.
pub fn frame_ms_p99(ctx: &Context, app: &mut App, frames: usize, events: impl Fn(usize) -> Vec<Event>) -> f64 {
    let mut times = Vec::with_capacity(frames);
    for n in 0..WARM_UP + frames {
        let input = input(n, events(n));
        let started = Instant::now();
        frame(ctx, app, input);
        if n >= WARM_UP {
            times.push(started.elapsed().as_secs_f64() * 1_000.0);
        }
    }
    times.sort_by(f64::total_cmp);
    times[times.len() * 99 / 100]
}

/// The input of a frame, by its number.
pub fn input(number: usize, events: Vec<Event>) -> RawInput {
    RawInput {
        screen_rect: Some(Rect::from_min_size(Pos2::ZERO, SIZE)),
        time: Some(number as f64 / FRAMES_A_SECOND),
        events,
        ..Default::default()
    }
}

/// The wheel is turned, by points.
pub fn wheel(points: f32) -> Event {
    Event::MouseWheel {
        unit: MouseWheelUnit::Point,
        delta: vec2(0.0, points),
        phase: TouchPhase::Move,
        modifiers: Modifiers::NONE,
        source: egui::MouseWheelSource::Wheel,
    }
}
