//! Very many pictures in the window, scrolled, or one of them large: what a frame costs the processor, drawing on the card
//! left out.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Instant;

use anyhow::Result;
use egui::{Event as Input, Modifiers, MouseWheelUnit, Pos2, RawInput, Rect, TouchPhase, vec2};

use crate::app::App;
use crate::app::command::Command;
use crate::app::settings::{LabelRow, Settings};
use crate::engine::Backend;
use crate::engine::protocol::{
    Event, InferenceRequest, LibraryRequest, PictureFile, PictureId, Request, Scoring, ScreenImage,
};
use crate::zero_shot::{Label, score};

const FRAMES: usize = 600;
const WARM_UP: usize = 30;
const SIZE: egui::Vec2 = vec2(1_280.0, 800.0);

/// Says that so many pictures are scored, and paints thumbnails on request.
struct Crowd {
    pictures: PictureId,
    events: VecDeque<Event>,
}

impl Backend for Crowd {
    fn send(&mut self, request: Request) {
        match request {
            Request::Library(LibraryRequest::OpenSamples { library }) => {
                self.events.push_back(Event::Pictures {
                    library,
                    pictures: (0..self.pictures).map(file).collect(),
                });
                let unreadable = Vec::new();
                self.events.push_back(Event::Scanned { library, unreadable });
            }
            Request::Inference(InferenceRequest::Classify(question)) => {
                self.events.push_back(Event::Predictions {
                    library: 1,
                    rows: (0..self.pictures)
                        .map(|id| (id, Arc::new(scores(id, question.labels.len()))))
                        .collect(),
                    question: question.clone(),
                });
                let done = self.pictures as usize;
                self.events.push_back(Event::Indexed { library: 1, done });
                self.events.push_back(Event::Answered {
                    question,
                    lost_words: Vec::new(),
                    latency_ms: 1.0,
                });
            }
            Request::Thumbnails { library, pictures } => {
                self.events.extend(pictures.into_iter().map(|picture| Event::Thumbnail {
                    library,
                    picture,
                    image: ScreenImage {
                        width: 320,
                        height: 240,
                        rgb: vec![(picture % 256) as u8; 320 * 240 * 3],
                    },
                }));
            }
            _ => {}
        }
    }

    fn next_event(&mut self) -> Option<Event> {
        self.events.pop_front()
    }
}

fn file(id: PictureId) -> PictureFile {
    PictureFile {
        id,
        path: format!("/pictures/{id:05}.jpg").into(),
    }
}

fn scores(id: PictureId, labels: usize) -> crate::zero_shot::Scores {
    let cosines: Vec<f32> = (0..=labels)
        .map(|label| ((id as usize * 31 + label * 17) % 97) as f32 / 97.0)
        .collect();
    let scoring = Scoring {
        logit_scale: 20.0,
        logit_bias: None,
    };
    score(&cosines, scoring, 0.0)
}

fn crowd(ctx: &egui::Context, pictures: usize, labels: usize) -> App {
    let row = |n| LabelRow::new(Label::named(format!("label {n}")), n);
    let settings = Settings {
        labels: (0..labels).map(row).collect(),
        ..Settings::default()
    };
    let events = VecDeque::new();
    App::new(
        ctx,
        settings,
        Box::new(Crowd {
            pictures: pictures as PictureId,
            events,
        }),
    )
}

/// From asking for a picture to the first frame that shows it large, by its thumbnail: what the processor takes.
pub fn large_thumbnail_ms() -> Result<f64> {
    let ctx = egui::Context::default();
    let mut app = crowd(&ctx, 10_000, 8);
    for frame in 0..WARM_UP {
        app.logic(&ctx);
        let _ = ctx.run_ui(input(frame), |ui| app.ui(ui));
    }
    let started = Instant::now();
    app.execute(Command::OpenLarge(None));
    app.logic(&ctx);
    let output = ctx.run_ui(input(WARM_UP), |ui| app.ui(ui));
    std::hint::black_box(ctx.tessellate(output.shapes, output.pixels_per_point));
    anyhow::ensure!(app.state().explore.large().is_some(), "no picture is large");
    Ok(started.elapsed().as_secs_f64() * 1_000.0)
}

/// The 99th percentile of the time that the window takes to lay out and tessellate a frame while scrolling over so many
/// pictures with so many labels.
pub fn scroll_frame_ms_p99(pictures: usize, labels: usize) -> Result<f64> {
    let ctx = egui::Context::default();
    let mut app = crowd(&ctx, pictures, labels);
    let mut times = Vec::with_capacity(FRAMES);
    for frame in 0..WARM_UP + FRAMES {
        let input = input(frame);
        let started = Instant::now();
        app.logic(&ctx);
        let output = ctx.run_ui(input, |ui| app.ui(ui));
        let triangles = ctx.tessellate(output.shapes, output.pixels_per_point);
        std::hint::black_box(triangles);
        if frame >= WARM_UP {
            times.push(started.elapsed().as_secs_f64() * 1_000.0);
        }
    }
    times.sort_by(f64::total_cmp);
    Ok(times[times.len() * 99 / 100])
}

fn input(frame: usize) -> RawInput {
    let wheel = Input::MouseWheel {
        unit: MouseWheelUnit::Point,
        delta: vec2(0.0, -90.0),
        phase: TouchPhase::Move,
        modifiers: Modifiers::NONE,
        source: egui::MouseWheelSource::Wheel,
    };
    RawInput {
        screen_rect: Some(Rect::from_min_size(Pos2::ZERO, SIZE)),
        time: Some(frame as f64 / 60.0),
        events: vec![Input::PointerMoved(Pos2::new(600.0, 400.0)), wheel],
        ..Default::default()
    }
}
