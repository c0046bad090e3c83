//! The evaluations that are open, and where all of them are kept: plain data without vectors, which needs no model.

use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::EvaluationEvent;
use super::desk::{Done, Failure};
use crate::engine::Events;
use crate::engine::protocol::{Event, Severity};
use crate::evaluation::{Books, Evaluation, Listed};

/// Evaluations that stay in memory.
const OPEN: usize = 3;
const NO_FOLDER: &str = "There is no folder for application data: set CLIPSIGHT_DATA_DIR";

/// Open evaluations, and the books of all. Long work and short work share it.
pub struct Shelf {
    events: Events,
    books: Option<Books>,
    /// The newest last. Whoever changes one holds it until it is written.
    open: Mutex<Vec<Arc<Evaluation>>>,
}

impl Shelf {
    /// Nothing is open; without a folder nothing is kept.
    pub fn new(events: Events, data_dir: Option<&Path>) -> Self {
        Self {
            events,
            books: data_dir.map(Books::at),
            open: Mutex::default(),
        }
    }

    /// Tells the window.
    pub fn tell(&self, event: EvaluationEvent) {
        self.events.send(Event::Evaluation(event));
    }

    /// The evaluations that are kept, the newest first.
    pub fn listed(&self) -> Vec<Listed> {
        self.books.as_ref().map_or(Vec::new(), Books::list)
    }

    /// Tells which evaluations are kept.
    pub fn list(&self) {
        self.tell(EvaluationEvent::List(self.listed()));
    }

    /// One as it is kept, with the numbers that it was kept with.
    pub fn open(&self, id: &str) -> Done<Arc<Evaluation>> {
        self.on_top(&mut self.held(), id)
    }

    /// Keeps a new one, and shows it.
    pub fn take(&self, generation: Option<u64>, evaluation: Evaluation) -> Arc<Evaluation> {
        let evaluation = Arc::new(evaluation);
        let mut open = self.held();
        self.saved(&evaluation);
        self.lay(&mut open, evaluation.clone());
        self.show(generation, evaluation.clone());
        self.list();
        evaluation
    }

    /// Changes one: kept, shown, listed.
    pub fn change(&self, id: &str, change: impl FnOnce(&mut Evaluation)) -> Done {
        let mut open = self.held();
        let mut evaluation = self.on_top(&mut open, id)?;
        change(Arc::make_mut(&mut evaluation));
        self.saved(&evaluation);
        self.lay(&mut open, evaluation.clone());
        self.show(None, evaluation);
        self.list();
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
    pub fn delete(&self, id: &str) -> Done {
        let mut open = self.held();
        self.books()?.delete(id)?;
        open.retain(|opened| opened.id != id);
        self.list();
        Ok(())
    }

    /// Brings one back.
    pub fn restore(&self, id: &str) -> Done {
        let _open = self.held();
        self.books()?.restore(id)?;
        self.list();
        Ok(())
    }

    /// Whether one of this name is kept.
    pub fn has(&self, id: &str) -> bool {
        self.books.as_ref().is_some_and(|books| books.has(id))
    }

    fn books(&self) -> Done<&Books> {
        self.books.as_ref().ok_or_else(|| Failure::Said(NO_FOLDER.into()))
    }

    fn held(&self) -> MutexGuard<'_, Vec<Arc<Evaluation>>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn on_top(&self, open: &mut Vec<Arc<Evaluation>>, id: &str) -> Done<Arc<Evaluation>> {
        let there = open.iter().find(|opened| opened.id == id).cloned();
        let evaluation = match there {
            Some(opened) => opened,
            None => Arc::new(self.books()?.open(id)?),
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
    fn saved(&self, evaluation: &Evaluation) {
        if let Some(Err(reason)) = self.books.as_ref().map(|books| books.save(evaluation)) {
            let text = format!("The evaluation cannot be kept: {reason}");
            self.events.message(Severity::Error, text);
        }
    }
}
