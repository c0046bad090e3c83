//! Evaluations, for the window: one after the other on a thread of their own, with a model of their own.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};

use crossbeam_channel::{Receiver, Sender, unbounded};

use super::Events;
use super::appraise::{
    AppraiseError, Appraised, against_negatives, appraise, appraise_again, call, ground_truth, model_of, side_by_side,
    study_prompts,
};
use super::choice::ModelChoice;
use super::device::DeviceChoice;
use super::evaluation::{Class, EvaluationConfig, EvaluationEvent, EvaluationRequest, Marked, SliceBy};
use super::evaluation_files::{came_out, export, found_here};
use super::explain::explain;
use super::protocol::{Event, Precision, Severity};
use super::session::Session;
use super::threads::{keep_going, spawn};
use crate::evaluation::{
    Answer, Books, Conformal, Embedded, Evaluation, GroundTruth, MapKind, Preset, Projection, clusters, dot, facts,
    ordered, read_evaluation, slices, vocabulary,
};
use crate::library::Store;
use crate::logging::{panic_text, place as log_place};

/// Evaluations whose vectors stay in memory.
const OPEN: usize = 3;
/// Steps in which progress is told.
const STEPS: f32 = 200.0;
/// Neighbours that are told.
const NEIGHBOURS: usize = 8;
const NO_FOLDER: &str = "There is no folder for application data: set CLIPSIGHT_DATA_DIR";

/// Takes what the window wants of evaluating.
pub struct Evaluator {
    jobs: Sender<Job>,
    orders: Arc<Orders>,
    device: DeviceChoice,
}

struct Job {
    number: u64,
    request: EvaluationRequest,
    device: DeviceChoice,
}

/// Jobs by their numbers, and the newest look that was asked for.
#[derive(Default)]
struct Orders {
    queued: AtomicU64,
    done: AtomicU64,
    stopped: AtomicU64,
    look: AtomicU64,
    /// The newest picture that is to be explained.
    explain: AtomicU64,
}

impl Evaluator {
    /// Starts the thread.
    pub fn start(data_dir: Option<PathBuf>, device: DeviceChoice, events: Events) -> Self {
        let (jobs, receiver) = unbounded();
        let orders = Arc::new(Orders::default());
        let (told, known) = (events.clone(), orders.clone());
        spawn("evaluation", &events, move || {
            let mut worker = Worker {
                jobs: receiver,
                events: told.clone(),
                orders: known,
                books: data_dir.as_deref().map(Books::at),
                data_dir,
                session: None,
                open: Vec::new(),
            };
            keep_going("evaluation", &told, || worker.step());
        });
        Self { jobs, orders, device }
    }

    /// From now on, new work computes elsewhere.
    pub fn use_device(&mut self, device: DeviceChoice) {
        self.device = device;
    }

    /// Takes a request; never waits.
    pub fn send(&self, request: EvaluationRequest) {
        if request == EvaluationRequest::Stop {
            self.stop();
            return;
        }
        if let EvaluationRequest::Look { generation, .. } = &request {
            self.orders.look.store(*generation, Ordering::Relaxed);
        }
        let number = self.orders.queued.fetch_add(1, Ordering::Relaxed) + 1;
        if let EvaluationRequest::Explain { .. } = &request {
            self.orders.explain.store(number, Ordering::Relaxed);
        }
        let _ = self.jobs.send(Job {
            number,
            request,
            device: self.device,
        });
    }

    /// Stops what is at work, and all that waits.
    pub fn stop(&self) {
        let queued = self.orders.queued.load(Ordering::Relaxed);
        self.orders.stopped.store(queued, Ordering::Relaxed);
    }
}

struct Worker {
    jobs: Receiver<Job>,
    events: Events,
    orders: Arc<Orders>,
    books: Option<Books>,
    data_dir: Option<PathBuf>,
    session: Option<(ModelChoice, DeviceChoice, Session)>,
    /// The newest last.
    open: Vec<Appraised>,
}

/// Why a job has no answer, in words; nothing where it was stopped.
enum Failure {
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

type Done<T = ()> = Result<T, Failure>;

impl Worker {
    fn step(&mut self) -> bool {
        let Ok(job) = self.jobs.recv() else { return false };
        let number = job.number;
        if number > self.orders.stopped.load(Ordering::Relaxed) {
            let done = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| self.work(job)));
            match done {
                Ok(Ok(()) | Err(Failure::Stopped)) => {}
                Ok(Err(Failure::Said(reason))) => self.events.message(Severity::Error, reason),
                Err(panic) => {
                    // What was half done is not gone on with.
                    self.session = None;
                    let reason = panic_text(panic.as_ref());
                    let text = format!("Evaluating failed unexpectedly ({reason}); {}", log_place());
                    self.events.message(Severity::Error, text);
                }
            }
        }
        self.orders.done.store(number, Ordering::Relaxed);
        if number == self.orders.queued.load(Ordering::Relaxed) {
            self.tell(EvaluationEvent::Idle);
        }
        true
    }

    fn tell(&self, event: EvaluationEvent) {
        self.events.send(Event::Evaluation(event));
    }

    fn work(&mut self, job: Job) -> Done {
        let Job {
            number,
            request,
            device,
        } = job;
        let mut watch = watcher(self.events.clone(), self.orders.clone(), number);
        match request {
            EvaluationRequest::List => self.list(),
            EvaluationRequest::Look {
                generation,
                folder,
                wanted,
            } => {
                if self.orders.look.load(Ordering::Relaxed) == generation {
                    let truth = GroundTruth::read(&folder, &wanted).map_err(|error| error.to_string());
                    let truth = truth.map(|truth| {
                        let known = Preset::recognised(&truth.classes).map(|preset| preset.name.clone());
                        (Box::new(truth), known)
                    });
                    self.tell(EvaluationEvent::Looked { generation, truth });
                }
                Ok(())
            }
            EvaluationRequest::Evaluate { generation, config } => {
                self.evaluate(generation, &config, device, &mut watch)
            }
            EvaluationRequest::Again { generation, id, model } => {
                let config = config_of(&self.opened(&id, device, &mut watch)?.evaluation, model);
                self.evaluate(generation, &config, device, &mut watch)
            }
            EvaluationRequest::Open(id) => {
                let evaluation = self.opened(&id, device, &mut watch)?.evaluation.clone();
                self.show(None, Ok(Arc::new(evaluation)));
                Ok(())
            }
            EvaluationRequest::Call { id, class } => self.call(&id, class, device, &mut watch),
            EvaluationRequest::Describe { id, name, note } => self.change(&id, device, &mut watch, |evaluation| {
                evaluation.name = name;
                evaluation.note = note;
            }),
            EvaluationRequest::Mark { id, place, mark } => self.change(&id, device, &mut watch, |evaluation| {
                set_mark(evaluation, place, mark);
            }),
            EvaluationRequest::Measure { id, generation, places } => {
                let measures = self
                    .opened(&id, device, &mut watch)?
                    .evaluation
                    .remeasured(&places)
                    .map(Box::new);
                self.tell(EvaluationEvent::Measured {
                    id,
                    generation,
                    measures,
                });
                Ok(())
            }
            EvaluationRequest::LookThrough(id) => self.look_through(&id, device, number),
            EvaluationRequest::Order(id, order) => {
                let opened = self.opened(&id, device, &mut watch)?;
                let places = Arc::new(ordered(&opened.evaluation, &opened.embedded, order));
                self.tell(EvaluationEvent::Ordered(id, order, places));
                Ok(())
            }
            EvaluationRequest::Conformal(id, level) => {
                let opened = self.opened(&id, device, &mut watch)?;
                let answers: Vec<&Answer> = opened.evaluation.answers().collect();
                let sets = Conformal::of(&opened.embedded, &answers, level)
                    .ok_or_else(|| "There are too few pictures for label sets at this level".to_string())?;
                self.tell(EvaluationEvent::Conformal(id, Box::new(sets)));
                Ok(())
            }
            EvaluationRequest::StudyPrompts(id) => {
                self.with_session(&id, device, &mut watch, |session, opened, watch| {
                    opened.evaluation.prompts = Some(study_prompts(session, opened, watch)?);
                    Ok(())
                })
            }
            EvaluationRequest::Negatives(id, folder) => {
                self.with_session(&id, device, &mut watch, |session, opened, watch| {
                    let problems = against_negatives(session, opened, &folder, watch)?;
                    opened.evaluation.problems.extend(problems);
                    Ok(())
                })
            }
            EvaluationRequest::Compare(first, second) => {
                let one = self.opened(&first, device, &mut watch)?.evaluation.clone();
                let two = &self.opened(&second, device, &mut watch)?.evaluation;
                let compared = side_by_side(&one, two).map(Arc::new);
                self.tell(EvaluationEvent::Compared(first, second, compared));
                Ok(())
            }
            EvaluationRequest::Slices(id, by) => {
                if by != SliceBy::Folder && by != SliceBy::Mark {
                    self.look_through(&id, device, number)?;
                }
                let parts = slices(&self.opened(&id, device, &mut watch)?.evaluation, by);
                self.tell(EvaluationEvent::Sliced(id, by, Arc::new(parts)));
                Ok(())
            }
            EvaluationRequest::Nearest { id, place } => {
                let nearest = nearest(self.opened(&id, device, &mut watch)?, place);
                self.tell(EvaluationEvent::Nearest { id, place, nearest });
                Ok(())
            }
            EvaluationRequest::Explain { id, place } => {
                if self.orders.explain.load(Ordering::Relaxed) != number {
                    return Ok(());
                }
                self.opened(&id, device, &mut watch)?;
                let Some(opened) = self.open.pop() else { return Ok(()) };
                let model = opened.evaluation.setup.model.path.clone();
                let model = model.map_or(ModelChoice::Starter, ModelChoice::Path);
                let explained = self
                    .open_session(&model, device)
                    .map(|session| explain(session, &opened, place).map(Arc::new));
                self.open.push(opened);
                let explained = explained?;
                self.tell(EvaluationEvent::Explained { id, place, explained });
                Ok(())
            }
            EvaluationRequest::Delete(id) => {
                self.books()?.delete(&id)?;
                self.open.retain(|opened| opened.evaluation.id != id);
                self.list()
            }
            EvaluationRequest::Restore(id) => {
                self.books()?.restore(&id)?;
                self.list()
            }
            EvaluationRequest::Import { file, pictures } => self.import(&file, &pictures, device, &mut watch),
            EvaluationRequest::Clusters(id, words) => self.clusters(id, words, device, &mut watch),
            EvaluationRequest::Map(id, MapKind::Pca) => {
                let map = Projection::pca(&self.opened(&id, device, &mut watch)?.embedded);
                self.tell(EvaluationEvent::Mapped(id, Arc::new(map)));
                Ok(())
            }
            EvaluationRequest::Map(id, MapKind::Tsne) => {
                let embedded = self.opened(&id, device, &mut watch)?.embedded.clone();
                self.start_map(id, embedded, number);
                Ok(())
            }
            EvaluationRequest::Export { id, kind, path } => {
                export(self.opened(&id, device, &mut watch)?, None, kind, &path, true)?;
                self.tell(EvaluationEvent::Exported(path));
                Ok(())
            }
            EvaluationRequest::Stop => Ok(()),
        }
    }

    /// The map takes long, and nothing waits for it: on a thread of its own, until it is stopped.
    fn start_map(&self, id: String, embedded: Embedded, number: u64) {
        let (events, orders) = (self.events.clone(), self.orders.clone());
        spawn("map", &self.events, move || {
            Projection::tsne(&embedded, |map| {
                events.send(Event::Evaluation(EvaluationEvent::Mapped(id.clone(), Arc::new(map))));
                number > orders.stopped.load(Ordering::Relaxed)
            });
        });
    }

    fn clusters(
        &mut self,
        id: String,
        words: Vec<String>,
        device: DeviceChoice,
        watch: &mut impl FnMut(&str, f32) -> bool,
    ) -> Done {
        let words = if words.is_empty() { vocabulary() } else { words };
        let mut found = Vec::new();
        self.with_session(&id, device, watch, |session, opened, watch| {
            if !watch("Wording mistakes", 0.0) {
                return Ok(());
            }
            let texts: Vec<f32> = session
                .embed_texts(&words)?
                .into_iter()
                .flat_map(|text| text.vector)
                .collect();
            let answers: Vec<&Answer> = opened.evaluation.answers().collect();
            found = clusters(&opened.embedded, &answers, &words, &texts);
            Ok(())
        })?;
        self.tell(EvaluationEvent::Clustered(id, Arc::new(found)));
        Ok(())
    }

    /// Opens one from a file: its pictures by their content, its numbers anew.
    fn import(
        &mut self,
        file: &Path,
        pictures: &Path,
        device: DeviceChoice,
        watch: &mut impl FnMut(&str, f32) -> bool,
    ) -> Done {
        let (kept, mut says) = found_here(read_evaluation(file)?, pictures);
        let session = self.open_session(&model_of(&kept), device)?;
        let mut now = appraise_again(session, &kept, watch)?;
        says.push(came_out(&kept, &now.evaluation));
        let fresh = &mut now.evaluation;
        fresh.id.clone_from(&kept.id);
        fresh.note.clone_from(&kept.note);
        fresh.setup.date.clone_from(&kept.setup.date);
        if fresh.pictures.len() == kept.pictures.len() {
            fresh.marks = kept.marks;
        }
        let evaluation = Arc::new(fresh.clone());
        self.keep(now);
        self.saved(&evaluation);
        let id = evaluation.id.clone();
        self.show(None, Ok(evaluation));
        self.tell(EvaluationEvent::Imported { id, says });
        self.list()
    }

    fn books(&self) -> Done<&Books> {
        self.books.as_ref().ok_or_else(|| Failure::Said(NO_FOLDER.into()))
    }

    fn list(&self) -> Done {
        let listed = self.books.as_ref().map_or(Vec::new(), Books::list);
        self.tell(EvaluationEvent::List(listed));
        Ok(())
    }

    fn show(&self, generation: Option<u64>, evaluation: Result<Arc<Evaluation>, String>) {
        self.tell(EvaluationEvent::Evaluated { generation, evaluation });
    }

    /// Makes a session the open one.
    fn open_session(&mut self, model: &ModelChoice, device: DeviceChoice) -> Done<&mut Session> {
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

    fn evaluate(
        &mut self,
        generation: u64,
        config: &EvaluationConfig,
        device: DeviceChoice,
        watch: &mut impl FnMut(&str, f32) -> bool,
    ) -> Done {
        let made = (|| {
            let (truth, templates) = ground_truth(config, None)?;
            let session = self.open_session(&config.model, device)?;
            Ok(appraise(session, config, truth, templates, watch)?)
        })();
        match made {
            Ok(appraised) => {
                let evaluation = Arc::new(appraised.evaluation.clone());
                self.keep(appraised);
                self.saved(&evaluation);
                self.show(Some(generation), Ok(evaluation));
                self.list()
            }
            Err(Failure::Said(reason)) => {
                self.show(Some(generation), Err(reason));
                Ok(())
            }
            Err(Failure::Stopped) => {
                let reason = "It was stopped; the pictures that are embedded need not be again".to_string();
                self.show(Some(generation), Err(reason));
                Err(Failure::Stopped)
            }
        }
    }

    fn keep(&mut self, appraised: Appraised) {
        self.open
            .retain(|opened| opened.evaluation.id != appraised.evaluation.id);
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

    /// One with its vectors; those that are not in memory come from the store, or are made anew.
    fn opened(
        &mut self,
        id: &str,
        device: DeviceChoice,
        watch: &mut impl FnMut(&str, f32) -> bool,
    ) -> Done<&mut Appraised> {
        if let Some(place) = self.open.iter().position(|opened| opened.evaluation.id == id) {
            let opened = self.open.remove(place);
            self.open.push(opened);
        } else {
            let kept = self.books()?.open(id)?;
            let appraised = self.again(kept, device, watch)?;
            self.keep(appraised);
        }
        self.open.last_mut().ok_or(Failure::Stopped)
    }

    /// An evaluation that was kept, with vectors of this moment. Its own numbers stay; where others come out now, it is
    /// said.
    fn again(
        &mut self,
        kept: Evaluation,
        device: DeviceChoice,
        watch: &mut impl FnMut(&str, f32) -> bool,
    ) -> Done<Appraised> {
        let model = kept
            .setup
            .model
            .path
            .clone()
            .map_or(ModelChoice::Starter, ModelChoice::Path);
        let config = config_of(&kept, model);
        let (truth, templates) = ground_truth(&config, None)?;
        let session = self.open_session(&config.model, device)?;
        let mut now = appraise(session, &config, truth, templates, watch)?;
        let same = now.evaluation.setup.data == kept.setup.data;
        if !same {
            let text = format!(
                "The pictures of \"{}\" are not what they were: files are missing, new or changed. What is shown is measured \
                 on those that are there now",
                kept.name
            );
            self.events.message(Severity::Warning, text);
        } else if now.evaluation.setup.model.identity != kept.setup.model.identity {
            let text = format!(
                "The model of \"{}\" is not what it was; what is shown is what it answers now",
                kept.name
            );
            self.events.message(Severity::Warning, text);
        }
        let fresh = &mut now.evaluation;
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

    fn change(
        &mut self,
        id: &str,
        device: DeviceChoice,
        watch: &mut impl FnMut(&str, f32) -> bool,
        change: impl FnOnce(&mut Evaluation),
    ) -> Done {
        let opened = self.opened(id, device, watch)?;
        change(&mut opened.evaluation);
        let evaluation = Arc::new(opened.evaluation.clone());
        self.saved(&evaluation);
        self.show(None, Ok(evaluation));
        self.list()
    }

    /// Works on an evaluation with its model.
    fn with_session<W: FnMut(&str, f32) -> bool>(
        &mut self,
        id: &str,
        device: DeviceChoice,
        watch: &mut W,
        work: impl FnOnce(&mut Session, &mut Appraised, &mut W) -> Result<(), AppraiseError>,
    ) -> Done {
        self.opened(id, device, watch)?;
        let Some(mut opened) = self.open.pop() else {
            return Err(Failure::Stopped);
        };
        let done = match self.open_session(&model_of(&opened.evaluation), device) {
            Ok(session) => work(session, &mut opened, watch).map_err(Failure::from),
            Err(failure) => Err(failure),
        };
        let evaluation = Arc::new(opened.evaluation.clone());
        self.open.push(opened);
        done?;
        self.saved(&evaluation);
        self.show(None, Ok(evaluation));
        Ok(())
    }

    fn call(
        &mut self,
        id: &str,
        class: Class,
        device: DeviceChoice,
        watch: &mut impl FnMut(&str, f32) -> bool,
    ) -> Done {
        self.with_session(id, device, watch, |session, opened, _| call(session, opened, class))
    }

    fn look_through(&mut self, id: &str, device: DeviceChoice, number: u64) -> Done {
        let mut watch = watcher(self.events.clone(), self.orders.clone(), number);
        let opened = self.opened(id, device, &mut watch)?;
        if opened.evaluation.facts.len() == opened.evaluation.pictures.len() {
            return Ok(());
        }
        let paths: Vec<PathBuf> = opened
            .evaluation
            .pictures
            .iter()
            .map(|picture| picture.path.clone())
            .collect();
        let (events, orders) = (self.events.clone(), self.orders.clone());
        let told = AtomicU32::new(0);
        let watch = move |done: f32| {
            let step = (STEPS * done) as u32;
            if told.swap(step, Ordering::Relaxed) != step {
                say_working(&events, "Looking through the pictures", done);
            }
            number > orders.stopped.load(Ordering::Relaxed)
        };
        let found = facts(&paths, watch).ok_or(Failure::Stopped)?;
        let mut quiet = |_: &str, _: f32| true;
        self.change(id, device, &mut quiet, |evaluation| evaluation.facts = found)
    }
}

/// Says how far something is, in steps that can be seen, and hears whether it is still wanted.
fn watcher(events: Events, orders: Arc<Orders>, number: u64) -> impl FnMut(&str, f32) -> bool {
    let mut told = (String::new(), 0);
    move |what, done| {
        let step = (STEPS * done) as u32;
        if told.0 != what || told.1 != step {
            told = (what.to_owned(), step);
            say_working(&events, what, done);
        }
        number > orders.stopped.load(Ordering::Relaxed)
    }
}

fn say_working(events: &Events, what: &str, done: f32) {
    let what = what.to_owned();
    events.send(Event::Evaluation(EvaluationEvent::Working { what, done }));
}

/// The same with another model.
fn config_of(evaluation: &Evaluation, model: ModelChoice) -> EvaluationConfig {
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

fn set_mark(evaluation: &mut Evaluation, place: usize, mark: Option<Marked>) {
    match mark {
        Some(mark) if place < evaluation.pictures.len() => {
            evaluation.marks.insert(place, mark);
        }
        _ => {
            evaluation.marks.remove(&place);
        }
    }
}

/// The nearest other pictures of a picture's true class.
fn nearest(opened: &Appraised, place: usize) -> Vec<(usize, f32)> {
    let pictures = &opened.evaluation.pictures;
    let Some(own) = pictures.get(place) else {
        return Vec::new();
    };
    let others =
        (0..pictures.len()).filter(|other| *other != place && pictures[*other].answer.truth == own.answer.truth);
    let vector = opened.embedded.picture(place);
    let mut near: Vec<(usize, f32)> = others
        .map(|other| (other, dot(vector, opened.embedded.picture(other))))
        .collect();
    near.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
    near.truncate(NEIGHBOURS);
    near
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use crossbeam_channel::Receiver;

    use super::*;
    use crate::engine::evaluation::{ExportKind, FailureOrder, Mark, Wanted};

    const GROCERY: &str = "tests/fixtures/cases/64-easy-probe/data";

    fn grocery() -> PathBuf {
        Path::new(env!("CARGO_MANIFEST_DIR")).join(GROCERY)
    }

    /// The first event that is asked for.
    fn heard<T>(events: &Receiver<Event>, pick: impl Fn(EvaluationEvent) -> Option<T>) -> T {
        loop {
            match events.recv_timeout(Duration::from_secs(120)).expect("it says nothing") {
                Event::Evaluation(event) => {
                    if let Some(found) = pick(event) {
                        return found;
                    }
                }
                Event::Message {
                    severity: Severity::Error,
                    text,
                    ..
                } => panic!("{text}"),
                _ => {}
            }
        }
    }

    fn evaluated(events: &Receiver<Event>) -> Arc<Evaluation> {
        heard(events, |event| match event {
            EvaluationEvent::Evaluated { evaluation, .. } => Some(evaluation.unwrap()),
            _ => None,
        })
    }

    fn config() -> Box<EvaluationConfig> {
        Box::new(EvaluationConfig {
            folder: grocery(),
            wanted: Wanted::to_measure(),
            ..EvaluationConfig::default()
        })
    }

    #[test]
    fn an_evaluation_is_made_changed_kept_and_found_again_elsewhere() {
        let data = tempfile::tempdir().unwrap();
        let (events, said) = Events::listened_to();
        let evaluator = Evaluator::start(Some(data.path().into()), DeviceChoice::Cpu, events.clone());
        evaluator.send(EvaluationRequest::Evaluate {
            generation: 1,
            config: config(),
        });
        let first = evaluated(&said);
        assert_eq!((first.measures.count, first.classes.len()), (30, 3));
        let id = first.id.clone();
        let listed = heard(&said, |event| match event {
            EvaluationEvent::List(listed) => Some(listed),
            _ => None,
        });
        assert_eq!((listed.len(), &listed[0].id, listed[0].count), (1, &id, 30));

        evaluator.send(EvaluationRequest::Mark {
            id: id.clone(),
            place: 3,
            mark: Some(Marked {
                mark: Mark::TwoThings,
                note: "a bowl".into(),
            }),
        });
        assert_eq!(evaluated(&said).marks[&3].note, "a bowl");
        let mut class = first.classes[0].clone();
        class.descriptions = vec!["a photo of a rocket".into()];
        evaluator.send(EvaluationRequest::Call { id: id.clone(), class });
        let called = evaluated(&said);
        assert!(called.measures.top1.mean < first.measures.top1.mean);
        evaluator.send(EvaluationRequest::Call {
            id: id.clone(),
            class: first.classes[0].clone(),
        });
        assert_eq!(evaluated(&said).measures, first.measures);

        evaluator.send(EvaluationRequest::Order(id.clone(), FailureOrder::Margin));
        let order = heard(&said, |event| match event {
            EvaluationEvent::Ordered(_, _, places) => Some(places),
            _ => None,
        });
        assert_eq!(order.len(), 30);
        evaluator.send(EvaluationRequest::Slices(id.clone(), SliceBy::Brightness));
        let parts = heard(&said, |event| match event {
            EvaluationEvent::Sliced(_, _, parts) => Some(parts),
            _ => None,
        });
        assert_eq!(parts.iter().map(|part| part.places.len()).sum::<usize>(), 30);
        evaluator.send(EvaluationRequest::Map(id.clone(), MapKind::Pca));
        let map = heard(&said, |event| match event {
            EvaluationEvent::Mapped(_, map) => Some(map),
            _ => None,
        });
        assert_eq!((map.pictures.len(), map.classes.len()), (30, 3));

        let file = data.path().join("kept.evaluation");
        evaluator.send(EvaluationRequest::Export {
            id: id.clone(),
            kind: ExportKind::Evaluation,
            path: file.clone(),
        });
        heard(&said, |event| {
            matches!(event, EvaluationEvent::Exported(_)).then_some(())
        });
        evaluator.send(EvaluationRequest::Delete(id.clone()));
        heard(&said, |event| {
            matches!(event, EvaluationEvent::List(listed) if listed.is_empty()).then_some(())
        });

        // Elsewhere the pictures have other names and places.
        let elsewhere = data.path().join("elsewhere");
        std::fs::create_dir(&elsewhere).unwrap();
        for (n, picture) in first.pictures.iter().enumerate() {
            std::fs::copy(&picture.path, elsewhere.join(format!("{n}.jpg"))).unwrap();
        }
        evaluator.send(EvaluationRequest::Import {
            file,
            pictures: elsewhere.clone(),
        });
        let opened = evaluated(&said);
        let says = heard(&said, |event| match event {
            EvaluationEvent::Imported { says, .. } => Some(says),
            _ => None,
        });
        assert_eq!(says[0], "All 30 pictures are here");
        assert!(says[1].starts_with("The numbers come out again"), "{says:?}");
        assert!(opened.pictures[0].path.starts_with(&elsewhere));
        assert_eq!(
            (opened.marks.len(), opened.measures.clone()),
            (1, first.measures.clone())
        );
    }

    #[test]
    fn what_is_wrong_is_said_and_stopping_leaves_nothing_waiting() {
        let (events, said) = Events::listened_to();
        let evaluator = Evaluator::start(None, DeviceChoice::Cpu, events.clone());
        let empty = tempfile::tempdir().unwrap();
        evaluator.send(EvaluationRequest::Look {
            generation: 4,
            folder: empty.path().into(),
            wanted: Wanted::to_measure(),
        });
        let reason = heard(&said, |event| match event {
            EvaluationEvent::Looked { generation: 4, truth } => truth.err(),
            _ => None,
        });
        assert!(reason.contains("no ground truth"), "{reason}");
        evaluator.send(EvaluationRequest::Evaluate {
            generation: 5,
            config: config(),
        });
        evaluator.send(EvaluationRequest::Stop);
        heard(&said, |event| matches!(event, EvaluationEvent::Idle).then_some(()));
    }
}
