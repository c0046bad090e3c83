//! A run's events as curves and numbers.

use crate::app::train::Pair;
use crate::engine::training::{Flip, RunEvent};

/// Step and value.
pub type Points = Vec<[f64; 2]>;

/// What a run said, as it is drawn.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Curves {
    /// The loss on what is learnt from.
    pub loss: Points,
    /// The loss on the validation side.
    pub validation_loss: Points,
    /// Accuracy on the validation side; recall for captions.
    pub accuracy: Points,
    /// Accuracy on the control set.
    pub control: Points,
    /// Recall at 1 from pictures to texts, and from texts to pictures.
    pub recall: (Points, Points),
    /// The learning rate.
    pub learning_rate: Points,
    /// exp(logit_scale).
    pub logit_scale: Points,
    /// Accuracy on the validation side before the run.
    pub zero_shot: Option<f64>,
    /// Pictures on the validation side.
    pub n_validation: usize,
    /// The settings and the step of what is kept so far: the best on the validation side.
    pub kept: Option<(Vec<(String, f64)>, usize)>,
    /// Cosines of pictures and texts, as last measured.
    pub board: Option<Vec<Vec<f32>>>,
    /// Its pictures and texts; none of runs from before they were kept.
    pub board_pairs: Vec<Pair>,
    /// Pictures that are answered otherwise than before.
    pub flips: Vec<Flip>,
    /// Steps that are done, and altogether.
    pub step: (usize, usize),
    /// Pictures per second, and seconds left.
    pub pace: Option<(f32, f32)>,
    /// What is done before the first step, and how far it is.
    pub preparing: Option<(String, f32)>,
    /// After which step the last checkpoint was written.
    pub checkpoint: Option<usize>,
    /// What was tried, where several settings were.
    pub trials: Vec<Trial>,
}

/// One of several settings that a run tries.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Trial {
    /// The settings.
    pub settings: Vec<(String, f64)>,
    /// The best accuracy on the validation side.
    pub accuracy: f64,
}

impl Curves {
    /// Of the events that a run has had.
    pub fn of(events: &[RunEvent]) -> Self {
        let mut curves = Self::default();
        events.iter().for_each(|event| curves.add(event));
        curves
    }

    /// Takes one more event.
    pub fn add(&mut self, event: &RunEvent) {
        match event {
            RunEvent::Preparing { what, done, .. } => self.preparing = Some((what.clone(), *done)),
            RunEvent::Started {
                steps,
                step,
                zero_shot,
                control,
                n_validation,
                ..
            } => {
                self.preparing = None;
                self.n_validation = *n_validation;
                self.forget_from(*step);
                self.step = (step.saturating_sub(1), *steps);
                self.zero_shot = zero_shot.map(f64::from);
                if self.accuracy.is_empty() {
                    self.accuracy.extend(self.zero_shot.map(|share| [0.0, share]));
                    self.control.extend(control.map(|share| [0.0, f64::from(share)]));
                }
            }
            RunEvent::Step {
                step,
                steps,
                loss,
                learning_rate,
                logit_scale,
                pictures_per_s,
                seconds_left,
                ..
            } => {
                let x = *step as f64;
                self.step = (*step, *steps);
                self.pace = Some((*pictures_per_s, *seconds_left));
                self.loss.push([x, f64::from(*loss)]);
                self.learning_rate.extend(learning_rate.map(|rate| [x, rate]));
                self.logit_scale.extend(logit_scale.map(|scale| [x, f64::from(scale)]));
            }
            RunEvent::Validation { .. } => self.validated(event),
            RunEvent::Checkpoint { step, .. } => self.checkpoint = Some(*step),
            RunEvent::Done { .. } | RunEvent::Failed { .. } => {
                self.preparing = None;
                self.pace = None;
            }
            RunEvent::Data { .. } | RunEvent::Paused { .. } => {}
        }
    }

    fn validated(&mut self, event: &RunEvent) {
        let RunEvent::Validation {
            step,
            loss,
            accuracy,
            control,
            recall,
            board,
            board_pairs,
            flips,
            trial,
            best,
            ..
        } = event
        else {
            return;
        };
        let at = |value: f32| [*step as f64, f64::from(value)];
        self.validation_loss.extend(loss.map(at));
        self.accuracy.extend(accuracy.map(at));
        self.control.extend(control.map(at));
        self.tried(trial, accuracy.map_or(0.0, f64::from));
        if *best {
            self.kept = Some((trial.clone(), *step));
        }
        if let Some((to_texts, to_pictures)) = recall {
            self.recall.0.push(at(*to_texts));
            self.recall.1.push(at(*to_pictures));
        }
        self.board.clone_from(board);
        self.board_pairs.clone_from(board_pairs);
        self.flips.clone_from(flips);
    }

    fn tried(&mut self, settings: &[(String, f64)], accuracy: f64) {
        if settings.is_empty() {
            return;
        }
        match self.trials.iter_mut().find(|trial| trial.settings == settings) {
            Some(trial) => trial.accuracy = trial.accuracy.max(accuracy),
            None => self.trials.push(Trial {
                settings: settings.to_vec(),
                accuracy,
            }),
        }
    }

    /// Where the trial that is kept stands among the trials.
    pub fn kept_trial(&self) -> Option<usize> {
        let (settings, _) = self.kept.as_ref()?;
        self.trials.iter().position(|trial| trial.settings == *settings)
    }

    /// A resumed run goes back to its last checkpoint.
    fn forget_from(&mut self, step: usize) {
        let all = [
            &mut self.loss,
            &mut self.validation_loss,
            &mut self.accuracy,
            &mut self.control,
            &mut self.recall.0,
            &mut self.recall.1,
            &mut self.learning_rate,
            &mut self.logit_scale,
        ];
        for points in all {
            points.retain(|point| point[0] < step as f64);
        }
    }
}

/// A curve of a search, cut into its trials, each from its own first step on; `length` is that of a trial. With the places
/// of the trials.
pub fn by_trial(points: &[[f64; 2]], length: usize) -> Vec<(usize, Points)> {
    let mut trials: Vec<(usize, Points)> = Vec::new();
    let length = length.max(1);
    for &[step, value] in points.iter().filter(|point| point[0] >= 1.0) {
        let trial = (step as usize - 1) / length;
        let point = [step - (trial * length) as f64, value];
        match trials.last_mut() {
            Some((last, points)) if *last == trial => points.push(point),
            _ => trials.push((trial, vec![point])),
        }
    }
    trials
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_search_is_not_one_curve() {
        // Trials of three steps; the second is given up after its first, and zero-shot is no trial.
        let points = [
            [0.0, 0.5],
            [1.0, 0.1],
            [2.0, 0.2],
            [3.0, 0.3],
            [4.0, 0.4],
            [7.0, 0.7],
            [9.0, 0.9],
        ];
        let trials = by_trial(&points, 3);
        assert_eq!(
            trials,
            [
                (0, vec![[1.0, 0.1], [2.0, 0.2], [3.0, 0.3]]),
                (1, vec![[1.0, 0.4]]),
                (2, vec![[1.0, 0.7], [3.0, 0.9]])
            ]
        );
    }

    #[test]
    fn what_is_kept_is_what_the_run_said_was_best() {
        let tried = |step, rate, accuracy, best| RunEvent::Validation {
            run: "lora-1".into(),
            step,
            loss: None,
            accuracy,
            control: None,
            recall: None,
            board: None,
            board_pairs: Vec::new(),
            flips: Vec::new(),
            best,
            trial: vec![("learning-rate".into(), rate)],
        };
        let curves = Curves::of(&[
            tried(1, 0.1, Some(0.5), true),
            tried(2, 0.2, Some(0.9), true),
            tried(3, 0.3, Some(0.9), false),
        ]);
        assert_eq!((curves.kept_trial(), curves.trials.len()), (Some(1), 3));
    }

    fn step(step: usize) -> RunEvent {
        RunEvent::Step {
            run: "lora-1".into(),
            step,
            steps: 9,
            loss: 1.0 / step as f32,
            learning_rate: Some(0.1),
            logit_scale: None,
            gradient_norm: None,
            pictures_per_s: 10.0,
            seconds_left: 3.0,
        }
    }

    #[test]
    fn a_resumed_run_draws_no_step_twice() {
        let started = |step| RunEvent::Started {
            run: "lora-1".into(),
            steps: 9,
            step,
            n_train: 6,
            n_validation: 3,
            n_test: 3,
            zero_shot: Some(0.5),
            control: Some(0.9),
        };
        let curves = Curves::of(&[started(1), step(1), step(2), step(3), started(3), step(3)]);
        let steps: Vec<f64> = curves.loss.iter().map(|point| point[0]).collect();
        assert_eq!(steps, [1.0, 2.0, 3.0]);
        assert_eq!(
            curves.accuracy,
            [[0.0, 0.5]],
            "the zero-shot line is where the curve begins"
        );
        assert_eq!(curves.step, (3, 9));
    }
}
