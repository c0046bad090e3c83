//! What is known about a run, but for its curves: `run.json`.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::escape::{MAX_NOTE_CHARACTERS, check_classes, check_length, check_name};
use crate::evaluation::{Comparison, Interval, share_interval};
use crate::files::check_local;
use crate::fine_tune::config::RunConfig;
use crate::fine_tune::run::prepared::DataReport;
use crate::fine_tune::run::tested::Tested;
use crate::lossless::Lossless;

/// Whether a run is at work, and how it ended where it is not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RunState {
    /// It goes on, or waits to be told to go on.
    Running,
    /// Its process ended without finishing it: it can be resumed.
    Interrupted,
    /// The user stopped it, and what was learnt is kept; it can be resumed.
    Stopped,
    Done,
    /// It failed; it can be resumed from its last checkpoint.
    Failed,
}

impl RunState {
    pub fn title(self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Interrupted => "interrupted",
            Self::Stopped => "stopped",
            Self::Done => "done",
            Self::Failed => "failed",
        }
    }
}

/// Everything about a run but its curves.
#[serde_with::serde_as]
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RunRecord {
    /// Its name on the command line, the folder's name.
    pub run: String,
    /// Its name for people.
    pub name: String,
    /// What the user wrote about it.
    pub note: String,
    /// What was asked for, as far as the device can do it.
    pub config: RunConfig,
    pub state: RunState,
    /// The name of the model that it learns from.
    pub base_name: String,
    /// A hash of that model's files: a run goes on, and is exported, only with the same.
    pub base_identity: String,
    /// A hash of what it learns from: paths, sizes, captions, split.
    pub data_hash: String,
    /// The name of the device that computed last.
    pub device: String,
    /// When it began, in seconds since 1970.
    pub started_s: u64,
    /// Without the time between a stop and the start after it.
    pub worked_s: f64,
    /// How many are done.
    pub step: usize,
    /// How many there are; 0 before the first.
    pub steps: usize,
    /// None where pictures have captions.
    pub classes: Vec<String>,
    pub n_train: usize,
    pub n_test: usize,
    /// Accuracy on the test side before the run.
    pub zero_shot_accuracy: Option<f32>,
    /// The same of the run's model, at its blend.
    pub accuracy: Option<f32>,
    /// The answers on the test side, picture by picture; none of runs of before they were kept.
    #[serde(default)]
    pub tested: Option<Tested>,
    /// What they say: both accuracies with their intervals, and their difference.
    #[serde(default)]
    pub compared: Option<Comparison>,
    /// Accuracy on the control set before the run, and of its model.
    pub control: Option<(f32, f32)>,
    /// What the run's model is, from what it started from (0) to what was learnt (1).
    #[serde(default = "whole")]
    pub blend: f32,
    /// Both with their intervals, and their difference.
    #[serde(default)]
    pub control_compared: Option<Comparison>,
    /// What of its folder it does not learn from.
    #[serde(default)]
    pub data: DataReport,
    /// What was chosen on the validation side.
    #[serde(default)]
    pub chosen: Vec<(String, f64)>,
    /// The model's folder, once there is one.
    #[serde_as(as = "Option<Lossless>")]
    pub model: Option<PathBuf>,
    /// Why it failed, and what to do.
    pub error: Option<String>,
}

/// The blend of a run that was never blended.
fn whole() -> f32 {
    1.0
}

impl RunRecord {
    /// Of a run that has not begun, named as its folder.
    pub(in crate::fine_tune::run) fn new(run: String, config: RunConfig) -> Self {
        Self {
            name: run.clone(),
            run,
            note: String::new(),
            config,
            state: RunState::Running,
            base_name: String::new(),
            base_identity: String::new(),
            data_hash: String::new(),
            device: String::new(),
            started_s: 0,
            worked_s: 0.0,
            step: 0,
            steps: 0,
            classes: Vec::new(),
            n_train: 0,
            n_test: 0,
            zero_shot_accuracy: None,
            accuracy: None,
            tested: None,
            compared: None,
            control: None,
            blend: whole(),
            control_compared: None,
            data: DataReport::default(),
            chosen: Vec::new(),
            model: None,
            error: None,
        }
    }

    /// Refuses what no run of ours says: the file may come from somebody else.
    pub(super) fn check(&self) -> std::result::Result<(), String> {
        self.config.check().map_err(|error| error.to_string())?;
        if !(0.0..=1.0).contains(&self.blend) {
            return Err(format!("its blend is {}, but must lie from 0 to 1", self.blend));
        }
        self.model.as_deref().map_or(Ok(()), check_local)?;
        for (what, name) in [
            ("its name", &self.name),
            ("its model", &self.base_name),
            ("its device", &self.device),
        ] {
            check_name(what, name)?;
        }
        check_length("its note", &self.note, MAX_NOTE_CHARACTERS)?;
        check_classes(&self.classes)?;
        match &self.tested {
            Some(tested) if !tested.is_sound() => {
                Err("its answers before and after are not of the same pictures".into())
            }
            _ => Ok(()),
        }
    }

    /// The interval of its accuracy; of runs of before answers were kept, from the count of pictures.
    pub fn accuracy_interval(&self) -> Option<Interval> {
        let kept = self.compared.map(|compared| compared.after);
        kept.or_else(|| self.counted(self.accuracy?))
    }

    /// The interval of the accuracy before it.
    pub fn zero_shot_interval(&self) -> Option<Interval> {
        let kept = self.compared.map(|compared| compared.before);
        kept.or_else(|| self.counted(self.zero_shot_accuracy?))
    }

    /// A share of the test pictures; recall is the mean of two.
    fn counted(&self, share: f32) -> Option<Interval> {
        let hits = (f64::from(share) * self.n_test as f64).round();
        (!self.classes.is_empty() && share.is_finite()).then(|| share_interval(hits as usize, self.n_test))?
    }

    /// Whether its model is a blend with what it started from.
    pub fn is_blend(&self) -> bool {
        self.blend < 1.0
    }

    /// What its model is a blend of.
    pub fn mixture(&self) -> String {
        let learnt = 100.0 * self.blend;
        if self.is_blend() {
            format!("a blend: {learnt:.0} % fine-tuned, {:.0} % original", 100.0 - learnt)
        } else {
            "what was learnt, unblended".into()
        }
    }
}
