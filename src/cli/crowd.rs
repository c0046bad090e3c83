//! Very many pictures in the window, scrolled, or one of them large: what a frame costs the processor, drawing on the card
//! left out.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Instant;

use anyhow::Result;
use egui::{Event as Input, Pos2};

use super::frames::{WARM_UP, frame, frame_ms_p99, input, wheel};
use crate::app::App;
use crate::app::command::Command;
use crate::app::explore::ExploreCommand;
use crate::app::settings::{LabelRow, Settings};
use crate::engine::Backend;
use crate::engine::protocol::{
    Event, InferenceRequest, LibraryRequest, PictureFile, PictureId, Request, Scoring, ScreenImage,
};
use crate::zero_shot::{Label, score};

const FRAMES: usize = 600;

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
                    untaught: Vec::new(),
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
    for number in 0..WARM_UP {
        frame(&ctx, &mut app, input(number, scrolled(number)));
    }
    let started = Instant::now();
    app.execute(Command::Explore(ExploreCommand::OpenLarge(None)));
    frame(&ctx, &mut app, input(WARM_UP, scrolled(WARM_UP)));
    anyhow::ensure!(app.state().explore().large().is_some(), "no picture is large");
    Ok(started.elapsed().as_secs_f64() * 1_000.0)
}

/// The 99th percentile of the time that the window takes to lay out and tessellate a frame while scrolling over so many
/// pictures with so many labels.
pub fn scroll_frame_ms_p99(pictures: usize, labels: usize) -> Result<f64> {
    let ctx = egui::Context::default();
    let mut app = crowd(&ctx, pictures, labels);
    Ok(frame_ms_p99(&ctx, &mut app, FRAMES, scrolled))
}

/// The pointer lies on the gallery, and the wheel goes on.
fn scrolled(_frame: usize) -> Vec<Input> {
    vec![Input::PointerMoved(Pos2::new(600.0, 400.0)), wheel(-90.0)]
}
