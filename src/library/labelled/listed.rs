//! The lists of a folder, with the pictures that their rows lead to.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::path::{Path, PathBuf};

use super::folders::{SideFolder, Tree, folders_in, is_list_folder};
use super::lists::{self, Found, List, Meaning};
use super::names::{Named, Names};
use super::{Columns, DataError, Dataset, Reasons, Side, Wanted};
use crate::escape::{check_name, shortened};

/// Columns that are offered to choose from.
const MAX_COLUMNS: usize = 1_000;

/// What lists say of a picture.
#[derive(Default)]
pub struct Said {
    /// In the order of the lists, each once.
    pub captions: Vec<String>,
    known: HashSet<String>,
    pub labels: Vec<String>,
    pub sides: BTreeSet<Side>,
}

/// The lists of a folder, with the pictures that they name.
pub struct Lists {
    pub all: Vec<Listed>,
    pub aside: Reasons,
    pub damaged: Reasons,
}

/// A list with its rows as far as they lead to pictures.
pub struct Listed {
    pub path: PathBuf,
    pub meaning: Meaning,
    pub side: Option<Side>,
    /// Picture, the row that names it, and the side that this gives.
    pub named: Vec<(PathBuf, lists::Row, Option<Side>)>,
    /// Rows that lead to no picture.
    pub lost: Vec<(String, String)>,
    /// The classes that these rows name.
    pub lost_labels: BTreeSet<String>,
    pub rows: usize,
    pub moved: Option<String>,
    pub spare: Option<String>,
    pub columns: Columns,
    /// Class folders say more.
    nameless: bool,
    notes: Vec<String>,
}

impl Lists {
    pub fn of(
        root: &Path,
        parts: &[SideFolder],
        tree: &Tree,
        pictures: &[PathBuf],
        unreadable: &[(PathBuf, String)],
        wanted: &Wanted,
    ) -> Self {
        let unreadable = unreadable
            .iter()
            .map(|(path, reason)| (path.as_path(), reason.as_str()));
        let names = Names::of(root, pictures.iter().map(PathBuf::as_path), unreadable).split_by(parts);
        let mut places: Vec<(PathBuf, Option<Side>)> = vec![(root.to_path_buf(), None)];
        places.extend(
            parts
                .iter()
                .filter(|part| part.folder != root)
                .map(|part| (part.folder.clone(), part.side)),
        );
        let kept = folders_in(root).into_iter().filter(|(name, _)| is_list_folder(name));
        places.extend(kept.map(|(_, path)| (path, None)));
        let side_of = |folder: &Path| {
            let part = parts.iter().find(|part| folder.starts_with(&part.folder))?;
            part.side_of(folder)
        };
        let beside = tree.with_pictures().map(|folder| (folder.clone(), side_of(folder)));
        let mut known = HashSet::new();
        places.extend(beside);
        places.retain(|(folder, _)| known.insert(folder.clone()));
        let mut lists = Self {
            all: Vec::new(),
            aside: Vec::new(),
            damaged: Vec::new(),
        };
        for found in places
            .into_iter()
            .flat_map(|(folder, side)| lists::in_folder(&folder, side, wanted))
        {
            match found {
                Found::List(list) => lists.all.push(Listed::of(*list, &names)),
                Found::Aside(path, reason) => lists.aside.push((path, reason)),
                Found::Damaged(path, reason) => lists.damaged.push((path, reason)),
            }
        }
        lists
    }

    /// One list, that was asked for by its name.
    pub fn one(
        path: &Path,
        root: &Path,
        parts: &[SideFolder],
        pictures: &[PathBuf],
        unreadable: &[(PathBuf, String)],
        wanted: &Wanted,
    ) -> Result<Self, DataError> {
        let unreadable = unreadable
            .iter()
            .map(|(path, reason)| (path.as_path(), reason.as_str()));
        let names = Names::of(root, pictures.iter().map(PathBuf::as_path), unreadable).split_by(parts);
        match lists::read(path.to_path_buf(), root, None, wanted) {
            Some(Found::List(list)) => Ok(Self {
                all: vec![Listed::of(*list, &names)],
                aside: Vec::new(),
                damaged: Vec::new(),
            }),
            Some(Found::Aside(path, reason) | Found::Damaged(path, reason)) => {
                Err(DataError(format!("{}: {reason}", path.display())))
            }
            None => Err(DataError(format!(
                "{} is no list of pictures: give a folder, or a .csv, .tsv, .jsonl or .json file",
                path.display()
            ))),
        }
    }

    /// The lists that are meant: captions and classes, and titles where there is nothing better.
    pub fn used(&self, folders: bool) -> Vec<&Listed> {
        let of = |wanted: &dyn Fn(&&Listed) -> bool| {
            self.all
                .iter()
                .filter(|list| list.rows > 0 && !(folders && list.nameless))
                .filter(wanted)
                .collect::<Vec<_>>()
        };
        let meant = of(&|list| list.meaning != Meaning::Titles);
        if meant.iter().any(|list| !list.named.is_empty()) || folders {
            return meant;
        }
        of(&|_| true)
    }

    pub fn others(&self) -> impl Iterator<Item = (PathBuf, String)> {
        self.aside.iter().chain(&self.damaged).cloned()
    }
}

impl Listed {
    pub fn of(list: List, names: &Names) -> Self {
        let rows = list.content.rows.len() + list.content.wrong.len();
        let columns = Columns {
            list: list.path.clone(),
            file: list.content.file_column,
            said: list.content.said_column,
            all: list
                .content
                .columns
                .into_iter()
                .filter(|column| check_name("", column).is_ok())
                .take(MAX_COLUMNS)
                .collect(),
            rows,
        };
        let mut listed = Self {
            columns,
            path: list.path,
            meaning: list.meaning,
            side: list.side,
            named: Vec::new(),
            lost: list.content.wrong,
            lost_labels: BTreeSet::new(),
            rows,
            moved: None,
            spare: list.content.spare,
            nameless: list.content.nameless,
            notes: list.notes,
        };
        for (row, side) in list.content.rows.into_iter().zip(list.sides) {
            if let Err(reason) = row.check_length() {
                listed.lost.push((row.place, reason));
                continue;
            }
            match names.find(&list.base, &row.file, side.or(list.side)) {
                Named::Picture { path, moved } => {
                    if moved && listed.moved.is_none() {
                        listed.moved = Some(row.file.clone());
                    }
                    listed.named.push((path, row, side));
                }
                Named::Nothing(reason) => {
                    listed
                        .lost
                        .push((row.place, format!("{}: {reason}", shortened(&row.file))));
                    listed.lost_labels.extend(row.label);
                }
            }
        }
        listed
    }

    /// Why it is not used; `folders_chosen` says that class folders are, however many pictures it names.
    pub fn why_aside(&self, folders_chosen: bool) -> &'static str {
        match (self.meaning, self.named.is_empty()) {
            (_, true) => "it names no picture of this folder",
            (Meaning::Captions | Meaning::Titles, _) if folders_chosen => "class folders are used, and no captions",
            _ if folders_chosen => "class folders are used",
            _ if self.nameless => "class folders are used, and its columns have no names",
            (Meaning::Titles, _) => {
                "titles are no captions where there are class folders; call the column caption, or the file captions, to \
                 train on them"
            }
            _ => "class folders are used, and it names too few of the pictures",
        }
    }

    pub fn add_to(&self, said: &mut BTreeMap<PathBuf, Said>, dataset: &mut Dataset) {
        dataset.notes.extend(self.notes.iter().cloned());
        for (path, row, side) in &self.named {
            let entry = said.entry(path.clone()).or_default();
            for caption in &row.captions {
                if entry.known.insert(caption.clone()) {
                    entry.captions.push(caption.clone());
                }
            }
            entry.labels.extend(row.label.clone());
            entry.sides.extend(side.or(self.side));
        }
        let lost = self
            .lost
            .iter()
            .map(|(place, reason)| (self.path.clone(), format!("{place}: {reason}")));
        dataset.problems.extend(lost);
        if let Some(first) = &self.moved {
            dataset.notes.push(format!(
                "{} names pictures by paths that begin elsewhere; they were found by the ends of these (the first: {first})",
                self.path.display()
            ));
        }
        if let Some(column) = &self.spare {
            let note = format!(
                "{} has captions, so its column \"{column}\" is not used",
                self.path.display()
            );
            dataset.notes.push(note);
        }
    }
}
