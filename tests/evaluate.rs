//! `clipsight evaluate`: the real binary with the starter on small data with ground truth.

#[path = "evaluate/options.rs"]
mod options;
mod program;

use std::path::{Path, PathBuf};

use serde_json::Value;

use program::{Program, lines};

/// Ten photographs each of three kinds of fruit and vegetables, one folder a class.
const GROCERY: &str = "tests/fixtures/cases/64-easy-probe/data";

fn number(line: &Value, name: &str) -> f64 {
    line[name].as_f64().unwrap_or_else(|| panic!("{name}: {line}"))
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Copies of the grocery pictures, laid out as a test wants them.
fn laid_out(place: impl Fn(&str, usize) -> Option<String>) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for class in ["banana", "carrots", "kiwi"] {
        let mut files: Vec<PathBuf> = std::fs::read_dir(root().join(GROCERY).join(class))
            .unwrap()
            .map(|entry| entry.unwrap().path())
            .collect();
        files.sort();
        for (n, file) in files.iter().enumerate() {
            if let Some(name) = place(class, n) {
                let target = folder.path().join(name);
                std::fs::create_dir_all(target.parent().unwrap()).unwrap();
                std::fs::copy(file, target).unwrap();
            }
        }
    }
    folder
}

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

#[test]
fn a_folder_a_class_becomes_numbers_that_agree_with_each_other() {
    let program = Program::new();
    let printed = program.json(&["evaluate", GROCERY]);
    let line = printed.last().unwrap();
    assert_eq!(printed.len(), 1);
    assert_eq!(line["labels"], serde_json::json!(["banana", "carrots", "kiwi"]));
    let confusion: Vec<Vec<u64>> = serde_json::from_value(line["confusion"].clone()).unwrap();
    let total: u64 = confusion.iter().flatten().sum();
    let right: u64 = (0..3).map(|n| confusion[n][n]).sum();
    assert_eq!((line["n"].as_u64(), total), (Some(30), 30));
    assert!((number(line, "top1") - right as f64 / 30.0).abs() < 1e-12);
    assert!(number(line, "top1_low") < number(line, "top1") && number(line, "top1") <= number(line, "top1_high"));
    assert_eq!(number(line, "top5"), 1.0);
    let recalls: Vec<f64> = (0..3).map(|n| confusion[n][n] as f64 / 10.0).collect();
    assert!((number(line, "macro_recall") - recalls.iter().sum::<f64>() / 3.0).abs() < 1e-12);
    assert!((number(&line["per_class"]["kiwi"], "recall") - recalls[2]).abs() < 1e-12);
    assert!((0.0..1.0).contains(&number(line, "ece")) && line["published"].is_null());
    assert!(
        number(line, "top1") > 0.5,
        "the starter knows bananas and carrots: {line}"
    );

    // The answers are those of `classify`.
    let classified = program.json(&[
        "classify", GROCERY, "--label", "banana", "--label", "carrots", "--label", "kiwi",
    ]);
    let agrees = classified.iter().filter(|one| {
        let answer = one["predictions"][0]["label"].as_str().unwrap();
        one["path"].as_str().unwrap().contains(&format!("/{answer}/"))
    });
    assert_eq!(agrees.count() as u64, right);
}

#[test]
fn sides_are_honoured_and_can_be_chosen() {
    let folder = laid_out(|class, n| {
        let side = ["train", "train", "val", "test"].get(n)?;
        Some(format!("{side}/{class}/{n}.jpg"))
    });
    let program = Program::new();
    let count = |more: &[&str]| {
        let args = [&["evaluate", text(folder.path())], more].concat();
        program.json(&args).last().unwrap()["n"].as_u64().unwrap()
    };
    assert_eq!(count(&[]), 3);
    assert_eq!(count(&["--split", "validation"]), 3);
    assert_eq!(count(&["--split", "train"]), 6);
    assert_eq!(count(&["--split", "all"]), 12);
    // Test pictures alone are ground truth, too.
    std::fs::remove_dir_all(folder.path().join("train")).unwrap();
    assert_eq!(count(&["--split", "all"]), 6);
}

#[test]
fn lists_say_what_pictures_show_whatever_their_columns_and_paths() {
    let folder = laid_out(|class, n| (n < 4).then(|| format!("pictures/{class}-{n}.jpg")));
    let program = Program::new();
    let labels = |content: &str, name: &str, more: &[&str]| {
        std::fs::write(folder.path().join(name), content).unwrap();
        let args = [&["evaluate", text(folder.path())], more].concat();
        let line = program.json(&args).pop().unwrap();
        std::fs::remove_file(folder.path().join(name)).unwrap();
        (line["n"].as_u64().unwrap(), line["labels"].clone())
    };
    let rows = |form: &dyn Fn(&str, usize) -> String| -> String {
        let each = ["banana", "carrots", "kiwi"]
            .into_iter()
            .flat_map(|class| (0..4).map(move |n| (class, n)));
        each.map(|(class, n)| form(class, n) + "\n").collect()
    };
    let all = (12, serde_json::json!(["banana", "carrots", "kiwi"]));
    let csv = format!(
        "file_name,label\n{}",
        rows(&|class, n| format!("pictures/{class}-{n}.jpg,{class}"))
    );
    assert_eq!(labels(&csv, "metadata.csv", &[]), all);
    let absolute = format!(
        "image\tlabel\n{}",
        rows(&|class, n| {
            format!(
                "{}\t{class}",
                folder.path().join(format!("pictures/{class}-{n}.jpg")).display()
            )
        })
    );
    assert_eq!(labels(&absolute, "anything.tsv", &[]), all);
    let windows = format!(
        "filepath;kind\n{}",
        rows(&|class, n| format!("pictures\\{class}-{n}.jpg;{class}"))
    );
    assert_eq!(labels(&windows, "list.csv", &["--label-column", "kind"]), all);
    let json = rows(&|class, n| {
        format!("{{\"file_name\": \"pictures/{class}-{n}.jpg\", \"label\": \"{class}\", \"caption\": \"x\"}}")
    });
    assert_eq!(labels(&json, "metadata.jsonl", &[]), all);
    let images = rows(&|class, n| format!("{{\"id\": \"{class}{n}\", \"file_name\": \"pictures/{class}-{n}.jpg\"}},"));
    let annotations = rows(&|class, n| format!("{{\"image_id\": \"{class}{n}\", \"category_id\": \"{class}\"}},"));
    let coco = format!(
        "{{\"images\": [{}], \"annotations\": [{}], \"categories\": []}}",
        images.trim().trim_end_matches(','),
        annotations.trim().trim_end_matches(',')
    );
    assert_eq!(labels(&coco, "annotations.json", &[]), all);
}

#[test]
fn captions_are_retrieved() {
    let folder = laid_out(|class, n| (n < 4).then(|| format!("{class}-{n}.jpg")));
    let rows = ["banana", "carrots", "kiwi"]
        .map(|class| format!("{class}-0.jpg,a photo of {class}\n{class}-0.jpg,some {class}\n"));
    std::fs::write(
        folder.path().join("captions.csv"),
        format!("file_name,caption\n{}", rows.concat()),
    )
    .unwrap();
    let program = Program::new();
    let line = program.json(&["evaluate", text(folder.path())]).pop().unwrap();
    assert_eq!((line["n"].as_u64(), line["captions"].as_u64()), (Some(3), Some(6)));
    assert_eq!(number(&line, "text_recall_5"), 1.0);
    assert!(number(&line, "image_recall_1") >= 0.5, "{line}");

    // What is written of captions has their pictures and their numbers.
    let out = tempfile::tempdir().unwrap();
    let file = |name: &str| out.path().join(name).to_string_lossy().into_owned();
    let names = ["r.csv", "r.parquet", "r.html", "r.evaluation"].map(file);
    let mut args = vec![
        "evaluate",
        text(folder.path()),
        "--compare",
        "starter",
        "--format",
        "markdown",
    ];
    names.iter().for_each(|name| args.extend(["--export", name]));
    let output = program.run(&args);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let table = String::from_utf8(output.stdout).unwrap();
    let first = format!("| 3 | {:.1} [", 100.0 * number(&line, "text_recall_1"));
    assert!(table.contains(&first), "{table}");
    // Two accuracies beside each other come with their difference, its interval and what it shows.
    assert!(
        table.contains("starter against ") && table.contains(" points (") && table.contains("no difference shown"),
        "{table}"
    );
    assert_eq!(std::fs::read_to_string(file("r.csv")).unwrap().lines().count(), 4);
    let page = std::fs::read_to_string(file("r.html")).unwrap();
    assert!(page.contains("of 3 pictures find a caption of theirs first"), "{page}");
    let again = program.run(&["evaluate", text(folder.path()), "--again", &file("r.evaluation")]);
    let said = String::from_utf8_lossy(&again.stderr);
    assert!(
        said.contains("All 3 pictures are here") && said.contains("come out again"),
        "{said}"
    );
    let refused = program.run(&["evaluate", text(folder.path()), "--negatives", GROCERY]);
    assert_eq!(refused.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&refused.stderr).contains("--negatives needs classes"));
}

#[test]
fn classes_are_called_and_described_by_a_labels_file_and_by_a_preset() {
    let folder = laid_out(|class, n| {
        let code = ["n1", "n2", "n3"][["banana", "carrots", "kiwi"]
            .iter()
            .position(|known| *known == class)
            .unwrap()];
        (n < 4).then(|| format!("{code}/{n}.jpg"))
    });
    let file = folder.path().join("names.txt");
    std::fs::write(
        &file,
        "folder\tname\tdescription\nn1\tbanana\nn2\tcarrots\ta bunch of carrots\nn3\tkiwi\n",
    )
    .unwrap();
    let program = Program::new();
    let named = program
        .json(&["evaluate", text(folder.path()), "--labels-file", text(&file)])
        .pop()
        .unwrap();
    assert_eq!(named["labels"], serde_json::json!(["banana", "carrots", "kiwi"]));
    assert_eq!(named["per_class"]["kiwi"]["folder"], "n3");
    let coded = program.json(&["evaluate", text(folder.path())]).pop().unwrap();
    assert!(number(&coded, "top1") < number(&named, "top1"));

    let food = program
        .json(&["evaluate", GROCERY, "--preset", "food101"])
        .pop()
        .unwrap();
    assert_eq!(food["templates"], serde_json::json!(["a photo of {}, a type of food."]));
    let wrong = program.run(&["evaluate", GROCERY, "--preset", "nothing"]);
    assert_eq!(wrong.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&wrong.stderr).contains("food101"));
}

#[test]
fn classes_of_one_name_stay_apart_in_every_output() {
    let folder = laid_out(|class, n| (n < 4).then(|| format!("{class}_{}/{n}.jpg", n % 2)));
    let names = folder.path().join("names.txt");
    let calls = ["banana", "carrots", "kiwi"].map(|class| format!("{class}_0\t{class}\n{class}_1\t{class}\n"));
    std::fs::write(&names, format!("folder\tname\n{}", calls.concat())).unwrap();
    let out = |name: &str| folder.path().join(name).to_string_lossy().into_owned();
    let (table, list) = (out("out.csv"), out("out.jsonl"));
    let args = ["--labels-file", text(&names), "--export", &table, "--export", &list];
    let line = Program::new()
        .json(&[&["evaluate", text(folder.path())], &args[..]].concat())
        .pop()
        .unwrap();
    let labels = line["labels"].as_array().unwrap();
    assert_eq!(labels.len(), 6);
    assert_eq!(line["per_class"].as_object().unwrap().len(), 6);
    for (label, folder) in labels.iter().zip(["banana_0", "banana_1", "carrots_0"]) {
        assert_eq!(line["per_class"][label.as_str().unwrap()]["folder"], folder);
    }
    let mut reader = csv::Reader::from_path(&table).unwrap();
    let told: std::collections::BTreeSet<String> = reader.records().map(|row| row.unwrap()[1].to_string()).collect();
    assert_eq!(told.len(), 6, "{told:?}");
    let lines = std::fs::read_to_string(&list).unwrap();
    let first: Value = serde_json::from_str(lines.lines().next().unwrap()).unwrap();
    assert_eq!(first["label"], labels[0]);
}

#[test]
fn a_taught_model_is_evaluated_by_its_classes_folders() {
    let folder = tempfile::tempdir().unwrap();
    let names = ["Polish", "polish", "A-1", "a_1"];
    let colours = [[220, 30, 30], [30, 220, 30], [30, 30, 220], [220, 220, 30]];
    let mut random = fastrand::Rng::with_seed(2);
    for (name, colour) in names.iter().zip(colours) {
        std::fs::create_dir(folder.path().join(name)).unwrap();
        for n in 0..8 {
            let noise: Vec<u8> = (0..64).map(|_| random.u8(0..50)).collect();
            let picture = image::RgbImage::from_fn(64, 64, |x, y| {
                image::Rgb(colour.map(|v: u8| v.saturating_sub(noise[(x / 8 + y / 8 * 8) as usize])))
            });
            picture.save(folder.path().join(name).join(format!("{n}.png"))).unwrap();
        }
    }
    let program = Program::new();
    program.json(&["fine-tune", text(folder.path()), "--method", "linear-probe"]);
    let args = ["evaluate", text(folder.path()), "--model", "linear-probe-1"];
    let output = program.run(&[&args[..], &["--format", "json"]].concat());
    let line = lines(&output).pop().unwrap();
    assert!(number(&line, "top1") > 0.9, "{line}");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(!said.contains("taught"), "{said}");
    // Whatever words are tried, it answers with what it was taught.
    let refused = program.run(&[&args[..], &["--prompt-study"]].concat());
    assert_eq!(refused.status.code(), Some(1));
    let said = String::from_utf8_lossy(&refused.stderr);
    assert!(
        said.contains("was taught its classes, and prompts are not read"),
        "{said}"
    );
}

#[test]
fn two_models_prompts_and_negatives_have_their_lines() {
    let program = Program::new();
    let printed = program.json(&[
        "evaluate",
        GROCERY,
        "--compare",
        "starter",
        "--negatives",
        GROCERY,
        "--prompt-study",
        "--template",
        "a {c} in a shop",
    ]);
    let of = |event: &str| -> Vec<&Value> { printed.iter().filter(|line| line["event"] == event).collect() };
    let compared = of("compare")[0];
    for name in ["fixed", "broken", "difference", "low", "high"] {
        assert_eq!(number(compared, name), 0.0, "{name}");
    }
    assert_eq!(
        (number(compared, "p"), compared["verdict"].as_str()),
        (1.0, Some("no difference shown"))
    );
    assert_eq!(compared["model"], "starter");
    let prompts = of("prompts");
    let names: Vec<&str> = prompts.iter().map(|line| line["name"].as_str().unwrap()).collect();
    assert_eq!(
        names,
        ["bare name", "one template", "7 templates", "80 templates", "yours"]
    );
    for line in &prompts {
        assert!(
            number(line, "low") <= number(line, "gain") && number(line, "gain") <= number(line, "high"),
            "{line}"
        );
        assert!(number(line, "nonsense_low") <= number(line, "nonsense_high"), "{line}");
    }
    assert_eq!(number(prompts[0], "gain"), 0.0);
    let negatives = of("negatives")[0];
    assert_eq!(negatives["n"], 30);
    // The same pictures cannot be told from themselves.
    assert!((number(negatives, "auroc") - 0.5).abs() < 1e-9, "{negatives}");
    assert!(number(negatives, "fpr95") >= 0.95, "{negatives}");
    let last = printed.last().unwrap();
    assert!(last["event"].is_null());
    assert_eq!(number(last, "top1"), number(prompts[4], "top1"));
}

#[test]
fn tables_are_for_papers_and_for_pages_and_other_commands_have_none() {
    let program = Program::new();
    let print = |format: &str| {
        let output = program.run(&["evaluate", GROCERY, "--format", format]);
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    };
    assert!(print("latex").contains("\\midrule\nStarter & data & 30 & "));
    assert!(print("markdown").contains("| Starter | data | 30 | "));
    assert!(print("csv").starts_with("measure,of,value,low,high,n\r\ntop1,,"));
    assert!(print("table").contains("accuracy"));
    let other = program.run(&["classify", GROCERY, "--label", "x", "--format", "latex"]);
    assert_eq!(other.status.code(), Some(2));
}

#[test]
fn what_cannot_be_measured_is_one_sentence() {
    let program = Program::new();
    let says = |folder: &Path, more: &[&str]| {
        let output = program.run(&[&["evaluate", text(folder), "--format", "json"], more].concat());
        (
            output.status.code(),
            String::from_utf8_lossy(&output.stderr).into_owned(),
            lines(&output).len(),
        )
    };
    let empty = tempfile::tempdir().unwrap();
    let (code, said, printed) = says(empty.path(), &[]);
    assert!(
        code == Some(1) && said.lines().count() == 1 && said.contains("no ground truth"),
        "{said}"
    );
    assert_eq!(printed, 0);

    let one = laid_out(|class, n| (class == "kiwi" && n < 3).then(|| format!("kiwi/{n}.jpg")));
    let (code, said, _) = says(one.path(), &[]);
    assert!(
        code == Some(1) && said.lines().count() == 1 && said.contains("one class only (kiwi)"),
        "{said}"
    );

    let damaged = laid_out(|class, n| (n < 2).then(|| format!("{class}-{n}.jpg")));
    std::fs::write(
        damaged.path().join("metadata.csv"),
        "file_name,label\nkiwi-0.jpg,\"kiwi\n",
    )
    .unwrap();
    let (code, said, _) = says(damaged.path(), &[]);
    assert!(
        code == Some(1) && said.contains("metadata.csv: line 2") && said.contains("never closes"),
        "{said}"
    );

    let astray = laid_out(|class, n| (n < 2).then(|| format!("{class}-{n}.jpg")));
    std::fs::write(
        astray.path().join("metadata.csv"),
        "file_name,label\nx.jpg,a\ny.jpg,b\n",
    )
    .unwrap();
    let (code, said, _) = says(astray.path(), &[]);
    assert!(
        code == Some(1) && said.contains("Of 2 rows of metadata.csv, none could be used"),
        "{said}"
    );
    assert_eq!(said.matches(". ").count(), 0, "it is one sentence: {said}");
    std::fs::write(astray.path().join("metadata.csv"), "file_name,label\n").unwrap();
    let (code, said, _) = says(astray.path(), &[]);
    assert!(code == Some(1) && said.contains("metadata.csv has no rows"), "{said}");

    let side = laid_out(|class, n| {
        let side = if class == "kiwi" { "val" } else { "train" };
        (n < 3).then(|| format!("{side}/{class}/{n}.jpg"))
    });
    let (code, said, _) = says(side.path(), &[]);
    assert!(
        code == Some(1) && said.contains("shows kiwi: a measure needs two classes"),
        "{said}"
    );

    let labels = empty.path().join("labels.txt");
    std::fs::write(&labels, "zebra\nlion\n").unwrap();
    let (code, said, _) = says(&root().join(GROCERY), &["--labels-file", text(&labels)]);
    assert!(
        code == Some(1) && said.contains("zebra, lion") && said.contains("banana, carrots, kiwi"),
        "{said}"
    );

    let two = laid_out(|class, n| (class != "kiwi" && n == 0).then(|| format!("{class}/{n}.jpg")));
    let (code, said, printed) = says(two.path(), &[]);
    assert!(
        code == Some(0) && printed == 1 && said.contains("2 pictures say little"),
        "{said}"
    );
}

#[test]
fn a_broken_picture_is_named_and_the_others_are_measured() {
    let folder = laid_out(|class, n| (n < 3).then(|| format!("{class}/{n}.jpg")));
    std::fs::write(folder.path().join("kiwi/broken.jpg"), b"\xff\xd8\xff\xe0 no picture").unwrap();
    let output = Program::new().run(&["evaluate", text(folder.path()), "--format", "json"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&output.stderr).contains("broken.jpg"));
    assert_eq!(lines(&output).last().unwrap()["n"], 9);
}

#[test]
fn what_is_written_is_whole_and_opens_elsewhere() {
    let (program, folder) = (Program::new(), tempfile::tempdir().unwrap());
    let file = |name: &str| folder.path().join(name).to_string_lossy().into_owned();
    let names = [
        "r.html",
        "r.csv",
        "r.jsonl",
        "r.tex",
        "r.md",
        "r.json",
        "r.parquet",
        "r.evaluation",
    ]
    .map(file);
    let mut args = vec!["evaluate", GROCERY, "--report", &names[0]];
    names[1..].iter().for_each(|name| args.extend(["--export", name]));
    let first = program.json(&args).pop().unwrap();
    let read = |name: &str| std::fs::read_to_string(file(name)).unwrap();
    let accuracy = format!("{:.1} % (", 100.0 * number(&first, "top1"));
    let page = read("r.html");
    assert!(page.contains(&accuracy) && page.contains("data:image/jpeg;base64,") && !page.contains("<script"));
    assert_eq!(read("r.csv").lines().count(), 31);
    assert!(read("r.csv").contains("\nbanana/Banana_001.jpg,banana,"));
    assert_eq!(read("r.jsonl").lines().count(), 30);
    let theirs: Value = serde_json::from_str(&read("r.json")).unwrap();
    assert!((number(&theirs["metrics"], "acc1") - number(&first, "top1")).abs() < 1e-12);
    assert!(std::fs::read(file("r.parquet")).unwrap().ends_with(b"PAR1"));
    let again = program.run(&args);
    assert_eq!(again.status.code(), Some(1), "what is there is not replaced");
    assert!(String::from_utf8_lossy(&again.stderr).contains("r.html"));

    let elsewhere = laid_out(|class, n| (class != "banana" || n > 0).then(|| format!("{n}-{class}.jpg")));
    let kept = file("r.evaluation");
    let output = program.run(&["evaluate", text(elsewhere.path()), "--again", &kept, "--format", "json"]);
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(said.contains("1 of 30 pictures are not here"), "{said}");
    assert!(
        said.contains("On the 29 pictures of 30 that are here, 0 answers changed"),
        "{said}"
    );
    assert_eq!(
        (output.status.code(), lines(&output)[0]["n"].as_u64()),
        (Some(1), Some(29))
    );

    // What is asked for is written, and what would be left aside is refused.
    let again = |more: &[&str]| {
        let args = [&["evaluate", text(elsewhere.path()), "--again", &kept], more].concat();
        program.run(&args)
    };
    again(&["--report", &file("again.html"), "--export", &file("again.csv")]);
    assert_eq!(read("again.csv").lines().count(), 30);
    assert!(read("again.html").contains("accuracy on 29 pictures"));
    for more in [
        ["--template", "a {}"],
        ["--split", "test"],
        ["--labels-file", &names[1]],
    ] {
        let refused = again(&more);
        assert_eq!(refused.status.code(), Some(2), "{more:?}");
    }
}
