//! `CLAIMS.md` names a test for each claim; here, that those tests are there.

use std::path::Path;

const CLAIMS: &str = include_str!("CLAIMS.md");

/// The Rust sources of the program and of its tests, in one text.
fn sources() -> String {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let files = ["src", "tests"]
        .into_iter()
        .flat_map(|folder| walkdir::WalkDir::new(root.join(folder)));
    let paths = files.map(|entry| entry.unwrap().into_path());
    let rust = paths.filter(|path| path.extension().is_some_and(|end| end == "rs"));
    rust.map(|path| std::fs::read_to_string(path).unwrap()).collect()
}

#[test]
fn every_test_that_backs_a_claim_is_there() {
    let sources = sources();
    let mut claims = 0;
    // A row is `| claim | tests |`, under two lines of heading.
    for row in CLAIMS.lines().filter(|line| line.starts_with('|')).skip(2) {
        let backed = row.rsplit('|').nth(1).unwrap_or_default();
        let names: Vec<&str> = backed.split('`').skip(1).step_by(2).collect();
        assert!(!names.is_empty(), "nothing backs this: {row}");
        for name in names {
            let file = Path::new(env!("CARGO_MANIFEST_DIR")).join(name);
            let there = sources.contains(&format!("fn {name}(")) || name.contains('.') && file.is_file();
            assert!(there, "{name} is not there: {row}");
        }
        claims += 1;
    }
    assert!(claims > 40, "{claims} claims");
}

/// What `eprintln!` says in a test that passes is seen by nobody.
#[test]
fn what_a_test_leaves_out_is_said_aloud() {
    let unheard = ["eprintln!(\"", "NOT CHECKED"].concat();
    assert!(!sources().contains(&unheard));
    assert!(sources().contains("fn not_checked("));
}
