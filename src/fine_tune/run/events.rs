//! What a run has to say while it goes on.

use std::path::PathBuf;

use serde::{Deserialize, Deserializer, Serialize};

use super::prepared::DataReport;
use crate::evaluation::Comparison;
use crate::lossless::Lossless;

/// JSON has no word for what is not a number: it is written as null, and the event is read all the same.
fn number<'de, D: Deserializer<'de>>(deserializer: D) -> Result<f32, D::Error> {
    Ok(Option::<f32>::deserialize(deserializer)?.unwrap_or(f32::NAN))
}

/// A picture that is answered otherwise than before the run.
#[serde_with::serde_as]
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Flip {
    #[serde_as(as = "Lossless")]
    pub path: PathBuf,
    /// The class that it is of.
    pub class: String,
    /// The class that was answered before the run.
    pub before: String,
    /// The class that is answered now.
    pub after: String,
}

/// What a run has to say; one line of its `metrics.jsonl` each. `run` is the name of its folder, `steps` how many there are
/// in all.
#[serde_with::serde_as]
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "kebab-case")]
pub enum RunEvent {
    /// What is done before the first step, and how far it is.
    Preparing {
        run: String,
        /// A sentence for people.
        what: String,
        /// From 0 to 1.
        done: f32,
    },
    /// What of its folder is not learnt from, and what repeats there.
    Data {
        run: String,
        /// Counts, and the first names.
        #[serde(flatten)]
        report: DataReport,
    },
    /// The first step follows.
    Started {
        run: String,
        steps: usize,
        /// The step that follows; not the first where the run was resumed.
        step: usize,
        n_train: usize,
        /// Pictures to choose by: a part of the side where that is large.
        n_validation: usize,
        n_test: usize,
        /// Accuracy on the validation side before the run; recall for captions. None where that side is empty.
        zero_shot: Option<f32>,
        /// Accuracy on the control set before the run.
        control: Option<f32>,
    },
    /// A step is done.
    Step {
        run: String,
        /// From 1.
        step: usize,
        steps: usize,
        /// The loss before it.
        #[serde(deserialize_with = "number")]
        loss: f32,
        learning_rate: Option<f64>,
        /// What cosines are multiplied by.
        logit_scale: Option<f32>,
        /// L2, of all parameters together, before it is clipped.
        gradient_norm: Option<f64>,
        /// Since the run began or went on.
        #[serde(deserialize_with = "number")]
        pictures_per_s: f32,
        /// As if all steps took as long.
        #[serde(deserialize_with = "number")]
        seconds_left: f32,
    },
    /// What was learnt so far is measured.
    Validation {
        run: String,
        /// Steps that were done before it.
        step: usize,
        /// On the validation side.
        loss: Option<f32>,
        /// Accuracy on the validation side; recall for captions. None where that side is empty.
        accuracy: Option<f32>,
        /// Accuracy on the control set.
        control: Option<f32>,
        /// Recall at 1 from pictures to texts, and from texts to pictures.
        recall: Option<(f32, f32)>,
        /// Cosines of a fixed batch of pictures (rows) and texts.
        board: Option<Vec<Vec<f32>>>,
        /// The pictures and texts of the board.
        #[serde(default)]
        #[serde_as(as = "Vec<(Lossless, _)>")]
        board_pairs: Vec<(PathBuf, String)>,
        /// Pictures that are answered otherwise than before the run.
        flips: Vec<Flip>,
        /// Whether this is the best so far.
        best: bool,
        /// The settings that are tried, where several are.
        #[serde(default)]
        trial: Vec<(String, f64)>,
    },
    /// A checkpoint is written.
    Checkpoint {
        run: String,
        /// Steps that were done before it.
        step: usize,
    },
    /// The run is held until it is told to go on.
    Paused { run: String },
    /// The run is over, and its model can be used.
    Done {
        run: String,
        /// A folder: standard files where the whole model was trained, else an adapter.
        #[serde_as(as = "Lossless")]
        model: PathBuf,
        /// Accuracy on the test side before the run; recall for captions; none where there is no picture to test with.
        zero_shot_accuracy: Option<f32>,
        /// The same of the run's model.
        accuracy: Option<f32>,
        /// Both with their intervals, and their difference.
        #[serde(default)]
        compared: Option<Box<Comparison>>,
        n_train: usize,
        n_test: usize,
        /// Accuracy on the control set, before and after.
        control: Option<(f32, f32)>,
        /// Both with their intervals, and their difference.
        #[serde(default)]
        control_compared: Option<Box<Comparison>>,
        /// Whether it was stopped before its end.
        stopped: bool,
        /// The classes that it was taught; none for captions.
        #[serde(default)]
        classes: Vec<String>,
    },
    /// The run failed; it can be resumed from its last checkpoint.
    Failed {
        run: String,
        /// Why, and what to do.
        reason: String,
    },
}

impl RunEvent {
    /// Whose it is.
    pub fn run(&self) -> &str {
        match self {
            Self::Preparing { run, .. }
            | Self::Data { run, .. }
            | Self::Started { run, .. }
            | Self::Step { run, .. }
            | Self::Validation { run, .. }
            | Self::Checkpoint { run, .. }
            | Self::Paused { run }
            | Self::Done { run, .. }
            | Self::Failed { run, .. } => run,
        }
    }

    /// The step that it is about, for what is kept in the order of steps.
    pub fn step(&self) -> Option<usize> {
        match self {
            Self::Step { step, .. } | Self::Validation { step, .. } | Self::Checkpoint { step, .. } => Some(*step),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn again(event: &RunEvent) -> RunEvent {
        serde_json::from_str(&serde_json::to_string(event).unwrap()).unwrap()
    }

    #[test]
    fn events_survive_what_could_not_be_measured() {
        let started = RunEvent::Started {
            run: "lora-1".into(),
            steps: 9,
            step: 1,
            n_train: 3,
            n_validation: 0,
            n_test: 0,
            zero_shot: None,
            control: None,
        };
        assert_eq!(again(&started), started);
        let step = RunEvent::Step {
            run: "lora-1".into(),
            step: 1,
            steps: 9,
            loss: f32::NAN,
            learning_rate: None,
            logit_scale: None,
            gradient_norm: None,
            pictures_per_s: f32::INFINITY,
            seconds_left: 1.0,
        };
        let RunEvent::Step { step: 1, loss, .. } = again(&step) else {
            panic!("it was lost");
        };
        assert!(loss.is_nan());
        // As earlier versions wrote it.
        let old = r#"{"event":"done","run":"a","model":"m","zero_shot_accuracy":null,"accuracy":null,"n_train":2,
            "n_test":0,"control":null,"stopped":false}"#;
        assert!(matches!(
            serde_json::from_str(old),
            Ok(RunEvent::Done { accuracy: None, .. })
        ));
    }
}
