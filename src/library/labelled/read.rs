//! Decides what a folder holds: lists, texts beside pictures, or a folder a class; and names whatever is not used.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use super::beside::{Beside, beside};
use super::folders::{Classes, Layout, Part, Tree, classes, layout, untaught};
use super::listed::{Listed, Lists, Said};
use super::lists::Meaning;
use super::{DataError, Dataset, Example, Purpose, Reasons, Result, Side, Source, Wanted, few};
use crate::library::scan;
use crate::progress::Unheard;

/// Beside class folders, captions count where so many pictures have one, as a share of all.
const ENOUGH: f64 = 0.5;
/// Rows that are quoted where no row could be used.
const QUOTED: usize = 3;

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
            Some(list) => Lists::one(list, root, &pictures, &unreadable, wanted)?,
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

/// Everything that lies in the folder.
struct Everything {
    wanted: Wanted,
    parts: Vec<Part>,
    pictures: Vec<PathBuf>,
    classes: Classes,
    lists: Lists,
    texts: BTreeMap<PathBuf, Beside>,
}

impl Everything {
    /// By what was chosen beforehand, else by what is there.
    fn chosen(&self, root: &Path, one_list: bool) -> Result<Dataset> {
        let of = |captions: bool| -> Vec<&Listed> {
            let meant = |list: &&Listed| (list.meaning != Meaning::Classes) == captions && list.rows > 0;
            self.lists.all.iter().filter(meant).collect()
        };
        match self.wanted.source {
            Some(Source::Folders) => Ok(self.by_folders()),
            Some(Source::Labels) => self.by_lists(&of(false), root),
            Some(Source::Captions) if of(true).iter().all(|list| list.named.is_empty()) => Ok(self.by_texts()),
            Some(Source::Captions) => self.by_lists(&of(true), root),
            None if one_list => self.by_lists(&self.lists.used(false), root),
            None => self.dataset(root),
        }
    }

    fn dataset(&self, root: &Path) -> Result<Dataset> {
        let folders = self.classes.names.len() > 1;
        let enough = |count: usize| !folders || count as f64 >= ENOUGH * self.pictures.len() as f64;
        let captioned = self
            .texts
            .values()
            .filter(|text| matches!(text, Beside::Captions(..)))
            .count();
        let listed = self.lists.used(folders);
        if let Some(damaged) = self.lists.damaged.first().filter(|_| !folders) {
            return Err(DataError(format!("{}: {}", damaged.0.display(), damaged.1)));
        }
        let by_list: BTreeSet<&PathBuf> = listed
            .iter()
            .flat_map(|list| list.named.iter().map(|(path, ..)| path))
            .collect();
        let by_list = by_list.len();
        if !folders && by_list + captioned == 0 && !listed.is_empty() {
            // Lists are what is meant, and they lead nowhere: one folder is not one class.
            return Ok(Dataset::default());
        }
        if by_list > 0 && enough(by_list) && by_list >= captioned {
            self.by_lists(&listed, root)
        } else if captioned > 0 && enough(captioned) {
            Ok(self.by_texts())
        } else {
            Ok(self.by_folders())
        }
    }

    /// The side of the part in which a picture lies.
    fn side_of(&self, path: &Path) -> Option<Side> {
        self.parts.iter().find(|part| path.starts_with(&part.folder))?.side
    }

    fn with_sides(&self, mut dataset: Dataset) -> Dataset {
        let sides = dataset
            .examples
            .iter()
            .filter_map(|example| Some((example.path.clone(), self.side_of(&example.path)?)));
        for (path, side) in sides.collect::<Vec<_>>() {
            dataset.given.entry(path).or_insert(side);
        }
        dataset
    }

    fn by_folders(&self) -> Dataset {
        let names: Vec<String> = self.classes.names.iter().cloned().collect();
        let examples = self.classes.of.iter().map(|(path, class)| Example {
            class: names.binary_search(class).ok(),
            path: path.clone(),
            captions: Vec::new(),
        });
        let loose = self
            .classes
            .loose
            .iter()
            .map(|path| (path.clone(), "it lies in no class folder".to_string()));
        let empty = self
            .classes
            .empty
            .iter()
            .map(|path| (path.clone(), "a folder without pictures".to_string()));
        let texts = self.texts.values().map(|text| match text {
            Beside::Captions(path, _) => (
                path.clone(),
                "class folders are used, and too few pictures have a text".into(),
            ),
            Beside::Other(path, reason) => (path.clone(), reason.clone()),
        });
        let lists = self
            .lists
            .all
            .iter()
            .map(|list| (list.path.clone(), list.why_aside().to_string()));
        let left_aside = loose.chain(empty).chain(texts).chain(lists).chain(self.lists.others());
        self.with_sides(Dataset {
            examples: examples.collect(),
            left_aside: left_aside.collect(),
            classes: names,
            ..Dataset::default()
        })
    }

    fn by_texts(&self) -> Dataset {
        let mut dataset = Dataset {
            source: Source::Captions,
            ..Dataset::default()
        };
        for path in self
            .pictures
            .iter()
            .filter(|path| self.parts.iter().any(|part| path.starts_with(&part.folder)))
        {
            match self.texts.get(path) {
                Some(Beside::Captions(_, captions)) => dataset.examples.push(Example {
                    path: path.clone(),
                    class: None,
                    captions: captions.clone(),
                }),
                Some(Beside::Other(text, reason)) => {
                    dataset.left_aside.push((text.clone(), reason.clone()));
                    dataset.problems.push((path.clone(), "it has no caption".into()));
                }
                None => dataset.problems.push((path.clone(), "it has no caption".into())),
            }
        }
        let lists = self
            .lists
            .all
            .iter()
            .map(|list| (list.path.clone(), "more pictures have a text beside them".into()));
        dataset.left_aside.extend(lists.chain(self.lists.others()));
        if self.classes.names.len() > 1 {
            let note = "the texts beside the pictures are used; the folders' names are not";
            dataset.notes.push(note.into());
        }
        self.with_sides(dataset)
    }

    fn by_lists(&self, listed: &[&Listed], root: &Path) -> Result<Dataset> {
        let meanings: BTreeSet<bool> = listed.iter().map(|list| list.meaning == Meaning::Classes).collect();
        if meanings.len() > 1 {
            let names: Vec<String> = listed.iter().map(|list| below(&list.path, root)).collect();
            return Err(DataError(format!(
                "{} holds lists of captions and lists of classes ({}): move those away that are not meant",
                root.display(),
                few(&names)
            )));
        }
        let mut said: BTreeMap<PathBuf, Said> = BTreeMap::new();
        let classes = meanings.contains(&true);
        let mut dataset = Dataset {
            source: if classes { Source::Labels } else { Source::Captions },
            columns: listed.iter().map(|list| list.columns.clone()).collect(),
            ..Dataset::default()
        };
        for list in listed {
            list.add_to(&mut said, &mut dataset);
        }
        let wanted = if classes { "class" } else { "caption" };
        for (path, said) in said {
            let classes: BTreeSet<&String> = said.labels.iter().collect();
            match (said.captions.is_empty(), classes.len()) {
                (true, 0) => dataset.problems.push((path, format!("it has no {wanted}"))),
                (_, 2..) => {
                    let names: Vec<&String> = classes.into_iter().collect();
                    dataset
                        .problems
                        .push((path, format!("lists give it several classes: {}", few(&names))));
                }
                _ => {
                    let label = said.labels.first().cloned();
                    // Where it is to be tested on, it is not learnt from.
                    if let Some(side) = said.sides.iter().max() {
                        dataset.given.insert(path.clone(), *side);
                    }
                    dataset.classes.extend(label.clone());
                    dataset.examples.push(Example {
                        path,
                        class: None,
                        captions: said.captions,
                    });
                    dataset.notes.extend(
                        (said.sides.len() > 1).then(|| "a picture that lists give two sides is tested on".into()),
                    );
                }
            }
        }
        self.finish_lists(dataset, listed)
    }

    fn finish_lists(&self, mut dataset: Dataset, listed: &[&Listed]) -> Result<Dataset> {
        let labels = std::mem::take(&mut dataset.classes);
        if labels.len() == dataset.examples.len() {
            dataset.classes = labels.iter().cloned().collect::<BTreeSet<_>>().into_iter().collect();
            for (example, label) in dataset.examples.iter_mut().zip(&labels) {
                example.class = dataset.classes.binary_search(label).ok();
            }
        }
        let used: BTreeSet<&PathBuf> = dataset
            .examples
            .iter()
            .map(|e| &e.path)
            .chain(dataset.problems.iter().map(|(p, _)| p))
            .collect();
        let unused = self.pictures.iter().filter(|path| !used.contains(path));
        let unused: Reasons = unused
            .map(|path| (path.clone(), "no list names it".to_string()))
            .collect();
        let spare = self
            .lists
            .all
            .iter()
            .filter(|list| !listed.iter().any(|used| used.path == list.path));
        let spare: Reasons = spare
            .map(|list| (list.path.clone(), list.why_aside().to_string()))
            .collect();
        let texts = self.texts.values().map(|text| match text {
            Beside::Captions(path, _) => (path.clone(), "lists say what pictures show".to_string()),
            Beside::Other(path, reason) => (path.clone(), reason.clone()),
        });
        dataset
            .left_aside
            .extend(unused.into_iter().chain(spare).chain(texts).chain(self.lists.others()));
        dataset.notes.sort();
        dataset.notes.dedup();
        Ok(self.with_sides(dataset))
    }
}

fn below(path: &Path, root: &Path) -> String {
    path.strip_prefix(root).unwrap_or(path).display().to_string()
}

/// Why there is nothing to learn from, with the lists that were tried and what was wrong with their first rows.
fn nothing(root: &Path, lists: &Lists, dataset: &Dataset, wanted: &Wanted) -> DataError {
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
    let others = lists.others().chain(dataset.left_aside.iter().cloned());
    let others: BTreeSet<String> = others
        .map(|(path, reason)| format!("{}: {reason}", below(&path, root)))
        .collect();
    for other in others.iter().take(QUOTED) {
        text += &format!(". {other}");
    }
    let problems = dataset
        .problems
        .iter()
        .filter(|(path, _)| lists.all.iter().all(|list| list.path != *path));
    for (path, reason) in problems.take(QUOTED) {
        text += &format!(". {}: {reason}", below(path, root));
    }
    text += ". Give one folder a class, or pictures with captions (name.txt beside name.jpg, or a captions.csv, .tsv or .jsonl \
             with columns file_name and caption)";
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
        "{} holds no ground truth{why}: give one folder a class, or a metadata.csv, .tsv or .jsonl with columns file_name and \
         label",
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
