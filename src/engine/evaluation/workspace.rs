//! Where evaluations are worked on: the one model in memory, and the vectors of those that were asked for last.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::appraise::{AppraiseError, Vectors, model_of, vectors_of};
use super::lane::JobProgress;
use super::open_evaluations::OpenEvaluations;
use crate::clip::Precision;
use crate::engine::Events;
use crate::engine::choice::ModelChoice;
use crate::engine::device::DeviceChoice;
use crate::engine::protocol::Severity;
use crate::engine::session::Session;
use crate::evaluation::{Evaluation, hub_name};
use crate::hub::Cache;
use crate::library::Store;

/// Evaluations whose vectors stay in memory.
const OPEN: usize = 3;
/// Files that are named in a message.
const NAMED: usize = 3;

/// Why a job has no answer, in words; nothing where it was stopped.
pub enum Failure {
    Stopped,
    Said(String),
}

impl From<AppraiseError> for Failure {
    fn from(error: AppraiseError) -> Self {
        match error {
            AppraiseError::Stopped { .. } | AppraiseError::StoppedLater => Self::Stopped,
            error => Self::Said(error.to_string()),
        }
    }
}

impl From<String> for Failure {
    fn from(reason: String) -> Self {
        Self::Said(reason)
    }
}

pub type JobResult<T = ()> = Result<T, Failure>;

/// The model in memory, and vectors.
pub struct Workspace {
    pub evaluations: Arc<OpenEvaluations>,
    events: Events,
    data_dir: Option<PathBuf>,
    session: Option<(ModelChoice, DeviceChoice, Session)>,
    /// By the evaluation; the newest last.
    vectors: Vec<(String, Vectors)>,
}

impl Workspace {
    /// Without a model; the first one that is needed is opened.
    pub fn new(evaluations: Arc<OpenEvaluations>, events: Events, data_dir: Option<PathBuf>) -> Self {
        Self {
            evaluations,
            events,
            data_dir,
            session: None,
            vectors: Vec::new(),
        }
    }

    /// Lets go of the model, after it failed.
    pub fn forget_model(&mut self) {
        self.session = None;
    }

    /// Lets go of what an evaluation's answers come from.
    pub fn forget(&mut self, id: &str) {
        self.vectors.retain(|(other, _)| other != id);
    }

    /// Keeps what an evaluation's answers come from.
    pub fn lay(&mut self, id: &str, vectors: Vectors) {
        self.forget(id);
        self.vectors.push((id.to_owned(), vectors));
        if self.vectors.len() > OPEN {
            self.vectors.remove(0);
        }
    }

    /// The model, opened where another one is in memory.
    pub fn session(&mut self, model: &ModelChoice, device: DeviceChoice) -> JobResult<&mut Session> {
        let there = self
            .session
            .as_ref()
            .is_some_and(|(choice, on, _)| choice == model && *on == device);
        if !there {
            // First the memory of the model before.
            self.session = None;
            // A writer of its own beside the library thread's: batches at the pace of a GPU would stand before folders that
            // somebody opens there, and what was just embedded has to be found again here. See `library::store` for how
            // little two writers wait for each other.
            let store = self.data_dir.as_deref().map(|folder| Store::keeper(Some(folder)));
            let told = self.events.clone();
            let warn = move |text: String| told.message(Severity::Warning, text);
            let session = Session::open(model, device, Precision::Full, store, Box::new(warn));
            let session = session.map_err(|error| Failure::Said(error.to_string()))?;
            self.session = Some((model.clone(), device, session));
        }
        let session = self.session.as_mut().map(|(_, _, session)| session);
        session.ok_or(Failure::Stopped)
    }

    /// The model that an evaluation was made with: where it was, as the Hub calls it, or `open`, whichever is the same one.
    /// None where it is not on this machine: then nothing is answered in its name.
    pub fn model_like(
        &mut self,
        evaluation: &Evaluation,
        device: DeviceChoice,
        open: &ModelChoice,
    ) -> Option<ModelChoice> {
        let own = model_of(evaluation);
        let there = own.path().is_none_or(Path::exists);
        let named = own.path().and_then(hub_name);
        let fetched = named.and_then(|name| Some(Cache::of_this_machine()?.find(&name)?.folder));
        let candidates = there.then_some(own).into_iter().chain(fetched.map(ModelChoice::Path));
        let mut candidates = candidates.chain([open.clone()]).collect::<Vec<_>>();
        candidates.dedup();
        candidates.into_iter().find(|choice| {
            let session = self.session(choice, device);
            session.is_ok_and(|session| is_like(session, evaluation))
        })
    }

    /// The same as a session.
    pub fn session_of(&mut self, evaluation: &Evaluation, device: DeviceChoice) -> JobResult<&mut Session> {
        let own = model_of(evaluation);
        let model = self.model_like(evaluation, device, &own).ok_or_else(|| {
            Failure::Said(format!(
                "{}, the model of \"{}\", is not here as it was. Its numbers stay; for what needs the model, bring it back, or \
                 measure these pictures with the model that is open",
                evaluation.setup.model.name, evaluation.name
            ))
        })?;
        self.session(&model, device)
    }

    /// What an evaluation's answers come from; from memory, from the store, or made anew.
    pub fn vectors(
        &mut self,
        evaluation: &Evaluation,
        device: DeviceChoice,
        progress: &JobProgress,
    ) -> JobResult<&mut Vectors> {
        let id = &evaluation.id;
        match self.vectors.iter().position(|(other, _)| other == id) {
            Some(place) => {
                let own = self.vectors.remove(place);
                self.vectors.push(own);
            }
            None => {
                let session = self.session_of(evaluation, device)?;
                let (vectors, lost) = vectors_of(session, evaluation, progress)?;
                if !lost.is_empty() {
                    self.events.message(Severity::Warning, said_of(evaluation, &lost));
                }
                self.lay(id, vectors);
            }
        }
        let newest = self.vectors.last_mut().map(|(_, vectors)| vectors);
        newest.ok_or(Failure::Stopped)
    }

    /// Works on an evaluation with its model and its vectors.
    pub fn with_session<T>(
        &mut self,
        evaluation: &Evaluation,
        device: DeviceChoice,
        progress: &JobProgress,
        work: impl FnOnce(&mut Session, &mut Vectors) -> Result<T, AppraiseError>,
    ) -> JobResult<T> {
        // For a moment there are two: of what is computed in place, only the classes are large.
        let mut vectors = self.vectors(evaluation, device, progress)?.clone();
        let done = work(self.session_of(evaluation, device)?, &mut vectors)?;
        self.lay(&evaluation.id, vectors);
        Ok(done)
    }
}

/// Whether a session has the model that an evaluation was made with. One that is named by nothing, as in a test, is any.
fn is_like(session: &Session, evaluation: &Evaluation) -> bool {
    let (own, info) = (&evaluation.setup.model, session.loaded.model.info());
    // Elsewhere the same files may compute in another precision, which is another identity.
    let files = info.files.iter().map(|file| (file.name.clone(), file.sha256.clone()));
    own.identity.is_empty()
        || info.identity == own.identity
        || (!own.files.is_empty() && files.eq(own.files.iter().cloned()))
}

fn said_of(evaluation: &Evaluation, lost: &[(PathBuf, String)]) -> String {
    let names: Vec<String> = lost
        .iter()
        .take(NAMED)
        .map(|(path, reason)| format!("{}: {reason}", path.display()))
        .collect();
    let more = if lost.len() > NAMED { ", and others" } else { "" };
    format!(
        "{} of {} pictures of \"{}\" are not what and where they were ({}{more}). Its numbers stay as they were measured; maps \
         and groups leave these pictures out",
        lost.len(),
        evaluation.pictures.len(),
        evaluation.name,
        names.join("; ")
    )
}
