//! Evaluations, and all that the engine says of them, as the stand-in says it.

use std::path::Path;
use std::sync::Arc;

use clipsight::app::command::Command;
use clipsight::app::evaluate::{EvaluateCommand, SixtyCommand};
use clipsight::app::explore::ExploreCommand;
use clipsight::app::settings::Settings;
use clipsight::engine::evaluation::{
    Answer, Caption, Class, Cluster, ClusterOf, Columns, Comparison, Conformal, Evaluation, EvaluationEvent, Explained,
    Fitted, GroundTruth, Guess, Guessed, Judged, MapKind, Mark, Marked, ModelRef, Negatives, Nonsense, Part, Picture,
    Projection, PromptRow, PromptStudy, Published, PublishedMeasure, Ranked, Retrieval, Setup, SideBySide, Slice,
    SliceBy, Source, TemplateSet, Wanted,
};
use clipsight::engine::protocol::{Event, ScreenImage};
use clipsight::evaluation::share_interval;
use clipsight::heatmap::Ramp;

use crate::stand_in::StandIn;

pub const CLASSES: [&str; 6] = ["asparagus", "bananas", "carrots", "cat", "lemons", "oranges"];

/// Pictures of six classes; every fifth is answered with the class after its own.
pub fn evaluation(pictures: usize) -> Evaluation {
    let ranked = |class: usize, probability: f32| Ranked {
        class,
        cosine: 0.2 + 0.1 * probability,
        probability,
    };
    let judged = |n: usize| {
        let truth = n * CLASSES.len() / pictures;
        let wrong = n % 5 == 3;
        let other = (truth + 1) % CLASSES.len();
        let sure = 0.5 + 0.45 * ((n * 37 % 100) as f32 / 100.0);
        let (first, second) = if wrong { (other, truth) } else { (truth, other) };
        let next = 0.7 * (1.0 - sure);
        let others = (0..CLASSES.len()).filter(|class| *class != first && *class != second);
        let rest = others.take(3).map(|class| ranked(class, 0.1 * (1.0 - sure)));
        let best: Vec<Ranked> = [ranked(first, sure), ranked(second, next)]
            .into_iter()
            .chain(rest)
            .collect();
        Judged {
            path: format!("/pictures/{}/{n}.jpg", CLASSES[truth]).into(),
            side: None,
            content: format!("{n}"),
            answer: Answer {
                truth,
                of_truth: best[usize::from(wrong)],
                best,
                rank: usize::from(wrong),
                margin: 0.1 * (sure - next),
                entropy: 1.0 - sure,
                none_cosine: 0.1,
            },
        }
    };
    let setup = Setup {
        folder: "/pictures".into(),
        wanted: Wanted::to_measure(),
        part: Part::All,
        templates: TemplateSet::One,
        preset: None,
        model: ModelRef {
            name: "Starter".into(),
            precision: "CPU, f32".into(),
            ..ModelRef::default()
        },
        data: "a".into(),
        date: "2026-11-26T17:05:00Z".into(),
        version: "0.1.0".into(),
    };
    let classes = CLASSES.map(Class::of_folder).to_vec();
    let mut evaluation = Evaluation::of_answers(setup, classes, (0..pictures).map(judged).collect());
    evaluation.id = "first".into();
    evaluation.name = "Starter on pictures".into();
    evaluation
}

pub fn grey() -> ScreenImage {
    ScreenImage {
        width: 8,
        height: 8,
        rgb: vec![120; 192],
    }
}

/// One of the samples, at most so large.
fn sample(class: usize, side: u32) -> ScreenImage {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("assets/samples/photos");
    let picture = image::open(folder.join(format!("{}.jpg", CLASSES[class]))).unwrap();
    let small = picture.thumbnail(side, side).to_rgb8();
    ScreenImage {
        width: small.width() as usize,
        height: small.height() as usize,
        rgb: small.into_raw(),
    }
}

/// The same under a heatmap around a place.
fn heated(class: usize, side: u32, at: [f32; 2]) -> ScreenImage {
    let mut image = sample(class, side);
    let (width, height) = (image.width, image.height);
    for (n, pixel) in image.rgb.chunks_exact_mut(3).enumerate() {
        let (x, y) = ((n % width) as f32 / width as f32, (n / width) as f32 / height as f32);
        let heat = (-12.0 * ((x - at[0]).powi(2) + (y - at[1]).powi(2))).exp();
        let colour = Ramp::Viridis.colour(heat);
        for (channel, ink) in pixel.iter_mut().zip(colour) {
            *channel = (0.4 * f32::from(*channel) + 0.6 * f32::from(ink)) as u8;
        }
    }
    image
}

/// Says the small pictures of an evaluation.
pub fn say_pictures(engine: &StandIn, evaluation: &Evaluation) {
    let samples: Vec<ScreenImage> = (0..CLASSES.len()).map(|class| sample(class, 128)).collect();
    for picture in &evaluation.pictures {
        engine.say(Event::FilePicture {
            path: picture.path.clone(),
            image: Ok(samples[picture.answer.truth % samples.len()].clone()),
        });
    }
}

/// Says that this evaluation is opened.
pub fn say_evaluation(engine: &StandIn, evaluation: &Evaluation) {
    engine.say(Event::Evaluation(EvaluationEvent::List(vec![evaluation.listed()])));
    engine.say(Event::Evaluation(EvaluationEvent::Evaluated {
        generation: None,
        evaluation: Ok(Arc::new(evaluation.clone())),
    }));
}

/// Says that it has changed.
pub fn say_changed(engine: &StandIn, evaluation: &Evaluation) {
    let changed = EvaluationEvent::Changed(Arc::new(evaluation.clone()));
    engine.say(Event::Evaluation(changed));
}

/// The same with all that can be known of one: marks, prompts, negatives, a temperature, a published figure.
pub fn complete(pictures: usize) -> Evaluation {
    let mut evaluation = evaluation(pictures);
    let share = |hits: usize, of: usize| share_interval(hits, of).unwrap();
    let right =
        |of: &dyn Fn(usize) -> bool| -> Vec<f64> { (0..pictures).map(|n| f64::from(u8::from(of(n)))).collect() };
    let first = right(&|n| n % 5 != 3);
    let row = |name: &str, templates: TemplateSet, scores: Vec<f64>, first_row: bool| PromptRow {
        name: name.into(),
        templates,
        top1: share(scores.iter().filter(|score| **score == 1.0).count(), pictures),
        gain: (!first_row).then(|| Comparison::of(&first, &scores).unwrap()),
        nonsense: Nonsense::of((0..100).map(|n| f64::from(n) / 1_000.0 - 0.06).collect(), 1),
        wrong: Vec::new(),
    };
    evaluation.prompts = Some(PromptStudy {
        rows: vec![
            row("bare name", TemplateSet::Bare, first.clone(), true),
            row(
                "one template",
                TemplateSet::One,
                right(&|n| n % 5 != 3 || n % 3 == 0),
                false,
            ),
            row(
                "7 templates",
                TemplateSet::Seven,
                right(&|n| n % 5 != 3 || n % 10 == 3),
                false,
            ),
            row(
                "80 templates",
                TemplateSet::Eighty,
                right(&|n| n % 5 != 3 && n % 7 != 1),
                false,
            ),
        ],
    });
    let own: Vec<f64> = (0..100).map(|n| 0.02 + 0.001 * f64::from(n)).collect();
    let others: Vec<f64> = (0..60).map(|n| 0.05 - 0.001 * f64::from(n)).collect();
    evaluation.negatives = Negatives::of(&own, &others);
    let reliability = evaluation.calibration.all.clone();
    evaluation.calibration.fitted = Some(Fitted {
        temperature: 1.31,
        fitted_on: pictures / 2,
        before: reliability.clone(),
        after: reliability,
        after_each: Vec::new(),
    });
    evaluation.published = Some(Published {
        model: "openai/clip-vit-base-patch32".into(),
        set: "ImageNet 1k".into(),
        measure: PublishedMeasure::Accuracy,
        share: 0.633,
        source: "OpenCLIP's results table".into(),
        date: "November 2026".into(),
    });
    let mark = Mark::TwoThings;
    let note = "a bowl of both".into();
    evaluation.marks.insert(3, Marked { mark, note });
    evaluation
}

/// What was found in a folder with a list.
pub fn say_found(app: &mut clipsight::app::App, engine: &StandIn) {
    let folder = EvaluateCommand::UseFolder("/pictures/market".into());
    app.execute(Command::Evaluate(folder));
    let columns = Columns {
        list: "/pictures/market/list.csv".into(),
        file: "file_name".into(),
        said: Some("label".into()),
        all: ["file_name", "label", "split", "weight"].map(String::from).to_vec(),
        rows: 2,
    };
    let truth = GroundTruth {
        source: Source::Labels,
        problems: vec![("/pictures/market/x.jpg".into(), "it is not there".into())],
        notes: vec!["the folders' names are not used".into()],
        columns: vec![columns.clone()],
        ..two_classes(["n02123045", "n02124075"])
    };
    engine.say(Event::Evaluation(EvaluationEvent::Looked {
        generation: 1,
        truth: Ok((Box::new(truth), None)),
        columns: vec![columns],
    }));
}

/// An accuracy without labels that is under way.
pub fn say_sixty(app: &mut clipsight::app::App, engine: &StandIn) {
    app.execute(Command::Explore(ExploreCommand::Open(vec!["/photos".into()])));
    app.execute(Command::Explore(ExploreCommand::EditLabels(labelled_settings().labels)));
    app.execute(Command::Evaluate(EvaluateCommand::Sixty(SixtyCommand::Begin)));
    let guessed = guessed();
    for (n, guess) in guessed.pictures.iter().enumerate() {
        engine.say(Event::FilePicture {
            path: guess.path.clone(),
            image: Ok(sample(n % CLASSES.len(), 256)),
        });
    }
    engine.say(Event::Evaluation(EvaluationEvent::Guessed {
        generation: 1,
        guessed: Ok(Arc::new(guessed)),
    }));
    engine.say(Event::Evaluation(EvaluationEvent::Idle));
}

/// What the engine would say to the pages of an evaluation.
pub fn say_everything(engine: &StandIn, evaluation: &Evaluation) {
    let id = || evaluation.id.clone();
    let count = evaluation.pictures.len();
    let point = |n: usize| {
        let class = evaluation.pictures[n].answer.truth as f32;
        let turn = n as f32 * 2.399_963;
        let far = 0.16 * ((n * 53 % 97) as f32 / 97.0).sqrt();
        let angle = class * std::f32::consts::TAU / CLASSES.len() as f32;
        [
            0.65 * angle.cos() + far * turn.cos(),
            0.65 * angle.sin() + far * turn.sin(),
        ]
    };
    let map = Projection {
        kind: MapKind::Pca,
        done: 1.0,
        pictures: (0..count).map(point).collect(),
        classes: (0..CLASSES.len())
            .map(|class| {
                let angle = class as f32 * std::f32::consts::TAU / CLASSES.len() as f32;
                [0.65 * angle.cos(), 0.65 * angle.sin()]
            })
            .collect(),
        explained: Some(0.31),
    };
    engine.say(Event::Evaluation(EvaluationEvent::Mapped(id(), Arc::new(map))));
    let before: Vec<bool> = (0..count).map(|n| n % 4 != 1).collect();
    let after: Vec<bool> = evaluation
        .pictures
        .iter()
        .map(|picture| picture.answer.right())
        .collect();
    let truth: Vec<usize> = evaluation.pictures.iter().map(|picture| picture.answer.truth).collect();
    let alone: Vec<usize> = (0..count).collect();
    let mut compared = SideBySide::of(&before, &after, &truth, &alone).unwrap();
    let answered = |n: usize| {
        if before[n] {
            truth[n]
        } else {
            (truth[n] + 1) % CLASSES.len()
        }
    };
    compared.answered_before = (0..count).map(answered).collect();
    let mut listed = evaluation.listed();
    (listed.id, listed.name) = ("before".into(), "Starter, bare names".into());
    let list = vec![evaluation.listed(), listed];
    engine.say(Event::Evaluation(EvaluationEvent::List(list)));
    engine.say(Event::Evaluation(EvaluationEvent::Compared(
        "before".into(),
        id(),
        Ok(Arc::new(compared)),
    )));
    let cluster = Cluster {
        of: ClusterOf::Class(1),
        places: (0..count).filter(|n| n % 5 == 3).take(5).collect(),
        members: (0..8).collect(),
        words: vec![("a plastic bag".into(), 0.1), ("a price tag".into(), 0.08)],
        held_out: share_interval(1, 4),
    };
    engine.say(Event::Evaluation(EvaluationEvent::Clustered(
        id(),
        Arc::new(vec![cluster]),
    )));
    let sets = Conformal {
        level: 0.9,
        threshold: 0.1,
        fitted_on: count / 2,
        coverage: share_interval(count * 9 / 20, count / 2).unwrap(),
        mean_size: 1.7,
        sizes: (0..count).map(|n| Some(n % 4)).collect(),
    };
    engine.say(Event::Evaluation(EvaluationEvent::Conformal(id(), Box::new(sets))));
    let slice = |class: usize| {
        let places: Vec<usize> = (0..count)
            .filter(|n| evaluation.pictures[*n].answer.truth == class)
            .collect();
        Slice {
            name: CLASSES[class].into(),
            accuracy: evaluation.accuracy_of(&places),
            places,
        }
    };
    let slices = Arc::new((0..CLASSES.len()).map(slice).collect());
    engine.say(Event::Evaluation(EvaluationEvent::Sliced(
        id(),
        SliceBy::Folder,
        slices,
    )));
    engine.say(Event::Evaluation(EvaluationEvent::Explained {
        id: id(),
        place: 3,
        explained: Ok(Arc::new(explained())),
    }));
    engine.say(Event::Evaluation(EvaluationEvent::Nearest {
        id: id(),
        place: 3,
        nearest: vec![(0, 0.91), (1, 0.88), (2, 0.7)],
    }));
}

pub fn explained() -> Explained {
    Explained {
        picture: sample(0, 400),
        truth: heated(0, 300, [0.4, 0.5]),
        answer: heated(0, 300, [0.7, 0.3]),
        method: "Class activation".into(),
        beside: None,
    }
}

pub fn two_classes(folders: [&str; 2]) -> GroundTruth {
    let picture = |class: usize| Picture {
        path: format!("/pictures/{}/a.jpg", folders[class]).into(),
        class: Some(class),
        side: None,
        captions: Vec::new(),
    };
    GroundTruth {
        root: "/pictures".into(),
        classes: folders.map(Class::of_folder).to_vec(),
        pictures: (0..2).map(picture).collect(),
        source: Source::Folders,
        ..GroundTruth::default()
    }
}

/// What a model answers to forty pictures that nobody has labelled.
pub fn guessed() -> Guessed {
    let guess = |n: usize| {
        let sure = 0.4 + 0.5 * ((n * 37 % 100) as f32 / 100.0);
        let class = n % CLASSES.len();
        let others = (1..5).map(|k| ((class + k) % CLASSES.len(), (1.0 - sure) / 4.0));
        Guess {
            path: format!("/photos/{n}.jpg").into(),
            best: [(class, sure)].into_iter().chain(others).collect(),
        }
    };
    Guessed {
        folder: "/photos".into(),
        labels: CLASSES.map(String::from).to_vec(),
        pictures: (0..300).map(guess).collect(),
        given: Vec::new(),
        unreadable: 0,
    }
}

/// A window with a folder and labels, in which the accuracy without labels is estimated.
pub fn labelled_settings() -> Settings {
    let label =
        |(n, name): (usize, &str)| clipsight::app::settings::LabelRow::new(clipsight::zero_shot::Label::named(name), n);
    Settings {
        folders: vec!["/photos".into()],
        labels: CLASSES.into_iter().enumerate().map(label).collect(),
        ..Settings::default()
    }
}

/// Four pictures with two captions each; one of them finds another's first.
pub fn captioned() -> Evaluation {
    let mut evaluation = evaluation(12);
    evaluation.source = Source::Captions;
    evaluation.pictures.truncate(4);
    evaluation.captions = (0..8)
        .map(|n| Caption {
            text: format!("{} in the market, caption {n}", CLASSES[n / 2]),
            picture: n / 2,
        })
        .collect();
    for (n, picture) in evaluation.pictures.iter_mut().enumerate() {
        let wrong = n == 3;
        let ranked = |class: usize, probability: f32| Ranked {
            class,
            cosine: 0.3 * probability,
            probability,
        };
        let (first, second) = if wrong { (0, 2 * n) } else { (2 * n, (2 * n + 2) % 8) };
        picture.answer.truth = 2 * n;
        picture.answer.best = vec![ranked(first, 0.7), ranked(second, 0.2)];
        picture.answer.of_truth = ranked(2 * n, if wrong { 0.2 } else { 0.7 });
        picture.answer.rank = usize::from(wrong);
    }
    let share = |hits: usize, of: usize| share_interval(hits, of).unwrap();
    evaluation.retrieval = Some(Retrieval {
        pictures: 4,
        captions: 8,
        to_captions: [share(3, 4), share(4, 4), share(4, 4)],
        to_pictures: [share(5, 8), share(8, 8), share(8, 8)],
        ranks: vec![0, 0, 0, 1],
        caption_ranks: vec![0, 0, 0, 2, 0, 0, 3, 3],
    });
    evaluation.classes.clear();
    let answers: Vec<&Answer> = evaluation.pictures.iter().map(|picture| &picture.answer).collect();
    evaluation.measures = clipsight::evaluation::Measures::of(answers.iter().copied(), 0).unwrap();
    evaluation.confusion = clipsight::evaluation::Confusion::of(answers, 0);
    evaluation.id = "captions".into();
    evaluation.name = "Starter on captions".into();
    evaluation
}
