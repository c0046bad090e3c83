//! Does what needs a model or the pictures themselves, a job after the other.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crossbeam_channel::Sender;

use super::appraise::{Appraised, Vectors, appraise, appraise_again, ground_truth};
use super::card::{card_name, card_png};
use super::desk::{Desk, Done, Failure};
use super::explain::{drawn, maps};
use super::files::{Writing, came_out, export, found_here, inputs_of};
use super::guess::guess;
use super::lane::{Heard, Job, Orders};
use super::map::{MapJob, directions_of};
use super::revise::{against_negatives, called, same_pictures, side_by_side};
use super::shelf::Shelf;
use super::study::study_prompts;
use super::{EvaluationEvent, EvaluationRequest, Explained, ExportKind, FailureOrder};
use crate::engine::Events;
use crate::engine::choice::ModelChoice;
use crate::engine::device::DeviceChoice;
use crate::engine::protocol::Severity;
use crate::evaluation::{
    Cluster, Conformal, Evaluation, MapKind, clusters, dot, facts, ordered, read_evaluation, slices, suspects,
    vocabulary,
};
use crate::fine_tune::run::Control;
use crate::library::{may_write, write_output};
use crate::logging::{panic_text, place as log_place};
use crate::progress::Progress;
use crate::table::Style;
use crate::zero_shot::{Label, TemplateSet};

/// Neighbours that are told.
const NEIGHBOURS: usize = 8;

/// Takes jobs from the lane.
pub struct Worker {
    events: Events,
    orders: Arc<Orders>,
    control: Arc<Control>,
    maps: Sender<MapJob>,
    desk: Desk,
}

impl Worker {
    /// Without a model; without a folder nothing is kept.
    pub fn new(
        shelf: Arc<Shelf>,
        orders: Arc<Orders>,
        events: Events,
        data_dir: Option<PathBuf>,
        control: Arc<Control>,
        maps: Sender<MapJob>,
    ) -> Self {
        Self {
            orders,
            control,
            maps,
            desk: Desk::new(shelf, events.clone(), data_dir),
            events,
        }
    }

    /// Does a job.
    pub fn step(&mut self, job: Job) {
        let number = job.number;
        if self.orders.wants(number) {
            let done = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| self.work(job)));
            match done {
                Ok(Ok(()) | Err(Failure::Stopped)) => {}
                Ok(Err(Failure::Said(reason))) => self.events.message(Severity::Error, reason),
                Err(panic) => {
                    // What was half done is not gone on with.
                    self.desk.forget_model();
                    let reason = panic_text(panic.as_ref());
                    let text = format!("Evaluating failed unexpectedly ({reason}); {}", log_place());
                    self.events.message(Severity::Error, text);
                }
            }
        }
        if self.orders.is_last(number) {
            self.desk.shelf.tell(EvaluationEvent::Idle);
        }
    }

    fn work(&mut self, job: Job) -> Done {
        let heard = Heard::of(job.number, &self.events, &self.orders, &self.control);
        let mut task = Task {
            number: job.number,
            device: job.device,
            heard: &heard,
            orders: &self.orders,
            maps: &self.maps,
            shelf: self.desk.shelf.clone(),
            desk: &mut self.desk,
        };
        task.answer(job.request)
    }
}

/// One job at work.
struct Task<'a> {
    number: u64,
    device: DeviceChoice,
    heard: &'a Heard,
    orders: &'a Arc<Orders>,
    maps: &'a Sender<MapJob>,
    shelf: Arc<Shelf>,
    desk: &'a mut Desk,
}

impl Task<'_> {
    fn answer(&mut self, request: EvaluationRequest) -> Done {
        match request {
            EvaluationRequest::Evaluate { generation, config } => self.evaluate(generation, |task| {
                let (truth, templates) = ground_truth(&config, None)?;
                let session = task.desk.session(&config.model, task.device)?;
                Ok(appraise(session, &config, truth, templates, task.heard)?)
            })?,
            EvaluationRequest::Again { generation, id, model } => self.evaluate(generation, |task| {
                let kept = task.shelf.open(&id)?;
                let all: Vec<usize> = (0..kept.pictures.len()).collect();
                let session = task.desk.session(&model, task.device)?;
                Ok(appraise_again(session, &kept, &all, model, task.heard)?)
            })?,
            EvaluationRequest::Guess {
                generation,
                folder,
                labels,
                templates,
                model,
            } => {
                let session = self.desk.session(&model, self.device)?;
                let guessed = match guess(session, &folder, &labels, &templates, self.heard).map_err(Failure::from) {
                    Ok(guessed) => Ok(Arc::new(guessed)),
                    Err(Failure::Said(reason)) => Err(reason),
                    Err(Failure::Stopped) => {
                        Err("It was stopped; the pictures that are embedded need not be again".into())
                    }
                };
                self.shelf.tell(EvaluationEvent::Guessed { generation, guessed });
            }
            EvaluationRequest::Call { id, class } => {
                let found = self.with_session(&id, |session, evaluation, vectors| {
                    called(session, evaluation, vectors, class)
                })?;
                self.shelf.change(&id, |evaluation| found.apply(evaluation))?;
            }
            EvaluationRequest::LookThrough(id) => self.look_through(&id)?,
            EvaluationRequest::Order(id, order) => self.order(id, order)?,
            EvaluationRequest::Conformal(id, level) => {
                let evaluation = self.shelf.open(&id)?;
                let vectors = self.vectors(&evaluation)?;
                let found = Conformal::of(&vectors.embedded, &vectors.answers(&evaluation), level);
                if let Some(mut sets) = found {
                    sets.sizes = vectors.spread(sets.sizes, evaluation.pictures.len(), 0);
                    self.shelf.tell(EvaluationEvent::Conformal(id, Box::new(sets)));
                }
            }
            EvaluationRequest::StudyPrompts(id) => {
                let heard = self.heard;
                let study = self.with_session(&id, |session, evaluation, vectors| {
                    study_prompts(session, evaluation, vectors, heard)
                })?;
                self.shelf.change(&id, |evaluation| evaluation.prompts = Some(study))?;
            }
            EvaluationRequest::Negatives(id, folder) => {
                let heard = self.heard;
                let (found, problems) = self.with_session(&id, |session, _, vectors| {
                    against_negatives(session, vectors, &folder, heard)
                })?;
                self.shelf.change(&id, |evaluation| {
                    evaluation.negatives = Some(found);
                    evaluation.problems.extend(problems);
                })?;
            }
            EvaluationRequest::Compare {
                first,
                second,
                without_marked,
            } => {
                // Copies count together.
                self.look_through(&second)?;
                let (one, two) = (self.shelf.open(&first)?, self.shelf.open(&second)?);
                let marked = two.marks.keys().copied().filter(|_| without_marked).collect();
                let compared = side_by_side(&one, &two, &marked).map(Arc::new);
                self.shelf.tell(EvaluationEvent::Compared(first, second, compared));
            }
            EvaluationRequest::Slices(id, by) => {
                self.look_through(&id)?;
                let parts = Arc::new(slices(&*self.shelf.open(&id)?, by));
                self.shelf.tell(EvaluationEvent::Sliced(id, by, parts));
            }
            EvaluationRequest::Nearest { id, place } => {
                let evaluation = self.shelf.open(&id)?;
                let nearest = nearest(&evaluation, self.vectors(&evaluation)?, place);
                self.shelf.tell(EvaluationEvent::Nearest { id, place, nearest });
            }
            EvaluationRequest::Explain { id, place, beside } => self.explain(id, place, beside)?,
            EvaluationRequest::SaveCards { id, places, to, beside } => self.save_cards(&id, &places, &to, beside)?,
            EvaluationRequest::Import { file, pictures, model } => self.import(&file, &pictures, &model)?,
            EvaluationRequest::Clusters(id, words) => self.clusters(id, words)?,
            EvaluationRequest::Map(id, kind) => self.map(id, kind)?,
            EvaluationRequest::Export {
                id,
                kind,
                path,
                against,
            } => self.export(&id, kind, path, against)?,
            // Answered beside this lane.
            _ => {}
        }
        Ok(())
    }

    fn vectors(&mut self, evaluation: &Evaluation) -> Done<&Vectors> {
        Ok(self.desk.vectors(evaluation, self.device, self.heard)?)
    }

    /// Works on an evaluation with its model.
    fn with_session<T>(
        &mut self,
        id: &str,
        work: impl FnOnce(
            &mut crate::engine::session::Session,
            &Evaluation,
            &mut Vectors,
        ) -> Result<T, super::AppraiseError>,
    ) -> Done<T> {
        let evaluation = self.shelf.open(id)?;
        self.desk
            .with_session(&evaluation, self.device, self.heard, |session, vectors| {
                work(session, &evaluation, vectors)
            })
    }

    /// Makes an evaluation; where there is none, the window hears why.
    fn evaluate(&mut self, generation: u64, make: impl FnOnce(&mut Self) -> Done<Appraised>) -> Done {
        let (reason, done) = match make(self) {
            Ok(made) => {
                self.desk.lay(&made.evaluation.id, made.vectors);
                self.shelf.take(Some(generation), made.evaluation);
                return Ok(());
            }
            Err(Failure::Said(reason)) => (reason, Ok(())),
            Err(Failure::Stopped) => (
                "It was stopped; the pictures that are embedded need not be again".into(),
                Err(Failure::Stopped),
            ),
        };
        self.shelf.tell(EvaluationEvent::Evaluated {
            generation: Some(generation),
            evaluation: Err(reason),
        });
        done
    }

    fn order(&mut self, id: String, order: FailureOrder) -> Done {
        let places = if order == FailureOrder::SuspectLabels {
            let evaluation = self.shelf.open(&id)?;
            let vectors = self.vectors(&evaluation)?;
            let found = suspects(&vectors.embedded, &vectors.answers(&evaluation));
            found.into_iter().map(|suspect| vectors.here[suspect.place]).collect()
        } else {
            self.look_through(&id)?;
            ordered(&*self.shelf.open(&id)?, order)
        };
        self.shelf.tell(EvaluationEvent::Ordered(id, order, Arc::new(places)));
        Ok(())
    }

    /// Both heatmaps of a failure; of no older one than was asked for last.
    fn explain(&mut self, id: String, place: usize, beside: Option<String>) -> Done {
        if !self.orders.is_newest_explanation(self.number) {
            return Ok(());
        }
        let explained = match self.explained(&id, place, beside.as_deref()) {
            Ok(explained) => Ok(Arc::new(explained)),
            Err(Failure::Said(reason)) => Err(reason),
            Err(Failure::Stopped) => return Err(Failure::Stopped),
        };
        self.shelf.tell(EvaluationEvent::Explained { id, place, explained });
        Ok(())
    }

    fn explained(&mut self, id: &str, place: usize, beside: Option<&str>) -> Done<Explained> {
        let evaluation = self.shelf.open(id)?;
        let own = maps(self.desk.session_of(&evaluation, self.device)?, &evaluation, place)?;
        let Some(beside) = beside else {
            return Ok(drawn(&own, None));
        };
        let other = self.shelf.open(beside)?;
        let places = same_pictures(&other, &evaluation)?;
        let theirs = maps(self.desk.session_of(&other, self.device)?, &other, places[place])?;
        Ok(drawn(&own, Some(&theirs)))
    }

    /// One card into a file, or several into a folder.
    fn save_cards(&mut self, id: &str, places: &[usize], to: &Path, beside: Option<String>) -> Done {
        let evaluation = self.shelf.open(id)?;
        let folder = to.is_dir();
        let inputs = inputs_of(&evaluation, to);
        for (n, place) in places.iter().enumerate() {
            if !self.heard.at("Drawing cards", n, places.len()) {
                return Err(Failure::Stopped);
            }
            let explained = self.explained(id, *place, beside.as_deref())?;
            let png = card_png(&evaluation, *place, &explained)?;
            let path = if folder {
                to.join(card_name(&evaluation, n, *place))
            } else {
                to.to_path_buf()
            };
            may_write(&path, &inputs, true).map_err(|error| error.to_string())?;
            write_output(&path, &png, true).map_err(|error| error.to_string())?;
        }
        self.shelf.tell(EvaluationEvent::Exported(to.to_path_buf()));
        Ok(())
    }

    fn look_through(&mut self, id: &str) -> Done {
        let evaluation = self.shelf.open(id)?;
        let pictures = &evaluation.pictures;
        // One that could not be read may be back.
        let back = || {
            evaluation
                .facts
                .iter()
                .zip(pictures)
                .any(|(facts, one)| facts.size == (0, 0) && one.path.exists())
        };
        if evaluation.facts.len() == pictures.len() && !back() {
            return Ok(());
        }
        let paths: Vec<PathBuf> = pictures.iter().map(|picture| picture.path.clone()).collect();
        let found = facts(&paths, self.heard).ok_or(Failure::Stopped)?;
        self.shelf.change(id, |evaluation| evaluation.facts = found)
    }

    /// One map is there at once; the other takes long, and nothing here waits for it.
    fn map(&mut self, id: String, kind: MapKind) -> Done {
        let evaluation = self.shelf.open(&id)?;
        let count = evaluation.pictures.len();
        let vectors = self.vectors(&evaluation)?;
        match kind {
            MapKind::Pca => {
                let map = Arc::new(directions_of(vectors, count));
                self.shelf.tell(EvaluationEvent::Mapped(id, map));
            }
            MapKind::Tsne => {
                let vectors = vectors.clone();
                let _ = self.maps.send(MapJob {
                    number: self.number,
                    id,
                    vectors,
                    count,
                });
            }
        }
        Ok(())
    }

    fn clusters(&mut self, id: String, words: Vec<String>) -> Done {
        let words = if words.is_empty() { vocabulary() } else { words };
        let heard = self.heard;
        let found = self.with_session(&id, |session, evaluation, vectors| {
            heard.at("Wording mistakes", 0, 1);
            let labels: Vec<Label> = words.iter().map(Label::named).collect();
            let texts = session.classes(&labels, &TemplateSet::Bare)?;
            let (texts, _) = texts.label_values();
            let found = clusters(&vectors.embedded, &vectors.answers(evaluation), &words, texts);
            Ok(found
                .into_iter()
                .map(|cluster| placed(cluster, &vectors.here))
                .collect())
        })?;
        self.shelf.tell(EvaluationEvent::Clustered(id, Arc::new(found)));
        Ok(())
    }

    fn export(&mut self, id: &str, kind: ExportKind, path: PathBuf, against: Option<String>) -> Done {
        let evaluation = self.shelf.open(id)?;
        let other = against.map(|other| self.shelf.open(&other)).transpose()?;
        let compared = other
            .as_ref()
            .map(|other| side_by_side(other, &evaluation, &BTreeSet::new()))
            .transpose()?;
        let against = other.as_ref().zip(compared.as_ref());
        let against = against.map(|(other, compared)| (other.name.as_str(), compared));
        let kept = self.shelf.listed();
        let vectors = match kind {
            ExportKind::Parquet => Some(self.vectors(&evaluation)?),
            _ => None,
        };
        let writing = Writing {
            // The dialog asked.
            replace: true,
            // Whoever opens it in a spreadsheet shall see no formula.
            style: Style::harmless(),
        };
        export(&evaluation, vectors, &kept, against, kind, &path, writing)?;
        self.shelf.tell(EvaluationEvent::Exported(path));
        Ok(())
    }

    /// Opens one from a file: its pictures by their content, with the numbers that it has, and whether they come out here.
    fn import(&mut self, file: &Path, pictures: &Path, open: &ModelChoice) -> Done {
        self.heard.at("Looking for the pictures", 0, 1);
        let found = found_here(read_evaluation(file)?, pictures);
        let mut says = vec![found.says.clone()];
        let mut kept = found.evaluation;
        match self.desk.model_like(&kept, self.device, open) {
            None => says.push(format!(
                "{}, its model, is not here: the numbers are those of the file. Fetch the model, or open it, and open the \
                 evaluation again to see whether they come out",
                kept.setup.model.name
            )),
            Some(_) if found.here.is_empty() => {}
            Some(model) => {
                let device = self.device;
                let session = self.desk.session(&model, device)?;
                let now = appraise_again(session, &kept, &found.here, model.clone(), self.heard)?;
                let places: Vec<usize> = now.vectors.here.iter().map(|place| found.here[*place]).collect();
                let all_read = places.len() == found.here.len();
                let answers: Vec<_> = now.evaluation.answers().collect();
                if all_read {
                    says.push(came_out(&kept, &places, &answers));
                }
                kept.setup.model.path = model.path().map(Path::to_path_buf);
            }
        }
        if self.shelf.has(&kept.id) {
            // The one that is here keeps its own marks.
            kept.id = format!("{}-{:04x}", kept.id, fastrand::u16(..));
        }
        let id = kept.id.clone();
        self.shelf.take(None, kept);
        self.shelf.tell(EvaluationEvent::Imported { id, says });
        Ok(())
    }
}

/// A cluster by the places of all pictures.
fn placed(cluster: Cluster, here: &[usize]) -> Cluster {
    let all = |places: Vec<usize>| places.into_iter().map(|place| here[place]).collect();
    Cluster {
        places: all(cluster.places),
        members: all(cluster.members),
        ..cluster
    }
}

/// The nearest other pictures of a picture's true class.
fn nearest(evaluation: &Evaluation, vectors: &Vectors, place: usize) -> Vec<(usize, f32)> {
    let Some(own) = vectors.here.iter().position(|other| *other == place) else {
        return Vec::new();
    };
    let truth = |place: usize| evaluation.pictures[place].answer.truth;
    let vector = vectors.embedded.picture(own);
    let others = vectors.here.iter().enumerate();
    let others = others.filter(|(row, other)| *row != own && truth(**other) == truth(place));
    let mut near: Vec<(usize, f32)> = others
        .map(|(row, other)| (*other, dot(vector, vectors.embedded.picture(row))))
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
    use crate::engine::evaluation::{EvaluationConfig, Evaluator, Mark, Marked, SliceBy, Wanted};
    use crate::engine::protocol::Event;

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
        let evaluator = Evaluator::start(
            Some(data.path().into()),
            DeviceChoice::Cpu,
            events.clone(),
            Arc::default(),
        );
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
            against: None,
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
            model: ModelChoice::Starter,
        });
        let opened = evaluated(&said);
        let says = heard(&said, |event| match event {
            EvaluationEvent::Imported { says, .. } => Some(says),
            _ => None,
        });
        assert_eq!(says[0], "All 30 pictures are here");
        assert!(says[1].starts_with("The numbers come out again"), "{says:?}");
        assert!(opened.pictures[0].path.starts_with(&elsewhere));
        assert_eq!((opened.marks.len(), opened.measures.count), (1, 30));
        assert!((opened.measures.top1.mean - first.measures.top1.mean).abs() < 1e-12);
    }

    /// Copies of the pictures that may be moved and deleted.
    fn copied(to: &Path) -> PathBuf {
        let folder = to.join("pictures");
        for class in ["banana", "carrots", "kiwi"] {
            std::fs::create_dir_all(folder.join(class)).unwrap();
            for file in std::fs::read_dir(grocery().join(class)).unwrap().flatten() {
                std::fs::copy(file.path(), folder.join(class).join(file.file_name())).unwrap();
            }
        }
        folder
    }

    fn started(data: &Path) -> (Evaluator, Receiver<Event>) {
        let (events, said) = Events::listened_to();
        let evaluator = Evaluator::start(Some(data.into()), DeviceChoice::Cpu, events, Arc::default());
        (evaluator, said)
    }

    /// The next message to read.
    fn told(events: &Receiver<Event>) -> String {
        loop {
            if let Event::Message { text, .. } = events.recv_timeout(Duration::from_secs(120)).expect("no message") {
                return text;
            }
        }
    }

    #[test]
    fn an_evaluation_that_is_opened_again_is_what_it_was_whatever_became_of_its_pictures() {
        let data = tempfile::tempdir().unwrap();
        let folder = copied(data.path());
        let (evaluator, said) = started(data.path());
        let mut config = config();
        config.folder.clone_from(&folder);
        evaluator.send(EvaluationRequest::Evaluate { generation: 1, config });
        let made = evaluated(&said);
        let id = made.id.clone();
        let mark = |place: usize| EvaluationRequest::Mark {
            id: id.clone(),
            place,
            mark: Some(Marked {
                mark: Mark::WrongLabel,
                note: String::new(),
            }),
        };
        evaluator.send(mark(29));
        assert_eq!(evaluated(&said).marks.len(), 1);
        drop(evaluator);

        // One picture is gone, and one is new.
        let gone = &made.pictures[3].path;
        std::fs::remove_file(gone).unwrap();
        std::fs::copy(&made.pictures[20].path, folder.join("banana/new.jpg")).unwrap();
        let (evaluator, said) = started(data.path());
        evaluator.send(EvaluationRequest::Open(id.clone()));
        let opened = evaluated(&said);
        assert_eq!((opened.pictures.len(), opened.marks.len()), (30, 1));
        assert!(opened.marks.contains_key(&29));
        evaluator.send(EvaluationRequest::Map(id.clone(), MapKind::Pca));
        let warning = told(&said);
        let name = gone.file_name().unwrap().to_string_lossy().into_owned();
        assert!(
            warning.starts_with("1 of 30 pictures") && warning.contains(&name),
            "{warning}"
        );
        let map = heard(&said, |event| match event {
            EvaluationEvent::Mapped(_, map) => Some(map),
            _ => None,
        });
        let nowhere = |place: &usize| map.pictures[*place][0].is_nan();
        assert_eq!((0..30).filter(nowhere).collect::<Vec<_>>(), [3]);
        evaluator.send(mark(3));
        let marked = evaluated(&said);
        assert_eq!((marked.pictures.len(), marked.marks.len()), (30, 2));
        drop(evaluator);

        // All of them are gone: the numbers stay, and can be compared.
        std::fs::rename(&folder, data.path().join("elsewhere")).unwrap();
        let (evaluator, said) = started(data.path());
        evaluator.send(EvaluationRequest::Open(id.clone()));
        assert_eq!(evaluated(&said).measures.count, 30);
        evaluator.send(EvaluationRequest::Map(id.clone(), MapKind::Pca));
        let reason = told(&said);
        assert!(reason.starts_with("None of the pictures of"), "{reason}");
        evaluator.send(EvaluationRequest::Compare {
            first: id.clone(),
            second: id.clone(),
            without_marked: true,
        });
        let compared = heard(&said, |event| match event {
            EvaluationEvent::Compared(_, _, found) => Some(found.unwrap()),
            _ => None,
        });
        assert_eq!((compared.overall.count, compared.of.contains(&3)), (28, false));
    }

    #[test]
    fn marks_stay_on_their_pictures_where_one_is_missing_elsewhere() {
        let data = tempfile::tempdir().unwrap();
        let folder = copied(data.path());
        let (evaluator, said) = started(data.path());
        let mut config = config();
        config.folder.clone_from(&folder);
        evaluator.send(EvaluationRequest::Evaluate { generation: 1, config });
        let made = evaluated(&said);
        evaluator.send(EvaluationRequest::Mark {
            id: made.id.clone(),
            place: 12,
            mark: Some(Marked {
                mark: Mark::Ambiguous,
                note: "a bowl".into(),
            }),
        });
        evaluated(&said);
        let file = data.path().join("kept.evaluation");
        evaluator.send(EvaluationRequest::Export {
            id: made.id.clone(),
            kind: ExportKind::Evaluation,
            path: file.clone(),
            against: None,
        });
        heard(&said, |event| {
            matches!(event, EvaluationEvent::Exported(_)).then_some(())
        });
        std::fs::remove_file(&made.pictures[2].path).unwrap();
        evaluator.send(EvaluationRequest::Import {
            file: file.clone(),
            pictures: folder,
            model: ModelChoice::Starter,
        });
        let opened = evaluated(&said);
        assert_ne!(opened.id, made.id, "the one that is here stays as it is");
        assert_eq!(opened.pictures[12].content, made.pictures[12].content);
        assert_eq!(opened.marks[&12].note, "a bowl");
        let says = heard(&said, |event| match event {
            EvaluationEvent::Imported { says, .. } => Some(says),
            _ => None,
        });
        assert!(says[0].starts_with("1 of 30 pictures are not here"), "{says:?}");
        assert_eq!(says[1], "On the 29 pictures of 30 that are here, 0 answers changed");

        // What is measured anew on those that are here has the mark on the same picture, too.
        let found = found_here(read_evaluation(&file).unwrap(), &grocery());
        let here: Vec<usize> = found.here.iter().copied().filter(|place| *place != 2).collect();
        let mut desk = Desk::new(
            Arc::new(Shelf::new(Events::listened_to().0, None)),
            Events::listened_to().0,
            None,
        );
        let session = desk.session(&ModelChoice::Starter, DeviceChoice::Cpu).ok().unwrap();
        let unheard = crate::progress::Unheard;
        let now = appraise_again(session, &found.evaluation, &here, ModelChoice::Starter, &unheard).unwrap();
        let (place, _) = now.evaluation.marks.first_key_value().unwrap();
        assert_eq!(now.evaluation.pictures[*place].content, made.pictures[12].content);
    }

    #[test]
    fn what_needs_no_model_is_answered_beside_long_work() {
        let data = tempfile::tempdir().unwrap();
        let (evaluator, said) = started(data.path());
        evaluator.send(EvaluationRequest::Evaluate {
            generation: 1,
            config: config(),
        });
        let id = evaluated(&said).id.clone();
        heard(&said, |event| matches!(event, EvaluationEvent::Idle).then_some(()));
        evaluator.send(EvaluationRequest::StudyPrompts(id.clone()));
        evaluator.send(EvaluationRequest::Order(id.clone(), FailureOrder::Margin));
        // The order comes while the study is still at work.
        heard(&said, |event| match event {
            EvaluationEvent::Ordered(..) => Some(()),
            EvaluationEvent::Idle | EvaluationEvent::Evaluated { .. } => panic!("the study came first"),
            _ => None,
        });
        evaluator.send(EvaluationRequest::Stop);
    }

    #[test]
    fn what_is_wrong_is_said_and_stopping_leaves_nothing_waiting() {
        let (events, said) = Events::listened_to();
        let evaluator = Evaluator::start(None, DeviceChoice::Cpu, events.clone(), Arc::default());
        let empty = tempfile::tempdir().unwrap();
        evaluator.send(EvaluationRequest::Look {
            generation: 4,
            folder: empty.path().into(),
            wanted: Wanted::to_measure(),
        });
        let reason = heard(&said, |event| match event {
            EvaluationEvent::Looked {
                generation: 4, truth, ..
            } => truth.err(),
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
