//! Copies are found, and what is merely alike is none.

use clipsight::library::decode;
use image::RgbImage;

use crate::folder::{Folder, jpeg, photographs, root};
use crate::program::{Program, lines};

/// A number from -1 to 1 that looks random.
fn noise(seed: u32, x: u32, y: u32) -> f32 {
    let mut n = seed.wrapping_mul(0x9E37_79B9) ^ x.wrapping_mul(0x85EB_CA6B) ^ y.wrapping_mul(0xC2B2_AE35);
    n = (n ^ n >> 15).wrapping_mul(0x2C1B_3C6D);
    n = (n ^ n >> 12).wrapping_mul(0x297A_2D39);
    (n ^ n >> 15) as f32 / u32::MAX as f32 * 2.0 - 1.0
}

fn exposed(picture: &RgbImage, seed: u32, gain: f32) -> RgbImage {
    let mut picture = picture.clone();
    for (x, y, pixel) in picture.enumerate_pixels_mut() {
        let off = 3.0 * noise(seed, x, y);
        pixel.0 = pixel
            .0
            .map(|value| (f32::from(value) * gain + off).round().clamp(0.0, 255.0) as u8);
    }
    picture
}

#[test]
fn one_camera_cloth_and_colours_are_no_copies() {
    let scene = image::imageops::resize(&photographs()[8], 256, 192, image::imageops::FilterType::CatmullRom);
    let folder = Folder::new();
    for n in 0..12u32 {
        for (class, gain) in [("lamp on", 1.0), ("lamp off", 0.7)] {
            let gain = gain * (1.0 + 0.002 * n as f32);
            let frame = exposed(&scene, 100 * u32::from(gain > 0.9) + n, gain);
            folder.file(&format!("{class}/{n:02}.jpg"), jpeg(&frame, 93));
        }
        for (class, colour) in [("red cloth", [170, 40, 50]), ("blue cloth", [40, 60, 170])] {
            let cloth = exposed(
                &RgbImage::from_pixel(160, 120, image::Rgb(colour)),
                200 + n + u32::from(colour[0]),
                1.0,
            );
            folder.file(&format!("{class}/{n:02}.jpg"), jpeg(&cloth, 93));
        }
    }
    let preview = folder.preview();
    assert!(preview.every_class_is_on_every_side(), "{:?}", preview.classes());
    assert_eq!(preview.event()["near_duplicates"], 0, "{}", preview.event());
    assert_eq!(sides_of_a_probe(&folder), [32, 8, 8]);
}

/// How many pictures a linear probe on the starter learns from, chooses by and is tested with.
fn sides_of_a_probe(folder: &Folder) -> [u64; 3] {
    let args = ["fine-tune", folder.path(), "--method", "linear-probe"];
    let events = Program::new().json(&args);
    let started = events.iter().find(|event| event["event"] == "started").unwrap();
    ["n_train", "n_validation", "n_test"].map(|side| started[side].as_u64().unwrap())
}

/// A photograph in the shades of one colour, as shops show one thing in several.
fn dyed(picture: &RgbImage, colour: [f32; 3]) -> RgbImage {
    let mut picture = picture.clone();
    for pixel in picture.pixels_mut() {
        let [red, green, blue] = pixel.0.map(f32::from);
        let light = (0.299 * red + 0.587 * green + 0.114 * blue) / 255.0;
        pixel.0 = colour.map(|brightest| (brightest * light) as u8);
    }
    picture
}

#[test]
fn one_thing_in_several_colours_is_no_copy_and_real_copies_stay_on_one_side() {
    let folder = Folder::new();
    let (red, photographs) = ([230.0, 60.0, 70.0], photographs());
    // Photographs come after the drawings, of which some are little but white.
    for (n, picture) in photographs[14..22].iter().enumerate() {
        for (class, colour) in [("red", red), ("blue", [60.0, 80.0, 230.0]), ("black", [128.0; 3])] {
            folder.file(&format!("{class}/{n}.jpg"), jpeg(&dyed(picture, colour), 85));
        }
    }
    let preview = folder.preview();
    assert!(preview.every_class_is_on_every_side(), "{:?}", preview.classes());
    assert_eq!(preview.event()["near_duplicates"], 0, "{}", preview.event());

    let large = dyed(&decode(&root().join("assets/samples/photos/rocket.jpg")).unwrap(), red);
    let filter = image::imageops::FilterType::CatmullRom;
    let half = image::imageops::resize(&large, large.width() / 2, large.height() / 2, filter);
    folder.file("red/large.jpg", jpeg(&large, 90));
    folder.file("red/half.jpg", jpeg(&half, 90));
    let preview = folder.preview();
    let event = preview.event();
    assert_eq!(
        (&event["near_duplicates"], &event["on_two_sides"]),
        (&1.into(), &0.into()),
        "{event}"
    );
    assert!(preview.every_class_is_on_every_side(), "{:?}", preview.classes());
    assert_eq!(sides_of_a_probe(&folder), [14, 6, 6]);
}

#[test]
fn copies_are_shown_and_contradictions_named() {
    let folder = Folder::new();
    folder.classes(&["dress", "hat"], 8);
    let all = photographs();
    for (n, picture) in all.iter().take(8).enumerate() {
        folder.file(&format!("evening dress/{n}.jpg"), jpeg(picture, 85));
    }
    let large = decode(&root().join("assets/samples/photos/rocket.jpg")).unwrap();
    let filter = image::imageops::FilterType::CatmullRom;
    let half = image::imageops::resize(&large, large.width() / 2, large.height() / 2, filter);
    folder
        .file("hat/large.jpg", jpeg(&large, 90))
        .file("hat/half.jpg", jpeg(&half, 90));
    let preview = folder.preview();
    let event = preview.event();
    assert_eq!(
        (&event["near_duplicates"], &event["contradictions"]),
        (&9.into(), &8.into()),
        "{event}"
    );
    assert_eq!(event["pairs"].as_array().unwrap().len(), 9);
    assert_eq!(
        event["contradicting"][0]["classes"],
        serde_json::json!(["dress", "evening dress"])
    );
    assert!(preview.every_class_is_on_every_side(), "{:?}", preview.classes());
}

#[test]
fn copies_on_two_sides_are_told_by_every_command_that_learns() {
    let folder = Folder::new();
    folder.classes(&["train/dress", "train/hat", "test/dress", "test/hat"], 5);
    for n in 0..5 {
        let copied = std::fs::read(folder.0.path().join(format!("train/dress/{n}.jpg"))).unwrap();
        folder.file(&format!("test/dress/copy-{n}.jpg"), copied);
    }
    // One of the five is drawn for validation.
    let preview = folder.preview();
    assert_eq!(preview.event()["on_two_sides"], 4);
    let program = Program::new();
    for more in [
        &["--method", "linear-probe"][..],
        &["--k-shot-curve"],
        &["--method", "linear-probe", "--estimate"],
    ] {
        let run = program.run(&[&["fine-tune", folder.path(), "--format", "json"], more].concat());
        let errors = String::from_utf8_lossy(&run.stderr).into_owned();
        assert!(run.status.success(), "{more:?}: {errors}");
        assert!(
            errors.contains("4 validation or test pictures are copies of training pictures"),
            "{more:?}: {errors}"
        );
        assert!(!errors.contains("stay on one side"), "{more:?}: {errors}");
        let said = lines(&run).into_iter().find(|line| line["event"] == "data").unwrap();
        assert_eq!(said["leaked"], 4, "{more:?}");
    }
    let shown = program.json(&["runs", "show", "linear-probe-1"]);
    assert!(shown[0]["warnings"].to_string().contains("accuracy will look too good"));
}

#[test]
fn copies_between_classes_take_no_shot_of_a_class_away() {
    let folder = Folder::new();
    folder.classes(&["dress", "hat"], 8);
    for (n, picture) in photographs().iter().take(8).enumerate() {
        folder.file(&format!("evening dress/{n}.jpg"), jpeg(picture, 85));
    }
    let preview = Program::new().json(&["fine-tune", folder.path(), "--preview", "--shots", "2"]);
    for class in &preview[..3] {
        assert_eq!(class["train"], 2, "{class}");
        assert!(class["test"].as_u64() > Some(0), "{class}");
    }
    assert_eq!(preview[3]["contradictions"], 8);
}
