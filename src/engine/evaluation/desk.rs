//! The evaluations that are open: each with its vectors, beside the model that answers them.

use std::path::PathBuf;
use std::sync::Arc;

use super::appraise::{AppraiseError, Appraised, appraise, ground_truth, model_of};
use super::lane::Heard;
use super::{EvaluationConfig, EvaluationEvent};
use crate::engine::Events;
use crate::engine::choice::ModelChoice;
use crate::engine::device::DeviceChoice;
use crate::engine::protocol::{Event, Precision, Severity};
use crate::engine::session::Session;
use crate::evaluation::{Books, Evaluation};
use crate::library::Store;

/// Evaluations whose vectors stay in memory.
const OPEN: usize = 3;
const NO_FOLDER: &str = "There is no folder for application data: set CLIPSIGHT_DATA_DIR";

/// Why a job has no answer, in words; nothing where it was stopped.
pub enum Failure {
    Stopped,
    Said(String),
}

impl From<AppraiseError> for Failure {
    fn from(error: AppraiseError) -> Self {
        match error {
            AppraiseError::Stopped { .. } => Self::Stopped,
            error => Self::Said(error.to_string()),
        }
    }
}

impl From<String> for Failure {
    fn from(reason: String) -> Self {
        Self::Said(reason)
    }
}

pub type Done<T = ()> = Result<T, Failure>;

/// Open evaluations, where others are kept, and the one model in memory.
pub struct Desk {
    events: Events,
    books: Option<Books>,
    data_dir: Option<PathBuf>,
    session: Option<(ModelChoice, DeviceChoice, Session)>,
    /// The newest last.
    open: Vec<Appraised>,
}

impl Desk {
    /// Nothing is open; without a folder nothing is kept.
    pub fn new(events: Events, data_dir: Option<PathBuf>) -> Self {
        Self {
            events,
            books: data_dir.as_deref().map(Books::at),
            data_dir,
            session: None,
            open: Vec::new(),
        }
    }

    /// Where evaluations are kept.
    pub fn books(&self) -> Done<&Books> {
        self.books.as_ref().ok_or_else(|| Failure::Said(NO_FOLDER.into()))
    }

    /// Tells which evaluations are kept.
    pub fn list(&self) {
        let listed = self.books.as_ref().map_or(Vec::new(), Books::list);
        self.tell(EvaluationEvent::List(listed));
    }

    /// Tells the window.
    pub fn tell(&self, event: EvaluationEvent) {
        self.events.send(Event::Evaluation(event));
    }

    /// Lets go of the model, after it failed.
    pub fn forget_model(&mut self) {
        self.session = None;
    }

    /// Lets go of an evaluation.
    pub fn close(&mut self, id: &str) {
        self.open.retain(|opened| opened.evaluation.id != id);
    }

    /// The model, opened where another one is in memory.
    pub fn session(&mut self, model: &ModelChoice, device: DeviceChoice) -> Done<&mut Session> {
        let there = self
            .session
            .as_ref()
            .is_some_and(|(choice, on, _)| choice == model && *on == device);
        if !there {
            // First the memory of the model before.
            self.session = None;
            let store = self.data_dir.as_deref().map(|folder| Store::keeper(Some(folder)));
            let told = self.events.clone();
            let warn = move |text: String| told.message(Severity::Warning, text);
            let session = Session::open(model, device, Precision::default(), store, Box::new(warn));
            let session = session.map_err(|error| Failure::Said(error.to_string()))?;
            self.session = Some((model.clone(), device, session));
        }
        let session = self.session.as_mut().map(|(_, _, session)| session);
        session.ok_or(Failure::Stopped)
    }

    /// Takes what was evaluated: kept, shown, listed.
    pub fn take(&mut self, generation: Option<u64>, appraised: Appraised) {
        let evaluation = Arc::new(appraised.evaluation.clone());
        self.lay(appraised);
        self.saved(&evaluation);
        self.show(generation, evaluation);
        self.list();
    }

    fn lay(&mut self, appraised: Appraised) {
        self.close(&appraised.evaluation.id);
        self.open.push(appraised);
        if self.open.len() > OPEN {
            self.open.remove(0);
        }
    }

    /// What cannot be kept is said, and still shown.
    fn saved(&self, evaluation: &Evaluation) {
        if let Some(Err(reason)) = self.books.as_ref().map(|books| books.save(evaluation)) {
            let text = format!("The evaluation cannot be kept: {reason}");
            self.events.message(Severity::Error, text);
        }
    }

    /// Shows an evaluation as it is now.
    pub fn show(&self, generation: Option<u64>, evaluation: Arc<Evaluation>) {
        self.tell(EvaluationEvent::Evaluated {
            generation,
            evaluation: Ok(evaluation),
        });
    }

    /// One with its vectors; those that are not in memory come from the store, or are made anew.
    pub fn opened(&mut self, id: &str, device: DeviceChoice, heard: &Heard) -> Done<&mut Appraised> {
        if let Some(place) = self.open.iter().position(|opened| opened.evaluation.id == id) {
            let opened = self.open.remove(place);
            self.open.push(opened);
        } else {
            let kept = self.books()?.open(id)?;
            let appraised = self.again(kept, device, heard)?;
            self.lay(appraised);
        }
        self.open.last_mut().ok_or(Failure::Stopped)
    }

    /// An evaluation that was kept, with vectors of this moment. Its own numbers stay; where others come out now, it is
    /// said.
    fn again(&mut self, kept: Evaluation, device: DeviceChoice, heard: &Heard) -> Done<Appraised> {
        let config = config_of(&kept, model_of(&kept));
        let (truth, templates) = ground_truth(&config, None)?;
        let session = self.session(&config.model, device)?;
        let mut now = appraise(session, &config, truth, templates, heard)?;
        let fresh = &mut now.evaluation;
        let same = fresh.setup.data == kept.setup.data;
        if let Some(changed) = what_changed(&kept, fresh) {
            self.events.message(Severity::Warning, changed);
        }
        fresh.id = kept.id;
        fresh.name = kept.name;
        fresh.note = kept.note;
        fresh.setup.date = kept.setup.date;
        if same {
            fresh.marks = kept.marks;
            fresh.facts = kept.facts;
            fresh.prompts = kept.prompts;
            fresh.negatives = kept.negatives;
        }
        Ok(now)
    }

    /// Changes an evaluation: kept, shown, listed.
    pub fn change(
        &mut self,
        id: &str,
        device: DeviceChoice,
        heard: &Heard,
        change: impl FnOnce(&mut Evaluation),
    ) -> Done {
        let opened = self.opened(id, device, heard)?;
        change(&mut opened.evaluation);
        let evaluation = Arc::new(opened.evaluation.clone());
        self.saved(&evaluation);
        self.show(None, evaluation);
        self.list();
        Ok(())
    }

    /// Works on an evaluation with its model.
    pub fn with_session<T>(
        &mut self,
        id: &str,
        device: DeviceChoice,
        heard: &Heard,
        work: impl FnOnce(&mut Session, &mut Appraised) -> Result<T, AppraiseError>,
    ) -> Done<T> {
        self.opened(id, device, heard)?;
        let Some(mut opened) = self.open.pop() else {
            return Err(Failure::Stopped);
        };
        let session = self.session(&model_of(&opened.evaluation), device);
        let done = session.and_then(|session| Ok(work(session, &mut opened)?));
        self.open.push(opened);
        done
    }

    /// The same, of work that changes it.
    pub fn change_with_session(
        &mut self,
        id: &str,
        device: DeviceChoice,
        heard: &Heard,
        work: impl FnOnce(&mut Session, &mut Appraised) -> Result<(), AppraiseError>,
    ) -> Done {
        self.with_session(id, device, heard, work)?;
        self.change(id, device, heard, |_| {})
    }
}

/// Why numbers of before need not come out again; none where all is as it was.
fn what_changed(kept: &Evaluation, now: &Evaluation) -> Option<String> {
    if now.setup.data != kept.setup.data {
        Some(format!(
            "The pictures of \"{}\" are not what they were: files are missing, new or changed. What is shown is measured on \
             those that are there now",
            kept.name
        ))
    } else if now.setup.model.identity != kept.setup.model.identity {
        Some(format!(
            "The model of \"{}\" is not what it was; what is shown is what it answers now",
            kept.name
        ))
    } else {
        None
    }
}

/// The same with another model.
pub fn config_of(evaluation: &Evaluation, model: ModelChoice) -> EvaluationConfig {
    let setup = &evaluation.setup;
    EvaluationConfig {
        folder: setup.folder.clone(),
        wanted: setup.wanted.clone(),
        part: setup.part,
        classes: evaluation.classes.clone(),
        templates: Some(setup.templates.clone()),
        preset: setup.preset.clone(),
        model,
        negatives: None,
        name: String::new(),
    }
}
