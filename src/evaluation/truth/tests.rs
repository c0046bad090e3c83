use super::*;

fn truth(folders: &[&str]) -> GroundTruth {
    let picture = |(class, folder): (usize, &&str)| Picture {
        path: format!("{folder}/1.jpg").into(),
        class: Some(class),
        side: None,
        captions: Vec::new(),
    };
    GroundTruth {
        classes: folders.iter().map(|folder| Class::of_folder(*folder)).collect(),
        pictures: folders.iter().enumerate().map(picture).collect(),
        ..GroundTruth::default()
    }
}

fn titles(truth: &GroundTruth) -> Vec<&str> {
    truth.classes.iter().map(Class::title).collect()
}

#[test]
fn a_labels_file_describes_classes_by_their_folders() {
    let mut truth = truth(&["running_shoes", "t-shirt"]);
    truth
        .call("t-shirt\ta cotton shirt\ta tee\nRunning Shoes\nboot\n")
        .unwrap();
    assert_eq!(titles(&truth), ["Running Shoes", "t-shirt", "boot"]);
    assert_eq!(truth.classes[1].descriptions, ["a cotton shirt", "a tee"]);
    assert!(truth.notes[0].contains("boot"), "{:?}", truth.notes);
    assert_eq!(truth.classes[0].label().name, "Running Shoes");
}

#[test]
fn codes_get_names_by_a_column_or_in_order() {
    let mut named = truth(&["n02123045", "n02124075"]);
    named
        .call("folder\tname\tdescription\nn02123045\ttabby cat\nn02124075\tEgyptian cat\ta slim cat\n")
        .unwrap();
    assert_eq!(titles(&named), ["tabby cat", "Egyptian cat"]);
    assert_eq!(named.classes[1].descriptions, ["a slim cat"]);
    let mut ordered = truth(&["n02123045", "n02124075"]);
    ordered.call("tabby cat\nEgyptian cat").unwrap();
    assert_eq!(titles(&ordered), ["tabby cat", "Egyptian cat"]);
    let error = truth(&["a", "b"]).call("x\ny\nz").unwrap_err().to_string();
    assert!(error.contains("x, y, z") && error.contains("a, b"), "{error}");
}

#[test]
fn a_published_name_is_one_classes_alone() {
    let names = ["polish", "running shoes"].map(String::from);
    let mut spelled = truth(&["Polish", "polish", "Running_Shoes"]);
    assert_eq!(spelled.call_as(&names), 2);
    assert_eq!(titles(&spelled), ["Polish", "polish", "running shoes"]);
    let mut alike = truth(&["running-shoes", "running_shoes"]);
    assert_eq!(alike.call_as(&names), 0);
}

#[test]
fn a_taught_class_is_known_by_its_folder() {
    let taught = ["A-1", "Polish", "a_1", "polish"].map(String::from);
    let labels = |folder: &str| Class::of_folder(folder).label_for(&taught).name;
    for folder in &taught {
        assert_eq!(&labels(folder), folder);
    }
    assert_eq!(labels("Running_Shoes"), "running shoes");
    let described = Class {
        descriptions: vec!["wax".into()],
        ..Class::of_folder("Polish")
    };
    assert_eq!(described.label_for(&taught).name, "polish");
}

#[test]
fn the_held_out_side_is_measured_by_where_there_is_one() {
    let mut truth = truth(&["a", "b", "c"]);
    assert_eq!(truth.on(Part::HeldOut), [0, 1, 2]);
    truth.pictures[1].side = Some(Side::Validation);
    assert_eq!(truth.on(Part::HeldOut), [1]);
    truth.pictures[2].side = Some(Side::Test);
    assert_eq!((truth.on(Part::HeldOut), truth.on(Part::All).len()), (vec![2], 3));
}

#[test]
fn one_class_is_no_measure() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join("cat")).unwrap();
    image::RgbImage::new(8, 8)
        .save(folder.path().join("cat/1.png"))
        .unwrap();
    let error = GroundTruth::read(folder.path(), &Wanted::to_measure()).unwrap_err();
    assert!(error.to_string().contains("one class only (cat)"), "{error}");
    let empty = tempfile::tempdir().unwrap();
    let error = GroundTruth::read(empty.path(), &Wanted::to_measure()).unwrap_err();
    assert!(error.to_string().contains("no ground truth"), "{error}");
}
