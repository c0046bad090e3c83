//! Decides what a folder holds: lists, texts beside pictures, or a folder a class; and names whatever is not used.

mod by_lists;
mod everything;
mod nothing;

use std::path::{Path, PathBuf};

use super::beside::beside;
use super::folders::{Layout, Tree, classes, layout, untaught};
use super::listed::Lists;
use super::{DataError, Dataset, Example, Purpose, Result, Side, Wanted};
use crate::library::scan;
use crate::progress::Unheard;
use everything::Everything;
use nothing::nothing;

/// Reads a folder.
///
/// # Errors
/// It holds nothing to learn from, or it is not clear what is meant.
pub fn read(root: &Path, wanted: &Wanted) -> Result<Dataset> {
    let list = root.is_file().then(|| root.to_path_buf());
    let root = list.as_deref().and_then(Path::parent).unwrap_or(root);
    // A list in the current folder has a parent without a name.
    let root = if root.as_os_str().is_empty() {
        Path::new(".")
    } else {
        root
    };
    if !root.is_dir() {
        return Err(DataError(format!("{} is no folder", root.display())));
    }
    let scanned = scan(root, &Unheard);
    let mut unreadable = scanned.unreadable;
    let (pictures, unnameable): (Vec<PathBuf>, Vec<PathBuf>) = scanned
        .pictures
        .into_iter()
        .map(|found| found.path)
        .partition(|path| path.to_str().is_some());
    let odd = unnameable
        .into_iter()
        .map(|path| (path, "its name is not in UTF-8: give it another".to_string()));
    unreadable.extend(odd);
    let unread: Vec<PathBuf> = unreadable.iter().map(|(path, _)| path.clone()).collect();
    let tree = Tree::of(root, pictures.iter().chain(unread.iter().filter(|path| !path.is_dir())));
    let Layout {
        parts,
        mut aside,
        mut notes,
    } = layout(root, &tree, wanted.level == 0)?;
    if wanted.purpose == Purpose::Learn
        && let Some(reason) = untaught(root, &parts)
    {
        return Err(DataError(reason));
    }
    let everything = Everything {
        wanted: wanted.clone(),
        classes: classes(&parts, &pictures, &unread, wanted.level),
        lists: match &list {
            Some(list) => Lists::one(list, root, &parts, &pictures, &unreadable, wanted)?,
            None => Lists::of(root, &parts, &tree, &pictures, &unreadable, wanted),
        },
        texts: pictures
            .iter()
            .filter_map(|path| Some((path.clone(), beside(path)?)))
            .collect(),
        parts,
        pictures,
    };
    let mut dataset = everything.chosen(root, list.is_some())?;
    dataset.problems.extend(unreadable);
    dataset.left_aside.append(&mut aside);
    dataset.notes.append(&mut notes);
    if dataset.examples.is_empty() && dataset.classes.is_empty() {
        return Err(nothing(root, &everything.lists, &dataset, wanted));
    }
    tidy(&mut dataset, wanted);
    Ok(dataset)
}

/// Reasons in order, each once.
fn tidy(dataset: &mut Dataset, wanted: &Wanted) {
    for reasons in [&mut dataset.problems, &mut dataset.left_aside] {
        reasons.sort();
        reasons.dedup();
    }
    let learnt = |example: &Example| dataset.given.get(&example.path).is_none_or(|side| *side == Side::Train);
    let to_learn = wanted.purpose == Purpose::Learn && !dataset.examples.is_empty();
    if to_learn && !dataset.examples.iter().any(learnt) {
        dataset
            .notes
            .push("no side for training is given: the split is drawn at random".into());
        dataset.given.clear();
    }
}
