//! Why there is nothing to learn from, or nothing to measure by.

use std::collections::BTreeSet;
use std::path::Path;

use crate::library::labelled::listed::{Listed, Lists};
use crate::library::labelled::{DataError, Dataset, Purpose, Wanted};

/// Rows that are quoted where no row could be used.
const QUOTED: usize = 3;

pub(super) fn below(path: &Path, root: &Path) -> String {
    path.strip_prefix(root).unwrap_or(path).display().to_string()
}

/// Why there is nothing to learn from, with the lists that were tried and what was wrong with their first rows.
pub(super) fn nothing(root: &Path, lists: &Lists, dataset: &Dataset, wanted: &Wanted) -> DataError {
    let learn = wanted.purpose == Purpose::Learn;
    if !learn {
        return nothing_to_measure(root, lists, dataset);
    }
    let mut text = format!("{} holds nothing to train on", root.display());
    for list in lists.all.iter().take(QUOTED) {
        let rows = list
            .lost
            .iter()
            .take(QUOTED)
            .map(|(place, reason)| format!("{place}: {reason}"));
        let rows = rows.collect::<Vec<_>>().join("; ");
        text += &format!(". {}", of_no_use(list, root, &rows));
    }
    // Lists first: pictures that lie loose are many, and the same all over.
    let others = lists.others().chain(dataset.left_aside.iter().cloned());
    let mut named = BTreeSet::new();
    for (path, reason) in others.filter(|other| named.insert(other.clone())).take(QUOTED) {
        text += &format!(". {}: {reason}", below(&path, root));
    }
    let problems = dataset
        .problems
        .iter()
        .filter(|(path, _)| lists.all.iter().all(|list| list.path != *path));
    for (path, reason) in problems.take(QUOTED) {
        text += &format!(". {}: {reason}", below(path, root));
    }
    text += ". Give one folder per class, or pictures with captions (name.txt beside name.jpg, or a captions.csv, .tsv or \
             .jsonl with columns file_name and caption)";
    DataError(text)
}

/// Of all that was tried, what comes nearest to being ground truth, and why it is none: one sentence.
fn nothing_to_measure(root: &Path, lists: &Lists, dataset: &Dataset) -> DataError {
    let of_list = lists.all.first().map(|list| {
        let row = list
            .lost
            .first()
            .map_or(String::new(), |(place, reason)| format!("{place}: {reason}"));
        of_no_use(list, root, &row)
    });
    let damaged = lists.others().next();
    let of_file = || {
        let problem = dataset.problems.first().cloned();
        let (path, reason) = damaged.or(problem).or_else(|| dataset.left_aside.first().cloned())?;
        Some(format!("{}: {reason}", below(&path, root)))
    };
    let why = of_list
        .or_else(of_file)
        .map_or(String::new(), |why| format!(" ({why})"));
    DataError(format!(
        "{} holds no ground truth{why}: give one folder per class, or a metadata.csv, .tsv or .jsonl with columns file_name \
         and label",
        root.display()
    ))
}

fn of_no_use(list: &Listed, root: &Path, why: &str) -> String {
    let name = below(&list.path, root);
    match list.rows {
        0 => format!("{name} has no rows"),
        rows => format!("Of {rows} rows of {name}, none could be used ({why})"),
    }
}
