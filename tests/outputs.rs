//! What is written, and what is never written: originals, models, numbers that are none, names that terminals obey.

mod program;

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Output, Stdio};
use std::time::{Duration, Instant};

use clipsight::engine::protocol::{Event, InferenceRequest, LibraryRequest, Request, Severity};
use clipsight::engine::{Backend, DeviceChoice, Engine, EngineOptions, ModelChoice};
use serde_json::Value;

use program::{Program, lines};

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn cat() -> PathBuf {
    root().join("assets/samples/photos/cat.jpg")
}

fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

/// The names in a folder.
fn names(folder: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder).unwrap();
    let mut names: Vec<String> = entries
        .map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned())
        .collect();
    names.sort();
    names
}

// --- Originals ---

#[test]
fn no_output_replaces_the_picture_or_the_model_whatever_it_is_called() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    std::fs::copy(cat(), at("cat.jpg")).unwrap();
    std::fs::create_dir(at("sub")).unwrap();
    std::fs::hard_link(at("cat.jpg"), at("hard.jpg")).unwrap();
    // A picture may have any name, also that of a grid.
    std::fs::hard_link(at("cat.jpg"), at("hard.json")).unwrap();
    let model = copy_of("clip-f32");
    let config = model.path().join("config.json");
    let mut outputs = vec![
        ("--output", at("cat.jpg")),
        ("--output", at("sub/../cat.jpg")),
        ("--output", at("hard.jpg")),
        ("--raw", at("cat.jpg")),
        ("--raw", at("hard.json")),
        ("--raw", config.clone()),
    ];
    #[cfg(unix)]
    {
        std::os::unix::fs::symlink("cat.jpg", at("soft.jpg")).unwrap();
        std::os::unix::fs::symlink(&config, at("soft.json")).unwrap();
        outputs.extend([("--output", at("soft.jpg")), ("--raw", at("soft.json"))]);
    }
    let (original, settings) = (std::fs::read(at("cat.jpg")).unwrap(), std::fs::read(&config).unwrap());
    let before = names(folder.path());
    let program = Program::new();
    for (option, path) in &outputs {
        for force in [&[][..], &["--force"]] {
            let picture = at("cat.jpg");
            let mut args = vec!["heatmap", text(&picture), "--label", "cat", option, text(path)];
            args.extend(["--model", text(model.path())]);
            args.extend(force);
            let refused = program.run(&args);
            assert_ne!(refused.status.code(), Some(0), "{option} {}", path.display());
            assert_eq!(
                std::fs::read(at("cat.jpg")).unwrap(),
                original,
                "{option} {}",
                path.display()
            );
            assert_eq!(std::fs::read(&config).unwrap(), settings);
            assert_eq!(names(folder.path()), before, "nothing is left behind");
        }
    }
    let picture = at("cat.jpg");
    let refused = program.run(&[
        "heatmap",
        text(&picture),
        "--label",
        "cat",
        "--output",
        text(&picture),
        "--force",
    ]);
    assert_eq!(refused.status.code(), Some(1));
    assert!(
        stderr(&refused).contains("a picture that is read"),
        "{}",
        stderr(&refused)
    );
}

#[test]
fn what_is_there_is_replaced_with_force_alone() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    std::fs::copy(cat(), at("other.jpg")).unwrap();
    std::fs::write(at("grid.json"), "mine").unwrap();
    let program = Program::new();
    let (cat, other, grid) = (cat(), at("other.jpg"), at("grid.json"));
    let args = [
        "heatmap",
        text(&cat),
        "--label",
        "cat",
        "--output",
        text(&other),
        "--raw",
        text(&grid),
    ];
    let refused = program.run(&args);
    assert_eq!(refused.status.code(), Some(1));
    assert!(stderr(&refused).contains("--force"), "{}", stderr(&refused));
    assert_eq!(std::fs::read(&other).unwrap(), std::fs::read(&cat).unwrap());
    assert_eq!(std::fs::read(&grid).unwrap(), b"mine");

    let forced = program.run(&[&args[..], &["--force"]].concat());
    assert!(forced.status.success(), "{}", stderr(&forced));
    assert_ne!(std::fs::read(&other).unwrap(), std::fs::read(&cat).unwrap());
    assert!(serde_json::from_slice::<Value>(&std::fs::read(&grid).unwrap()).is_ok());
    assert_eq!(names(folder.path()), ["grid.json", "other.jpg"]);
}

#[test]
fn a_format_that_cannot_be_written_is_refused_before_any_work() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    let wide = at("wide.png");
    image::RgbImage::new(1_200, 20).save(&wide).unwrap();
    let program = Program::new();
    let refused = |args: &[&str]| {
        let output = program.run(&[&["heatmap"], args].concat());
        assert_eq!(output.status.code(), Some(2), "{args:?}: {}", stderr(&output));
        assert_eq!(names(folder.path()), ["wide.png"]);
        stderr(&output)
    };
    let (cat, wide) = (cat(), wide.clone());
    for name in ["m.ico", "m.exr", "m", "m.txt", "m.json"] {
        let said = refused(&[text(&cat), "--label", "cat", "--output", text(&at(name))]);
        assert!(said.contains("png"), "{said}");
    }
    for name in ["m.png", "m", "m.txt"] {
        let said = refused(&[text(&cat), "--label", "cat", "--raw", text(&at(name))]);
        assert!(said.contains("json"), "{said}");
    }
    let said = refused(&[
        text(&cat),
        "--label",
        "x",
        "--output",
        text(&at("m.png")),
        "--raw",
        text(&at("m.png")),
    ]);
    assert!(said.contains("the same file"), "{said}");

    let labels: Vec<String> = (0..60).map(|n| format!("label {n}")).collect();
    let target = at("many.jpg");
    let mut args = vec![text(&wide), "--output", text(&target)];
    labels.iter().for_each(|label| args.extend(["--label", label]));
    let begun = Instant::now();
    let said = refused(&args);
    assert!(said.contains("65535"), "{said}");
    assert!(begun.elapsed() < Duration::from_secs(20), "60 maps were made first");
    let missing = program.run(&["heatmap", text(&cat), "--label", "x", "--output", text(&at("no/m.png"))]);
    assert_eq!(missing.status.code(), Some(1));
    assert!(stderr(&missing).contains("there is no folder"), "{}", stderr(&missing));
}

// --- Runs ---

fn copy_of(fixture: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for entry in std::fs::read_dir(root().join("tests/fixtures").join(fixture)).unwrap() {
        let path = entry.unwrap().path();
        std::fs::copy(&path, folder.path().join(path.file_name().unwrap())).unwrap();
    }
    folder
}

/// Two classes that any model tells apart.
fn two_classes() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let mut random = fastrand::Rng::with_seed(5);
    for (class, base) in [("red", [200u8, 40, 40]), ("blue", [40, 40, 200])] {
        std::fs::create_dir(folder.path().join(class)).unwrap();
        for n in 0..8 {
            let noise: Vec<u8> = (0..64).map(|_| random.u8(0..60)).collect();
            let colour = |x: u32, y: u32| base.map(|v| v.saturating_sub(noise[(x / 8 + y / 8 * 8) as usize]));
            let picture = image::RgbImage::from_fn(64, 64, |x, y| image::Rgb(colour(x, y)));
            picture
                .save(folder.path().join(class).join(format!("{n}.png")))
                .unwrap();
        }
    }
    folder
}

/// A run of a method on a copy of the tiny CLIP.
fn run_on(program: &Program, pictures: &Path, model: &Path, method: &str) {
    let output = program.run(&[
        "fine-tune",
        text(pictures),
        "--method",
        method,
        "--epochs",
        "1",
        "--model",
        text(model),
        "--format",
        "json",
    ]);
    assert!(output.status.success(), "{}", stderr(&output));
}

#[test]
fn a_run_is_exported_never_over_its_base_and_over_other_files_with_force_alone() {
    let (program, pictures, model) = (Program::new(), two_classes(), copy_of("clip-f32"));
    run_on(&program, pictures.path(), model.path(), "lora");
    let weights = model.path().join("model.safetensors");
    let before = (std::fs::read(&weights).unwrap(), names(model.path()));
    let export = |target: &Path, force: &[&str]| {
        program.run(&[&["runs", "export", "lora-1", "--output", text(target)], force].concat())
    };
    let elsewhere = tempfile::tempdir().unwrap();
    let mut names_of_base = vec![
        model.path().to_path_buf(),
        model.path().join("../").join(model.path().file_name().unwrap()),
    ];
    #[cfg(unix)]
    {
        let link = elsewhere.path().join("link");
        std::os::unix::fs::symlink(model.path(), &link).unwrap();
        names_of_base.push(link);
    }
    for target in names_of_base {
        for force in [&[][..], &["--force"]] {
            let refused = export(&target, force);
            assert_eq!(refused.status.code(), Some(1), "{}", target.display());
            assert!(stderr(&refused).contains("never replaced"), "{}", stderr(&refused));
            assert_eq!((std::fs::read(&weights).unwrap(), names(model.path())), before);
        }
    }
    let own = program.0.path().join("runs/lora-1/learnt");
    assert_eq!(export(&own, &["--force"]).status.code(), Some(1));

    let full = elsewhere.path().join("full");
    std::fs::create_dir(&full).unwrap();
    std::fs::write(full.join("config.json"), "mine").unwrap();
    std::fs::write(full.join("notes.txt"), "mine").unwrap();
    // Another name of a file of the base: replacing the name must not reach the file.
    std::fs::hard_link(&weights, full.join("model.safetensors")).unwrap();
    let refused = export(&full, &[]);
    assert_eq!(refused.status.code(), Some(1));
    assert!(stderr(&refused).contains("already holds files"), "{}", stderr(&refused));
    assert_eq!(std::fs::read(full.join("config.json")).unwrap(), b"mine");
    let forced = export(&full, &["--force"]);
    assert!(forced.status.success(), "{}", stderr(&forced));
    assert_ne!(std::fs::read(full.join("config.json")).unwrap(), b"mine");
    assert_eq!(std::fs::read(full.join("notes.txt")).unwrap(), b"mine");
    assert_eq!((std::fs::read(&weights).unwrap(), names(model.path())), before);
    let parts = names(elsewhere.path());
    assert!(parts.iter().all(|name| name == "full" || name == "link"), "{parts:?}");

    let new = elsewhere.path().join("new");
    assert!(export(&new, &[]).status.success());
    assert!(new.join("model.safetensors").is_file() && new.join("metrics.csv").is_file());
}

#[test]
fn a_base_that_changed_is_noticed_by_every_command_that_needs_it() {
    let (program, pictures, model) = (Program::new(), two_classes(), copy_of("clip-f32"));
    run_on(&program, pictures.path(), model.path(), "lora");
    run_on(&program, pictures.path(), model.path(), "linear-probe");
    let weights = model.path().join("model.safetensors");
    put_number(&weights, "vision_model.post_layernorm.bias", 3, 0.25);
    let target = pictures.path().join("exported");
    let cat = cat();
    let commands: [&[&str]; 7] = [
        &["classify", text(&cat), "--label", "red", "--model", "lora-1"],
        &["runs", "export", "lora-1", "--output", text(&target)],
        &["runs", "export", "linear-probe-1", "--output", text(&target)],
        &["runs", "blend", "lora-1"],
        &["runs", "resume", "lora-1"],
        &["runs", "resume", "linear-probe-1"],
        &[
            "fine-tune",
            text(pictures.path()),
            "--method",
            "lora",
            "--model",
            "lora-1",
        ],
    ];
    for command in commands {
        let output = program.run(command);
        assert_eq!(output.status.code(), Some(1), "{command:?}");
        let said = stderr(&output);
        assert!(
            said.contains("the model that this was learnt from has changed since"),
            "{command:?}: {said}"
        );
        assert!(!target.exists(), "{command:?}");
    }
    std::fs::copy(root().join("tests/fixtures/clip-f32/model.safetensors"), &weights).unwrap();
    assert!(program.run(commands[1]).status.success());
}

// --- Numbers that are none ---

/// Changes one number of a stored tensor.
fn put_number(path: &Path, tensor: &str, place: usize, number: f32) {
    let mut bytes = std::fs::read(path).unwrap();
    let length = u64::from_le_bytes(bytes[..8].try_into().unwrap()) as usize;
    let header: Value = serde_json::from_slice(&bytes[8..8 + length]).unwrap();
    let start = header[tensor]["data_offsets"][0].as_u64().unwrap() as usize;
    let at = 8 + length + start + place * 4;
    bytes[at..at + 4].copy_from_slice(&number.to_le_bytes());
    std::fs::write(path, bytes).unwrap();
}

/// A NaN in the image tower, in the text tower, in one word's embedding, and an infinity in the projection.
const BROKEN: [(&str, usize, f32); 4] = [
    ("vision_model.encoder.layers.0.mlp.fc1.weight", 5, f32::NAN),
    ("text_model.encoder.layers.0.mlp.fc1.weight", 5, f32::NAN),
    ("text_model.embeddings.token_embedding.weight", 32 * 40, f32::NAN),
    ("visual_projection.weight", 5, f32::INFINITY),
];

fn rows(data_dir: &Path, table: &str) -> i64 {
    let Ok(store) = rusqlite::Connection::open(data_dir.join("cache.sqlite")) else {
        return 0;
    };
    let count = format!("SELECT count(*) FROM {table}");
    store.query_row(&count, [], |row| row.get(0)).unwrap_or(0)
}

#[test]
fn weights_that_are_no_numbers_end_every_command_with_the_file_and_the_tensor() {
    let (pictures, grid) = (two_classes(), tempfile::tempdir().unwrap());
    let (cat, raw, photos) = (cat(), grid.path().join("m.json"), root().join("assets/samples/photos"));
    let commands: [&[&str]; 7] = [
        &["classify", text(&cat), "--label", "cat", "--label", "dog"],
        &["embed", text(&cat)],
        &["embed", "--text", "cat"],
        &["search", text(&cat), "--text", "dog"],
        &["heatmap", text(&cat), "--label", "dog", "--raw", text(&raw)],
        &["heatmap", "--evaluate", text(&photos), "--limit", "2"],
        &["fine-tune", text(pictures.path()), "--method", "linear-probe"],
    ];
    for (tensor, place, number) in BROKEN {
        let (program, model) = (Program::new(), copy_of("clip-f32"));
        put_number(&model.path().join("model.safetensors"), tensor, place, number);
        for command in commands {
            let output = program.run(&[command, &["--model", text(model.path()), "--format", "json"]].concat());
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

/// The first event that is looked for.
fn wait_for<T>(engine: &mut Engine, mut wanted: impl FnMut(Event) -> Option<T>) -> T {
    let begun = Instant::now();
    while begun.elapsed() < Duration::from_secs(60) {
        match engine.next_event().map(&mut wanted) {
            Some(Some(found)) => return found,
            Some(None) => {}
            None => std::thread::sleep(Duration::from_millis(10)),
        }
    }
    panic!("it never came");
}

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
    let said = wait_for(&mut engine, |event| match event {
        Event::Message { text, .. } => Some(text),
        _ => None,
    });
    assert!(said.starts_with("Saved"), "{said}");
    assert_eq!(std::fs::read(&new).unwrap(), b"[]");
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

// --- Pipes ---

#[test]
fn a_reader_that_leaves_stops_the_work_and_is_no_failure() {
    let folder = tempfile::tempdir().unwrap();
    for n in 0..120u32 {
        let picture = image::RgbImage::from_fn(48, 48, |x, y| image::Rgb([x as u8 * 5, y as u8 * 5, n as u8]));
        picture.save(folder.path().join(format!("{n:03}.png"))).unwrap();
    }
    let program = Program::new();
    let mut child = program
        .command(&["classify", text(folder.path()), "--label", "cat"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    assert!(lines.next().unwrap().is_ok());
    drop(lines);
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    assert!(
        !stderr(&output).contains("clipsight:") && !stderr(&output).contains("panicked"),
        "{}",
        stderr(&output)
    );
    let embedded = rows(program.0.path(), "embeddings");
    assert!(
        (1..100).contains(&embedded),
        "{embedded} of 120 were embedded for nobody"
    );
}

#[cfg(unix)]
#[test]
fn nothing_panics_where_nobody_reads() {
    let (program, pictures, model) = (Program::new(), two_classes(), copy_of("clip-f32"));
    run_on(&program, pictures.path(), model.path(), "linear-probe");
    let missing = pictures.path().join("no.jpg");
    let commands: [&[&str]; 5] = [
        &["runs", "list"],
        &["runs", "show", "linear-probe-1"],
        &["models", "list"],
        &["embed", "--text", "cat"],
        &["classify", text(&missing), "--label", "cat"],
    ];
    for command in commands {
        for streams in [1, 2] {
            let (reader, writer) = std::io::pipe().unwrap();
            drop(reader);
            let mut program = program.command(command);
            program.stdout(writer.try_clone().unwrap());
            let output = if streams == 2 {
                program.stderr(writer).output().unwrap()
            } else {
                program.output().unwrap()
            };
            let code = output.status.code().unwrap();
            assert!(code == 0 || code == 1, "{command:?}: {code}, {}", stderr(&output));
            assert!(!stderr(&output).contains("panicked"), "{}", stderr(&output));
        }
    }
}

// --- Names ---

#[cfg(target_os = "linux")]
mod names {
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt;

    use super::*;

    fn named(folder: &Path, name: &[u8]) -> PathBuf {
        folder.join(OsStr::from_bytes(name))
    }

    /// Undoes percent-encoding.
    fn decoded(text: &str) -> PathBuf {
        let mut bytes = Vec::new();
        let mut rest = text.as_bytes();
        while let Some((&first, others)) = rest.split_first() {
            if first == b'%' {
                let hex = std::str::from_utf8(&others[..2]).unwrap();
                bytes.push(u8::from_str_radix(hex, 16).unwrap());
                rest = &others[2..];
            } else {
                bytes.push(first);
                rest = others;
            }
        }
        PathBuf::from(OsStr::from_bytes(&bytes))
    }

    fn folder_of_names() -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        for name in [&b"caf\xe9 100%.jpg"[..], b"caf\xe8.jpg", b"plain.jpg"] {
            std::fs::copy(cat(), named(folder.path(), name)).unwrap();
        }
        folder
    }

    #[test]
    fn every_path_in_json_and_csv_can_be_opened_again() {
        let folder = folder_of_names();
        let program = Program::new();
        let path = text(folder.path());
        let commands: [&[&str]; 3] = [
            &["classify", path, "--label", "cat"],
            &["embed", path],
            &["search", path, "--text", "cat"],
        ];
        for command in commands {
            let results = program.json(command);
            assert_eq!(results.len(), 3);
            let mut opened: Vec<PathBuf> = results
                .iter()
                .map(|line| match &line["path_bytes"] {
                    Value::Null => PathBuf::from(line["path"].as_str().unwrap()),
                    bytes => decoded(bytes.as_str().unwrap()),
                })
                .collect();
            assert_eq!(results.iter().filter(|line| !line["path_bytes"].is_null()).count(), 2);
            opened.sort();
            opened.dedup();
            assert_eq!(opened.len(), 3, "they are told apart");
            assert!(opened.iter().all(|path| path.is_file()), "{opened:?}");

            let output = program.run(&[command, &["--format", "csv"]].concat());
            let table = String::from_utf8(output.stdout).unwrap();
            let rows: Vec<Vec<&str>> = table.lines().map(|line| line.split(',').collect()).collect();
            assert_eq!(rows[0].last(), Some(&"path_bytes"));
            for row in &rows[1..] {
                let path = match *row.last().unwrap() {
                    "" => PathBuf::from(row[0]),
                    bytes => decoded(bytes),
                };
                assert!(path.is_file(), "{row:?}");
            }
        }
        // Where every name is text, the table is as it ever was.
        let plain = folder.path().join("plain.jpg");
        let output = program.run(&["search", text(&plain), "--text", "cat", "--format", "csv"]);
        assert!(String::from_utf8(output.stdout).unwrap().starts_with("path,cosine\r\n"));
    }

    #[test]
    fn a_terminal_is_shown_names_and_labels_and_obeys_none() {
        let folder = tempfile::tempdir().unwrap();
        let evil = &b"\x1b[31mred\x07\r\n\x1b]0;owned\x07\xe2\x80\xaegpj.jpg"[..];
        std::fs::copy(cat(), named(folder.path(), evil)).unwrap();
        std::fs::write(named(folder.path(), b"\x1b[2Jbroken.jpg"), b"no picture").unwrap();
        let program = Program::new();
        let labels = ["\x1b[2J", "a\u{202e}b"];
        for command in ["classify", "embed", "search"] {
            let options: &[&str] = match command {
                "classify" => &["--label", labels[0], "--label", labels[1]],
                "search" => &["--text", labels[0]],
                _ => &[],
            };
            let output = program.run(&[&[command, text(folder.path())], options].concat());
            assert_eq!(output.status.code(), Some(1));
            for stream in [&output.stdout, &output.stderr] {
                let shown = String::from_utf8(stream.clone()).unwrap();
                let obeyed = |c: char| c.is_control() && c != '\n' || c == '\u{202e}';
                assert!(!shown.contains(obeyed), "{command}: {shown:?}");
            }
            let (shown, said) = (String::from_utf8_lossy(&output.stdout).into_owned(), stderr(&output));
            assert!(shown.contains(r"\u{1b}[31mred\u{7}\u{d}\u{a}"), "{shown}");
            assert!(said.contains(r"\u{1b}[2Jbroken.jpg"), "{said}");
        }
    }

    #[test]
    fn a_model_in_a_folder_that_is_no_text_is_opened() {
        let (folder, model) = (tempfile::tempdir().unwrap(), copy_of("clip-f32"));
        let path = named(folder.path(), b"mod\xe8le");
        std::fs::rename(model.path(), &path).unwrap();
        let program = Program::new();
        let output = program
            .command(&["embed", "--text", "cat", "--model"])
            .arg(&path)
            .output()
            .unwrap();
        assert!(output.status.success(), "{}", stderr(&output));
        let output = program.command(&["models", "info"]).arg(&path).output().unwrap();
        assert!(output.status.success(), "{}", stderr(&output));
        let missing = named(folder.path(), b"mod\xe9le");
        let output = program
            .command(&["embed", "--text", "cat", "--model"])
            .arg(&missing)
            .output()
            .unwrap();
        assert_eq!(output.status.code(), Some(2), "{}", stderr(&output));
    }
}

// --- Tables ---

#[test]
fn tables_open_in_a_spreadsheet_and_run_nothing_there() {
    let folder = tempfile::tempdir().unwrap();
    let picture = folder.path().join("=1+1.jpg");
    std::fs::copy(cat(), &picture).unwrap();
    let labels = ["=HYPERLINK(\"x\")", "@SUM(1+1)", "-2+3", "猫", "-10 degrees"];
    let program = Program::new();
    let mut args = vec!["classify", "=1+1.jpg", "--format", "csv"];
    labels.iter().for_each(|label| args.extend(["--label", label]));
    let run = |more: &[&str]| {
        let output = program
            .command(&[&args[..], more].concat())
            .current_dir(folder.path())
            .output()
            .unwrap();
        assert!(output.status.success(), "{}", stderr(&output));
        output.stdout
    };
    let plain = run(&[]);
    assert!(plain.starts_with(b"path,label"));
    let marked = run(&["--csv-bom", "--csv-safe"]);
    let table = String::from_utf8(marked.strip_prefix(b"\xef\xbb\xbf").unwrap().to_vec()).unwrap();
    assert_eq!(String::from_utf8(plain).unwrap().lines().count(), 1 + labels.len());
    let mut reader = table.lines().skip(1);
    for _ in labels {
        let row = reader.next().unwrap();
        assert!(row.starts_with("'=1+1.jpg,"), "{row}");
    }
    for harmless in [
        "\"'=HYPERLINK(\"\"x\"\")\"",
        ",'@SUM(1+1),",
        ",'-2+3,",
        ",猫,",
        ",'-10 degrees,",
    ] {
        assert!(table.contains(harmless), "{harmless} in {table}");
    }
    // Numbers stay numbers.
    let cosines = table
        .lines()
        .skip(1)
        .filter_map(|row| row.rsplit(',').nth(3)?.parse::<f32>().ok());
    assert_eq!(cosines.count(), labels.len(), "{table}");
}

#[test]
fn a_label_may_begin_with_a_hyphen() {
    let (program, cat) = (Program::new(), cat());
    let results = program.json(&[
        "classify",
        text(&cat),
        "--label",
        "-10 degrees",
        "--label",
        "--",
        "--template",
        "-{}",
    ]);
    let predictions = results[0]["predictions"].as_array().unwrap();
    let mut names: Vec<&str> = predictions.iter().map(|one| one["label"].as_str().unwrap()).collect();
    names.sort_unstable();
    assert_eq!(names, ["--", "-10 degrees"]);
    assert_eq!(program.json(&["embed", "--text", "-1"])[0]["text"], "-1");
    assert_eq!(
        lines(&program.run(&["search", text(&cat), "--text", "-1", "--format", "json"])).len(),
        1
    );
}
