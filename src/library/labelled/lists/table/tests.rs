use super::*;

fn pairs(text: &str, tabs: bool) -> Vec<(String, String)> {
    let content = read(text, tabs, &Wanted::default()).unwrap();
    let said = |row: &super::super::Row| row.captions.first().or(row.label.as_ref()).cloned().unwrap_or_default();
    content.rows.iter().map(|row| (row.file.clone(), said(row))).collect()
}

fn damage(text: &str) -> String {
    match read(text, false, &Wanted::default()) {
        Err(Failure::Damaged(reason)) => reason,
        other => panic!("{other:?}"),
    }
}

#[test]
fn every_dialect_is_read() {
    let expected = vec![
        ("a.jpg".to_string(), "a cat, black".to_string()),
        ("b.jpg".into(), "a \"dog\"".into()),
    ];
    for text in [
        "file,caption\na.jpg,\"a cat, black\"\nb.jpg,\"a \"\"dog\"\"\"\n",
        "file,caption\na.jpg,a cat, black\nb.jpg,a \"dog\"",
        "Image Path;Text\na.jpg;a cat, black\nb.jpg;\"a \"\"dog\"\"\"",
        "sep=;\nfilename;caption\na.jpg;a cat, black\nb.jpg;a \"dog\"\n",
        "filepath\ttitle\na.jpg\ta cat, black\nb.jpg\t\"a \"\"dog\"\"\"\n",
        "image_name| comment_number| caption\na.jpg| 0| a cat, black\nb.jpg| 0| a \"dog\"\n",
        "\nimg,id,caption\na.jpg,7,\"a cat,\n black\"\n\nb.jpg,8,a \"dog\"\n",
    ] {
        assert_eq!(pairs(text, false), expected, "{text}");
    }
    for text in [
        "file, caption\na.jpg, \"a cat, black\"\nb.jpg,  \"a \"\"dog\"\"\"\n",
        "image_name| comment_number| comment\na.jpg| 0| a cat, black\nb.jpg| 0| a \"dog\"\n",
    ] {
        assert_eq!(pairs(text, false), expected, "{text}");
    }
    assert_eq!(
        pairs("image,label\na.jpg,Cat\n", false),
        [("a.jpg".to_string(), "Cat".to_string())]
    );
}

#[test]
fn tables_without_a_header_are_known_by_their_pictures() {
    let pair = |file: &str, said: &str| (file.to_string(), said.to_string());
    let captions = "a.jpg#0\ta cat on a mat\na.jpg#1\tone more cat here\nb.jpg#0\ta dog, of course\n";
    let content = read(captions, false, &Wanted::default()).unwrap();
    assert!(content.nameless && content.rows.iter().all(|row| row.captions.len() == 1));
    assert_eq!(
        pairs(captions, false),
        [
            pair("a.jpg", "a cat on a mat"),
            pair("a.jpg", "one more cat here"),
            pair("b.jpg", "a dog, of course")
        ]
    );
    for text in ["a.jpg,cat\nb.jpg,big dog\n", "a.jpg;cat\nb.jpg;big dog\n"] {
        assert_eq!(pairs(text, false), [pair("a.jpg", "cat"), pair("b.jpg", "big dog")]);
        assert!(read(text, false, &Wanted::default()).unwrap().rows[0].label.is_some());
    }
    assert_eq!(
        pairs("x/a.jpg 3\nx/b.jpg 0\n", false),
        [pair("x/a.jpg", "3"), pair("x/b.jpg", "0")]
    );
    for other in [
        "a.jpg\nb.jpg\n",
        "1,2\n3,4\n",
        "a.jpg,1,2,3,4\n",
        "see a.jpg for more\n",
    ] {
        let refused = read(other, false, &Wanted::default());
        assert!(matches!(refused, Err(Failure::Other(_))), "{other}: {refused:?}");
    }
}

#[test]
fn a_caption_of_two_lines_between_tabs_is_named() {
    let text = "file\tcaption\na.jpg\t\"a cat\non a mat\"\nb.jpg\ta dog\n";
    match read(text, true, &Wanted::default()) {
        Err(Failure::Damaged(reason)) => assert!(reason.starts_with("line 2: "), "{reason}"),
        other => panic!("{other:?}"),
    }
}

#[test]
fn classes_come_first_where_answers_are_measured_and_columns_can_be_named() {
    let text = "id,photo,caption,label,kind\n1,a.jpg,a red cat,cat,animal\n";
    let said = |wanted: &Wanted| {
        let row = read(text, false, wanted).unwrap().rows.remove(0);
        (row.file, row.captions.first().cloned(), row.label)
    };
    let file = "a.jpg".to_string();
    let (caption, cat, animal) = (
        Some("a red cat".to_string()),
        Some("cat".to_string()),
        Some("animal".to_string()),
    );
    assert_eq!(said(&Wanted::default()), (file.clone(), caption, None));
    assert_eq!(said(&Wanted::to_measure()), (file.clone(), None, cat));
    let kind = Wanted {
        label_column: Some("Kind".into()),
        ..Wanted::to_measure()
    };
    assert_eq!(said(&kind), (file, None, animal));
    let by_id = Wanted {
        file_column: Some("id".into()),
        ..Wanted::to_measure()
    };
    assert_eq!(said(&by_id).0, "1");
    let gone = Wanted {
        label_column: Some("species".into()),
        ..Wanted::to_measure()
    };
    assert!(matches!(read(text, false, &gone), Err(Failure::Other(_))));
}

#[test]
fn tabs_know_no_stray_quotes() {
    let text = "file\tcaption\na.jpg\t\"Best of the week\nb.jpg\t5\" disk\nc.jpg\tthe end\"\n";
    let expected = [
        ("a.jpg", "\"Best of the week"),
        ("b.jpg", "5\" disk"),
        ("c.jpg", "the end\""),
    ];
    assert_eq!(pairs(text, true), expected.map(|(a, b)| (a.to_string(), b.to_string())));
}

#[test]
fn quotes_that_never_close_or_close_elsewhere_are_named_with_their_line() {
    let never = damage("file,caption\na.jpg,x\nb.jpg,\"never closed\nc.jpg,y\n");
    assert!(
        never.starts_with("line 3: ") && never.contains("never closes"),
        "{never}"
    );
    let inside = damage("file,caption\na.jpg,\"a \"big\" cat\"\n");
    assert!(inside.starts_with("line 2: "), "{inside}");
    let two = damage("file,caption\na.jpg,\"best\nb.jpg,x\nc.jpg,end\"\nd.jpg,y\n");
    assert!(two.starts_with("line 2: ") && two.contains("some rows later"), "{two}");
    let ids = damage("image_id,caption\n1,a cat\n2,\"a dog\n3,a bird\n4,a fish\"\n5,a fox\n");
    assert!(ids.starts_with("line 3: ") && ids.contains("some rows later"), "{ids}");
    // Captions of several lines are no rows, commas and all.
    let several = "image_id,caption\n1,\"a cat,\nblack, small\"\n2,\"a dog\nof 2, or so\"\n";
    assert_eq!(pairs(several, false).len(), 2);
}

#[test]
fn names_of_classes_come_before_their_numbers() {
    for header in [
        "file,label,label_name",
        "file,label,class_name",
        "file,target,category_name",
    ] {
        let text = format!("{header}\na.jpg,0,cat\nb.jpg,1,dog\n");
        let expected = [("a.jpg", "cat"), ("b.jpg", "dog")];
        let expected = expected.map(|(file, class)| (file.to_string(), class.to_string()));
        assert_eq!(pairs(&text, false), expected, "{header}");
    }
    let numbers = "file,label\na.jpg,0\nb.jpg,1\n";
    assert_eq!(pairs(numbers, false)[1].1, "1");
}

#[test]
fn rows_that_cannot_be_used_are_named() {
    let content = read(
        "file,caption,licence\na.jpg\nb.jpg,x,CC0,more\n,x,CC0\nc.jpg,y,CC0\n",
        false,
        &Wanted::default(),
    )
    .unwrap();
    assert_eq!(content.rows.len(), 1);
    let places: Vec<&str> = content.wrong.iter().map(|(place, _)| place.as_str()).collect();
    assert_eq!(places, ["line 2", "line 3", "line 4"]);
    assert!(matches!(
        read("name,price\nx,1\n", false, &Wanted::default()),
        Err(Failure::Other(_))
    ));
}
