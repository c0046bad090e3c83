//! What the window and the evaluating threads say to each other: plain data.
//!
//! An evaluation is known by its `id`, a picture of it by its `place` among its pictures. `generation` counts what was asked,
//! and an answer carries that of its request: one to an older request is dropped.

mod config;
mod event;
mod explained;
mod guessed;
mod request;

pub use crate::evaluation::{
    AMONG, ActiveTest, Answer, BesideNonsense, Bin, Calibration, Caption, Class, ClassChange, ClassMeasures, Cluster,
    ClusterOf, Columns, Comparison, Conformal, Confused, Confusion, Evaluation, Facts, FailureOrder, Fate, Fitted,
    Folded, GivenLabel, GroundTruth, Interval, Judged, KeptSlice, Listed, MapKind, Mark, Marked, Measures, ModelRef,
    Negatives, Nonsense, Part, Picture, Preset, Projection, PromptRow, PromptStudy, Published, PublishedMeasure,
    Ranked, Reliability, Remeasured, Retrieval, Setup, Side, SideBySide, Slice, SliceBy, Source, Suspect, Threshold,
    Verdict, Wanted, bin_of, call_as, p_words, worst,
};

pub use crate::zero_shot::{Label, TemplateSet};
pub use config::{EvaluationConfig, ExportKind};
pub use event::EvaluationEvent;
pub use explained::{Beside, Explained};
pub use guessed::{Guess, Guessed};
pub use request::EvaluationRequest;
