//! Readers that leave.

use std::io::{BufRead, BufReader};
use std::process::Stdio;

use crate::place::{copy_of, rows, run_on, stderr, text, two_classes};
use crate::program::Program;

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
