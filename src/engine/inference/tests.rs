//! The inference thread, step by step and without a thread.

use crossbeam_channel::{bounded, unbounded};
use image::{Rgb, RgbImage};

use super::*;
use crate::clip::{Pixels, Result};
use crate::engine::Events;
use crate::engine::device::DeviceInfo;
use crate::engine::placement::place;
use crate::engine::prepare::{Prepared, pixels};
use crate::engine::protocol::{AskedLabel, Event, InferenceRequest, Label, LabelId, TemplateSet};
use crate::engine::queue::Job;
use crate::library::Content;

struct Bench {
    inference: Inference,
    said: Receiver<Event>,
    messages: Receiver<LibraryMessage>,
    _prepared: Sender<InferenceMessage>,
}

/// With the starter loaded, and an empty list.
fn bench() -> Bench {
    let (events, said) = Events::listened_to();
    let (work, work_receiver) = unbounded();
    let (prepared_sender, prepared) = bounded(16);
    let (librarian, messages) = unbounded();
    let channels = Channels {
        work: work_receiver,
        prepared,
        librarian,
        queue: Arc::default(),
        events: events.clone(),
        asked: Arc::new(AtomicU64::new(1)),
        training: Arc::default(),
    };
    let loader = Loader::new(events, work);
    let (starter, cpu) = (ModelChoice::Starter, DeviceChoice::Cpu);
    let mut inference = Inference::new(channels, loader, starter.clone(), cpu, Precision::Full);
    inference.load(starter);
    while inference.loaded.is_none() {
        assert!(inference.step());
    }
    inference.handle(InferenceMessage::Library(1));
    said.try_iter().for_each(drop);
    Bench {
        inference,
        said,
        messages,
        _prepared: prepared_sender,
    }
}

impl Bench {
    fn ask(&mut self) {
        let label = |(number, name): (u64, &str)| AskedLabel {
            id: LabelId::known(number),
            label: Label::named(name),
        };
        self.inference
            .handle(InferenceMessage::Asked(InferenceRequest::Classify(Arc::new(
                Question {
                    generation: 1,
                    labels: [(0, "red"), (1, "green")].map(label).into(),
                    templates: TemplateSet::One,
                    none_bias: 0.0,
                    model: None,
                },
            ))));
    }

    fn identity(&self) -> String {
        self.inference.loaded.as_ref().unwrap().model.info().identity.clone()
    }

    fn dense(&self, picture: PictureId) -> InferenceMessage {
        let shown = Arc::new(RgbImage::from_pixel(224, 224, Rgb([200, 30, 30])));
        InferenceMessage::Dense {
            library: 1,
            picture,
            identity: self.identity(),
            inspected: InspectedPixels {
                view: shown.as_ref().clone(),
                copy: shown.clone(),
                picture: shown,
            },
        }
    }

    fn prepared(&self, picture: PictureId, grey: u8) -> InferenceMessage {
        let preprocessing = self.inference.loaded.as_ref().unwrap().model.preprocessing();
        let shown = RgbImage::from_pixel(224, 224, Rgb([grey; 3]));
        InferenceMessage::Prepared {
            job: Job {
                library: 1,
                picture,
                path: "a.png".into(),
            },
            path: "/a.png".into(),
            identity: self.identity(),
            prepared: Box::new(Prepared {
                pixels: pixels(&shown, preprocessing).unwrap(),
                content: Content::of(&[grey]),
                stamp: None,
                note: None,
                thumbnail: None,
            }),
        }
    }

    /// How many pictures are said to be indexed, the last time since it was asked.
    fn indexed(&self) -> Option<usize> {
        let done = |event| match event {
            Event::Indexed { done, .. } => Some(done),
            _ => None,
        };
        self.said.try_iter().filter_map(done).last()
    }

    fn maps_said(&self) -> usize {
        let maps = |event: &Event| matches!(event, Event::HeatMaps { .. });
        self.said.try_iter().filter(maps).count()
    }
}

#[test]
fn another_inspected_picture_ends_the_explanation_of_the_one_before() {
    let mut bench = bench();
    bench.ask();
    let at = |picture| InferenceMessage::Inspecting { library: 1, picture };
    bench
        .inference
        .handle(InferenceMessage::Asked(InferenceRequest::UseHeatmap(Some(
            HeatmapMethod::Occlusion,
        ))));
    bench.inference.handle(at(Some(0)));
    let dense = bench.dense(0);
    bench.inference.handle(dense);
    for _ in 0..3 {
        assert!(bench.inference.go_on());
    }
    assert!(bench.maps_said() > 0, "it is being explained");
    bench.inference.handle(at(Some(1)));
    assert!(!bench.inference.go_on(), "nobody waits for its heatmaps any more");
    let late = bench.dense(0);
    bench.inference.handle(late);
    assert!(!bench.inference.go_on(), "it was decoded too late");
    let dense = bench.dense(1);
    bench.inference.handle(dense);
    assert!(bench.inference.go_on());
    bench.inference.handle(at(None));
    assert!(!bench.inference.go_on());
}

#[test]
fn the_model_that_is_there_answers_while_another_is_loaded() {
    let mut bench = bench();
    let other = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/clip-f16");
    bench
        .inference
        .handle(InferenceMessage::Asked(InferenceRequest::LoadModel(ModelChoice::Path(
            other.into(),
        ))));
    bench.ask();
    let starter = bench.identity();
    assert!(bench.inference.go_on());
    let answered_by = |said: &Receiver<Event>| {
        said.try_iter().find_map(|event| match event {
            Event::Answered { question, .. } => question.model.clone(),
            _ => None,
        })
    };
    assert_eq!(answered_by(&bench.said).as_ref(), Some(&starter));
    while bench.identity() == starter {
        assert!(bench.inference.step());
    }
    assert!(bench.inference.go_on(), "it is asked anew");
    let other = bench.identity();
    assert_eq!(answered_by(&bench.said), Some(other));
}

#[test]
fn a_model_that_cannot_be_opened_leaves_the_one_that_is_there() {
    let mut bench = bench();
    bench
        .inference
        .handle(InferenceMessage::Asked(InferenceRequest::LoadModel(ModelChoice::Path(
            "/no/such/model".into(),
        ))));
    let mut told = Vec::new();
    while !told.iter().any(|event| matches!(event, Event::ModelReady(_))) {
        assert!(bench.inference.step());
        told.extend(bench.said.try_iter());
    }
    assert!(!told.iter().any(|event| matches!(event, Event::ModelOpened(_))));
    assert!(
        told.iter()
            .any(|event| matches!(event, Event::Message { text, .. } if text.contains("not opened")))
    );
    assert_eq!(bench.inference.choice, ModelChoice::Starter);
}

#[test]
fn a_picture_that_fails_is_skipped_by_name_and_the_rest_of_its_batch_is_indexed() {
    fn dark(pixels: &Pixels) -> Result<()> {
        assert!(pixels.bytes.iter().any(|byte| *byte > 0), "too dark");
        Ok(())
    }
    let mut bench = bench();
    bench.inference.loaded.as_mut().unwrap().hooks.fault = Some(dark);
    let prepared = (0..).zip([200, 180, 0, 160]);
    let prepared = prepared.map(|(picture, grey)| bench.prepared(picture, grey)).collect();
    bench.inference.embed(prepared);
    let told: Vec<Event> = bench.said.try_iter().collect();
    let skipped: Vec<_> = told
        .iter()
        .filter_map(|event| match event {
            Event::Skipped { picture, reason, .. } => Some((*picture, reason.as_str())),
            _ => None,
        })
        .collect();
    assert_eq!(skipped.len(), 1, "{told:?}");
    assert!(skipped[0].0 == 2 && skipped[0].1.contains("too dark"), "{skipped:?}");
    assert!(told.contains(&Event::Indexed { library: 1, done: 3 }));
    let kept = bench
        .messages
        .try_iter()
        .filter(|message| matches!(message, LibraryMessage::Keep(_)));
    assert_eq!(kept.count(), 3);
    // It can be tried again, and what is there is not embedded twice.
    bench.inference.loaded.as_mut().unwrap().hooks.fault = None;
    let again = (0..).zip([200, 180, 0]);
    let again = again.map(|(picture, grey)| bench.prepared(picture, grey)).collect();
    bench.inference.embed(again);
    assert!(
        bench
            .said
            .try_iter()
            .any(|event| event == Event::Indexed { library: 1, done: 4 })
    );
    let kept = bench
        .messages
        .try_iter()
        .filter(|message| matches!(message, LibraryMessage::Keep(_)));
    assert_eq!(kept.count(), 1);
}

/// As if the CPU were a quick GPU.
fn on_a_card(bench: &mut Bench) {
    bench.inference.loaded.as_mut().unwrap().device = DeviceInfo {
        name: "Card".into(),
        gpu: true,
    };
    bench.inference.seconds_a_picture = Some(0.001);
}

#[test]
fn a_gpu_begins_with_a_batch_before_the_one_before_is_waited_for() {
    let mut bench = bench();
    on_a_card(&mut bench);
    let batch = |bench: &Bench, pictures: [PictureId; 2]| pictures.map(|n| bench.prepared(n, 100 + n as u8)).into();
    let (first, second, again) = (batch(&bench, [0, 1]), batch(&bench, [2, 3]), batch(&bench, [2, 3]));
    bench.inference.embed(first);
    assert_eq!(bench.indexed(), None, "nobody waits for it yet");
    bench.inference.embed(second);
    assert_eq!(bench.indexed(), Some(2));
    let loaded = bench.inference.loaded.as_ref().unwrap();
    assert_eq!(*loaded.hooks.order.borrow(), ["begun", "begun", "waited for"]);
    bench.inference.embed(again);
    assert_eq!(bench.indexed(), None, "it is being embedded already");
    assert!(bench.inference.go_on(), "nothing else is left to do");
    assert_eq!(bench.indexed(), Some(4));
    assert!(!bench.inference.go_on());
    let kept = |message: &LibraryMessage| matches!(message, LibraryMessage::Keep(_));
    assert_eq!(bench.messages.try_iter().filter(kept).count(), 4);
}

#[test]
fn a_gpu_that_is_slow_has_one_batch_at_a_time_and_another_model_loses_none() {
    let mut bench = bench();
    on_a_card(&mut bench);
    bench.inference.seconds_a_picture = Some(0.1);
    let slow = (0..2).map(|n| bench.prepared(n, 100)).collect();
    bench.inference.embed(slow);
    assert_eq!(bench.indexed(), Some(2), "two batches would take longer than a step");
    bench.inference.seconds_a_picture = Some(0.001);
    let begun = vec![bench.prepared(2, 100)];
    bench.inference.embed(begun);
    assert_eq!(bench.indexed(), None);
    let cpu = place(DeviceChoice::Cpu, Precision::Full);
    let again = Loaded::open(&ModelChoice::Starter, cpu).unwrap();
    bench.inference.gpu_ready(Ok(Some(Box::new(again))));
    assert_eq!(bench.indexed(), Some(3));
    assert!(!bench.inference.go_on());
}

#[test]
fn a_model_that_is_another_on_the_processor_is_announced_there_and_goes_on() {
    let mut bench = bench();
    on_a_card(&mut bench);
    bench.inference.seconds_a_picture = None;
    bench.inference.loaded.as_mut().unwrap().hooks.memory = Some(0);
    // As if it had computed in half precision.
    bench.inference.announced = "in half precision".into();
    let prepared = (0..2).map(|n| bench.prepared(n, 100)).collect();
    bench.inference.embed(prepared);
    let told: Vec<Event> = bench.said.try_iter().collect();
    assert!(
        told.iter().any(|event| matches!(event, Event::ModelReady(_))),
        "{told:?}"
    );
    assert!(told.contains(&Event::Indexed { library: 1, done: 2 }), "{told:?}");
    assert_eq!(bench.inference.announced, bench.identity());
    let is_told = |message| matches!(message, LibraryMessage::Model { identity, .. } if identity == bench.identity());
    assert!(bench.messages.try_iter().any(is_told), "pictures are prepared for it");
}

#[test]
fn a_step_is_one_picture_unless_several_take_but_a_moment() {
    let mut bench = bench();
    for (seconds, batch) in [
        (None, 1),
        (Some(4.0), 1),
        (Some(0.2), 1),
        (Some(0.1), 2),
        (Some(0.04), 4),
        (Some(0.01), 8),
    ] {
        bench.inference.seconds_a_picture = seconds;
        assert_eq!(bench.inference.batch(), batch, "{seconds:?}");
    }
}

#[test]
fn a_model_that_fails_ends_no_preparation_for_the_one_that_is_there() {
    let mut bench = bench();
    bench.inference.device = DeviceChoice::Auto;
    bench.inference.load(ModelChoice::Path("/no/such/model".into()));
    let mut is_told = false;
    while !is_told {
        assert!(bench.inference.step());
        is_told = bench
            .said
            .try_iter()
            .any(|event| matches!(event, Event::Device { preparing: None, .. }));
    }
    // The next attempt is that of the model before.
    while bench.inference.channels.work.is_empty() {
        std::thread::yield_now();
    }
    assert!(
        matches!(bench.inference.channels.work.recv(), Ok(InferenceMessage::Gpu { attempt, .. }) if bench.inference.loader.is_wanted(attempt))
    );
}

#[test]
fn a_question_that_fails_again_and_again_is_let_go_of_and_the_next_one_is_answered() {
    let mut bench = bench();
    bench.ask();
    // Each of these steps ended in a panic: none of them came to its end.
    for _ in 0..MOST_FAILURES {
        bench.inference.count_step();
        assert!(bench.inference.question.is_some());
    }
    bench.inference.count_step();
    assert!(bench.inference.question.is_none());
    bench.ask();
    bench.inference.count_step();
    let mut answered = false;
    while !answered {
        assert!(bench.inference.step());
        answered = bench
            .said
            .try_iter()
            .any(|event| matches!(event, Event::Answered { .. }));
    }
}
