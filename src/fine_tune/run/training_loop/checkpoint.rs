//! Where a run can go on from, and which of its states is the best so far.

use serde::{Deserialize, Serialize};

use super::TrainingLoop;
use crate::clip::{read_flats, write_flats};
use crate::fine_tune::context::Context;
use crate::fine_tune::methods::Learner;
use crate::fine_tune::run::events::RunEvent;
use crate::fine_tune::run::folder::RunFolder;
use crate::fine_tune::{Error, Result};

const CHECKPOINT: &str = "checkpoint.json";
/// The last state is `checkpoint-STEP.safetensors`.
const STATE: &str = "checkpoint-";
const ENDING: &str = ".safetensors";
/// The best state so far is `best-STEP.safetensors`: which step that is, the checkpoint says.
const BEST: &str = "best-";

/// Where a run was when it was last kept.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(super) struct Checkpoint {
    /// The file with the method's state.
    pub(super) file: String,
    pub(super) step: usize,
    pub(super) best: Option<f32>,
    /// The loss of the best: among equals the smaller one wins.
    #[serde(default)]
    pub(super) best_loss: Option<f32>,
    pub(super) best_step: usize,
    /// Validations since the best.
    pub(super) since_best: usize,
    /// Accuracy (recall of captions) on the validation side before the first step, and on the control set.
    pub(super) zero_shot: Option<f32>,
    pub(super) control: Option<f32>,
    /// Seconds of work, in all processes that went on with it.
    pub(super) worked_s: f64,
}

impl Checkpoint {
    /// Reads the last one of a run's folder, if there is one.
    ///
    /// # Errors
    /// It is damaged, or names a file that is no state of a run: that file would be read, and deleted at the next checkpoint.
    pub(super) fn read(folder: &RunFolder) -> Result<Option<Self>> {
        if !folder.file(CHECKPOINT).is_file() {
            return Ok(None);
        }
        let checkpoint: Self = folder.read(CHECKPOINT)?;
        if is_state_file(&checkpoint.file) {
            return Ok(Some(checkpoint));
        }
        Err(Error::Run(format!(
            "{} is damaged: the file that it names is no state of this run",
            folder.file(CHECKPOINT).display()
        )))
    }

    /// Whether a validation is the best so far: by accuracy, then by loss. Where nothing can be measured, the last is.
    pub(super) fn is_better(&self, accuracy: Option<f32>, loss: Option<f32>) -> bool {
        let (Some(accuracy), Some(best)) = (accuracy, self.best) else {
            return true;
        };
        let closer = loss.zip(self.best_loss).is_some_and(|(loss, best)| loss < best);
        accuracy > best || accuracy == best && closer
    }

    /// Gives a trial up after so many validations without improvement; each trial has its own patience.
    pub(super) fn lose_patience(&mut self, method: &dyn Learner, patience: usize) {
        let next = method.next_trial(self.step);
        if next == self.step || patience > 0 && self.since_best >= patience {
            self.step = next;
            self.since_best = 0;
        }
    }
}

impl TrainingLoop<'_, '_> {
    /// The last checkpoint, if there is one; what came after it is forgotten.
    pub(super) fn restore(&self, context: &Context, method: &mut dyn Learner) -> Result<Checkpoint> {
        let Some(checkpoint) = Checkpoint::read(self.folder)? else {
            self.folder.forget_after(0)?;
            return Ok(Checkpoint::default());
        };
        let state = read_flats(&self.folder.file(&checkpoint.file))?;
        method.restore(context, &state)?;
        self.folder.forget_after(checkpoint.step)?;
        Ok(checkpoint)
    }

    /// Writes a checkpoint: the state first, then the file that names it, then the old state goes.
    pub(super) fn keep(&mut self, method: &dyn Learner, checkpoint: &mut Checkpoint) -> Result<()> {
        let old = std::mem::replace(&mut checkpoint.file, state_file(checkpoint.step));
        write_flats(&self.folder.file(&checkpoint.file), &method.state()?)?;
        self.folder.write(CHECKPOINT, checkpoint)?;
        if old != checkpoint.file && !old.is_empty() {
            let _ = std::fs::remove_file(self.folder.file(&old));
        }
        self.folder.forget_files(BEST, &best_file(checkpoint.best_step));
        self.record.worked_s = checkpoint.worked_s;
        self.folder.keep(&self.record)?;
        self.tell(RunEvent::Checkpoint {
            run: self.record.run.clone(),
            step: checkpoint.step,
        })
    }
}

/// The file of the state after a step.
fn state_file(step: usize) -> String {
    format!("{STATE}{step}{ENDING}")
}

/// Whether a file is called as [`state_file`] calls it: it lies in the run's own folder then.
fn is_state_file(name: &str) -> bool {
    let step = name.strip_prefix(STATE).and_then(|rest| rest.strip_suffix(ENDING));
    step.is_some_and(|step| !step.is_empty() && step.bytes().all(|byte| byte.is_ascii_digit()))
}

/// The file of the state after a step that was the best.
pub(super) fn best_file(step: usize) -> String {
    format!("{BEST}{step}{ENDING}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fine_tune::run::folder::Runs;

    #[test]
    fn the_best_is_by_accuracy_then_by_loss_and_without_validation_the_last() {
        let checkpoint = Checkpoint {
            best: Some(0.9),
            best_loss: Some(0.5),
            ..Checkpoint::default()
        };
        assert!(checkpoint.is_better(Some(0.95), Some(2.0)));
        assert!(checkpoint.is_better(Some(0.9), Some(0.4)));
        assert!(!checkpoint.is_better(Some(0.9), Some(0.5)));
        assert!(!checkpoint.is_better(Some(0.8), Some(0.1)));
        assert!(checkpoint.is_better(None, None));
        assert!(Checkpoint::default().is_better(Some(0.0), None));
    }

    #[test]
    fn a_checkpoint_names_a_state_in_its_own_folder_and_nothing_else() {
        let data = tempfile::tempdir().unwrap();
        let run = Runs::at(data.path()).create("probe").unwrap();
        assert!(Checkpoint::read(&run).unwrap().is_none());
        let named = |file: &str| {
            let checkpoint = Checkpoint {
                file: file.into(),
                ..Checkpoint::default()
            };
            run.write(CHECKPOINT, &checkpoint).unwrap();
            Checkpoint::read(&run)
        };
        let mine = data.path().join("mine.safetensors");
        let outside = [
            mine.to_str().unwrap(),
            "../../mine.safetensors",
            "learnt/adapter.safetensors",
            "../probe-2/checkpoint-1.safetensors",
            "checkpoint-../../../mine.safetensors",
            "checkpoint-1/../../x.safetensors",
            "checkpoint-.safetensors",
            "best-1.safetensors",
            "data.json",
            "",
        ];
        for file in outside {
            let refused = named(file).unwrap_err().to_string();
            assert!(refused.contains("no state of this run"), "{file}: {refused}");
        }
        assert_eq!(
            named(&state_file(12)).unwrap().unwrap().file,
            "checkpoint-12.safetensors"
        );
    }

    #[test]
    fn a_checkpoint_with_any_byte_changed_or_cut_off_never_leads_elsewhere() {
        let data = tempfile::tempdir().unwrap();
        let run = Runs::at(data.path()).create("probe").unwrap();
        let checkpoint = Checkpoint {
            file: state_file(3),
            step: 3,
            best: Some(0.5),
            ..Checkpoint::default()
        };
        let whole = serde_json::to_vec(&checkpoint).unwrap();
        let read = |bytes: &[u8]| {
            std::fs::write(run.file(CHECKPOINT), bytes).unwrap();
            if let Ok(Some(read)) = Checkpoint::read(&run) {
                assert!(is_state_file(&read.file), "{}", read.file);
            }
        };
        for place in 0..whole.len() {
            read(&whole[..place]);
            for byte in [b'/', b'.', b'\\', b'"', b'-', b'9', b'e', 0, 0xff] {
                let mut changed = whole.clone();
                changed[place] = byte;
                read(&changed);
            }
        }
    }

    #[test]
    fn a_checkpoint_without_validation_is_read_again() {
        let json = serde_json::to_string(&Checkpoint::default()).unwrap();
        let again: Checkpoint = serde_json::from_str(&json).unwrap();
        assert_eq!(again.zero_shot, None);
        // As earlier versions wrote it, where nothing could be measured.
        let old = r#"{"file":"f","step":1,"best":null,"best_step":1,"since_best":0,"zero_shot":null,"control":null,
            "worked_s":1.0}"#;
        assert!(serde_json::from_str::<Checkpoint>(old).is_ok());
    }
}
