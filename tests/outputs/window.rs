//! What the window saves.

use clipsight::engine::protocol::{Event, LibraryRequest, Request};
use clipsight::engine::{Backend, DeviceChoice, Engine, EngineOptions, ModelChoice};

use crate::place::{cat, copy_of, wait_for};

#[test]
fn the_window_saves_over_neither_a_picture_of_the_list_nor_the_model() {
    let (data, model, pictures) = (
        tempfile::tempdir().unwrap(),
        copy_of("clip-f32"),
        tempfile::tempdir().unwrap(),
    );
    let picture = pictures.path().join("cat.jpg");
    std::fs::copy(cat(), &picture).unwrap();
    let options = EngineOptions {
        data_dir: Some(data.path().to_path_buf()),
        model: ModelChoice::Path(model.path().to_path_buf()),
        device: DeviceChoice::Cpu,
        precision: clipsight::clip::Precision::Full,
    };
    let mut engine = Engine::start(options, std::sync::Arc::new(|| {}));
    engine.send(Request::Library(LibraryRequest::OpenFolders {
        library: 1,
        paths: vec![pictures.path().to_path_buf()],
    }));
    wait_for(&mut engine, |event| {
        matches!(event, Event::Indexed { done: 1, .. }).then_some(())
    });
    let config = model.path().join("config.json");
    let link = pictures.path().join("grid.json");
    std::fs::hard_link(&picture, &link).unwrap();
    for path in [&picture, &link, &config] {
        let before = std::fs::read(path).unwrap();
        engine.send(Request::Library(LibraryRequest::Export {
            path: path.clone(),
            content: "[]".into(),
        }));
        let said = wait_for(&mut engine, |event| match event {
            Event::Message { text, .. } => Some(text),
            _ => None,
        });
        assert!(said.contains("only ever read"), "{said}");
        assert_eq!(std::fs::read(path).unwrap(), before);
    }
    let new = pictures.path().join("new.json");
    engine.send(Request::Library(LibraryRequest::Export {
        path: new.clone(),
        content: "[]".into(),
    }));
    let saved = wait_for(&mut engine, |event| match event {
        Event::Saved(path) => Some(path),
        _ => None,
    });
    assert_eq!(saved, new);
    assert_eq!(std::fs::read(&new).unwrap(), b"[]");
}
