//! A large evaluation in the window: what a frame of its matrix and of its map costs the processor while they are moved,
//! drawing on the card left out.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::Result;
use egui::{Event as Input, Modifiers, PointerButton, Pos2};

use super::frames::{frame_ms_p99, wheel};
use crate::app::App;
use crate::app::command::Command;
use crate::app::evaluate::{EvaluateCommand, MatrixLook, Page};
use crate::app::settings::Settings;
use crate::app::state::Mode;
use crate::engine::Backend;
use crate::engine::evaluation::{Evaluation, EvaluationEvent, MapKind, Projection};
use crate::engine::protocol::{Event, Request};
use crate::evaluation::{Random, made};

const FRAMES: usize = 300;
const MATRIX_CLASSES: usize = 1_000;
const MATRIX_PICTURES: usize = 50_000;
const MAP_CLASSES: usize = 100;
const MAP_PICTURES: usize = 50_000;

/// Says what it was given, and answers nothing.
struct Silent(Arc<Mutex<VecDeque<Event>>>);

impl Backend for Silent {
    fn send(&mut self, _request: Request) {}

    fn next_event(&mut self) -> Option<Event> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).pop_front()
    }
}

/// Many pictures, of which a third is answered with some other class.
fn evaluation(pictures: usize, classes: usize) -> Evaluation {
    let mut random = Random::seeded(6);
    let answers = (0..pictures).map(|n| {
        let truth = n % classes;
        let answered = match random.below(3) {
            0 => random.below(classes),
            _ => truth,
        };
        (truth, answered)
    });
    let mut evaluation = made(classes, answers);
    evaluation.id = "large".into();
    evaluation
}

/// The 99th percentile of a frame of the whole matrix of 1,000 classes, while it is zoomed and panned.
pub fn confusion_frame_ms_p99() -> Result<f64> {
    let evaluation = evaluation(MATRIX_PICTURES, MATRIX_CLASSES);
    let whole = EvaluateCommand::UseMatrix(MatrixLook::default());
    moved_ms_p99(evaluation, Page::Matrix, whole, Vec::new())
}

/// The 99th percentile of a frame of the map of 50,000 pictures, while it is zoomed and panned.
pub fn map_frame_ms_p99() -> Result<f64> {
    let evaluation = evaluation(MAP_PICTURES, MAP_CLASSES);
    let mut random = Random::seeded(8);
    let mut place = || [0, 1].map(|_| 2.0 * (random.number() as f32 / u64::MAX as f32) - 1.0);
    let map = Projection {
        kind: MapKind::Pca,
        done: 1.0,
        pictures: (0..MAP_PICTURES).map(|_| place()).collect(),
        classes: (0..MAP_CLASSES).map(|_| place()).collect(),
        explained: None,
    };
    let mapped = Event::Evaluation(EvaluationEvent::Mapped("large".into(), Arc::new(map)));
    let kind = EvaluateCommand::Project(MapKind::Pca);
    moved_ms_p99(evaluation, Page::Map, kind, vec![mapped])
}

fn moved_ms_p99(evaluation: Evaluation, page: Page, command: EvaluateCommand, later: Vec<Event>) -> Result<f64> {
    let ctx = egui::Context::default();
    let shown = EvaluationEvent::Evaluated {
        generation: None,
        evaluation: Ok(Arc::new(evaluation)),
    };
    let events = Arc::new(Mutex::new(VecDeque::from([Event::Evaluation(shown)])));
    let mut app = App::new(&ctx, Settings::default(), Box::new(Silent(events.clone())));
    app.execute(Command::UseMode(Mode::Evaluate));
    app.logic(&ctx);
    app.execute(Command::Evaluate(EvaluateCommand::Open(page)));
    app.execute(Command::Evaluate(command));
    events.lock().unwrap_or_else(PoisonError::into_inner).extend(later);
    Ok(frame_ms_p99(&ctx, &mut app, FRAMES, moved))
}

/// The wheel goes in and out, and the pointer drags to and fro.
fn moved(frame: usize) -> Vec<Input> {
    let inwards = (frame / 60).is_multiple_of(2);
    let at = Pos2::new(640.0 + (frame % 40) as f32, 460.0 + (frame % 30) as f32);
    let mut events = vec![Input::PointerMoved(at), wheel(if inwards { 12.0 } else { -12.0 })];
    if frame.is_multiple_of(40) {
        let button = |pressed| Input::PointerButton {
            pos: at,
            button: PointerButton::Primary,
            pressed,
            modifiers: Modifiers::NONE,
        };
        events.extend([button(false), button(true)]);
    }
    events
}
