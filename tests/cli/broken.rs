//! What cannot be done: it is named, the exit code says so, and the rest is done.

use crate::place::{crc32, root, samples, stderr};
use crate::program::{Program, lines};

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
fn asking_for_a_gpu_where_there_is_none_warns_and_goes_on() {
    if matches!(clipsight::engine::gpu(), Ok(Some(_))) {
        crate::skips::not_checked("this machine has a GPU");
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
