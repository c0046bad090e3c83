//! Runs are exported, and never over what they learnt from.

use std::path::Path;

use crate::place::{cat, contents, copy_of, names, put_number, root, run_on, stderr, text, two_classes};
use crate::program::Program;

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
    for data in [pictures.path().to_path_buf(), pictures.path().join("red")] {
        let refused = export(&data, &["--force"]);
        assert!(
            stderr(&refused).contains("that this run learnt from"),
            "{}",
            stderr(&refused)
        );
    }

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
fn a_run_is_not_exported_over_a_base_that_was_opened_through_another_folder() {
    let (program, pictures) = (Program::new(), two_classes());
    let root = tempfile::tempdir().unwrap();
    let at = |name: &str| root.path().join(name);
    let copy = |to: &Path| {
        std::fs::create_dir_all(to).unwrap();
        contents(copy_of("clip-f32").path())
            .into_iter()
            .for_each(|(path, content)| std::fs::write(to.join(path.file_name().unwrap()), content).unwrap());
    };
    copy(&at("st/0_CLIPModel"));
    copy(&at("models--x--y/snapshots/abc"));
    copy(&at("elsewhere"));
    #[cfg(unix)]
    {
        std::fs::create_dir(at("linked")).unwrap();
        for (path, _) in contents(&at("elsewhere")) {
            let link = at("linked").join(path.file_name().unwrap());
            std::os::unix::fs::symlink(path, link).unwrap();
        }
    }
    let mut cases = vec![("st", "st/0_CLIPModel"), ("models--x--y", "models--x--y/snapshots/abc")];
    if cfg!(unix) {
        cases.push(("linked", "elsewhere"));
    }
    for (n, (base, target)) in cases.into_iter().enumerate() {
        run_on(&program, pictures.path(), &at(base), "lora");
        let before = contents(root.path());
        let run = format!("lora-{}", n + 1);
        let export = ["runs", "export", &run, "--output", text(&at(target)), "--force"].map(String::from);
        let refused = program.run(&export.each_ref().map(String::as_str));
        assert_eq!(refused.status.code(), Some(1), "{base}: {}", stderr(&refused));
        assert!(stderr(&refused).contains("never replaced"), "{}", stderr(&refused));
        assert!(before == contents(root.path()), "{base}");
    }
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
