//! One folder a class: the folder's name is the class, as it is.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use super::names::composed;
use super::{DataError, Reasons, Side, few};
use crate::library::is_system_folder;

/// Where pictures lie that belong together: the folder itself, or one of its folders `train`, `val` and `test`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part {
    pub folder: PathBuf,
    pub side: Option<Side>,
}

/// The folder of a class that a picture below a part lies in: the first one on the way, or one further down.
pub fn class_of(part: &Part, picture: &Path, level: usize) -> Option<String> {
    let mut inside = picture.strip_prefix(&part.folder).ok()?.components().skip(level);
    let class = composed(&inside.next()?.as_os_str().to_string_lossy());
    inside.next().map(|_| class)
}

/// The visible folders in a folder, by name.
pub fn folders_in(folder: &Path) -> Vec<(String, PathBuf)> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let named = entries.map(|entry| (entry.file_name().to_string_lossy().into_owned(), entry.path()));
    let mut folders: Vec<_> = named
        .filter(|(name, path)| path.is_dir() && !is_system_folder(name))
        .collect();
    folders.sort();
    folders
}

/// How a folder is laid out.
#[derive(Debug, Default)]
pub struct Layout {
    pub parts: Vec<Part>,
    /// What is then left aside.
    pub aside: Reasons,
    pub notes: Vec<String>,
}

/// The folders below one that hold pictures, readable or not: by the name of each, what lies in it.
pub struct Tree {
    root: PathBuf,
    inside: BTreeMap<PathBuf, BTreeSet<String>>,
    /// Folders with pictures of their own.
    direct: BTreeSet<PathBuf>,
}

impl Tree {
    pub fn of<'a>(root: &Path, pictures: impl Iterator<Item = &'a PathBuf>) -> Self {
        let mut tree = Self {
            root: root.to_path_buf(),
            inside: BTreeMap::new(),
            direct: BTreeSet::new(),
        };
        for picture in pictures {
            let mut folder = picture.parent();
            if let Some(own) = folder.filter(|own| !tree.direct.contains(*own)) {
                tree.direct.insert(own.to_path_buf());
            } else {
                continue;
            }
            while let Some(below) = folder.filter(|below| *below != root && below.starts_with(root)) {
                let (Some(above), Some(name)) = (below.parent(), below.file_name()) else {
                    break;
                };
                let name = composed(&name.to_string_lossy());
                if !tree.inside.entry(above.to_path_buf()).or_default().insert(name) {
                    break;
                }
                folder = Some(above);
            }
        }
        tree
    }

    /// Every folder that holds pictures itself.
    pub fn with_pictures(&self) -> impl Iterator<Item = &PathBuf> {
        self.direct.iter()
    }

    fn inside(&self, folder: &Path) -> BTreeSet<String> {
        self.inside.get(folder).cloned().unwrap_or_default()
    }

    fn holds_pictures(&self, folder: &Path) -> bool {
        self.direct.contains(folder) || self.inside.contains_key(folder)
    }

    /// The folder, or the one in it that holds the classes, where nothing but this one is there (`archive/archive/cats`). A
    /// side is nothing to be unwrapped of a whole.
    fn unwrapped(&self, folder: &Path, of_side: bool) -> PathBuf {
        let mut inner = folder.to_path_buf();
        loop {
            let inside = self.inside(&inner);
            match (self.direct.contains(&inner), inside.len()) {
                (false, 1) => {
                    let only = folders_in(&inner)
                        .into_iter()
                        .find(|(name, _)| inside.contains(&composed(name)));
                    match only {
                        Some((name, _)) if !of_side && Side::in_words(&name).is_some() => return inner,
                        Some((_, path)) => inner = path,
                        None => return folder.to_path_buf(),
                    }
                }
                (_, 2..) => return inner,
                _ => return folder.to_path_buf(),
            }
        }
    }
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
/// the same classes, or lists.
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
        parts: vec![Part {
            folder: root.clone(),
            side: None,
        }],
        ..Layout::default()
    };
    if root != tree.root {
        let note = format!("all pictures lie in {}: the folders in it are taken", root.display());
        layout.notes.push(note);
    }
    let (candidates, others) = candidates(&root, tree, unwrap);
    let shares = |a: &BTreeSet<String>, b: &BTreeSet<String>| a.intersection(b).next().is_some();
    let shared = |one: &Candidate| {
        let mut beside = candidates.iter().filter(|other| other.side != one.side);
        beside.any(|other| shares(&one.classes, &other.classes))
    };
    let only_sides = others.is_empty() && candidates.iter().all(|one| one.plainly);
    // Where all folders have lists, or texts beside their pictures, those say nothing of sides.
    let others_are_said = others.iter().any(|(_, path)| is_said(path));
    let said = |one: &Candidate| one.plainly && !others_are_said && is_said(&one.outer);
    let listed_above = others.is_empty() && has_list(&root);
    let is_side = |one: &Candidate| only_sides || listed_above || shared(one) || said(one);
    let any_shared = candidates.iter().any(shared);
    let sides: Vec<&Candidate> = candidates
        .iter()
        .filter(|one| is_side(one) || any_shared && one.plainly)
        .collect();
    if sides.is_empty() {
        let twin = |one: &&Candidate| others.iter().find(|(_, path)| shares(&one.classes, &tree.inside(path)));
        if let Some((one, (other, _))) = candidates.iter().find_map(|one| Some((one, twin(&one)?))) {
            return Err(DataError(format!(
                "{} holds {} and {other} with the same folders in them: where {other} is a side, call it val or test; \
                 where it is not, move it away",
                root.display(),
                one.name
            )));
        }
        layout.notes.extend(twins(&others, tree));
        return Ok(layout);
    }
    layout.parts = sides
        .iter()
        .map(|one| Part {
            folder: one.folder.clone(),
            side: Some(one.side),
        })
        .collect();
    let beside = candidates
        .iter()
        .filter(|one| !sides.iter().any(|side| side.outer == one.outer))
        .map(|one| &one.outer)
        .chain(others.iter().map(|(_, path)| path));
    let beside = beside.map(|path| (path.clone(), "it lies beside train and test".to_string()));
    let empty = folders_in(&root)
        .into_iter()
        .filter(|(name, path)| !tree.holds_pictures(path) && !is_list_folder(name))
        .map(|(_, path)| (path, "a folder without pictures".to_string()));
    layout.aside = beside.chain(empty).collect();
    Ok(layout)
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

/// Where data sets keep their lists.
pub fn is_list_folder(name: &str) -> bool {
    ["annotations", "captions"].contains(&name.to_lowercase().as_str())
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

/// Whether a folder says of its pictures what they show: by a list in it, or by texts beside them.
fn is_said(folder: &Path) -> bool {
    let beside = |text: &PathBuf| {
        let of_text = text
            .extension()
            .is_some_and(|ending| ending == "txt" || ending == "caption");
        of_text
            && ["jpg", "jpeg", "png", "webp"]
                .iter()
                .any(|ending| text.with_extension(ending).is_file())
    };
    files_in(folder).any(|file| is_list(&file) || beside(&file))
}

/// Whether there are lists in a folder, or in the one beside the pictures where lists are kept.
fn has_list(root: &Path) -> bool {
    let kept = folders_in(root).into_iter().filter(|(name, _)| is_list_folder(name));
    let mut places = kept.map(|(_, path)| path).chain([root.to_path_buf()]);
    places.any(|place| files_in(&place).any(|file| is_list(&file)))
}

/// Whether a file looks like a list, by its name.
fn is_list(file: &Path) -> bool {
    let ending = file.extension().unwrap_or_default().to_string_lossy().to_lowercase();
    let stem = file.file_stem().unwrap_or_default().to_string_lossy().to_lowercase();
    match ending.as_str() {
        "csv" | "tsv" | "jsonl" | "ndjson" => true,
        "json" => ["annotation", "caption", "label", "metadata", "coco", "instances"]
            .iter()
            .any(|word| stem.contains(word)),
        _ => false,
    }
}

fn files_in(folder: &Path) -> impl Iterator<Item = PathBuf> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    entries.map(|entry| entry.path()).filter(|path| path.is_file())
}

/// Why there is nothing to learn from: there are sides, and no folder called train.
pub fn untaught(root: &Path, parts: &[Part]) -> Option<String> {
    let sides = parts.iter().filter(|part| part.side.is_some());
    let names: Vec<String> = sides
        .clone()
        .map(|part| {
            part.folder
                .file_name()
                .unwrap_or_default()
                .to_string_lossy()
                .into_owned()
        })
        .collect();
    let taught = sides.clone().any(|part| part.side == Some(Side::Train));
    (!names.is_empty() && !taught).then(|| {
        format!(
            "{} holds {}, and no folder called train: there is nothing to learn from",
            root.display(),
            names.join(" and ")
        )
    })
}

/// Pictures by class, and what lies in no class.
#[derive(Debug, Default)]
pub struct Classes {
    pub of: BTreeMap<PathBuf, String>,
    pub names: BTreeSet<String>,
    pub loose: Vec<PathBuf>,
    /// Folders without any picture.
    pub empty: Vec<PathBuf>,
}

/// Sorts pictures by the folders in which they lie; `unreadable` ones make their folder a class, too.
pub fn classes(parts: &[Part], pictures: &[PathBuf], unreadable: &[PathBuf], level: usize) -> Classes {
    let mut classes = Classes::default();
    let part_of = |path: &PathBuf| parts.iter().find(|part| path.starts_with(&part.folder));
    for path in pictures {
        match part_of(path).and_then(|part| class_of(part, path, level)) {
            Some(name) => {
                classes.names.insert(name.clone());
                classes.of.insert(path.clone(), name);
            }
            None => classes.loose.push(path.clone()),
        }
    }
    let broken = unreadable.iter().filter(|path| !path.is_dir());
    classes
        .names
        .extend(broken.filter_map(|path| class_of(part_of(path)?, path, level)));
    for part in parts.iter().filter(|_| level == 0) {
        for (name, path) in folders_in(&part.folder) {
            let holds = |list: &[PathBuf]| list.iter().any(|picture| picture.starts_with(&path));
            if !(classes.names.contains(&composed(&name)) && (holds(pictures) || holds(unreadable))) {
                classes.empty.push(path);
            }
        }
    }
    classes
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder(names: &[&str]) -> (tempfile::TempDir, Vec<PathBuf>) {
        let folder = tempfile::tempdir().unwrap();
        let mut pictures = Vec::new();
        for name in names {
            let path = folder.path().join(name);
            if name.ends_with('/') {
                std::fs::create_dir_all(path).unwrap();
                continue;
            }
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(&path, b"x").unwrap();
            pictures.push(path);
        }
        pictures.sort();
        (folder, pictures)
    }

    #[test]
    fn folders_are_classes_by_their_own_names() {
        let names = [
            "Cat/1.jpg",
            "cat/1.jpg",
            "golden_apple/deep/2.png",
            "a-1/1.jpg",
            "a_1/1.jpg",
            "---/1.jpg",
            "loose.jpg",
            "none/",
        ];
        let (root, pictures) = folder(&names);
        let parts = laid_out(root.path(), &pictures).parts;
        let found = classes(&parts, &pictures, &[], 0);
        let expected = ["---", "Cat", "a-1", "a_1", "cat", "golden_apple"];
        assert_eq!(
            found.names.iter().collect::<Vec<_>>(),
            expected.iter().collect::<Vec<_>>()
        );
        assert_eq!((found.loose.len(), found.empty.len()), (1, 1));
    }

    fn laid_out(root: &Path, pictures: &[PathBuf]) -> Layout {
        layout(root, &Tree::of(root, pictures.iter()), true).unwrap()
    }

    /// The sides of a folder with these files, and how many folders are left aside. Lists are no pictures.
    fn sides(names: &[&str]) -> (Vec<Option<Side>>, usize) {
        let (root, mut pictures) = folder(names);
        pictures.retain(|path| path.extension().is_some_and(|ending| ending == "jpg"));
        let found = laid_out(root.path(), &pictures);
        (found.parts.iter().map(|part| part.side).collect(), found.aside.len())
    }

    #[test]
    fn train_and_test_are_sides_unless_they_are_classes() {
        use Side::{Test, Train, Validation};
        let some = |sides: &[Side]| sides.iter().map(|side| Some(*side)).collect::<Vec<_>>();
        assert_eq!(sides(&["train/a/1.jpg", "test/a/1.jpg"]), (some(&[Test, Train]), 0));
        assert_eq!(
            sides(&["Train/a/1.jpg", "valid/a/1.jpg", "x/1.jpg"]),
            (some(&[Train, Validation]), 1)
        );
        assert_eq!(sides(&["train/1.jpg"]), (some(&[Train]), 0));
        assert_eq!(sides(&["train/1.jpg", "car/1.jpg", "bus/1.jpg"]), (vec![None], 0));
        let (root, pictures) = folder(&["val/a/1.jpg", "test/a/1.jpg"]);
        let found = laid_out(root.path(), &pictures).parts;
        assert_eq!(found.len(), 2);
        assert!(
            untaught(root.path(), &found)
                .unwrap()
                .contains("no folder called train")
        );
    }

    #[test]
    fn sides_are_found_under_the_names_that_people_give_them() {
        use Side::{Test, Train, Validation};
        let of = |train: &str, other: &str| {
            let names = ["a", "b"].map(|class| [format!("{train}/{class}/1.jpg"), format!("{other}/{class}/2.jpg")]);
            let names: Vec<&str> = names.iter().flatten().map(String::as_str).collect();
            let mut found = sides(&names).0;
            found.sort();
            found
        };
        for (train, test) in [
            ("training_set", "test_set"),
            ("seg_train", "seg_test"),
            ("seg_train/seg_train", "seg_test/seg_test"),
            ("train", "eval"),
            ("train", "holdout"),
            ("archive/train", "archive/test"),
        ] {
            assert_eq!(of(train, test), [Some(Train), Some(Test)], "{train}, {test}");
        }
        assert_eq!(of("train2017", "val2017"), [Some(Train), Some(Validation)]);
        // Classes may have such words in their names.
        let names = ["toy_train/1.jpg", "test_tube/1.jpg"];
        assert_eq!(sides(&names), (vec![None], 0));
    }

    #[test]
    fn what_lies_beside_sides_does_not_hide_them() {
        use Side::{Test, Train};
        let lists = [
            "train/1.jpg",
            "train/metadata.csv",
            "test/2.jpg",
            "test/metadata.csv",
            "assets/logo.jpg",
        ];
        assert_eq!(sides(&lists), (vec![Some(Test), Some(Train)], 1));
        let annotated = ["train/cat/1.jpg", "train/dog/1.jpg", "annotations/all.json", "notes/"];
        assert_eq!(sides(&annotated), (vec![Some(Train)], 1));
        let captioned = ["train/1.jpg", "train/1.txt", "car/1.jpg", "car/1.txt", "bus/1.jpg"];
        assert_eq!(sides(&captioned), (vec![None], 0));
    }

    #[test]
    fn a_folder_that_may_be_a_side_is_asked_about() {
        let refused = |names: &[&str]| {
            let (root, pictures) = folder(names);
            let tree = Tree::of(root.path(), pictures.iter());
            layout(root.path(), &tree, true).unwrap_err().to_string()
        };
        let names = ["train/a/1.jpg", "train/b/1.jpg", "monday/a/2.jpg", "monday/b/2.jpg"];
        let said = refused(&names);
        assert!(
            said.contains("train and monday") && said.contains("val or test"),
            "{said}"
        );
        let (root, pictures) = folder(&["one/a/1.jpg", "one/b/1.jpg", "two/a/2.jpg", "two/b/2.jpg"]);
        let notes = laid_out(root.path(), &pictures).notes;
        assert!(notes[0].contains("one, two hold the same folders (a, b)"), "{notes:?}");
    }

    #[test]
    fn a_class_may_be_named_further_down() {
        let (root, pictures) = folder(&["fruit/apple/1.jpg", "fruit/pear/1.jpg", "drinks/milk/big/1.jpg"]);
        let parts = layout(root.path(), &Tree::of(root.path(), pictures.iter()), false);
        let found = classes(&parts.unwrap().parts, &pictures, &[], 1);
        assert_eq!(found.names.into_iter().collect::<Vec<_>>(), ["apple", "milk", "pear"]);
    }
}
