//! What the window wants of evaluating.

use std::path::PathBuf;

use super::{
    Class, EvaluationConfig, ExportKind, FailureOrder, GivenLabel, Label, MapKind, Marked, SliceBy, TemplateSet, Wanted,
};
use crate::engine::choice::ModelChoice;
use crate::table::Style;

/// What the window wants of evaluating. Long work is done one after the other.
#[derive(Debug, Clone, PartialEq)]
pub enum EvaluationRequest {
    /// Which evaluations there are.
    List,
    /// What a folder says of its pictures. Only the newest is looked at.
    Look {
        generation: u64,
        /// A folder, or a list.
        folder: PathBuf,
        /// How it is to be read.
        wanted: Wanted,
    },
    Evaluate {
        generation: u64,
        config: Box<EvaluationConfig>,
    },
    /// Evaluate again what was evaluated, with another model.
    Again {
        generation: u64,
        id: String,
        model: ModelChoice,
    },
    /// What a model answers to a folder of which nobody knows what it shows.
    Guess {
        generation: u64,
        folder: PathBuf,
        /// The labels that it answers with.
        labels: Vec<Label>,
        templates: TemplateSet,
        model: ModelChoice,
    },
    /// Keep all that was said so far of the pictures of a folder without labels.
    KeepGiven {
        folder: PathBuf,
        /// The labels that there were to choose from.
        labels: Vec<String>,
        given: Vec<GivenLabel>,
    },
    /// Open one that is kept.
    Open(String),
    /// Open one from a file: its pictures are found by their content, and its numbers computed again.
    Import {
        file: PathBuf,
        /// Where its pictures lie here.
        pictures: PathBuf,
        /// The model that is open: it may be the one that it was measured with.
        model: ModelChoice,
    },
    /// Call a class otherwise, or describe it; the measures follow.
    Call {
        id: String,
        /// The class as it is to be, found by its folder.
        class: Class,
    },
    /// Give it another name and note.
    Describe {
        id: String,
        name: String,
        note: String,
    },
    /// Mark a picture; none takes the mark away.
    Mark {
        id: String,
        place: usize,
        mark: Option<Marked>,
    },
    /// Give pictures a name together, to be measured again on another model.
    KeepSlice {
        id: String,
        name: String,
        places: Vec<usize>,
    },
    /// Take such a name away.
    ForgetSlice {
        id: String,
        name: String,
    },
    /// Measure these pictures alone.
    Measure {
        id: String,
        generation: u64,
        places: Vec<usize>,
    },
    /// Look through the pictures: size, light, copies.
    LookThrough(String),
    /// Pictures in an order.
    Order(String, FailureOrder),
    /// Label sets at a level.
    Conformal(String, f64),
    /// Which words do better.
    StudyPrompts(String),
    /// "None of these" against the pictures of a folder.
    Negatives(String, PathBuf),
    /// The second against the first.
    Compare {
        first: String,
        second: String,
        /// Whether pictures that are marked in the second are left out.
        without_marked: bool,
    },
    /// Parts of the pictures.
    Slices(String, SliceBy),
    /// Mistakes that lie together, worded by these texts (those that come with Clipsight, where there are none).
    Clusters(String, Vec<String>),
    Map(String, MapKind),
    /// Stop the map that is being drawn; what is there of it stays.
    StopMap,
    /// Of a picture, the nearest pictures of its true class.
    Nearest {
        id: String,
        place: usize,
    },
    /// Heatmaps of what a picture shows and of what is answered. Only the newest is computed.
    Explain {
        id: String,
        place: usize,
        /// Another evaluation of the same pictures, whose model is asked, too.
        beside: Option<String>,
    },
    /// Write failures as pictures: one into this file, or several into this folder.
    SaveCards {
        id: String,
        places: Vec<usize>,
        to: PathBuf,
        /// Another evaluation of the same pictures, whose model is asked, too.
        beside: Option<String>,
    },
    /// Write it into a file.
    Export {
        id: String,
        kind: ExportKind,
        path: PathBuf,
        /// The evaluation that it is compared with, which reports tell.
        against: Option<String>,
        /// Whether pictures that are marked are left out, as they are on the page. The whole evaluation keeps them.
        without_marked: bool,
        style: Style,
    },
    /// Move it to the trash.
    Delete(String),
    /// Take it out of the trash.
    Restore(String),
    /// Stop what is at work; what is embedded is kept.
    Stop,
}
