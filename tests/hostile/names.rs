//! Names that a terminal would obey, and other libraries' noise.

use std::path::Path;
use std::process::Output;

use serde_json::json;

use crate::program::Program;

/// Clears the screen, sets the title, goes back in the line, turns the direction around.
const NAME: &str = "x\u{1b}[2J\u{1b}]0;owned\u{7}\r\nclipsight: all is well\u{202e}gpj\u{2066}";
const CAT: &str = "assets/samples/photos/cat.jpg";

fn nothing_obeyed(printed: &[u8]) -> bool {
    let obeyed = |c: char| c.is_control() && c != '\n' || "\u{202e}\u{2066}".contains(c);
    !String::from_utf8_lossy(printed).contains(obeyed)
}

/// Nothing of what was printed is obeyed by a terminal.
fn assert_harmless(output: &Output, what: &str) {
    for (stream, bytes) in [("stdout", &output.stdout), ("stderr", &output.stderr)] {
        let text = String::from_utf8_lossy(bytes);
        let obeyed = text
            .chars()
            .find(|c| c.is_control() && *c != '\n' || ('\u{202a}'..='\u{202e}').contains(c) || *c == '\u{2066}');
        assert_eq!(obeyed, None, "{what}, {stream}: {text:?}");
        assert!(
            !text
                .lines()
                .any(|line| line.contains("clipsight: all is well") && !line.contains("\\u{a}")),
            "{what}: {text}"
        );
    }
    let all = [&output.stdout[..], &output.stderr].concat();
    assert!(
        String::from_utf8_lossy(&all).contains("\\u{1b}"),
        "{what}: the name is shown"
    );
}

#[cfg(unix)]
#[test]
fn names_from_elsewhere_are_printed_harmlessly() {
    let program = Program::new();
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    let file = at(&format!("{NAME}.jpg"));
    std::fs::copy(CAT, &file).unwrap();
    let file = file.to_str().unwrap();
    assert_harmless(&program.run(&["classify", file, "--label", "cat"]), "a file");
    assert_harmless(&program.run(&["classify", CAT, "--label", NAME]), "a label");
    assert_harmless(
        &program.run(&["classify", CAT, "--label", NAME, "--label", NAME]),
        "a label twice",
    );
    assert_harmless(
        &program.run(&["classify", CAT, "--label", &NAME.repeat(100)]),
        "a long label",
    );
    assert_harmless(&program.run(&["search", file, "--text", NAME]), "a query");
    assert_harmless(&program.run(&["embed", "--text", NAME]), "a text");
    let broken = at(&format!("{NAME}.png"));
    std::fs::write(&broken, b"no picture").unwrap();
    assert_harmless(
        &program.run(&["classify", broken.to_str().unwrap(), "--label", "cat"]),
        "a broken file",
    );
    let labels = at(NAME);
    std::fs::create_dir(&labels).unwrap();
    let labels = labels.to_str().unwrap();
    let args = ["classify", CAT, "--labels-file", labels];
    assert_harmless(&program.run(&args), "a labels file");
    assert_harmless(
        &program.run(&["classify", CAT, "--label", "a", "--model", labels]),
        "a model",
    );
    assert_harmless(
        &program.run(&["classify", CAT, "--label", "a", "--template", NAME]),
        "a template",
    );
    assert_harmless(&program.run(&["runs", "show", NAME]), "a run that is not there");

    // A damaged run of this name.
    std::fs::create_dir_all(program.0.path().join("runs").join(NAME)).unwrap();
    std::fs::write(program.0.path().join("runs").join(NAME).join("run.json"), b"{").unwrap();
    assert_harmless(&program.run(&["runs", "list"]), "a damaged run");

    // Classes are folders' names.
    let classes = at("classes");
    for class in [format!("{NAME}a"), format!("{NAME}b")] {
        std::fs::create_dir_all(classes.join(&class)).unwrap();
        std::fs::copy(CAT, classes.join(&class).join("1.jpg")).unwrap();
    }
    let preview = ["fine-tune", classes.to_str().unwrap(), "--preview"];
    assert_harmless(&program.run(&preview), "a class");
    let evaluate = ["evaluate", classes.to_str().unwrap()];
    assert_harmless(&program.run(&evaluate), "classes that were measured");
    for format in ["latex", "markdown"] {
        let output = program.run(&[&evaluate[..], &["--format", format]].concat());
        assert!(nothing_obeyed(&output.stdout), "{format}");
    }
    for args in [&["classify", file, "--label", NAME][..], &evaluate] {
        let lines = program.run(&[args, &["--format", "json"]].concat());
        assert!(nothing_obeyed(&lines.stdout), "{args:?}");
        assert!(
            crate::program::lines(&lines)
                .iter()
                .any(|line| line.to_string().contains('\u{202e}'))
        );
    }
}

#[test]
fn a_tensor_of_such_a_name_is_named_harmlessly() {
    let program = Program::new();
    let folder = tempfile::tempdir().unwrap();
    let sound = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/clip-f32");
    for name in ["config.json", "preprocessor_config.json", "tokenizer.json"] {
        std::fs::copy(sound.join(name), folder.path().join(name)).unwrap();
    }
    let bytes = std::fs::read(sound.join("model.safetensors")).unwrap();
    let length = u64::from_le_bytes(bytes[..8].try_into().unwrap()) as usize;
    let mut header: serde_json::Value = serde_json::from_slice(&bytes[8..8 + length]).unwrap();
    let scale = header.as_object_mut().unwrap().remove("logit_scale").unwrap();
    header[NAME] = json!(scale);
    let header = header.to_string().into_bytes();
    let whole = [&(header.len() as u64).to_le_bytes()[..], &header, &bytes[8 + length..]].concat();
    std::fs::write(folder.path().join("model.safetensors"), whole).unwrap();
    let model = folder.path().to_str().unwrap();
    let output = program.run(&["classify", CAT, "--label", "a", "--model", model]);
    assert_eq!(output.status.code(), Some(1));
    assert_harmless(&output, "a tensor");
}

#[test]
fn nobody_else_speaks_on_standard_error() {
    let program = Program::new();
    for device in ["auto", "gpu"] {
        let mut command = program.command(&["classify", CAT, "--label", "cat", "--device", device]);
        let output = command
            .env_remove("XDG_RUNTIME_DIR")
            .env_remove("CLIPSIGHT_DEVICE")
            .output()
            .unwrap();
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{errors}");
        assert!(
            errors.lines().all(|line| line.starts_with("clipsight: ")),
            "{device}: {errors}"
        );
    }
}
