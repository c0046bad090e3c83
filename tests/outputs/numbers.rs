//! Numbers that are none are never printed or kept.

use clipsight::engine::protocol::{Event, InferenceRequest, Request, Severity};
use clipsight::engine::{Backend, DeviceChoice, Engine, EngineOptions, ModelChoice};

use crate::place::{cat, copy_of, names, put_number, root, rows, stderr, text, two_classes, wait_for};
use crate::program::Program;

/// A NaN in the image tower, in the text tower, in one word's embedding, and an infinity in the projection.
const BROKEN: [(&str, usize, f32); 4] = [
    ("vision_model.encoder.layers.0.mlp.fc1.weight", 5, f32::NAN),
    ("text_model.encoder.layers.0.mlp.fc1.weight", 5, f32::NAN),
    ("text_model.embeddings.token_embedding.weight", 32 * 40, f32::NAN),
    ("visual_projection.weight", 5, f32::INFINITY),
];

#[test]
fn weights_that_are_no_numbers_end_every_command_with_the_file_and_the_tensor() {
    let (pictures, grid) = (two_classes(), tempfile::tempdir().unwrap());
    let (cat, raw, photos) = (cat(), grid.path().join("m.json"), root().join("assets/samples/photos"));
    let commands: [&[&str]; 8] = [
        &["classify", text(&cat), "--label", "cat", "--label", "dog"],
        &["embed", text(&cat)],
        &["embed", "--text", "cat"],
        &["search", text(&cat), "--text", "dog"],
        &["heatmap", text(&cat), "--label", "dog", "--raw", text(&raw)],
        &["heatmap", "--evaluate", text(&photos), "--limit", "2"],
        &["evaluate", text(pictures.path())],
        &["fine-tune", text(pictures.path()), "--method", "linear-probe"],
    ];
    for (tensor, place, number) in BROKEN {
        let (program, model) = (Program::new(), copy_of("clip-f32"));
        put_number(&model.path().join("model.safetensors"), tensor, place, number);
        let opened = ["--model", text(model.path())];
        let other: [&[&str]; 2] = [
            &["evaluate", text(pictures.path()), "--compare", text(model.path())],
            &["models", "info", text(model.path())],
        ];
        let with_model = commands.iter().map(|command| [*command, &opened].concat());
        for command in with_model.chain(other.iter().map(|command| command.to_vec())) {
            let output = program.run(&[command.as_slice(), &["--format", "json"]].concat());
            let said = stderr(&output);
            assert_eq!(output.status.code(), Some(1), "{tensor}, {command:?}: {said}");
            assert!(
                said.contains("model.safetensors") && said.contains(tensor),
                "{command:?}: {said}"
            );
            assert!(!said.contains("NOT NULL"), "{said}");
            assert!(
                output.stdout.is_empty() || command[0] == "fine-tune",
                "{tensor}, {command:?}"
            );
        }
        assert!(!raw.exists());
        assert_eq!(rows(program.0.path(), "embeddings"), 0);
        let runs = program.0.path().join("runs");
        assert!(
            !runs.exists() || names(&runs).is_empty(),
            "a run that never began leaves nothing"
        );
    }
}

/// Weights that are numbers, and so large that what they compute is none.
#[test]
fn what_overflows_on_the_way_ends_a_command_and_leaves_nothing_in_the_store() {
    let pictures = two_classes();
    let (program, model) = (Program::new(), copy_of("clip-f32"));
    for place in 0..32 {
        let weights = model.path().join("model.safetensors");
        put_number(&weights, "vision_model.post_layernorm.weight", place, 3e38);
    }
    let commands: [&[&str]; 3] = [
        &["embed", text(pictures.path())],
        &["classify", text(pictures.path()), "--label", "red", "--label", "blue"],
        &["evaluate", text(pictures.path())],
    ];
    for command in commands {
        let output = program.run(&[command, &["--model", text(model.path()), "--format", "json"]].concat());
        let said = stderr(&output);
        assert_eq!(output.status.code(), Some(1), "{command:?}: {said}");
        assert!(
            said.contains("model.safetensors") && said.contains("image tower"),
            "{command:?}: {said}"
        );
        assert!(output.stdout.is_empty(), "{command:?}");
        assert_eq!(rows(program.0.path(), "embeddings"), 0, "{command:?}");
    }
}

#[test]
fn the_window_says_that_such_a_model_was_not_opened_and_goes_on_with_the_one_it_has() {
    let (data, model) = (tempfile::tempdir().unwrap(), copy_of("clip-f32"));
    let (tensor, place, number) = BROKEN[0];
    put_number(&model.path().join("model.safetensors"), tensor, place, number);
    let options = EngineOptions {
        data_dir: Some(data.path().to_path_buf()),
        model: ModelChoice::Starter,
        device: DeviceChoice::Cpu,
        precision: clipsight::clip::Precision::Full,
    };
    let mut engine = Engine::start(options, std::sync::Arc::new(|| {}));
    engine.send(Request::Inference(InferenceRequest::LoadModel(ModelChoice::Path(
        model.path().to_path_buf(),
    ))));
    let message = wait_for(&mut engine, |event| match event {
        Event::Message {
            severity: Severity::Error,
            text,
            ..
        } => Some(text),
        _ => None,
    });
    assert!(
        message.contains("The model was not opened") && message.contains(tensor),
        "{message}"
    );
    let ready = wait_for(&mut engine, |event| match event {
        Event::ModelReady(info) => Some(info.name.clone()),
        _ => None,
    });
    assert_eq!(ready, "Starter");
    drop(engine);
    assert_eq!(rows(data.path(), "embeddings"), 0);
}

#[test]
fn what_a_damaged_store_holds_is_computed_again() {
    let pictures = two_classes();
    let program = Program::new();
    let args = ["classify", text(pictures.path()), "--label", "red", "--label", "blue"];
    let right = program.json(&args);
    let store = rusqlite::Connection::open(program.0.path().join("cache.sqlite")).unwrap();
    let vector: Vec<u8> = store
        .query_row("SELECT vector FROM embeddings LIMIT 1", [], |row| row.get(0))
        .unwrap();
    let with = |number: f32| {
        let mut bytes = vector.clone();
        bytes[8..12].copy_from_slice(&number.to_le_bytes());
        bytes
    };
    for damaged in [
        with(f32::NAN),
        with(f32::INFINITY),
        with(2.7e31),
        vector[..64].to_vec(),
        Vec::new(),
    ] {
        store.execute("UPDATE embeddings SET vector = ?1", [&damaged]).unwrap();
        assert_eq!(program.json(&args), right);
        let kept: Vec<u8> = store
            .query_row("SELECT vector FROM embeddings LIMIT 1", [], |row| row.get(0))
            .unwrap();
        assert_eq!(kept.len(), vector.len(), "it is mended");
    }
}
