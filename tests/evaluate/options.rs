//! What is corrected by options where it is found otherwise, and the numbers that stand beside the measures.

use serde_json::{Value, json};

use super::program::{Program, lines};
use super::{GROCERY, laid_out, number, text};

/// The last line, and what is said on standard error.
fn evaluated(folder: &std::path::Path, more: &[&str]) -> (Value, String) {
    let args = [&["evaluate", text(folder)], more, &["--format", "json"]].concat();
    let output = Program::new().run(&args);
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{said}");
    (lines(&output).pop().unwrap(), said)
}

/// A list of four pictures of each class, by a name for the column of paths and the label of each.
fn list(column: &str, label: impl Fn(&str, usize) -> String) -> String {
    let mut list = format!("{column},label\n");
    for class in ["banana", "carrots", "kiwi"] {
        for n in 0..4 {
            list += &format!("{class}/{n}.jpg,{}\n", label(class, n));
        }
    }
    list
}

#[test]
fn the_worst_folder_stands_beside_the_accuracy() {
    let folder = laid_out(|class, n| match n {
        0..4 => Some(format!("first/{class}-{n}.jpg")),
        4..8 => Some(format!("second/{class}-{n}.jpg")),
        _ => None,
    });
    // In the second folder every label is that of the next class.
    let classes = ["banana", "carrots", "kiwi"];
    let mut list = String::from("file_name,label\n");
    for (place, class) in classes.iter().enumerate() {
        for n in 0..4 {
            list += &format!("first/{class}-{n}.jpg,{class}\n");
            list += &format!("second/{class}-{}.jpg,{}\n", n + 4, classes[(place + 1) % 3]);
        }
    }
    std::fs::write(folder.path().join("metadata.csv"), list).unwrap();
    let (line, _) = evaluated(folder.path(), &[]);
    let worst = &line["worst_folder"];
    assert_eq!(
        (worst["folder"].as_str(), worst["n"].as_u64()),
        (Some("second"), Some(12))
    );
    assert!(number(worst, "top1") < number(&line, "top1"), "{worst}");
    assert!(number(worst, "top1_low") <= number(worst, "top1") && number(worst, "top1") <= number(worst, "top1_high"));
}

#[test]
fn a_temperature_is_fitted_where_there_are_enough_pictures() {
    let line = Program::new().json(&["evaluate", GROCERY]).pop().unwrap();
    assert!(number(&line, "temperature") > 0.0);
    for name in ["ece_before", "ece_after"] {
        assert!((0.0..=1.0).contains(&number(&line, name)), "{name}: {line}");
    }
    let few = laid_out(|class, n| (n < 4).then(|| format!("{class}/{n}.jpg")));
    let (line, _) = evaluated(few.path(), &[]);
    for name in ["temperature", "ece_before", "ece_after"] {
        assert!(line[name].is_null(), "{name}: {line}");
    }
}

#[test]
fn the_level_says_which_folder_names_the_class() {
    let folder = laid_out(|class, n| (n < 4).then(|| format!("shop {}/{class}/{n}.jpg", n % 2)));
    let (first, said) = evaluated(folder.path(), &[]);
    assert_eq!(first["labels"], json!(["shop 0", "shop 1"]));
    assert!(said.contains("by folders (level 0)"), "{said}");
    let (second, said) = evaluated(folder.path(), &["--level", "1"]);
    assert_eq!(
        (&second["labels"], second["n"].as_u64()),
        (&json!(["banana", "carrots", "kiwi"]), Some(12))
    );
    assert!(said.contains("by folders (level 1)"), "{said}");
}

#[test]
fn the_column_of_paths_and_what_is_the_truth_can_be_named() {
    let folder = laid_out(|class, n| (n < 4).then(|| format!("{class}/{n}.jpg")));
    let kind = |class: &str, _: usize| if class == "carrots" { "vegetable" } else { "fruit" }.to_string();
    let written = |column: &str| std::fs::write(folder.path().join("list.csv"), list(column, kind)).unwrap();
    written("where");
    let (line, said) = evaluated(folder.path(), &["--truth", "labels", "--path-column", "where"]);
    assert_eq!(
        (&line["labels"], line["n"].as_u64()),
        (&json!(["fruit", "vegetable"]), Some(12))
    );
    assert!(said.contains("(columns where and label)"), "{said}");

    written("file_name");
    let (line, _) = evaluated(folder.path(), &["--truth", "labels"]);
    assert_eq!(line["labels"], json!(["fruit", "vegetable"]));
    let (line, said) = evaluated(folder.path(), &["--truth", "folders"]);
    assert_eq!(line["labels"], json!(["banana", "carrots", "kiwi"]));
    assert!(said.contains("by folders"), "{said}");
}
