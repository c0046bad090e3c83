//! What is kept from one command to the next, and when it is not believed.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::Stdio;

use crate::place::{root, stderr};
use crate::program::Program;

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
