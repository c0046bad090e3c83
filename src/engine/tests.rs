//! The threads together: nobody waits for what nobody waits for.

use std::path::{Path, PathBuf};
use std::time::Instant;

use super::protocol::SettingChange;
use super::queue::Wanted;
use super::*;
use crate::clip::Preprocessing;
use crate::library::{scan, unpack_samples};
use crate::progress::Unheard;

/// Far more than anything here takes, on any machine.
const PATIENCE: Duration = Duration::from_secs(60);

fn jobs(folder: &Path) -> Vec<Job> {
    let samples = unpack_samples(folder).unwrap();
    let pictures = scan(&samples, &Unheard).pictures.into_iter();
    let job = |(picture, found): (PictureId, crate::library::Found)| Job {
        library: 1,
        picture,
        path: found.path,
    };
    (0..).zip(pictures).map(job).collect()
}

#[test]
fn pictures_and_thumbnails_are_shown_while_the_model_takes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let jobs = jobs(folder.path());
    let (events, said) = Events::listened_to();
    let queue: Arc<Queue> = Arc::default();
    let (work, _work) = unbounded();
    let (messages, _messages) = unbounded();
    // Nobody ever takes a prepared picture: as if the model were busy with a heatmap for minutes.
    let (prepared, taken) = bounded(1);
    for lane in [Lane::Inspect, Lane::Thumbnails, Lane::Index] {
        let thread = PictureThread {
            name: "picture".into(),
            lane,
            queue: queue.clone(),
            events: events.clone(),
            inference: work.clone(),
            prepared: prepared.clone(),
            librarian: messages.clone(),
            store: Store::reader(None),
        };
        std::thread::spawn(move || thread.run());
    }
    let preprocessing = Preprocessing::from_hugging_face(serde_json::json!({}), 224).unwrap();
    let identity = "m".into();
    queue.model(Some(Wanted {
        identity,
        dim: 8,
        preprocessing,
    }));
    queue.index(jobs.clone());
    let started = Instant::now();
    while taken.is_empty() {
        assert!(started.elapsed() < PATIENCE, "nothing is indexed");
        std::thread::yield_now();
    }
    queue.thumbnails(vec![jobs[0].clone()]);
    queue.inspect(Some(jobs[1].clone()));
    let (mut thumbnail, mut inspected) = (false, false);
    while !(thumbnail && inspected) {
        match said.recv_timeout(PATIENCE).expect("it waits for the model") {
            Event::Thumbnail { picture: 0, .. } => thumbnail = true,
            Event::Inspected { picture: 1, .. } => inspected = true,
            _ => {}
        }
    }
    queue.close();
}

fn engine(data_dir: &Path) -> Engine {
    let options = EngineOptions {
        data_dir: Some(data_dir.into()),
        model: ModelChoice::Starter,
        device: DeviceChoice::Cpu,
        precision: Precision::Full,
    };
    Engine::start(options, Arc::new(|| {}))
}

fn wait_for(engine: &mut Engine, what: &str, mut found: impl FnMut(&Event) -> bool) {
    let started = Instant::now();
    loop {
        match engine.next_event() {
            Some(event) if found(&event) => return,
            Some(_) => {}
            None => std::thread::sleep(Duration::from_millis(2)),
        }
        assert!(started.elapsed() < PATIENCE, "waited in vain for {what}");
    }
}

fn scale() -> Vec<SettingChange> {
    let change = SettingChange {
        name: "scale".into(),
        value: "1.25".into(),
        before: "1.0".into(),
        precious: false,
    };
    vec![change]
}

fn stored_scale(data_dir: &Path) -> Option<String> {
    Store::keeper(Some(data_dir)).settings().pop()?.value
}

/// A folder with more paths than can be listed in a lifetime: each of its folders is there twice in the one above.
#[cfg(unix)]
fn endless(root: &Path) -> PathBuf {
    let level = |n: usize| root.join(format!("level{n}"));
    for n in 0..60 {
        std::fs::create_dir_all(level(n)).unwrap();
        std::fs::write(level(n).join("a.png"), b"no picture").unwrap();
    }
    for n in 0..59 {
        for link in ["b", "c"] {
            std::os::unix::fs::symlink(level(n + 1), level(n).join(link)).unwrap();
        }
    }
    level(0)
}

#[cfg(unix)]
#[test]
fn a_scan_without_end_fills_the_list_holds_nobody_up_and_ends_with_the_window() {
    let folder = tempfile::tempdir().unwrap();
    let data_dir = folder.path().join("data");
    let paths = vec![endless(folder.path())];
    let mut engine = engine(&data_dir);
    engine.send(Request::Library(LibraryRequest::OpenFolders { library: 1, paths }));
    wait_for(
        &mut engine,
        "the first pictures",
        |event| matches!(event, Event::Pictures { library: 1, pictures } if !pictures.is_empty()),
    );
    // What else the library thread does goes on meanwhile.
    engine.send(Request::Library(LibraryRequest::SaveSettings(scale())));
    let target = folder.path().join("saved.csv");
    engine.send(Request::Library(LibraryRequest::Export {
        path: target.clone(),
        content: "a,b".into(),
    }));
    wait_for(&mut engine, "the saved file", |event| matches!(event, Event::Saved(_)));
    let started = Instant::now();
    while stored_scale(&data_dir).as_deref() != Some("1.25") {
        assert!(started.elapsed() < PATIENCE, "the settings were not saved");
        std::thread::sleep(Duration::from_millis(5));
    }
    // Another list replaces it.
    engine.send(Request::Library(LibraryRequest::OpenSamples { library: 2 }));
    wait_for(&mut engine, "the samples", |event| {
        matches!(event, Event::Scanned { library: 2, .. })
    });
    engine.send(Request::Library(LibraryRequest::OpenFolders {
        library: 3,
        paths: vec![folder.path().join("level0")],
    }));
    wait_for(&mut engine, "the third list", |event| {
        matches!(event, Event::Pictures { library: 3, .. })
    });
    let started = Instant::now();
    drop(engine);
    assert!(started.elapsed() < CLOSING, "closing waits for the scan");
}

#[test]
fn what_is_saved_when_the_window_closes_is_saved() {
    let folder = tempfile::tempdir().unwrap();
    let mut engine = engine(folder.path());
    let target = folder.path().join("saved.csv");
    engine.send(Request::Library(LibraryRequest::Export {
        path: target.clone(),
        content: "a,b".into(),
    }));
    engine.send(Request::Library(LibraryRequest::SaveSettings(scale())));
    drop(engine);
    assert_eq!(std::fs::read_to_string(target).unwrap(), "a,b");
    assert_eq!(stored_scale(folder.path()).as_deref(), Some("1.25"));
}
