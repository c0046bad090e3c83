//! What the window knows about training.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::work::AtWork;
use crate::app::train::{Curves, Page, Reading};
use crate::engine::ModelChoice;
use crate::engine::protocol::Generation;
use crate::engine::training::{
    BlendPoint, Board, Comparison, Estimate, FineTuneMethod, KShot, Preview, RunConfig, RunEvent, RunRecord,
    TrainingEvent,
};

/// A picture with its text, on the board.
pub type Pair = (PathBuf, String);

/// What the window knows about training.
pub struct Training {
    /// What is shown.
    pub(super) page: Page,
    /// The run that is set up; learns from the model that is loaded.
    pub(super) draft: RunConfig,
    /// Counts previews and estimates that were asked for: answers to older ones are dropped.
    pub(super) preview_asked: Generation,
    pub(super) estimate_asked: Generation,
    /// Counts measurements of accuracy against shots.
    pub(super) shots_asked: Generation,
    /// The share of it that is looked through.
    pub(super) looked: f32,
    /// What it would learn from.
    pub(super) previewed: Option<Result<Arc<Preview>, String>>,
    /// What it would take.
    pub(super) estimate: Option<Estimate>,
    /// The runs, the newest first.
    pub(super) runs: Vec<RunRecord>,
    /// The curves of runs that were looked at.
    pub(super) curves: BTreeMap<String, Curves>,
    /// What is at work.
    pub(super) at_work: Option<AtWork>,
    /// Runs side by side.
    pub(super) compared: Vec<String>,
    /// The run that was deleted last, and its name for people.
    pub(super) deleted: Option<(String, String)>,
    /// The run that is being written elsewhere.
    pub(super) exported: Option<String>,
    /// A run's name and note while they are typed.
    pub(super) description: Option<(String, String, String)>,
    /// Accuracy of blends, of the run that was measured last.
    pub(super) blends: Option<(String, Vec<BlendPoint>)>,
    /// Where the slider between the models stands, of the run whose page was opened last.
    pub(super) blend: Option<(String, f32)>,
    /// Runs side by side, each against the first: what their answers to the same test pictures say.
    pub(super) contrasts: Vec<(String, Option<Comparison>)>,
    /// Accuracies against the number of shots.
    pub(super) shots: Vec<KShot>,
    /// The board's pictures and texts.
    pub(super) pairs: Vec<Pair>,
    /// How the board is read.
    pub(super) reading: Reading,
    /// What was measured of the board's pairs as they are.
    pub(super) board: Option<Arc<Board>>,
    /// The run whose model is being loaded, to be used.
    pub(super) awaited: Option<(PathBuf, String)>,
}

impl Default for Training {
    fn default() -> Self {
        Self {
            page: Page::default(),
            draft: RunConfig::new(FineTuneMethod::LinearProbe, PathBuf::new()),
            preview_asked: 0,
            estimate_asked: 0,
            shots_asked: 0,
            looked: 0.0,
            previewed: None,
            estimate: None,
            runs: Vec::new(),
            curves: BTreeMap::new(),
            at_work: None,
            compared: Vec::new(),
            deleted: None,
            exported: None,
            description: None,
            blends: None,
            blend: None,
            contrasts: Vec::new(),
            shots: Vec::new(),
            pairs: Vec::new(),
            reading: Reading::default(),
            board: None,
            awaited: None,
        }
    }
}

impl Training {
    /// What is shown.
    pub fn page(&self) -> &Page {
        &self.page
    }

    /// What the newest preview, estimate and measurement of shots that were asked for are counted as.
    pub fn asked(&self) -> [Generation; 3] {
        [self.preview_asked, self.estimate_asked, self.shots_asked]
    }

    /// What the run that is set up would learn from, or why it cannot.
    pub fn previewed(&self) -> Option<&Result<Arc<Preview>, String>> {
        self.previewed.as_ref()
    }

    /// What it would take.
    pub fn estimate(&self) -> Option<&Estimate> {
        self.estimate.as_ref()
    }

    /// The runs, the newest first.
    pub fn runs(&self) -> &[RunRecord] {
        &self.runs
    }

    /// The curves of a run that was looked at.
    pub fn curves(&self, run: &str) -> Option<&Curves> {
        self.curves.get(run)
    }

    /// What is at work.
    pub fn at_work(&self) -> Option<&AtWork> {
        self.at_work.as_ref()
    }

    /// The accuracy of blends, of the run that was measured last.
    pub fn blends(&self) -> Option<&[BlendPoint]> {
        self.blends.as_ref().map(|(_, points)| points.as_slice())
    }

    /// The board's pictures and texts.
    pub fn pairs(&self) -> &[Pair] {
        &self.pairs
    }

    /// What is known of a run; none where it does not exist any more.
    pub fn record(&self, run: &str) -> Option<&RunRecord> {
        self.runs.iter().find(|record| record.run == run)
    }

    /// The run whose model this is.
    pub fn run_of(&self, model: &ModelChoice) -> Option<&RunRecord> {
        match model {
            ModelChoice::Starter => None,
            ModelChoice::Path(path) => self.run_at(path),
        }
    }

    /// The run whose model lies there.
    pub fn run_at(&self, path: &Path) -> Option<&RunRecord> {
        self.runs.iter().find(|record| record.model.as_deref() == Some(path))
    }

    /// Where the slider between the models of a run stands: where it was put, else at the blend that is in use.
    pub fn blend_of(&self, record: &RunRecord) -> f32 {
        match &self.blend {
            Some((run, blend)) if *run == record.run => *blend,
            _ => record.blend,
        }
    }

    /// What is said of the run whose model was awaited, now that this one is open.
    pub fn arrived(&mut self, opened: &ModelChoice) -> Option<String> {
        let (path, words) = self.awaited.take()?;
        (*opened == ModelChoice::Path(path)).then_some(words)
    }

    /// Takes what training says.
    pub fn apply(&mut self, event: TrainingEvent) {
        match event {
            TrainingEvent::Runs(runs) => {
                self.compared.retain(|run| runs.iter().any(|record| record.run == *run));
                self.runs = runs;
            }
            TrainingEvent::Events { run, events } => {
                self.curves.insert(run, Curves::of(&events));
            }
            TrainingEvent::Run(event) => self.run_goes_on(&event),
            TrainingEvent::Working { what, done } => self.at_work = Some(AtWork::Other(what, done)),
            TrainingEvent::Idle => self.at_work = None,
            TrainingEvent::Looking { generation, done } if generation == self.preview_asked => self.looked = done,
            TrainingEvent::Previewed { generation, previewed } if generation == self.preview_asked => {
                self.previewed = Some(previewed.map(Arc::from));
            }
            TrainingEvent::Estimated { generation, estimate } if generation == self.estimate_asked => {
                self.estimate = Some(estimate);
            }
            TrainingEvent::KShot { generation, point } if generation == self.shots_asked => self.shots.push(point),
            TrainingEvent::Contrasts { compared, contrasts } if compared == self.compared => {
                self.contrasts = contrasts;
            }
            TrainingEvent::Blends { run, points } => self.blends = Some((run, points)),
            TrainingEvent::Board { pairs, board } if pairs == self.pairs => self.board = Some(Arc::from(board)),
            // Answers to what is not asked any more.
            TrainingEvent::Looking { .. }
            | TrainingEvent::Previewed { .. }
            | TrainingEvent::Estimated { .. }
            | TrainingEvent::KShot { .. }
            | TrainingEvent::Contrasts { .. }
            | TrainingEvent::Board { .. } => {}
        }
    }

    fn run_goes_on(&mut self, event: &RunEvent) {
        let run = event.run().to_owned();
        let paused = matches!(event, RunEvent::Paused { .. });
        let fresh = !matches!(&self.at_work, Some(AtWork::Run { run: Some(name), .. }) if *name == run);
        if fresh {
            // The page of the run that was just started.
            self.page = Page::Run(run.clone());
        }
        self.at_work = Some(AtWork::Run {
            run: Some(run.clone()),
            paused,
        });
        self.curves.entry(run).or_default().add(event);
    }
}
