//! What the window knows about training.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::app::train::{Curves, Page};
use crate::engine::ModelChoice;
use crate::engine::protocol::{Generation, ScreenImage};
use crate::engine::training::{
    BlendPoint, Board, Comparison, Estimate, FineTuneMethod, KShot, Previewed, RunConfig, RunEvent, RunRecord,
    TrainingEvent,
};

/// A picture with its text, on the board.
pub type Pair = (PathBuf, String);

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

/// What the window knows about training.
pub struct Training {
    /// What is shown.
    pub page: Page,
    /// The run that is set up; learns from the model that is loaded.
    pub draft: RunConfig,
    /// Counts previews and estimates that were asked for: answers to older ones are dropped.
    pub preview_asked: Generation,
    pub estimate_asked: Generation,
    /// What it would learn from.
    pub previewed: Option<Result<Arc<Previewed>, String>>,
    /// What it would take.
    pub estimate: Option<Estimate>,
    /// The runs, the newest first.
    pub runs: Vec<RunRecord>,
    /// The curves of runs that were looked at.
    pub curves: BTreeMap<String, Curves>,
    /// What is at work.
    pub at_work: Option<AtWork>,
    /// Runs side by side.
    pub compared: Vec<String>,
    /// The run that was deleted last, and its name for people.
    pub deleted: Option<(String, String)>,
    /// The run that is being written elsewhere.
    pub exported: Option<String>,
    /// A run's name and note while they are typed.
    pub description: Option<(String, String, String)>,
    /// Accuracy of blends, of the run that was measured last.
    pub blends: Option<(String, Vec<BlendPoint>)>,
    /// Where the slider between the models stands, of the run whose page was opened last.
    pub blend: Option<(String, f32)>,
    /// Runs side by side, each against the first: what their answers to the same test pictures say.
    pub contrasts: Vec<(String, Option<Comparison>)>,
    /// Accuracies against the number of shots.
    pub shots: Vec<KShot>,
    /// The board's pictures and texts.
    pub pairs: Vec<Pair>,
    /// The board.
    pub board: Option<(Arc<Board>, Arc<Vec<ScreenImage>>)>,
}

impl Default for Training {
    fn default() -> Self {
        Self {
            page: Page::default(),
            draft: RunConfig::new(FineTuneMethod::LinearProbe, PathBuf::new()),
            preview_asked: 0,
            estimate_asked: 0,
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
            board: None,
        }
    }
}

impl Training {
    /// A run's record.
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
            TrainingEvent::Previewed { generation, previewed } if generation == self.preview_asked => {
                self.previewed = Some(previewed.map(Arc::from));
            }
            TrainingEvent::Estimated { generation, estimate } if generation == self.estimate_asked => {
                self.estimate = Some(estimate);
            }
            TrainingEvent::Previewed { .. } | TrainingEvent::Estimated { .. } => {}
            TrainingEvent::KShot(point) => self.shots.push(point),
            TrainingEvent::Contrasts(contrasts) => self.contrasts = contrasts,
            TrainingEvent::Blends { run, points } => self.blends = Some((run, points)),
            TrainingEvent::Board(board, pictures) => self.board = Some((Arc::from(board), Arc::new(pictures))),
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
