use super::*;

fn inputs(pictures: &[&Path], model: &[&Path]) -> Inputs {
    let owned = |paths: &[&Path]| paths.iter().map(|path| path.to_path_buf()).collect();
    Inputs {
        pictures: owned(pictures),
        model: owned(model),
        others: Vec::new(),
    }
}

#[test]
fn what_is_read_is_never_replaced_whatever_it_is_called() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    std::fs::write(at("cat.jpg"), b"cat").unwrap();
    std::fs::write(at("model.safetensors"), b"model").unwrap();
    std::fs::create_dir(at("sub")).unwrap();
    std::fs::hard_link(at("cat.jpg"), at("hard.jpg")).unwrap();
    let mut names = vec!["cat.jpg", "sub/../cat.jpg", "./cat.jpg", "hard.jpg"];
    #[cfg(unix)]
    {
        std::os::unix::fs::symlink("cat.jpg", at("soft.jpg")).unwrap();
        std::os::unix::fs::symlink(folder.path(), at("sub/up")).unwrap();
        names.extend(["soft.jpg", "sub/up/cat.jpg"]);
    }
    let inputs = inputs(&[&at("cat.jpg")], &[&at("model.safetensors")]);
    for name in names {
        let refused = may_write(&at(name), &inputs, true);
        assert!(matches!(refused, Err(OutputError::Input { .. })), "{name}: {refused:?}");
    }
    let refused = may_write(&at("model.safetensors"), &inputs, true).unwrap_err();
    assert!(refused.to_string().contains("a file of the model"));
    assert!(may_write(&at("new.jpg"), &inputs, false).is_ok());
}

#[test]
fn what_is_there_is_replaced_on_demand_only_and_other_names_of_it_stay() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    std::fs::write(at("a.png"), b"old").unwrap();
    std::fs::hard_link(at("a.png"), at("b.png")).unwrap();
    let none = Inputs::default();
    assert!(matches!(
        may_write(&at("a.png"), &none, false),
        Err(OutputError::Exists(_))
    ));
    assert!(matches!(
        may_write(folder.path(), &none, true),
        Err(OutputError::Folder(_))
    ));
    let missing = may_write(&at("no/a.png"), &none, false);
    assert!(matches!(missing, Err(OutputError::NoFolder { .. })));
    // Even where it came in between.
    assert!(matches!(
        write_output(&at("a.png"), b"new", false),
        Err(OutputError::Exists(_))
    ));
    assert_eq!(std::fs::read(at("a.png")).unwrap(), b"old");
    write_output(&at("a.png"), b"new", true).unwrap();
    assert_eq!(std::fs::read(at("a.png")).unwrap(), b"new");
    assert_eq!(std::fs::read(at("b.png")).unwrap(), b"old");
    let left: Vec<_> = std::fs::read_dir(folder.path()).unwrap().collect();
    assert_eq!(left.len(), 2, "nothing else is left: {left:?}");
}

#[cfg(unix)]
#[test]
fn an_output_is_as_readable_as_any_new_file_and_devices_are_written_into() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    let (ours, plain) = (folder.path().join("ours.json"), folder.path().join("plain.json"));
    write_output(&ours, b"{}", false).unwrap();
    std::fs::write(&plain, b"{}").unwrap();
    let mode = |path: &Path| path.metadata().unwrap().permissions().mode();
    assert_eq!(mode(&ours), mode(&plain));
    let null = Path::new("/dev/null");
    assert!(may_write(null, &Inputs::default(), false).is_ok());
    write_output(null, b"{}", false).unwrap();
    assert!(expect_ending(null, "json").is_ok());
}

#[test]
fn every_format_that_is_offered_can_be_written_and_others_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let picture = RgbImage::from_fn(20, 10, |x, y| image::Rgb([x as u8 * 12, y as u8 * 25, 99]));
    for (ending, ..) in FORMATS {
        let path = folder.path().join(format!("picture.{ending}"));
        write_picture(&path, &picture, false).unwrap();
        let read = image::ImageReader::open(&path).unwrap().decode().unwrap();
        assert_eq!((read.width(), read.height()), (20, 10), "{ending}");
    }
    for name in ["m.ico", "m.exr", "m", "m.txt", ".png", "m.png.", "m.json"] {
        let refused = picture_format(Path::new(name), 20, 10);
        assert!(
            matches!(refused, Err(OutputError::Format { .. })),
            "{name}: {refused:?}"
        );
    }
    assert!(picture_format(Path::new("m.PNG"), 100_000, 10).is_ok());
    let long = picture_format(Path::new("m.jpg"), 65_536, 10).unwrap_err();
    assert!(long.to_string().contains("65535"), "{long}");
    assert!(picture_format(Path::new("m.jpg"), 65_535, 10).is_ok());
    assert!(picture_format(Path::new("m.webp"), 10, 16_384).is_err());
    assert!(expect_ending(Path::new("m.JSON"), "json").is_ok() && expect_ending(Path::new("m"), "json").is_err());
}
