//! What the window and the engine say to each other: plain data.
//!
//! `library` is the generation of the list of pictures that is meant: what belongs to an older one is dropped.

mod answers;
mod event;
mod pictures;
mod question;
mod request;

pub use crate::clip::{ModelInfo, Precision, Scoring, Shift, ViewRect, model_name};
pub use crate::heatmap::HeatmapMethod;
pub use crate::heatmap::trust::check::Verdict;
pub use crate::heatmap::{Dab, Fill, HeatMap, HeatmapPicture};
pub use crate::hub::CachedModel;
pub use crate::library::{PictureId, SettingChange, StoredSetting};
pub use crate::zero_shot::{Label, LabelId, Scores, TemplateSet};
pub use answers::{MapSet, ModelSpeed, Probed};
pub use event::{Download, Event, FetchOutcome, Severity, Topic};
pub use pictures::{InspectedPicture, PictureFile, ScreenImage};
pub use question::{AskedLabel, Question};
pub use request::{ComparedWith, HubRequest, InferenceRequest, LibraryRequest, MapTest, Probe, Request};

/// Counts what replaces each other: lists of pictures, or questions about them. The newest wins.
pub type Generation = u64;
