use super::*;

fn names(paths: &[&str]) -> (tempfile::TempDir, Names) {
    let folder = tempfile::tempdir().unwrap();
    let paths: Vec<PathBuf> = paths.iter().map(|path| folder.path().join(path)).collect();
    let names = Names::of(folder.path(), paths.iter().map(PathBuf::as_path), std::iter::empty());
    (folder, names)
}

#[test]
fn every_spelling_of_a_path_leads_to_the_picture() {
    let (folder, names) = names(&["a.jpg", "images/été.jpg", "images/deep/b.jpg"]);
    let root = folder.path();
    let absolute = root.join("images/deep/b.jpg").to_string_lossy().into_owned();
    let cases = [
        ("a.jpg", "a.jpg"),
        ("./a.jpg", "a.jpg"),
        ("images/../a.jpg", "a.jpg"),
        ("A.JPG", "a.jpg"),
        ("images\\deep\\b.jpg", "images/deep/b.jpg"),
        ("images/e\u{301}te\u{301}.jpg", "images/été.jpg"),
        ("b.jpg", "images/deep/b.jpg"),
        ("b", "images/deep/b.jpg"),
        (&absolute, "images/deep/b.jpg"),
    ];
    for (name, path) in cases {
        let picture = Named::Picture {
            path: root.join(path),
            moved: false,
        };
        assert_eq!(names.find(root, name, None), picture, "{name}");
    }
    let moved = names.find(root, "D:\\data\\set\\images\\deep\\b.jpg", None);
    assert_eq!(
        moved,
        Named::Picture {
            path: root.join("images/deep/b.jpg"),
            moved: true
        }
    );
    let beside = names.find(&root.join("images"), "../a.jpg", None);
    assert!(matches!(beside, Named::Picture { .. }));
}

#[test]
fn a_list_of_one_side_means_the_pictures_there() {
    let (folder, names) = names(&["train/1.jpg", "test/1.jpg", "train/deep/2.jpg", "test/deep/2.jpg"]);
    let part = |name: &str, side| SideFolder::new(folder.path().join(name), Some(side));
    let names = names.split_by(&[part("train", Side::Train), part("test", Side::Test)]);
    let found = |name: &str, side| names.find(folder.path(), name, side);
    let picture = |path: &str| Named::Picture {
        path: folder.path().join(path),
        moved: false,
    };
    for (side, called) in [(Side::Train, "train"), (Side::Test, "test")] {
        for name in ["1.jpg", "1"] {
            assert_eq!(found(name, Some(side)), picture(&format!("{called}/1.jpg")), "{name}");
        }
        assert_eq!(found("2", Some(side)), picture(&format!("{called}/deep/2.jpg")));
    }
    assert_eq!(found("test/1.jpg", Some(Side::Train)), picture("test/1.jpg"));
    for side in [None, Some(Side::Validation)] {
        assert!(matches!(found("1.jpg", side), Named::Nothing(reason) if reason.contains("several")));
    }
}

#[test]
fn a_path_that_begins_above_the_folder_is_found_by_its_end() {
    let (folder, names) = names(&["a.jpg", "images/b.jpg"]);
    let own = folder.path().file_name().unwrap().to_str().unwrap();
    for (name, path) in [
        (format!("{own}/images/b.jpg"), "images/b.jpg"),
        (format!("./{own}\\images\\b.jpg"), "images/b.jpg"),
        (format!("data/{own}/a.jpg"), "a.jpg"),
        ("home/set/images/b.jpg".into(), "images/b.jpg"),
    ] {
        let path = folder.path().join(path);
        assert_eq!(
            names.find(folder.path(), &name, None),
            Named::Picture { path, moved: true },
            "{name}"
        );
    }
    assert_eq!(names.find(folder.path(), "cats/a.jpg", None), not_there());
}

#[test]
fn what_is_elsewhere_or_ambiguous_is_named() {
    let (folder, names) = names(&["x/a.jpg", "y/a.jpg"]);
    let reason = |name: &str| match names.find(folder.path(), name, None) {
        Named::Nothing(reason) => reason,
        Named::Picture { path, .. } => panic!("{}", path.display()),
    };
    assert!(reason("a.jpg").contains("several"));
    assert!(reason("../a.jpg").contains("outside"));
    assert!(reason("gone.jpg").contains("not there"));
    assert!(reason("https://example.org/a.jpg").contains("address"));
    let outside = std::env::current_dir().unwrap().join("Cargo.toml");
    assert!(reason(&outside.to_string_lossy()).contains("outside"));
}
