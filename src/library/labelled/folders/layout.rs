//! Whether a folder is split by its folders, and by which.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use super::said::{has_list, is_list_folder, is_said};
use super::{SideFolder, Tree, folders_in};
use crate::library::labelled::{DataError, Reasons, Side, few};

/// How a folder is laid out.
#[derive(Debug, Default)]
pub struct Layout {
    pub parts: Vec<SideFolder>,
    /// What is then left aside.
    pub aside: Reasons,
    pub notes: Vec<String>,
}

/// A folder that may be a side, by its name.
struct Candidate {
    name: String,
    /// Where its classes are.
    folder: PathBuf,
    outer: PathBuf,
    side: Side,
    /// It is called like a side, and not only has one in its name.
    plainly: bool,
    classes: BTreeSet<String>,
}

/// The folder itself, or its `train`, `val` and `test` where it is split by such folders, and what is then left aside.
///
/// A class may be called `train`: folders are sides only where every folder with pictures is called like one, where several
/// of them hold the same classes, or where lists lie in them. `toy_train` and `test_tube` are sides only where they hold
/// the same classes, or lists. Where each class has such folders of its own (`cats/train`, `cats/test`), those are the sides.
///
/// # Errors
/// A folder that is called like no side holds the same classes as one that is.
pub fn layout(root: &Path, tree: &Tree, unwrap: bool) -> Result<Layout, DataError> {
    let root = if unwrap {
        tree.unwrapped(root, false)
    } else {
        root.to_path_buf()
    };
    let mut layout = Layout {
        parts: vec![SideFolder::new(root.clone(), None)],
        ..Layout::default()
    };
    if root != tree.root {
        let note = format!("all pictures lie in {}: the folders in it are taken", root.display());
        layout.notes.push(note);
    }
    let (candidates, others) = candidates(&root, tree, unwrap);
    let sides = sides_among(&root, &candidates, &others);
    layout.parts[0].in_classes = match candidates.is_empty() && unwrap {
        true => sides_in_classes(&others, tree),
        false => BTreeMap::new(),
    };
    if !layout.parts[0].in_classes.is_empty() {
        layout.aside = empty_folders(&root, tree);
        return Ok(layout);
    }
    if sides.is_empty() {
        check_twins(&root, tree, &candidates, &others)?;
        layout.notes.extend(twins(&others, tree));
        return Ok(layout);
    }
    layout.parts = sides
        .iter()
        .map(|one| SideFolder::new(one.folder.clone(), Some(one.side)))
        .collect();
    layout.aside = beside_sides(&sides, &candidates, &others);
    layout.aside.extend(empty_folders(&root, tree));
    Ok(layout)
}

/// The folders with pictures that are no sides, where others are.
fn beside_sides(sides: &[&Candidate], candidates: &[Candidate], others: &[(String, PathBuf)]) -> Reasons {
    let is_side = |one: &&Candidate| sides.iter().any(|side| side.outer == one.outer);
    let unused = candidates.iter().filter(|one| !is_side(one)).map(|one| &one.outer);
    let beside = unused.chain(others.iter().map(|(_, path)| path));
    let reason = "it lies beside train and test";
    beside.map(|path| (path.clone(), reason.to_string())).collect()
}

fn share(a: &BTreeSet<String>, b: &BTreeSet<String>) -> bool {
    a.intersection(b).next().is_some()
}

/// Those of the candidates that are sides.
fn sides_among<'a>(root: &Path, candidates: &'a [Candidate], others: &[(String, PathBuf)]) -> Vec<&'a Candidate> {
    let shared = |one: &Candidate| {
        let mut beside = candidates.iter().filter(|other| other.side != one.side);
        beside.any(|other| share(&one.classes, &other.classes))
    };
    let only_sides = others.is_empty() && candidates.iter().all(|one| one.plainly);
    // Where all folders have lists, or texts beside their pictures, those say nothing of sides.
    let others_are_said = others.iter().any(|(_, path)| is_said(path));
    let said = |one: &Candidate| one.plainly && !others_are_said && is_said(&one.outer);
    let listed_above = others.is_empty() && has_list(root);
    let is_side = |one: &Candidate| only_sides || listed_above || shared(one) || said(one);
    let any_shared = candidates.iter().any(shared);
    let sides = candidates.iter();
    sides.filter(|one| is_side(one) || any_shared && one.plainly).collect()
}

/// The sides that folders in each class mean, by their names: where every class holds such folders and no others, and
/// pictures lie in them alone.
fn sides_in_classes(classes: &[(String, PathBuf)], tree: &Tree) -> BTreeMap<String, Side> {
    let inside = |(_, class): &(String, PathBuf)| match tree.has_own_pictures(class) {
        true => BTreeSet::new(),
        false => tree.inside(class),
    };
    let inside: Vec<BTreeSet<String>> = classes.iter().map(inside).collect();
    let names: Vec<String> = inside
        .iter()
        .flatten()
        .cloned()
        .collect::<BTreeSet<_>>()
        .into_iter()
        .collect();
    let split = classes.len() > 1 && inside.iter().all(|names| !names.is_empty());
    if !split || names.iter().any(|name| Side::of_folder(name).is_none()) {
        return BTreeMap::new();
    }
    let sides = Side::of_names(&names);
    let sides = names.into_iter().zip(sides);
    sides.filter_map(|(name, side)| Some((name, side?))).collect()
}

/// Refuses a folder that is called like no side and holds the same classes as one that is.
fn check_twins(
    root: &Path,
    tree: &Tree,
    candidates: &[Candidate],
    others: &[(String, PathBuf)],
) -> Result<(), DataError> {
    let twin = |one: &&Candidate| others.iter().find(|(_, path)| share(&one.classes, &tree.inside(path)));
    match candidates.iter().find_map(|one| Some((one, twin(&one)?))) {
        None => Ok(()),
        Some((one, (other, _))) => Err(DataError(format!(
            "{} holds {} and {other} with the same folders in them: where {other} is a side, call it val or test; where it \
             is not, move it away",
            root.display(),
            one.name
        ))),
    }
}

fn empty_folders(root: &Path, tree: &Tree) -> Reasons {
    let empty = folders_in(root)
        .into_iter()
        .filter(|(name, path)| !tree.holds_pictures(path) && !is_list_folder(name));
    empty
        .map(|(_, path)| (path, "a folder without pictures".to_string()))
        .collect()
}

/// Folders that may be sides, and the others that hold pictures. What holds lists alone is neither.
fn candidates(root: &Path, tree: &Tree, unwrap: bool) -> (Vec<Candidate>, Vec<(String, PathBuf)>) {
    let all = folders_in(root);
    let names: Vec<&String> = all.iter().map(|(name, _)| name).collect();
    let sides = Side::of_names(&names);
    let (mut candidates, mut others) = (Vec::new(), Vec::new());
    for ((name, outer), side) in all.into_iter().zip(sides) {
        match side {
            Some(side) => {
                let folder = if unwrap {
                    tree.unwrapped(&outer, true)
                } else {
                    outer.clone()
                };
                candidates.push(Candidate {
                    plainly: Side::of_folder(&name).is_some(),
                    classes: tree.inside(&folder),
                    name,
                    folder,
                    outer,
                    side,
                });
            }
            None if tree.holds_pictures(&outer) && !is_list_folder(&name) => others.push((name, outer)),
            None => {}
        }
    }
    (candidates, others)
}

/// Folders that are taken for classes, and hold the same folders: perhaps they are sides.
fn twins(others: &[(String, PathBuf)], tree: &Tree) -> Option<String> {
    let mut by_inside: BTreeMap<BTreeSet<String>, Vec<&String>> = BTreeMap::new();
    for (name, path) in others {
        by_inside.entry(tree.inside(path)).or_default().push(name);
    }
    let (inside, names) = by_inside
        .into_iter()
        .find(|(inside, names)| inside.len() > 1 && names.len() > 1)?;
    let inside: Vec<String> = inside.into_iter().collect();
    Some(format!(
        "{} hold the same folders ({}), and are classes as they are called; where they are sides, call them train and test",
        few(&names),
        few(&inside)
    ))
}
