//! The evaluations that are open, and where all of them are kept: plain data without vectors, which needs no model.

use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::EvaluationEvent;
use super::workspace::{Failure, JobResult};
use crate::engine::Events;
use crate::engine::protocol::{Event, Severity};
use crate::evaluation::{Changed, Evaluation, EvaluationStore, Listed};

/// Evaluations that stay in memory.
const OPEN: usize = 3;
const NO_FOLDER: &str = "There is no folder for application data: set CLIPSIGHT_DATA_DIR";

/// Open evaluations, and the store of all. Long work and short work share it.
pub struct OpenEvaluations {
    events: Events,
    store: Option<EvaluationStore>,
    /// The newest last. Whoever changes one holds it until it is written.
    open: Mutex<Vec<Arc<Evaluation>>>,
}

impl OpenEvaluations {
    /// Nothing is open; without a folder nothing is kept.
    pub fn new(events: Events, data_dir: Option<&Path>) -> Self {
        Self {
            events,
            store: data_dir.map(EvaluationStore::at),
            open: Mutex::default(),
        }
    }

    pub fn tell(&self, event: EvaluationEvent) {
        self.events.send(Event::Evaluation(event));
    }

    /// The evaluations that are kept, the newest first.
    pub fn listed(&self) -> Vec<Listed> {
        self.store.as_ref().map_or(Vec::new(), EvaluationStore::list)
    }

    /// Tells which evaluations are kept.
    pub fn list(&self) {
        self.tell(EvaluationEvent::List(self.listed()));
    }

    /// One as it is kept, with the numbers that it was kept with.
    pub fn open(&self, id: &str) -> JobResult<Arc<Evaluation>> {
        self.on_top(&mut self.held(), id)
    }

    /// Keeps a new one, and shows it.
    pub fn take(&self, generation: Option<u64>, evaluation: Evaluation) -> Arc<Evaluation> {
        let evaluation = Arc::new(evaluation);
        let mut open = self.held();
        self.said(|store| store.save(&evaluation));
        self.lay(&mut open, evaluation.clone());
        self.show(generation, evaluation.clone());
        self.list();
        evaluation
    }

    /// Changes one: kept, shown, and listed where its line may be another one now.
    pub fn change(&self, id: &str, changed: Changed, change: impl FnOnce(&mut Evaluation)) -> JobResult {
        let mut open = self.held();
        let mut evaluation = self.on_top(&mut open, id)?;
        change(Arc::make_mut(&mut evaluation));
        self.said(|store| store.save_changed(&evaluation, changed));
        self.lay(&mut open, evaluation.clone());
        self.show(None, evaluation);
        if matches!(changed, Changed::Name | Changed::All) {
            self.list();
        }
        Ok(())
    }

    /// Shows one as it is.
    pub fn show(&self, generation: Option<u64>, evaluation: Arc<Evaluation>) {
        self.tell(EvaluationEvent::Evaluated {
            generation,
            evaluation: Ok(evaluation),
        });
    }

    /// Puts one aside.
    pub fn delete(&self, id: &str) -> JobResult {
        let mut open = self.held();
        self.store()?.delete(id)?;
        open.retain(|opened| opened.id != id);
        self.list();
        Ok(())
    }

    /// Brings one back.
    pub fn restore(&self, id: &str) -> JobResult {
        let _open = self.held();
        self.store()?.restore(id)?;
        self.list();
        Ok(())
    }

    /// Whether one of this name is kept.
    pub fn has(&self, id: &str) -> bool {
        self.store.as_ref().is_some_and(|store| store.has(id))
    }

    fn store(&self) -> JobResult<&EvaluationStore> {
        self.store.as_ref().ok_or_else(|| Failure::Said(NO_FOLDER.into()))
    }

    fn held(&self) -> MutexGuard<'_, Vec<Arc<Evaluation>>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn on_top(&self, open: &mut Vec<Arc<Evaluation>>, id: &str) -> JobResult<Arc<Evaluation>> {
        let there = open.iter().find(|opened| opened.id == id).cloned();
        let evaluation = match there {
            Some(opened) => opened,
            None => Arc::new(self.store()?.open(id)?),
        };
        self.lay(open, evaluation.clone());
        Ok(evaluation)
    }

    fn lay(&self, open: &mut Vec<Arc<Evaluation>>, evaluation: Arc<Evaluation>) {
        open.retain(|opened| opened.id != evaluation.id);
        open.push(evaluation);
        if open.len() > OPEN {
            open.remove(0);
        }
    }

    /// What cannot be kept is said, and still shown.
    fn said(&self, save: impl FnOnce(&EvaluationStore) -> Result<(), String>) {
        if let Some(Err(reason)) = self.store.as_ref().map(save) {
            let text = format!("The evaluation cannot be kept: {reason}");
            self.events.message(Severity::Error, text);
        }
    }
}
