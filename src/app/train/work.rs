//! What is at work, and how far it is.

use super::state::Training;
use crate::app::shell::widgets::duration;
use crate::app::train::Page;
use crate::engine::training::trials;

/// What is at work.
#[derive(Debug, Clone, PartialEq)]
pub enum AtWork {
    /// A run, once it has a name.
    Run {
        /// Its name; none before it has one.
        run: Option<String>,
        /// Whether it is held.
        paused: bool,
    },
    /// Something else, and how far it is.
    Other(String, f32),
}

/// What is at work, as the bar at the bottom tells it.
#[derive(Debug, Clone, PartialEq)]
pub struct Work {
    what: String,
    /// The share that is done.
    pub done: f32,
    left_s: Option<f32>,
    paused: bool,
    /// Where it is shown.
    pub page: Page,
}

impl Work {
    /// In words: what, how far, and how long it still takes.
    pub fn words(&self) -> String {
        format!("{}: {}", self.what, self.how_far())
    }

    /// The same without what it is.
    pub fn state_words(&self) -> String {
        let state = if self.paused { "" } else { "running, " };
        format!("{state}{}", self.how_far())
    }

    fn how_far(&self) -> String {
        let done = format!("{:.0} %", 100.0 * self.done);
        match self.left_s {
            _ if self.paused => format!("{done}, paused"),
            Some(left) if left > 0.0 => format!("{done}, {} left", duration(f64::from(left))),
            _ => done,
        }
    }
}

impl Training {
    /// Whether this run is at work in this window, and whether it is held.
    pub fn working_on(&self, run: &str) -> Option<bool> {
        match &self.at_work {
            Some(AtWork::Run {
                run: Some(name),
                paused,
            }) if name == run => Some(*paused),
            _ => None,
        }
    }

    /// Whether a run is at work or about to start.
    pub fn has_run(&self) -> bool {
        matches!(self.at_work, Some(AtWork::Run { .. }))
    }

    /// Whether the run that is at work is held; none where no run is at work.
    pub fn paused(&self) -> Option<bool> {
        match &self.at_work {
            Some(AtWork::Run { paused, .. }) => Some(*paused),
            _ => None,
        }
    }

    /// What is at work, for those who look at something else.
    pub fn work(&self) -> Option<Work> {
        match self.at_work.as_ref()? {
            AtWork::Other(what, done) => Some(Work {
                what: what.clone(),
                done: *done,
                left_s: None,
                paused: false,
                page: self.page.clone(),
            }),
            AtWork::Run { run: None, .. } => Some(Work {
                what: "A run is about to start".into(),
                done: 0.0,
                left_s: None,
                paused: false,
                page: self.page.clone(),
            }),
            AtWork::Run { run: Some(run), paused } => Some(self.run_work(run, *paused)),
        }
    }

    /// Which trial of a search is at work, and of how many; none where one setting is trained with.
    pub fn trial_at_work(&self, run: &str) -> Option<(usize, usize)> {
        let (record, curves) = (self.record(run)?, self.curves.get(run)?);
        let (step, steps) = curves.step;
        let count = trials(&record.config).ok()?.len();
        let length = (steps / count.max(1)).max(1);
        (count > 1).then(|| ((step.saturating_sub(1) / length + 1).min(count), count))
    }

    fn run_work(&self, run: &str, paused: bool) -> Work {
        let curves = self.curves.get(run);
        let preparing = curves.and_then(|curves| curves.preparing.as_ref());
        let (step, steps) = curves.map_or((0, 0), |curves| curves.step);
        let name = self.record(run).map_or(run, |record| record.name.as_str());
        Work {
            what: match (preparing, self.trial_at_work(run)) {
                (Some((what, _)), _) => format!("{name}, {}", what.to_lowercase()),
                (None, Some((trial, trials))) => format!("{name}, trial {trial} of {trials}"),
                (None, None) => name.to_owned(),
            },
            done: preparing.map_or(step as f32 / steps.max(1) as f32, |(_, done)| *done),
            left_s: curves.and_then(|curves| curves.pace).map(|(_, left)| left),
            paused,
            page: Page::Run(run.to_owned()),
        }
    }
}
