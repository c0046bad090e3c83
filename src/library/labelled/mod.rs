//! What a folder says of its pictures: classes or captions, by folders, by lists, or by texts beside them.

mod beside;
mod folders;
mod headers;
mod listed;
mod lists;
mod names;
mod read;
mod wanted;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::lossless::Lossless;

pub use headers::columns_of;
pub use wanted::{Columns, Purpose, Source, Wanted};

/// Why a folder cannot be used, in words that say what to do.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct DataError(pub String);

type Result<T> = std::result::Result<T, DataError>;

/// A side of the split.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Side {
    /// To learn from.
    Train,
    /// To choose by.
    Validation,
    /// To measure with.
    Test,
}

impl Side {
    /// How lists and commands call it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Train => "train",
            Self::Validation => "validation",
            Self::Test => "test",
        }
    }

    /// The side that a folder's name means, whatever number is behind it: `train`, `val2017`, `Testing`.
    pub fn of_folder(name: &str) -> Option<Self> {
        let name = name.to_lowercase();
        let name = name.trim_end_matches(|c: char| c.is_ascii_digit() || matches!(c, '_' | '-' | ' ' | '.'));
        match name {
            // The rest of COCO's validation pictures, which Karpathy's split trains on.
            "train" | "training" | "restval" => Some(Self::Train),
            "val" | "valid" | "validation" | "dev" => Some(Self::Validation),
            "test" | "testing" => Some(Self::Test),
            name if HELD_OUT.contains(&name) => Some(Self::Test),
            _ => None,
        }
    }

    /// The side that a name holds as a word, as in `captions_train2017` or `seg_test`.
    pub fn in_words(name: &str) -> Option<Self> {
        let words = || name.split(|c: char| !c.is_alphabetic());
        Self::of_folder(name).or_else(|| words().find_map(Self::of_folder))
    }

    /// The sides that names mean which stand beside each other. What is only called held out is tested on, and validates
    /// where something else is to test on.
    pub fn of_names<T: AsRef<str>>(names: &[T]) -> Vec<Option<Self>> {
        let sides: Vec<Option<Self>> = names.iter().map(|name| Self::in_words(name.as_ref())).collect();
        let vague = |name: &T| {
            let name = name.as_ref().to_lowercase();
            HELD_OUT.iter().any(|held_out| name.contains(held_out))
        };
        let clear = |wanted: Self| {
            let each = names.iter().zip(&sides);
            each.into_iter()
                .any(|(name, side)| *side == Some(wanted) && !vague(name))
        };
        let validates = clear(Self::Test) && !clear(Self::Validation);
        let side = |(name, side): (&T, Option<Self>)| match side {
            Some(Self::Test) if validates && vague(name) => Some(Self::Validation),
            side => side,
        };
        names.iter().zip(sides).map(side).collect()
    }
}

/// Names of what is not learnt from, whatever it is for.
const HELD_OUT: [&str; 7] = [
    "eval",
    "evaluation",
    "holdout",
    "hold_out",
    "hold-out",
    "heldout",
    "held-out",
];

/// One picture.
#[serde_with::serde_as]
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Example {
    #[serde_as(as = "Lossless")]
    pub path: PathBuf,
    /// Its class, where pictures have classes.
    pub class: Option<usize>,
    /// What is said about it, where pictures have captions.
    pub captions: Vec<String>,
}

/// Files that are not used, each with the reason.
pub type Reasons = Vec<(PathBuf, String)>;

/// Pictures to learn from.
#[serde_with::serde_as]
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Dataset {
    /// The classes' names, as their folders are named; empty where pictures have captions.
    pub classes: Vec<String>,
    /// The pictures, sorted by path.
    pub examples: Vec<Example>,
    /// Pictures, and rows of lists, that were meant to be used and cannot be.
    #[serde_as(as = "Vec<(Lossless, _)>")]
    pub problems: Reasons,
    /// What lies in the folder and is not what is learnt from: texts, lists, loose pictures, empty folders.
    #[serde(default)]
    #[serde_as(as = "Vec<(Lossless, _)>")]
    pub left_aside: Reasons,
    /// What else there is to know about how the folder was read.
    #[serde(default)]
    pub notes: Vec<String>,
    /// The sides that folders or lists give pictures.
    #[serde(skip)]
    pub given: BTreeMap<PathBuf, Side>,
    /// Where it says what pictures show.
    #[serde(skip)]
    pub source: Source,
    /// The columns of the lists that were used.
    #[serde(skip)]
    pub columns: Vec<Columns>,
}

impl Dataset {
    /// Reads a folder: pictures with captions where there are some (lists, or a text beside each picture), else one folder
    /// a class, both perhaps in folders `train`, `val` and `test`.
    ///
    /// # Errors
    /// Nothing here can be learnt from, or it is not clear what is meant; the message says why.
    pub fn read(folder: &Path) -> Result<Self> {
        Self::read_as(folder, &Wanted::default())
    }

    /// Reads a folder, or one list, for what it is wanted for.
    ///
    /// # Errors
    /// Nothing here is wanted, or it is not clear what is meant; the message says why.
    pub fn read_as(folder: &Path, wanted: &Wanted) -> Result<Self> {
        read::read(folder, wanted)
    }

    /// Whether pictures have classes.
    pub fn has_classes(&self) -> bool {
        !self.classes.is_empty()
    }

    /// Refuses what would be learnt from by halves: a class of which no picture can be read.
    ///
    /// # Errors
    /// Names the classes, and what is wrong with their pictures.
    pub fn check(&self) -> Result<()> {
        let mut counts = vec![0usize; self.classes.len()];
        self.examples
            .iter()
            .filter_map(|example| example.class)
            .for_each(|class| counts[class] += 1);
        let empty = self.classes.iter().zip(counts).filter(|(_, count)| *count == 0);
        let names: Vec<&str> = empty.map(|(class, _)| class.as_str()).collect();
        let Some(first) = names.first() else {
            return Ok(());
        };
        let why = self
            .problems
            .iter()
            .find(|(path, _)| path.iter().any(|part| part == *first));
        let why = why.map_or(String::new(), |(path, reason)| {
            format!(" ({}: {reason})", path.display())
        });
        Err(DataError(format!(
            "no picture of {} can be read{why}: mend the pictures, or take the class away; --preview lists them",
            few(&names)
        )))
    }
}

/// A few names, and how many more there are.
pub fn few(names: &[impl AsRef<str>]) -> String {
    const FEW: usize = 5;
    let shown = names.iter().take(FEW).map(AsRef::as_ref).collect::<Vec<_>>().join(", ");
    match names.len().saturating_sub(FEW) {
        0 => shown,
        more => format!("{shown} and {more} more"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sides_are_known_by_their_names_and_by_what_stands_beside_them() {
        use Side::{Test, Train, Validation};
        for (name, side) in [
            ("train2017", Some(Train)),
            ("Training", Some(Train)),
            ("val_2", Some(Validation)),
            ("held-out", Some(Test)),
            ("trainer", None),
            ("seg_train", None),
            ("2017", None),
        ] {
            assert_eq!(Side::of_folder(name), side, "{name}");
        }
        assert_eq!(Side::in_words("seg_train"), Some(Train));
        assert_eq!(Side::in_words("test_set"), Some(Test));
        assert_eq!(Side::in_words("training_set"), Some(Train));
        assert_eq!(Side::in_words("restraint"), None);
        assert_eq!(Side::of_names(&["train", "eval"]), [Some(Train), Some(Test)]);
        assert_eq!(
            Side::of_names(&["train", "eval", "test"]),
            [Some(Train), Some(Validation), Some(Test)]
        );
        assert_eq!(
            Side::of_names(&["train", "val", "holdout", "other"]),
            [Some(Train), Some(Validation), Some(Test), None]
        );
    }
}
