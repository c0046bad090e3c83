//! The evaluations that are open, and where all of them are kept: plain data without vectors, which needs no model.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::EvaluationEvent;
use super::workspace::{Failure, JobResult};
use crate::engine::Events;
use crate::engine::protocol::{Event, Severity};
use crate::evaluation::{Changed, Evaluation, EvaluationStore, GivenLabel, Listed};

/// Evaluations that stay in memory.
const OPEN: usize = 3;
const NO_FOLDER: &str = "There is no folder for application data: set CLIPSIGHT_DATA_DIR";

/// Open evaluations, and the store of all. Long work and short work share it.
pub struct OpenEvaluations {
    events: Events,
    store: Option<EvaluationStore>,
    /// The newest last. Whoever changes one holds it until it is written.
    open: Mutex<Vec<Arc<Evaluation>>>,
    /// Those of which the last change could not be written.
    unkept: Mutex<BTreeSet<String>>,
    /// Of the folder that is given labels.
    known: Mutex<Known>,
}

/// Pictures of a folder of which this window knows that somebody said what they show.
#[derive(Default)]
struct Known {
    folder: PathBuf,
    labels: Vec<String>,
    pictures: BTreeSet<PathBuf>,
}

impl OpenEvaluations {
    /// Nothing is open; without a folder nothing is kept.
    pub fn new(events: Events, data_dir: Option<&Path>) -> Self {
        Self {
            events,
            store: data_dir.map(EvaluationStore::at),
            open: Mutex::default(),
            unkept: Mutex::default(),
            known: Mutex::default(),
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
        self.keep(&evaluation, |store| store.save(&evaluation));
        self.lay(&mut open, evaluation.clone());
        self.show(generation, evaluation.clone());
        self.list();
        evaluation
    }

    /// Changes one: kept, told, and listed where its line may be another one now. A small change is kept before it is told,
    /// so that what is seen is never lost; answers, whose file may be large, are told first. What another window added
    /// meanwhile is read before, and stays.
    pub fn change(&self, id: &str, changed: Changed, change: impl FnOnce(&mut Evaluation)) -> JobResult {
        let mut open = self.held();
        let mut evaluation = self.on_top(&mut open, id)?;
        self.renew(Arc::make_mut(&mut evaluation))?;
        change(Arc::make_mut(&mut evaluation));
        self.lay(&mut open, evaluation.clone());
        let told = || self.tell(EvaluationEvent::Changed(evaluation.clone()));
        let kept = || self.keep(&evaluation, |store| store.save_changed(&evaluation, changed));
        if changed == Changed::All {
            told();
            kept();
        } else {
            kept();
            told();
        }
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

    /// What was said before of the pictures of a folder without labels; what cannot be read is said.
    pub fn given(&self, folder: &Path, labels: &[String]) -> Vec<GivenLabel> {
        let read = self.store.as_ref().map(|store| store.given(folder, labels));
        let known = read.iter().flatten().flatten().map(|one| one.path.clone()).collect();
        *self.known() = Known {
            folder: folder.to_path_buf(),
            labels: labels.to_vec(),
            pictures: known,
        };
        read.unwrap_or_else(|| Ok(Vec::new())).unwrap_or_else(|reason| {
            self.events.message(Severity::Error, reason);
            Vec::new()
        })
    }

    /// Keeps all that was said of them so far, beside what another window said of others.
    pub fn keep_given(&self, folder: &Path, labels: &[String], given: &[GivenLabel]) {
        let mut known = self.known();
        if known.folder != folder || known.labels != labels {
            *known = Known {
                folder: folder.to_path_buf(),
                labels: labels.to_vec(),
                pictures: BTreeSet::new(),
            };
        }
        known.pictures.extend(given.iter().map(|one| one.path.clone()));
        let pictures = &known.pictures;
        let kept = self
            .store
            .as_ref()
            .map(|store| store.keep_given(folder, labels, given, pictures));
        if let Some(Err(reason)) = kept {
            let text = format!("The labels cannot be kept: {reason}");
            self.events.message(Severity::Error, text);
        }
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
    fn keep(&self, evaluation: &Evaluation, save: impl FnOnce(&EvaluationStore) -> Result<(), String>) {
        let mut unkept = self.unkept();
        unkept.remove(&evaluation.id);
        if let Some(Err(reason)) = self.store.as_ref().map(save) {
            unkept.insert(evaluation.id.clone());
            let text = format!("The evaluation cannot be kept: {reason}");
            self.events.message(Severity::Error, text);
        }
    }

    /// Takes on what another window added to one, unless what is here could not be kept: then there is more here.
    fn renew(&self, evaluation: &mut Evaluation) -> JobResult {
        match &self.store {
            Some(store) if !self.unkept().contains(&evaluation.id) => Ok(store.renew(evaluation)?),
            _ => Ok(()),
        }
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn unkept(&self) -> MutexGuard<'_, BTreeSet<String>> {
        self.unkept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::evaluation::{KeptSlice, Mark, Marked, made};

    #[test]
    fn two_windows_keep_each_others_marks_slices_and_names() {
        let folder = tempfile::tempdir().unwrap();
        let window = || OpenEvaluations::new(Events::listened_to().0, Some(folder.path()));
        let (one, other) = (window(), window());
        let evaluation = made(3, [(0, 0), (1, 1), (2, 1)]);
        let id = evaluation.id.clone();
        one.take(None, evaluation);
        assert!(other.open(&id).is_ok());
        let mark = |window: &OpenEvaluations, place: usize, note: &str| {
            let (mark, note) = (Mark::Other, note.to_owned());
            let marked = Marked { mark, note };
            let set = |evaluation: &mut Evaluation| evaluation.set_mark(place, Some(marked));
            assert!(window.change(&id, Changed::Marks, set).is_ok());
        };
        mark(&one, 0, "of one");
        mark(&other, 1, "of the other");
        mark(&one, 2, "of one again");
        let slice = |window: &OpenEvaluations, name: &str| {
            let (name, contents) = (name.to_owned(), vec!["1".into()]);
            let push = |evaluation: &mut Evaluation| evaluation.slices.push(KeptSlice { name, contents });
            assert!(window.change(&id, Changed::Slices, push).is_ok());
        };
        slice(&one, "snow");
        slice(&other, "night");
        let name = |evaluation: &mut Evaluation| evaluation.name = "renamed".into();
        assert!(one.change(&id, Changed::Name, name).is_ok());
        // What is measured anew is written whole, with the marks of both.
        let noted = |evaluation: &mut Evaluation| evaluation.notes.push("anew".into());
        assert!(other.change(&id, Changed::All, noted).is_ok());
        let kept = window().open(&id).ok().unwrap();
        assert_eq!(kept.marks.len(), 3, "{:?}", kept.marks);
        assert_eq!(kept.slices.len(), 2, "{:?}", kept.slices);
        assert_eq!(
            (kept.name.as_str(), &kept.notes[..]),
            ("renamed", &["anew".to_owned()][..])
        );
    }

    #[test]
    fn two_windows_keep_each_others_labels_of_a_folder_and_take_back_their_own() {
        let data = tempfile::tempdir().unwrap();
        let window = || OpenEvaluations::new(Events::listened_to().0, Some(data.path()));
        let (one, other) = (window(), window());
        let (photos, labels) = (Path::new("/photos"), ["cat".to_owned()]);
        let given = |names: &[&str]| -> Vec<GivenLabel> {
            let label = |name: &&str| GivenLabel {
                path: photos.join(name),
                label: Some("cat".into()),
            };
            names.iter().map(label).collect()
        };
        assert!(one.given(photos, &labels).is_empty() && other.given(photos, &labels).is_empty());
        one.keep_given(photos, &labels, &given(&["a.jpg", "b.jpg"]));
        other.keep_given(photos, &labels, &given(&["c.jpg"]));
        other.keep_given(photos, &labels, &given(&["c.jpg", "d.jpg"]));
        // One takes its last label back.
        one.keep_given(photos, &labels, &given(&["a.jpg"]));
        let mut kept = window().given(photos, &labels);
        kept.sort_by(|a, b| a.path.cmp(&b.path));
        assert_eq!(kept, given(&["a.jpg", "c.jpg", "d.jpg"]));
    }
}
