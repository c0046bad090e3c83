//! The real binary, as a user and as other programs drive it.

mod program;

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Output, Stdio};

use serde_json::Value;

use program::{Program, lines};

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn samples() -> PathBuf {
    root().join("assets/samples")
}

fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[test]
fn classify_names_what_is_on_the_samples() {
    let program = Program::new();
    let labels = ["cat", "cup of coffee", "banana", "lemon", "shoes", "car", "rocket"];
    let mut args = vec!["classify", "assets/samples"];
    labels.iter().for_each(|label| args.extend(["--label", label]));
    let results = program.json(&args);
    assert_eq!(results.len(), 42);
    let best = |name: &str| {
        let result = results
            .iter()
            .find(|r| r["path"].as_str().unwrap().ends_with(name))
            .unwrap();
        assert_eq!(result["none_of_these"]["won"], false, "{name}");
        result["predictions"][0]["label"].as_str().unwrap().to_string()
    };
    assert_eq!(best("photos/cat.jpg"), "cat");
    assert_eq!(best("photos/coffee.jpg"), "cup of coffee");
    assert_eq!(best("photos/bananas.jpg"), "banana");
    assert_eq!(best("photos/shoes-1.jpg"), "shoes");
    for result in &results {
        assert!(result["path"].as_str().unwrap().starts_with("assets/samples/"));
        let predictions = result["predictions"].as_array().unwrap();
        assert_eq!(predictions.len(), labels.len());
        let sum: f64 = predictions.iter().map(|p| p["probability"].as_f64().unwrap()).sum();
        assert!((sum - 1.0).abs() < 1e-5);
        assert!(predictions.is_sorted_by(|a, b| a["cosine"].as_f64() >= b["cosine"].as_f64()));
        for prediction in predictions {
            let ratio = prediction["logit"].as_f64().unwrap() / prediction["cosine"].as_f64().unwrap();
            assert!((ratio - 20.0855).abs() < 1e-2);
        }
    }
}

#[test]
fn labels_keep_their_commas_and_files_their_descriptions() {
    let program = Program::new();
    let file = program.0.path().join("labels.txt");
    std::fs::write(&file, "zebra\tlike a horse, with black and white stripes\nred, green\n").unwrap();
    let cat = "assets/samples/photos/cat.jpg";
    let args = [
        "classify",
        cat,
        "--label",
        "a, b",
        "--labels-file",
        file.to_str().unwrap(),
        "--top-k",
        "2",
    ];
    let results = program.json(&args);
    assert_eq!(results[0]["predictions"].as_array().unwrap().len(), 2);
    let all = program.json(&args[..6]);
    let mut names: Vec<&str> = all[0]["predictions"]
        .as_array()
        .unwrap()
        .iter()
        .map(|p| p["label"].as_str().unwrap())
        .collect();
    names.sort();
    assert_eq!(names, ["a, b", "red, green", "zebra"]);
}

#[test]
fn templates_change_the_scores_and_several_form_an_ensemble() {
    let program = Program::new();
    let cosine = |templates: &[&str]| {
        let mut args = vec!["classify", "assets/samples/photos/cat.jpg", "--label", "cat"];
        templates
            .iter()
            .for_each(|template| args.extend(["--template", template]));
        program.json(&args)[0]["predictions"][0]["cosine"].as_f64().unwrap()
    };
    let (default, one, bare) = (cosine(&[]), cosine(&["a photo of a {}."]), cosine(&["{}"]));
    assert_eq!(default, one);
    assert_ne!(one, bare);
    assert!(cosine(&["{}", "a photo of a {}."]) > one.min(bare));
}

#[test]
fn embeddings_are_normalised_and_search_ranks_by_them() {
    let program = Program::new();
    let texts = program.json(&["embed", "--text", "cat", "--text", "dog"]);
    assert_eq!(
        (texts[0]["text"].as_str(), texts[1]["text"].as_str()),
        (Some("cat"), Some("dog"))
    );
    for line in &texts {
        let length: f64 = line["embedding"]
            .as_array()
            .unwrap()
            .iter()
            .map(|v| v.as_f64().unwrap().powi(2))
            .sum();
        assert!((length - 1.0).abs() < 1e-5);
        assert!(line["norm"].as_f64().unwrap() > 0.0);
    }
    let found = program.json(&["search", "assets/samples", "--text", "a photo of a cat."]);
    assert_eq!(found[0]["path"], "assets/samples/photos/cat.jpg");
    assert!(found.is_sorted_by(|a, b| a["cosine"].as_f64() >= b["cosine"].as_f64()));
    let alike = program.json(&[
        "search",
        "assets/samples",
        "--image",
        "assets/samples/photos/shoes-1.jpg",
    ]);
    assert!((alike[0]["cosine"].as_f64().unwrap() - 1.0).abs() < 1e-5);
    assert_eq!(alike[1]["path"], "assets/samples/photos/shoes-2.jpg");
}

#[test]
fn heatmaps_are_written_with_their_raw_grid() {
    let program = Program::new();
    let (png, raw) = (program.0.path().join("map.png"), program.0.path().join("map.json"));
    let cat = "assets/samples/photos/cat.jpg";
    let (png_arg, raw_arg) = (png.to_str().unwrap(), raw.to_str().unwrap());
    program.json(&[
        "heatmap", cat, "--label", "cat", "--label", "car", "--output", png_arg, "--raw", raw_arg,
    ]);
    let original = image::open(root().join(cat)).unwrap();
    let overlay = image::open(&png).unwrap();
    assert_eq!(overlay.height(), original.height());
    assert!(overlay.width() > 2 * original.width());
    let raw: Vec<Value> = serde_json::from_slice(&std::fs::read(&raw).unwrap()).unwrap();
    assert_eq!(raw.len(), 2);
    assert_eq!(
        (&raw[0]["label"], &raw[0]["method"]),
        (&"cat".into(), &"class-activation".into())
    );
    assert_eq!((&raw[0]["rows"], &raw[0]["cols"]), (&7.into(), &7.into()));
    assert_eq!(raw[0]["values"].as_array().unwrap().len(), 7);

    let wrong = program.run(&[
        "heatmap",
        cat,
        "--label",
        "cat",
        "--method",
        "clearclip",
        "--force",
        "--output",
        png_arg,
    ]);
    assert_eq!(wrong.status.code(), Some(1));
    assert!(stderr(&wrong).contains("Vision Transformer"));
}

#[test]
fn methods_are_tested_against_their_baselines() {
    let program = Program::new();
    let lines = program.json(&[
        "heatmap",
        "--evaluate",
        "assets/samples/photos",
        "--method",
        "class-activation",
        "--limit",
        "8",
    ]);
    let tests: Vec<&str> = lines.iter().map(|line| line["test"].as_str().unwrap()).collect();
    assert_eq!(tests, ["mosaic", "deletion", "insertion"]);
    for line in &lines {
        let number = |key: &str| line[key].as_f64().unwrap();
        assert_eq!(line["method"], "class-activation");
        assert!(number("low") <= number("value") && number("value") <= number("high"));
        assert_eq!(line["n"], 8);
    }
    let mosaic = &lines[0];
    assert!(
        mosaic["low"].as_f64() > mosaic["baseline"].as_f64(),
        "the starter's own method is no better than its baselines: {mosaic}"
    );

    let folder = tempfile::tempdir().unwrap();
    std::fs::copy(
        root().join("assets/samples/photos/cat.jpg"),
        folder.path().join("cat.jpg"),
    )
    .unwrap();
    let few = program.run(&["heatmap", "--evaluate", folder.path().to_str().unwrap()]);
    assert_eq!(few.status.code(), Some(1));
    assert!(stderr(&few).contains("one folder a class"));
}

#[test]
fn a_model_folder_gives_the_references_numbers() {
    let program = Program::new();
    let expected: Value =
        serde_json::from_slice(&std::fs::read(root().join("tests/fixtures/clip-f32/expected.json")).unwrap()).unwrap();
    let text = expected["texts"][1].as_str().unwrap();
    let model = ["--model", "tests/fixtures/clip-f32"];
    for (picture, logits) in expected["pictures"]
        .as_array()
        .unwrap()
        .iter()
        .zip(expected["logits"].as_array().unwrap())
    {
        let path = format!("tests/fixtures/pictures/{}", picture.as_str().unwrap());
        let args = [
            &["classify", path.as_str(), "--label", text, "--template", "{}"],
            &model[..],
        ]
        .concat();
        let ours = program.json(&args)[0]["predictions"][0]["logit"].as_f64().unwrap();
        let theirs = logits[1].as_f64().unwrap();
        assert!((ours - theirs).abs() < 1e-3, "{path}: {ours} against {theirs}");
    }
    let info = program.json(&["models", "info", "tests/fixtures/clip-f32"]);
    assert_eq!(
        (&info[0]["image_size"], &info[0]["context_length"]),
        (&32.into(), &20.into())
    );
    assert_eq!(
        info[0]["heatmap_methods"],
        serde_json::json!(["clearclip", "naclip", "grad-eclip", "legrad", "occlusion", "patch"])
    );
}

#[test]
fn models_are_listed_with_the_starter_first() {
    let models = Program::new().json(&["models", "list"]);
    assert_eq!(models[0]["name"], "starter");
    assert_eq!(models[0]["local"], true);
    assert!(models[0]["parameters"].as_u64().unwrap() > 11_000_000);
    assert!(models.len() > 1);
}

/// A folder with broken files of every kind beside one good picture.
fn broken_folder() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, bytes: &[u8]| std::fs::write(folder.path().join(name), bytes).unwrap();
    let good = std::fs::read(samples().join("photos/cat.jpg")).unwrap();
    write("good.jpg", &good);
    write("cut.jpg", &good[..good.len() / 8]);
    write("almost.jpg", &good[..good.len() - 12]);
    write("empty.jpg", b"");
    write("text.png", b"this is no picture");
    let mut noise = good.clone();
    noise[20..200].fill(0xAB);
    write("noise.jpg", &noise);
    let png = std::fs::read(root().join("tests/fixtures/pictures/noise.png")).unwrap();
    write("cut.png", &png[..png.len() / 2]);
    write("bomb.png", &bomb(&png));
    std::fs::create_dir(folder.path().join("folder.jpg")).unwrap();
    folder
}

/// A PNG that claims 60,000 x 60,000 pixels.
fn bomb(png: &[u8]) -> Vec<u8> {
    let mut bomb = png.to_vec();
    bomb[16..20].copy_from_slice(&60_000u32.to_be_bytes());
    bomb[20..24].copy_from_slice(&60_000u32.to_be_bytes());
    let crc = crc32(&bomb[12..29]);
    bomb[29..33].copy_from_slice(&crc.to_be_bytes());
    bomb
}

fn crc32(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(!0u32, |crc, byte| {
        (0..8).fold(crc ^ u32::from(*byte), |crc, _| {
            if crc & 1 == 1 {
                (crc >> 1) ^ 0xEDB8_8320
            } else {
                crc >> 1
            }
        })
    })
}

#[test]
fn broken_pictures_are_named_and_the_rest_is_done() {
    let folder = broken_folder();
    let path = folder.path().to_str().unwrap();
    let output = Program::new().run(&["classify", path, "--label", "cat", "--format", "json"]);
    assert_eq!(output.status.code(), Some(1));
    let results = lines(&output);
    assert_eq!(results.len(), 1, "{results:?}");
    assert!(results[0]["path"].as_str().unwrap().ends_with("good.jpg"));
    let errors = stderr(&output);
    for (name, reason) in [
        ("cut.jpg", "cut short"),
        ("almost.jpg", "cut short"),
        ("empty.jpg", "empty"),
        ("text.png", "not a picture format"),
        ("noise.jpg", ""),
        ("cut.png", ""),
        ("bomb.png", "too large"),
    ] {
        let line = errors
            .lines()
            .find(|line| line.contains(&format!("/{name}")))
            .unwrap_or_else(|| panic!("{name}: {errors}"));
        assert!(line.contains(reason), "{line}");
    }
}

#[test]
fn wrong_usage_exits_with_two_and_a_missing_path_with_one() {
    let program = Program::new();
    let code = |args: &[&str]| program.run(args).status.code();
    assert_eq!(code(&["classify", "assets/samples"]), Some(2));
    assert_eq!(
        code(&["classify", "assets/samples", "--label", "x", "--template", "no hole"]),
        Some(2)
    );
    assert_eq!(
        code(&["classify", "x.jpg", "--label", "x", "--model", "no/such-model"]),
        Some(2)
    );
    assert_eq!(code(&["embed"]), Some(2));
    assert_eq!(code(&["search", "assets/samples"]), Some(2));
    assert_eq!(code(&["nonsense-flag", "--what"]), Some(2));
    assert_eq!(code(&["classify", "/no/such/picture.jpg", "--label", "x"]), Some(1));
    assert_eq!(code(&["--help"]), Some(0));
}

#[test]
fn csv_has_a_header_and_a_line_a_prediction() {
    let args = [
        "classify",
        "assets/samples/photos/cat.jpg",
        "--label",
        "cat",
        "--label",
        "a, b",
        "--format",
        "csv",
    ];
    let output = Program::new().run(&args);
    let text = String::from_utf8(output.stdout).unwrap();
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines.len(), 3);
    assert!(lines[0].starts_with("path,label,probability,cosine,logit"));
    assert!(text.contains("\"a, b\""));
}

#[test]
fn orientation_is_applied_before_the_model_sees_the_picture() {
    let folder = tempfile::tempdir().unwrap();
    let upright = image::open(samples().join("photos/rocket.jpg")).unwrap();
    upright.save(folder.path().join("upright.png")).unwrap();
    // The same pixels lying on their side, with the tag that says so.
    upright.rotate270().save(folder.path().join("plain.png")).unwrap();
    let plain = std::fs::read(folder.path().join("plain.png")).unwrap();
    std::fs::write(folder.path().join("turned.png"), with_orientation(&plain, 6)).unwrap();
    std::fs::remove_file(folder.path().join("plain.png")).unwrap();
    let results = Program::new().json(&["embed", folder.path().to_str().unwrap()]);
    assert_eq!(results.len(), 2);
    assert_eq!(results[0]["embedding"], results[1]["embedding"]);
}

/// Adds an EXIF chunk with an orientation to a PNG.
fn with_orientation(png: &[u8], orientation: u8) -> Vec<u8> {
    let exif = [
        b'I',
        b'I',
        42,
        0,
        8,
        0,
        0,
        0,
        1,
        0,
        0x12,
        0x01,
        3,
        0,
        1,
        0,
        0,
        0,
        orientation,
        0,
        0,
        0,
        0,
        0,
        0,
        0,
    ];
    let mut chunk = b"eXIf".to_vec();
    chunk.extend(exif);
    let mut out = png[..33].to_vec();
    out.extend((exif.len() as u32).to_be_bytes());
    out.extend(&chunk);
    out.extend(crc32(&chunk).to_be_bytes());
    out.extend(&png[33..]);
    out
}

fn stored_embeddings(data_dir: &Path) -> usize {
    let store = rusqlite::Connection::open(data_dir.join("cache.sqlite")).unwrap();
    store
        .query_row("SELECT count(*) FROM embeddings", [], |row| row.get::<_, i64>(0))
        .unwrap() as usize
}

/// A folder of many pictures, no two alike.
fn many_pictures(count: usize) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for n in 0..count {
        let picture = image::RgbImage::from_fn(48, 48, |x, y| image::Rgb([x as u8 * 5, y as u8 * 5, n as u8]));
        picture.save(folder.path().join(format!("{n:04}.png"))).unwrap();
    }
    folder
}

#[test]
fn a_killed_process_loses_nothing_that_it_printed_and_the_next_one_goes_on() {
    let folder = many_pictures(200);
    let program = Program::new();
    let args = [
        "classify",
        folder.path().to_str().unwrap(),
        "--label",
        "cat",
        "--format",
        "json",
    ];
    let mut child = program.command(&args).stdout(Stdio::piped()).spawn().unwrap();
    let printed = BufReader::new(child.stdout.take().unwrap()).lines().take(30).count();
    child.kill().unwrap();
    child.wait().unwrap();
    let stored = stored_embeddings(program.0.path());
    assert!(stored >= printed && stored < 200, "{stored} of {printed} printed");

    assert_eq!(program.json(&args[..4]).len(), 200);
    assert_eq!(stored_embeddings(program.0.path()), 200);
}

#[test]
fn a_second_run_shows_the_same_scores_and_a_changed_picture_others() {
    let folder = many_pictures(3);
    let program = Program::new();
    let args = ["embed", folder.path().to_str().unwrap()];
    let first = program.json(&args);
    assert_eq!(program.json(&args), first);
    let changed = folder.path().join("0001.png");
    image::RgbImage::from_pixel(60, 60, image::Rgb([250, 10, 10]))
        .save(&changed)
        .unwrap();
    let second = program.json(&args);
    assert_eq!(second[0], first[0]);
    assert_ne!(second[1]["embedding"], first[1]["embedding"]);
}

#[test]
fn damaged_stores_are_replaced_or_kept_aside_and_said_once() {
    let program = Program::new();
    let at = |name: &str| program.0.path().join(name);
    for name in ["cache.sqlite", "catalog.sqlite"] {
        std::fs::write(at(name), b"this is no database, and never was one").unwrap();
    }
    let pictures = many_pictures(2);
    let args = ["embed", pictures.path().to_str().unwrap()];
    let output = program.run(&args);
    assert!(output.status.success());
    let said = stderr(&output);
    assert!(
        said.contains("the cache was damaged") && said.contains("catalog.sqlite.damaged-1"),
        "{said}"
    );
    assert!(at("catalog.sqlite.damaged-1").exists());
    let output = program.run(&args);
    assert_eq!(stderr(&output), "");
    // Where there is no file to be had, everything is computed, and that is said once.
    std::fs::remove_file(at("cache.sqlite")).unwrap();
    std::fs::create_dir(at("cache.sqlite")).unwrap();
    let output = program.run(&args);
    assert!(output.status.success());
    assert_eq!(stderr(&output).matches("cache.sqlite: it is not a file").count(), 1);
}

/// Gives a file another content under the same size and date, as some programs do.
fn swap_contents(left: &Path, right: &Path) {
    let (of_left, of_right) = (std::fs::read(left).unwrap(), std::fs::read(right).unwrap());
    assert_eq!(of_left.len(), of_right.len());
    for (path, bytes) in [(left, of_right), (right, of_left)] {
        let date = path.metadata().unwrap().modified().unwrap();
        std::fs::write(path, bytes).unwrap();
        let file = std::fs::File::options().write(true).open(path).unwrap();
        file.set_modified(date).unwrap();
    }
}

#[cfg(unix)]
#[test]
fn a_content_changed_under_the_same_size_and_date_is_noticed_and_a_touch_or_a_move_embeds_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    for (name, colour) in [("one.bmp", [250, 10, 10]), ("two.bmp", [10, 10, 250])] {
        image::RgbImage::from_pixel(48, 48, image::Rgb(colour))
            .save(at(name))
            .unwrap();
        let file = std::fs::File::options().write(true).open(at(name)).unwrap();
        // Before 1970, where such dates were once taken for one and the same.
        file.set_modified(std::time::UNIX_EPOCH - std::time::Duration::from_secs(400_000_000))
            .unwrap();
    }
    let program = Program::new();
    let embed = || program.json(&["embed", folder.path().to_str().unwrap()]);
    let first = embed();
    swap_contents(&at("one.bmp"), &at("two.bmp"));
    let swapped = embed();
    for (place, other) in [(0, 1), (1, 0)] {
        assert_eq!(swapped[place]["embedding"], first[other]["embedding"]);
    }
    assert_eq!(stored_embeddings(program.0.path()), 2);

    let touched = std::fs::File::options().write(true).open(at("one.bmp")).unwrap();
    touched.set_modified(std::time::SystemTime::now()).unwrap();
    std::fs::create_dir(at("sub")).unwrap();
    std::fs::rename(at("two.bmp"), at("sub/moved.bmp")).unwrap();
    let moved = embed();
    assert_eq!(moved[0]["embedding"], swapped[0]["embedding"]);
    assert_eq!(moved[1]["embedding"], swapped[1]["embedding"]);
    assert!(moved[1]["path"].as_str().unwrap().ends_with("sub/moved.bmp"));
    assert_eq!(stored_embeddings(program.0.path()), 2, "nothing was embedded anew");
    let catalog = rusqlite::Connection::open(program.0.path().join("catalog.sqlite")).unwrap();
    let pictures: i64 = catalog
        .query_row("SELECT count(*) FROM pictures", [], |row| row.get(0))
        .unwrap();
    assert_eq!(pictures, 2, "the moved one is the same picture");
}

#[test]
fn originals_are_never_written() {
    let folder = many_pictures(2);
    let before: Vec<_> = std::fs::read_dir(folder.path())
        .unwrap()
        .map(|e| e.unwrap().metadata().unwrap().modified().unwrap())
        .collect();
    let program = Program::new();
    program.json(&["classify", folder.path().to_str().unwrap(), "--label", "cat"]);
    let after: Vec<_> = std::fs::read_dir(folder.path())
        .unwrap()
        .map(|e| e.unwrap().metadata().unwrap().modified().unwrap())
        .collect();
    assert_eq!(before, after);
}

#[test]
fn asking_for_a_gpu_where_there_is_none_warns_and_goes_on() {
    if matches!(clipsight::engine::gpu(), Ok(Some(_))) {
        eprintln!("NOT CHECKED: this machine has a GPU");
        return;
    }
    let output = Program::new().run(&["embed", "--text", "cat", "--device", "gpu"]);
    assert!(output.status.success());
    assert!(stderr(&output).contains("using the CPU"), "{}", stderr(&output));
}

#[cfg(target_os = "linux")]
#[test]
fn without_a_display_one_line_points_at_the_command_line() {
    let mut command = Program::new().command(&[]);
    let output = command
        .env_remove("DISPLAY")
        .env_remove("WAYLAND_DISPLAY")
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(1));
    let errors = stderr(&output);
    let said: Vec<&str> = errors.lines().filter(|line| line.starts_with("clipsight:")).collect();
    assert_eq!(said.len(), 1, "{errors}");
    assert!(said[0].contains("clipsight classify"), "{errors}");
}

/// A JPEG of these pixels that says how it is turned; as long as one that says otherwise.
fn turned(picture: &image::RgbImage, turn: u8) -> Vec<u8> {
    let mut bytes = Vec::new();
    image::codecs::jpeg::JpegEncoder::new_with_quality(&mut bytes, 90)
        .encode_image(picture)
        .unwrap();
    let mut exif = b"\xFF\xE1\0\x22Exif\0\0MM\0\x2A\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0".to_vec();
    exif.extend([turn, 0, 0, 0, 0, 0, 0]);
    bytes.splice(2..2, exif);
    bytes
}

#[cfg(unix)]
#[test]
fn a_picture_that_is_replaced_by_one_that_stands_otherwise_is_embedded_anew() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("r.jpg");
    let picture = image::open(root().join("assets/samples/photos/rocket.jpg"))
        .unwrap()
        .to_rgb8();
    let picture = image::imageops::thumbnail(&picture, 96, 96);
    let write = |turn: u8, date: Option<std::time::SystemTime>| {
        std::fs::write(&path, turned(&picture, turn)).unwrap();
        if let Some(date) = date {
            let file = std::fs::File::options().write(true).open(&path).unwrap();
            file.set_modified(date).unwrap();
        }
    };
    let program = Program::new();
    let embed = |program: &Program| program.json(&["embed", path.to_str().unwrap()])[0]["embedding"].clone();
    write(1, None);
    let upright = embed(&program);
    write(6, Some(path.metadata().unwrap().modified().unwrap()));
    let replaced = embed(&program);
    assert_ne!(replaced, upright);
    assert_eq!(replaced, embed(&Program::new()));
}
