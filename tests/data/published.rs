//! Lists as published sets have them.

use crate::folder::{Folder, NAMES, rows};

#[test]
fn lists_of_published_sets_are_read_as_they_are_published() {
    let with = |name: &str, content: String| {
        let folder = Folder::new();
        folder.twelve("").file(name, content);
        let preview = folder.preview();
        (preview.total(), preview.names().len(), preview.errors)
    };
    let said = |name: &str| format!("one thing called {}", name.trim_end_matches(".jpg"));
    let captions = [
        (
            "results.csv",
            format!(
                "image_name| comment_number| comment\n{}",
                rows(&NAMES, |_, name| format!("{name}| 0| {}", said(name)))
            ),
        ),
        (
            "Flickr8k.token.txt",
            rows(&NAMES, |n, name| format!("{name}#{n}\t{}", said(name))),
        ),
        (
            "captions.csv",
            format!(
                "file, caption\n{}",
                rows(&NAMES, |_, name| format!("{name}, \"{}, or so\"", said(name)))
            ),
        ),
        (
            "data.json",
            format!(
                "{{{}}}",
                NAMES.map(|name| format!("\"{name}\": \"{}\"", said(name))).join(",")
            ),
        ),
        (
            "dataset_coco.json",
            format!(
                "{{\"images\": [{}], \"dataset\": \"coco\"}}",
                NAMES
                    .map(|name| format!(
                        "{{\"filename\": \"{name}\", \"split\": \"train\", \"sentences\": [{{\"raw\": \"{}\"}}]}}",
                        said(name)
                    ))
                    .join(",")
            ),
        ),
    ];
    for (name, content) in captions {
        let (total, classes, errors) = with(name, content);
        assert_eq!((total, classes), (12, 1), "{name}: {errors}");
    }
    let class = |n: usize| ["siamese", "persian"][n % 2];
    let labels = [
        ("list.csv", rows(&NAMES, |n, name| format!("{name},{}", class(n)))),
        ("train.txt", rows(&NAMES, |n, name| format!("{name} {}", n % 2))),
        (
            "birds.csv",
            format!(
                "class id,filepaths,labels,data set\n{}",
                rows(&NAMES, |n, name| format!("{},{name},{},train", n % 2, class(n)))
            ),
        ),
        (
            "breeds.csv",
            format!(
                "id,breed\n{}",
                rows(&NAMES, |n, name| format!("{},{}", &name[..name.len() - 4], class(n)))
            ),
        ),
    ];
    for (name, content) in labels {
        let (total, classes, errors) = with(name, content);
        assert_eq!((total, classes), (12, 2), "{name}: {errors}");
    }
    let folder = Folder::new();
    folder.classes(&["dress", "hat"], 5);
    let numbered: Vec<String> = (0..10)
        .map(|n| format!("{}/{n}.jpg", ["dress", "hat"][n / 5]))
        .collect();
    let numbered: Vec<&str> = numbered.iter().map(String::as_str).collect();
    folder.file("all.txt", rows(&numbered, |n, name| format!("{name} {}", n / 5)));
    let preview = folder.preview();
    assert_eq!(preview.names(), ["dress", "hat"], "folders say more than numbers do");
    assert!(preview.errors.contains("all.txt"), "{}", preview.errors);
}
