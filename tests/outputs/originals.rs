//! No output replaces what is read.

use std::time::{Duration, Instant};

use serde_json::Value;

use crate::place::{cat, contents, copy_of, names, stderr, text, two_classes};
use crate::program::Program;

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
fn no_output_of_an_evaluation_replaces_what_it_reads() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    let pictures = two_classes();
    for (class, side) in [("red", "train"), ("blue", "train"), ("red", "test"), ("blue", "test")] {
        std::fs::create_dir_all(at("data").join(side)).unwrap();
        for n in 0..4 {
            let name = format!("{class}-{n}.png");
            let from = pictures.path().join(class).join(format!("{n}.png"));
            std::fs::copy(from, at("data").join(side).join(name)).unwrap();
        }
    }
    for side in ["train", "test"] {
        let row = |n: usize| format!("red-{n}.png,red\nblue-{n}.png,blue\n");
        let list: String = (0..4).map(row).collect();
        std::fs::write(
            at("data").join(side).join("metadata.csv"),
            format!("file_name,label\n{list}"),
        )
        .unwrap();
    }
    std::fs::write(at("names.csv"), "red\nblue\n").unwrap();
    std::fs::create_dir(at("others")).unwrap();
    std::fs::copy(cat(), at("others/cat.jpg")).unwrap();
    let model = copy_of("clip-f32");
    let compared = copy_of("clip-f32");
    // Pictures may have any name.
    std::fs::hard_link(at("data/train/red-0.png"), at("picture.html")).unwrap();
    std::fs::hard_link(at("others/cat.jpg"), at("negative.html")).unwrap();
    std::fs::hard_link(model.path().join("model.safetensors"), at("weights.html")).unwrap();
    let before = [
        contents(folder.path()),
        contents(model.path()),
        contents(compared.path()),
    ];
    let program = Program::new();
    let (data, names) = (at("data"), at("names.csv"));
    let common = [
        "evaluate",
        text(&data),
        "--labels-file",
        text(&names),
        "--model",
        text(model.path()),
        "--compare",
        text(compared.path()),
        "--negatives",
        text(folder.path()),
    ];
    let targets = [
        ("--export", at("data/train/metadata.csv")),
        ("--export", at("data/test/metadata.csv")),
        ("--export", names.clone()),
        ("--export", model.path().join("config.json")),
        ("--export", compared.path().join("config.json")),
        ("--report", at("picture.html")),
        ("--report", at("negative.html")),
        ("--report", at("weights.html")),
    ];
    for (option, target) in targets {
        let refused = program.run(&[&common[..], &[option, text(&target), "--force"]].concat());
        assert_eq!(
            refused.status.code(),
            Some(1),
            "{}: {}",
            target.display(),
            stderr(&refused)
        );
        assert!(stderr(&refused).contains("only ever read"), "{}", stderr(&refused));
        let after = [
            contents(folder.path()),
            contents(model.path()),
            contents(compared.path()),
        ];
        assert!(before == after, "{}", target.display());
    }
    let twice = at("new.html");
    for wrong in [
        &["--report", text(&at("data/train/red-1.png"))][..],
        &["--report", text(&model.path().join("model.safetensors"))],
        &[
            "--report",
            text(&twice),
            "--export",
            text(&folder.path().join("data/../new.html")),
        ],
    ] {
        let refused = program.run(&[&common[..], wrong, &["--force"]].concat());
        assert_eq!(refused.status.code(), Some(2), "{wrong:?}: {}", stderr(&refused));
    }
    let kept = at("kept.evaluation");
    let data_and_model = ["evaluate", text(&data), "--model", text(model.path())];
    let made = program.run(&[&data_and_model[..], &["--export", text(&kept)]].concat());
    assert!(made.status.success(), "{}", stderr(&made));
    std::fs::hard_link(&kept, at("kept.html")).unwrap();
    let again = ["--again", text(&kept), "--force", "--report"];
    let refused = program.run(&[&data_and_model[..], &again, &[text(&at("kept.html"))]].concat());
    assert!(stderr(&refused).contains("only ever read"), "{}", stderr(&refused));
    let written = program.run(&[&data_and_model[..], &again, &[text(&twice)]].concat());
    assert!(written.status.success() && twice.is_file(), "{}", stderr(&written));
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
