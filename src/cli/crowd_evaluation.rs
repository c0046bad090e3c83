//! A large evaluation in the window: what a frame of its matrix and of its map costs the processor while they are moved,
//! drawing on the card left out.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use anyhow::Result;
use egui::{Event as Input, Modifiers, MouseWheelUnit, PointerButton, Pos2, RawInput, Rect, TouchPhase, vec2};

use crate::app::App;
use crate::app::command::Command;
use crate::app::evaluate::{EvaluateCommand, MatrixLook, Page};
use crate::app::settings::Settings;
use crate::app::state::Mode;
use crate::engine::Backend;
use crate::engine::evaluation::{
    Class, Evaluation, EvaluationEvent, Judged, MapKind, ModelRef, Part, Projection, Setup, TemplateSet, Wanted,
};
use crate::engine::protocol::{Event, Request};
use crate::evaluation::{Random, answer};

const FRAMES: usize = 300;
const WARM_UP: usize = 30;
const SIZE: egui::Vec2 = vec2(1_280.0, 800.0);
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
    let judged = |n: usize| {
        let truth = n % classes;
        let answered = if random.below(3) == 0 {
            random.below(classes)
        } else {
            truth
        };
        let mut cosines = [0.1f32; 4];
        cosines[0] = 0.3;
        // Three classes are enough to rank; only their places are those of all.
        let mut found = answer(0, &cosines, 20.0);
        found.truth = truth;
        found.best[0].class = answered;
        for (n, best) in found.best.iter_mut().enumerate().skip(1) {
            best.class = (truth + n) % classes;
        }
        found.of_truth.class = truth;
        found.rank = usize::from(truth != answered);
        Judged {
            path: format!("/pictures/{truth}/{n}.jpg").into(),
            side: None,
            content: String::new(),
            answer: found,
        }
    };
    let judged: Vec<Judged> = (0..pictures).map(judged).collect();
    let setup = Setup {
        folder: "/pictures".into(),
        wanted: Wanted::to_measure(),
        part: Part::All,
        templates: TemplateSet::One,
        preset: None,
        model: ModelRef::default(),
        data: String::new(),
        date: String::new(),
        version: String::new(),
    };
    let classes = (0..classes).map(|n| Class::of_folder(format!("class number {n}")));
    let mut evaluation = Evaluation::of_answers(setup, classes.collect(), judged);
    evaluation.id = "large".into();
    evaluation
}

/// The 99th percentile of a frame of the whole matrix of 1,000 classes, while it is zoomed and panned.
pub fn confusion_frame_ms_p99() -> Result<f64> {
    let evaluation = evaluation(MATRIX_PICTURES, MATRIX_CLASSES);
    let whole = EvaluateCommand::UseMatrix(MatrixLook::default());
    frame_ms_p99(evaluation, Page::Matrix, whole, Vec::new())
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
    frame_ms_p99(evaluation, Page::Map, kind, vec![mapped])
}

fn frame_ms_p99(evaluation: Evaluation, page: Page, command: EvaluateCommand, later: Vec<Event>) -> Result<f64> {
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
    let mut times = Vec::with_capacity(FRAMES);
    for frame in 0..WARM_UP + FRAMES {
        let input = input(frame);
        let started = Instant::now();
        app.logic(&ctx);
        let output = ctx.run_ui(input, |ui| app.ui(ui));
        std::hint::black_box(ctx.tessellate(output.shapes, output.pixels_per_point));
        if frame >= WARM_UP {
            times.push(started.elapsed().as_secs_f64() * 1_000.0);
        }
    }
    times.sort_by(f64::total_cmp);
    Ok(times[times.len() * 99 / 100])
}

/// The wheel goes in and out, and the pointer drags to and fro.
fn input(frame: usize) -> RawInput {
    let inwards = (frame / 60).is_multiple_of(2);
    let wheel = Input::MouseWheel {
        unit: MouseWheelUnit::Point,
        delta: vec2(0.0, if inwards { 12.0 } else { -12.0 }),
        phase: TouchPhase::Move,
        modifiers: Modifiers::NONE,
        source: egui::MouseWheelSource::Wheel,
    };
    let at = Pos2::new(640.0 + (frame % 40) as f32, 460.0 + (frame % 30) as f32);
    let mut events = vec![Input::PointerMoved(at), wheel];
    if frame.is_multiple_of(40) {
        let button = |pressed| Input::PointerButton {
            pos: at,
            button: PointerButton::Primary,
            pressed,
            modifiers: Modifiers::NONE,
        };
        events.extend([button(false), button(true)]);
    }
    RawInput {
        screen_rect: Some(Rect::from_min_size(Pos2::ZERO, SIZE)),
        time: Some(frame as f64 / 60.0),
        events,
        ..Default::default()
    }
}
