use super::*;

fn pairs(content: Rows) -> Vec<(String, Vec<String>)> {
    content.rows.into_iter().map(|row| (row.file, row.captions)).collect()
}

#[test]
fn lines_objects_and_coco_give_the_same_pairs() {
    let expected = vec![
        ("a.jpg".to_string(), vec!["a cat, black".to_string(), "my pet".into()]),
        ("b.jpg".into(), vec!["a dog".into()]),
    ];
    let objects = [
        "{\"file\": \"a.jpg\", \"captions\": [\"a cat,  black\", \"my pet\"]}",
        "{\"Image\": \"b.jpg\", \"Caption\": \"a dog\", \"caption2\": null}",
    ];
    assert_eq!(
        pairs(lines(&objects.join("\n\n"), false, &Wanted::default()).unwrap()),
        expected
    );
    assert_eq!(
        pairs(whole(&format!("[{}]", objects.join(",")), false, &Wanted::default()).unwrap()),
        expected
    );
    for ids in [["1", "2"], ["\"x\"", "\"y\""]] {
        let [a, b] = ids;
        let coco = format!(
            r#"{{"images": [{{"id": {a}, "file_name": "a.jpg"}}, {{"id": {b}, "file_name": "b.jpg"}}], "annotations":
            [{{"image_id": {a}, "caption": "a cat, black"}}, {{"image_id": {a}, "caption": "my pet"}},
             {{"image_id": {b}, "caption": "a dog"}}]}}"#
        );
        assert_eq!(pairs(whole(&coco, false, &Wanted::default()).unwrap()), expected);
    }
}

#[test]
fn labels_are_taken_where_there_are_no_captions_and_faults_are_named() {
    let content = lines(
        "{\"file_name\": \"a.jpg\", \"label\": 7, \"split\": \"validation\"}",
        false,
        &Wanted::default(),
    )
    .unwrap();
    assert_eq!(content.rows[0].label.as_deref(), Some("7"));
    assert_eq!(content.rows[0].side.as_deref(), Some("validation"));
    let broken = lines(
        "{\"file\": \"a.jpg\", \"text\": \"x\"}\n{broken",
        false,
        &Wanted::default(),
    );
    assert!(matches!(broken, Err(Failure::Damaged(reason)) if reason.starts_with("line 2")));
    for other in [
        "{\"name\": \"package\"}",
        "{\"name\": \"pack",
        "{}",
        "[]",
        "{\"images\": []}",
    ] {
        let refused = whole(other, false, &Wanted::default());
        assert!(matches!(refused, Err(Failure::Other(_))), "{other}");
    }
    for cut in ["[\n {\"file\": \"a.jpg\", \"te", "{\"images\": [{\"file_name\": \"a.j"] {
        let refused = whole(cut, false, &Wanted::default());
        assert!(matches!(refused, Err(Failure::Damaged(_))), "{cut}");
    }
}

#[test]
fn objects_by_pictures_names_and_karpathys_sentences_are_read() {
    let said = |text: &str| whole(text, false, &Wanted::default()).unwrap();
    let captions = said(r#"{"a.jpg": "a cat on a mat", "b.jpg": ["a dog", "one more dog"]}"#);
    let cat = ("a.jpg".to_string(), vec!["a cat on a mat".to_string()]);
    assert_eq!(pairs(captions)[0], cat);
    let labels = said(r#"{"a.jpg": "cat", "b.jpg": 3}"#).rows;
    assert_eq!(labels[1].label.as_deref(), Some("3"));
    let split = said(
        r#"{"images": [{"filepath": "val2014", "filename": "a.jpg", "split": "restval",
            "sentences": [{"raw": "a cat", "tokens": ["a", "cat"]}]}], "dataset": "coco"}"#,
    );
    assert_eq!(split.rows[0].side.as_deref(), Some("restval"));
    assert_eq!(pairs(split), [("val2014/a.jpg".to_string(), vec!["a cat".to_string()])]);
}

#[test]
fn objects_with_thousands_of_fields_cost_no_time() {
    let object = |fields: usize| {
        let others: String = (0..fields).map(|n| format!("\"f{n}\":0,")).collect();
        format!("{{{others}\"file\":\"a.jpg\",\"text\":\"x\"}}")
    };
    let started = std::time::Instant::now();
    let many = vec![object(900); 1_000].join("\n");
    assert_eq!(lines(&many, false, &Wanted::default()).unwrap().rows.len(), 1_000);
    assert!(started.elapsed().as_secs() < 5, "{:?}", started.elapsed());
    let text = format!("{}\n{}", object(5_000), object(5));
    let content = lines(&text, false, &Wanted::default()).unwrap();
    assert_eq!(content.rows.len(), 1);
    assert!(content.wrong[0].1.contains("5002 fields"), "{:?}", content.wrong);
}

#[test]
fn categories_of_whole_pictures_are_classes_where_answers_are_measured() {
    let coco = r#"{"images": [{"id": 1, "file_name": "a.jpg"}, {"id": 2, "file_name": "b.jpg"}, {"id": 3, "file_name": "c.jpg"}],
        "categories": [{"id": 7, "name": "cat"}, {"id": 8, "name": "dog"}],
        "annotations": [{"image_id": 1, "category_id": 7}, {"image_id": 1, "category_id": 7},
        {"image_id": 2, "category_id": 8}, {"image_id": 3, "category_id": 7}, {"image_id": 3, "category_id": 8}]}"#;
    let content = whole(coco, false, &Wanted::to_measure()).unwrap();
    let labels: Vec<_> = content
        .rows
        .iter()
        .map(|row| (row.file.as_str(), row.label.as_deref()))
        .collect();
    assert_eq!(labels, [("a.jpg", Some("cat")), ("b.jpg", Some("dog"))]);
    assert!(content.wrong[0].1.contains("cat, dog"), "{:?}", content.wrong);
    assert!(matches!(whole(coco, false, &Wanted::default()), Err(Failure::Other(_))));
}
