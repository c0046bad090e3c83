//! Does what needs a model or the pictures themselves, a job after the other.

mod files;
mod looks;
mod pictures;
#[cfg(test)]
mod tests;

use std::path::PathBuf;
use std::sync::Arc;

use crossbeam_channel::Sender;

use super::appraise::{Appraised, Vectors, appraise, appraise_again, ground_truth, none_is_here, unchanged};
use super::guess::guess;
use super::lane::{Job, JobProgress, Orders};
use super::map::MapJob;
use super::open_evaluations::OpenEvaluations;
use super::revise::{against_negatives, called};
use super::study::study_prompts;
use super::workspace::{Failure, JobResult, Workspace};
use super::{AppraiseError, EvaluationEvent, EvaluationRequest};
use crate::engine::Events;
use crate::engine::device::DeviceChoice;
use crate::engine::protocol::Severity;
use crate::engine::session::Session;
use crate::evaluation::{Changed, Class, Evaluation};
use crate::fine_tune::run::RunSignals;
use crate::logging::{panic_text, place as log_place};

const STOPPED: &str = "It was stopped; the pictures that are embedded will not be embedded again";

/// Takes jobs from the lane.
pub struct Worker {
    events: Events,
    orders: Arc<Orders>,
    control: Arc<RunSignals>,
    maps: Sender<MapJob>,
    workspace: Workspace,
}

impl Worker {
    /// Without a model; without a folder nothing is kept.
    pub fn new(
        evaluations: Arc<OpenEvaluations>,
        orders: Arc<Orders>,
        events: Events,
        data_dir: Option<PathBuf>,
        control: Arc<RunSignals>,
        maps: Sender<MapJob>,
    ) -> Self {
        Self {
            orders,
            control,
            maps,
            workspace: Workspace::new(evaluations, events.clone(), data_dir),
            events,
        }
    }

    pub fn step(&mut self, job: Job) {
        let number = job.number;
        if self.orders.wants(number) {
            let done = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| self.work(job)));
            match done {
                Ok(Ok(()) | Err(Failure::Stopped)) => {}
                Ok(Err(Failure::Said(reason))) => self.events.message(Severity::Error, reason),
                Err(panic) => {
                    // What was half done is not gone on with.
                    self.workspace.forget_model();
                    let reason = panic_text(panic.as_ref());
                    let text = format!("Evaluating failed unexpectedly ({reason}); {}", log_place());
                    self.events.message(Severity::Error, text);
                }
            }
        }
        if self.orders.is_last(number) {
            self.workspace.evaluations.tell(EvaluationEvent::Idle);
        }
    }

    fn work(&mut self, job: Job) -> JobResult {
        let progress = JobProgress::of(job.number, &self.events, &self.orders, &self.control);
        let mut task = Task {
            number: job.number,
            device: job.device,
            progress: &progress,
            orders: &self.orders,
            maps: &self.maps,
            evaluations: self.workspace.evaluations.clone(),
            workspace: &mut self.workspace,
        };
        task.answer(job.request)
    }
}

/// One job at work.
struct Task<'a> {
    number: u64,
    device: DeviceChoice,
    progress: &'a JobProgress,
    orders: &'a Arc<Orders>,
    maps: &'a Sender<MapJob>,
    evaluations: Arc<OpenEvaluations>,
    workspace: &'a mut Workspace,
}

impl Task<'_> {
    fn answer(&mut self, request: EvaluationRequest) -> JobResult {
        match request {
            EvaluationRequest::Evaluate { .. }
            | EvaluationRequest::Again { .. }
            | EvaluationRequest::Guess { .. }
            | EvaluationRequest::Import { .. } => self.make(request),
            EvaluationRequest::Call { .. }
            | EvaluationRequest::StudyPrompts(_)
            | EvaluationRequest::Negatives(..)
            | EvaluationRequest::LookThrough(_) => self.add(request),
            EvaluationRequest::Explain { .. }
            | EvaluationRequest::SaveCards { .. }
            | EvaluationRequest::Nearest { .. } => self.show_pictures(request),
            EvaluationRequest::Export { .. } => self.export(request),
            other => self.look(other),
        }
    }

    /// New evaluations, and answers to pictures of which nobody knows what they show.
    fn make(&mut self, request: EvaluationRequest) -> JobResult {
        match request {
            EvaluationRequest::Evaluate { generation, config } => self.evaluate(generation, |task| {
                let (truth, templates) = ground_truth(&config, None)?;
                let session = task.workspace.session(&config.model, task.device)?;
                Ok(appraise(session, &config, truth, templates, task.progress)?)
            }),
            EvaluationRequest::Again { generation, id, model } => self.evaluate(generation, |task| {
                let kept = task.evaluations.open(&id)?;
                // What was said of a file is not said of another one in its place.
                let (here, lost) = unchanged(&kept);
                if here.is_empty() {
                    return Err(AppraiseError::from(none_is_here(&kept)).into());
                }
                let session = task.workspace.session(&model, task.device)?;
                let mut now = appraise_again(session, &kept, &here, model, task.progress)?;
                now.evaluation.problems.extend(lost);
                Ok(now)
            }),
            EvaluationRequest::Guess {
                generation,
                folder,
                labels,
                templates,
                model,
            } => {
                let session = self.workspace.session(&model, self.device)?;
                let guessed = match guess(session, &folder, &labels, &templates, self.progress).map_err(Failure::from) {
                    Ok(mut guessed) => {
                        guessed.given = self.evaluations.given(&guessed.folder, &guessed.labels);
                        Ok(Arc::new(guessed))
                    }
                    Err(Failure::Said(reason)) => Err(reason),
                    Err(Failure::Stopped) => Err(STOPPED.into()),
                };
                self.evaluations.tell(EvaluationEvent::Guessed { generation, guessed });
                Ok(())
            }
            EvaluationRequest::Import { file, pictures, model } => self.import(&file, &pictures, &model),
            _ => Ok(()),
        }
    }

    /// What an evaluation is completed by after it was made.
    fn add(&mut self, request: EvaluationRequest) -> JobResult {
        match request {
            EvaluationRequest::Call { id, class } => self.call(&id, class),
            EvaluationRequest::StudyPrompts(id) => {
                let progress = self.progress;
                let study = self.with_session(&id, |session, evaluation, vectors| {
                    study_prompts(session, evaluation, vectors, progress)
                })?;
                self.evaluations
                    .change(&id, Changed::All, |evaluation| evaluation.prompts = Some(study))
            }
            EvaluationRequest::Negatives(id, folder) => {
                let progress = self.progress;
                let (found, problems) = self.with_session(&id, |session, _, vectors| {
                    against_negatives(session, vectors, &folder, progress)
                })?;
                self.evaluations.change(&id, Changed::All, |evaluation| {
                    evaluation.negatives = Some(found);
                    evaluation.problems.extend(problems);
                })
            }
            EvaluationRequest::LookThrough(id) => self.look_through(&id),
            _ => Ok(()),
        }
    }

    fn call(&mut self, id: &str, class: Class) -> JobResult {
        let found = self.with_session(id, |session, evaluation, vectors| {
            called(session, evaluation, vectors, class)
        })?;
        self.evaluations
            .change(id, Changed::All, |evaluation| found.apply(evaluation))
    }

    fn vectors(&mut self, evaluation: &Evaluation) -> JobResult<&Vectors> {
        Ok(self.workspace.vectors(evaluation, self.device, self.progress)?)
    }

    /// Works on an evaluation with its model.
    fn with_session<T>(
        &mut self,
        id: &str,
        work: impl FnOnce(&mut Session, &Evaluation, &mut Vectors) -> Result<T, AppraiseError>,
    ) -> JobResult<T> {
        let evaluation = self.evaluations.open(id)?;
        self.workspace
            .with_session(&evaluation, self.device, self.progress, |session, vectors| {
                work(session, &evaluation, vectors)
            })
    }

    /// Makes an evaluation; where there is none, the window hears why.
    fn evaluate(&mut self, generation: u64, make: impl FnOnce(&mut Self) -> JobResult<Appraised>) -> JobResult {
        let (reason, done) = match make(self) {
            Ok(made) => {
                self.workspace.lay(&made.evaluation.id, made.vectors);
                self.evaluations.take(Some(generation), made.evaluation);
                return Ok(());
            }
            Err(Failure::Said(reason)) => (reason, Ok(())),
            Err(Failure::Stopped) => (STOPPED.into(), Err(Failure::Stopped)),
        };
        self.evaluations.tell(EvaluationEvent::Evaluated {
            generation: Some(generation),
            evaluation: Err(reason),
        });
        done
    }
}
