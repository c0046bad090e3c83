//! Answers about pictures: predictions, embeddings, heatmaps, models.

use serde_json::Value;

use crate::place::{root, stderr};
use crate::program::Program;

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
    assert!(stderr(&few).contains("one folder per class"));
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
