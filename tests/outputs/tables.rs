//! Tables for spreadsheets, and labels that look like flags.

use crate::place::{cat, stderr, text};
use crate::program::{Program, lines};

#[test]
fn tables_open_in_a_spreadsheet_and_run_nothing_there() {
    let folder = tempfile::tempdir().unwrap();
    let picture = folder.path().join("=1+1.jpg");
    std::fs::copy(cat(), &picture).unwrap();
    let labels = ["=HYPERLINK(\"x\")", "@SUM(1+1)", "-2+3", "猫", "-10 degrees"];
    let program = Program::new();
    let mut args = vec!["classify", "=1+1.jpg", "--format", "csv"];
    labels.iter().for_each(|label| args.extend(["--label", label]));
    let run = |more: &[&str]| {
        let output = program
            .command(&[&args[..], more].concat())
            .current_dir(folder.path())
            .output()
            .unwrap();
        assert!(output.status.success(), "{}", stderr(&output));
        output.stdout
    };
    let plain = run(&[]);
    assert!(plain.starts_with(b"path,label"));
    let marked = run(&["--csv-bom", "--csv-safe"]);
    let table = String::from_utf8(marked.strip_prefix(b"\xef\xbb\xbf").unwrap().to_vec()).unwrap();
    assert_eq!(String::from_utf8(plain).unwrap().lines().count(), 1 + labels.len());
    let mut reader = table.lines().skip(1);
    for _ in labels {
        let row = reader.next().unwrap();
        assert!(row.starts_with("'=1+1.jpg,"), "{row}");
    }
    for harmless in [
        "\"'=HYPERLINK(\"\"x\"\")\"",
        ",'@SUM(1+1),",
        ",'-2+3,",
        ",猫,",
        ",'-10 degrees,",
    ] {
        assert!(table.contains(harmless), "{harmless} in {table}");
    }
    // Numbers stay numbers.
    let cosines = table
        .lines()
        .skip(1)
        .filter_map(|row| row.rsplit(',').nth(3)?.parse::<f32>().ok());
    assert_eq!(cosines.count(), labels.len(), "{table}");
}

#[test]
fn an_evaluation_is_written_as_a_table_that_a_spreadsheet_reads_harmlessly() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    for (class, colour) in [("=1+1", [250, 0, 0]), ("plain", [0, 0, 250])] {
        std::fs::create_dir_all(at("data").join(class)).unwrap();
        let picture = image::RgbImage::from_pixel(32, 32, image::Rgb(colour));
        picture.save(at("data").join(class).join("1.png")).unwrap();
    }
    let (data, table) = (at("data"), at("t.csv"));
    let args = [
        "evaluate",
        text(&data),
        "--export",
        text(&table),
        "--csv-bom",
        "--csv-safe",
    ];
    let output = Program::new().run(&args);
    assert!(output.status.success(), "{}", stderr(&output));
    let written = std::fs::read_to_string(&table).unwrap();
    assert!(written.starts_with("\u{feff}file_name,label,"), "{written}");
    assert!(written.contains("\r\n'=1+1/1.png,'=1+1,"), "{written}");
}

#[test]
fn a_label_may_begin_with_a_hyphen() {
    let (program, cat) = (Program::new(), cat());
    let results = program.json(&[
        "classify",
        text(&cat),
        "--label",
        "-10 degrees",
        "--label",
        "--",
        "--template",
        "-{}",
    ]);
    let predictions = results[0]["predictions"].as_array().unwrap();
    let mut names: Vec<&str> = predictions.iter().map(|one| one["label"].as_str().unwrap()).collect();
    names.sort_unstable();
    assert_eq!(names, ["--", "-10 degrees"]);
    assert_eq!(program.json(&["embed", "--text", "-1"])[0]["text"], "-1");
    assert_eq!(
        lines(&program.run(&["search", text(&cat), "--text", "-1", "--format", "json"])).len(),
        1
    );
}
