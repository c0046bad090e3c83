//! What somebody notes of pictures.

use serde::{Deserialize, Serialize};

use super::record::Evaluation;

/// What somebody noted of a picture. The picture itself is never touched.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Mark {
    /// Its class is wrong.
    WrongLabel,
    /// It may be either.
    Ambiguous,
    /// It shows two things.
    TwoThings,
    /// There is text in it.
    TextInPicture,
    /// Something else.
    Other,
}

impl Mark {
    pub const ALL: [Self; 5] = [
        Self::WrongLabel,
        Self::Ambiguous,
        Self::TwoThings,
        Self::TextInPicture,
        Self::Other,
    ];

    /// As it is called in the window and in reports.
    pub fn title(self) -> &'static str {
        match self {
            Self::WrongLabel => "wrong label",
            Self::Ambiguous => "ambiguous",
            Self::TwoThings => "two things",
            Self::TextInPicture => "text in the picture",
            Self::Other => "other",
        }
    }
}

/// A mark with a note.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Marked {
    pub mark: Mark,
    /// The note; may be empty.
    pub note: String,
}

impl Evaluation {
    /// Marks a picture, or takes its mark back. A place that is none of its own is left alone.
    pub(crate) fn set_mark(&mut self, place: usize, mark: Option<Marked>) {
        match mark {
            Some(mark) if place < self.pictures.len() => {
                self.marks.insert(place, mark);
            }
            _ => {
                self.marks.remove(&place);
            }
        }
    }
}
