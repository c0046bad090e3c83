//! Does what the window wants of evaluating, a job after the other.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use crossbeam_channel::Receiver;

use super::appraise::{Appraised, appraise, appraise_again, ground_truth, model_of};
use super::desk::{Desk, Done, Failure, config_of};
use super::explain::explain;
use super::files::{Writing, came_out, export, found_here};
use super::lane::{Heard, Job, Orders};
use super::revise::{against_negatives, call, side_by_side};
use super::study::study_prompts;
use super::{EvaluationConfig, EvaluationEvent, EvaluationRequest, Marked, SliceBy};
use crate::engine::Events;
use crate::engine::device::DeviceChoice;
use crate::engine::protocol::{Event, Severity};
use crate::engine::threads::spawn;
use crate::evaluation::{
    Answer, Conformal, Embedded, Evaluation, GroundTruth, MapKind, Preset, Projection, Wanted, clusters, dot, facts,
    ordered, read_evaluation, slices, vocabulary,
};
use crate::logging::{panic_text, place as log_place};
use crate::progress::Progress;

/// Neighbours that are told.
const NEIGHBOURS: usize = 8;

/// Takes jobs from the lane.
pub struct Worker {
    jobs: Receiver<Job>,
    events: Events,
    orders: Arc<Orders>,
    desk: Desk,
}

impl Worker {
    /// Waits for jobs; without a folder nothing is kept.
    pub fn new(jobs: Receiver<Job>, orders: Arc<Orders>, events: Events, data_dir: Option<PathBuf>) -> Self {
        Self {
            jobs,
            orders,
            desk: Desk::new(events.clone(), data_dir),
            events,
        }
    }

    /// Does the next job; whether there can be another.
    pub fn step(&mut self) -> bool {
        let Ok(job) = self.jobs.recv() else { return false };
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
            self.desk.tell(EvaluationEvent::Idle);
        }
        true
    }

    fn work(&mut self, job: Job) -> Done {
        let heard = Heard::of(job.number, &self.events, &self.orders);
        let mut task = Task {
            number: job.number,
            device: job.device,
            heard: &heard,
            events: &self.events,
            orders: &self.orders,
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
    events: &'a Events,
    orders: &'a Arc<Orders>,
    desk: &'a mut Desk,
}

impl Task<'_> {
    fn answer(&mut self, request: EvaluationRequest) -> Done {
        match request {
            EvaluationRequest::List => self.desk.list(),
            EvaluationRequest::Look {
                generation,
                folder,
                wanted,
            } => self.look(generation, &folder, &wanted),
            EvaluationRequest::Evaluate { generation, config } => self.evaluate(generation, &config)?,
            EvaluationRequest::Again { generation, id, model } => {
                let config = config_of(&self.opened(&id)?.evaluation, model);
                self.evaluate(generation, &config)?;
            }
            EvaluationRequest::Open(id) => {
                let evaluation = self.opened(&id)?.evaluation.clone();
                self.desk.show(None, Arc::new(evaluation));
            }
            EvaluationRequest::Call { id, class } => {
                let (device, heard) = (self.device, self.heard);
                self.desk
                    .change_with_session(&id, device, heard, |session, opened| call(session, opened, class))?;
            }
            EvaluationRequest::Describe { id, name, note } => self.change(&id, |evaluation| {
                evaluation.name = name;
                evaluation.note = note;
            })?,
            EvaluationRequest::Mark { id, place, mark } => {
                self.change(&id, |evaluation| set_mark(evaluation, place, mark))?;
            }
            EvaluationRequest::Measure { id, generation, places } => {
                let measures = self.opened(&id)?.evaluation.remeasured(&places).map(Box::new);
                self.desk.tell(EvaluationEvent::Measured {
                    id,
                    generation,
                    measures,
                });
            }
            EvaluationRequest::LookThrough(id) => self.look_through(&id)?,
            EvaluationRequest::Order(id, order) => {
                let opened = self.opened(&id)?;
                let places = Arc::new(ordered(&opened.evaluation, &opened.embedded, order));
                self.desk.tell(EvaluationEvent::Ordered(id, order, places));
            }
            EvaluationRequest::Conformal(id, level) => {
                let opened = self.opened(&id)?;
                let answers: Vec<&Answer> = opened.evaluation.answers().collect();
                let sets = Conformal::of(&opened.embedded, &answers, level)
                    .ok_or_else(|| "There are too few pictures for label sets at this level".to_string())?;
                self.desk.tell(EvaluationEvent::Conformal(id, Box::new(sets)));
            }
            EvaluationRequest::StudyPrompts(id) => {
                let (device, heard) = (self.device, self.heard);
                self.desk.change_with_session(&id, device, heard, |session, opened| {
                    opened.evaluation.prompts = Some(study_prompts(session, opened, heard)?);
                    Ok(())
                })?;
            }
            EvaluationRequest::Negatives(id, folder) => {
                let (device, heard) = (self.device, self.heard);
                self.desk.change_with_session(&id, device, heard, |session, opened| {
                    let problems = against_negatives(session, opened, &folder, heard)?;
                    opened.evaluation.problems.extend(problems);
                    Ok(())
                })?;
            }
            EvaluationRequest::Compare(first, second) => {
                let one = self.opened(&first)?.evaluation.clone();
                let two = &self.opened(&second)?.evaluation;
                let compared = side_by_side(&one, two).map(Arc::new);
                self.desk.tell(EvaluationEvent::Compared(first, second, compared));
            }
            EvaluationRequest::Slices(id, by) => {
                if by != SliceBy::Folder && by != SliceBy::Mark {
                    self.look_through(&id)?;
                }
                let parts = slices(&self.opened(&id)?.evaluation, by);
                self.desk.tell(EvaluationEvent::Sliced(id, by, Arc::new(parts)));
            }
            EvaluationRequest::Nearest { id, place } => {
                let nearest = nearest(self.opened(&id)?, place);
                self.desk.tell(EvaluationEvent::Nearest { id, place, nearest });
            }
            EvaluationRequest::Explain { id, place } => self.explain(id, place)?,
            EvaluationRequest::Delete(id) => {
                self.desk.books()?.delete(&id)?;
                self.desk.close(&id);
                self.desk.list();
            }
            EvaluationRequest::Restore(id) => {
                self.desk.books()?.restore(&id)?;
                self.desk.list();
            }
            EvaluationRequest::Import { file, pictures } => self.import(&file, &pictures)?,
            EvaluationRequest::Clusters(id, words) => self.clusters(id, words)?,
            EvaluationRequest::Map(id, MapKind::Pca) => {
                let map = Projection::pca(&self.opened(&id)?.embedded);
                self.desk.tell(EvaluationEvent::Mapped(id, Arc::new(map)));
            }
            EvaluationRequest::Map(id, MapKind::Tsne) => {
                let embedded = self.opened(&id)?.embedded.clone();
                self.start_map(id, embedded);
            }
            EvaluationRequest::Export { id, kind, path } => {
                let writing = Writing {
                    // The dialog asked.
                    replace: true,
                    ..Writing::default()
                };
                export(self.opened(&id)?, None, kind, &path, writing)?;
                self.desk.tell(EvaluationEvent::Exported(path));
            }
            EvaluationRequest::Stop => {}
        }
        Ok(())
    }

    fn opened(&mut self, id: &str) -> Done<&mut Appraised> {
        self.desk.opened(id, self.device, self.heard)
    }

    fn change(&mut self, id: &str, change: impl FnOnce(&mut Evaluation)) -> Done {
        self.desk.change(id, self.device, self.heard, change)
    }

    fn look(&self, generation: u64, folder: &Path, wanted: &Wanted) {
        if !self.orders.is_newest_look(generation) {
            return;
        }
        let truth = GroundTruth::read(folder, wanted).map_err(|error| error.to_string());
        let truth = truth.map(|truth| {
            let known = Preset::recognised(&truth.classes).map(|preset| preset.name.clone());
            (Box::new(truth), known)
        });
        self.desk.tell(EvaluationEvent::Looked { generation, truth });
    }

    fn evaluate(&mut self, generation: u64, config: &EvaluationConfig) -> Done {
        let made = self.appraised(config);
        let (reason, done) = match made {
            Ok(appraised) => {
                self.desk.take(Some(generation), appraised);
                return Ok(());
            }
            Err(Failure::Said(reason)) => (reason, Ok(())),
            Err(Failure::Stopped) => (
                "It was stopped; the pictures that are embedded need not be again".into(),
                Err(Failure::Stopped),
            ),
        };
        self.desk.tell(EvaluationEvent::Evaluated {
            generation: Some(generation),
            evaluation: Err(reason),
        });
        done
    }

    fn appraised(&mut self, config: &EvaluationConfig) -> Done<Appraised> {
        let (truth, templates) = ground_truth(config, None)?;
        let session = self.desk.session(&config.model, self.device)?;
        Ok(appraise(session, config, truth, templates, self.heard)?)
    }

    /// Both heatmaps of a failure; of no older one than was asked for last.
    fn explain(&mut self, id: String, place: usize) -> Done {
        if !self.orders.is_newest_explanation(self.number) {
            return Ok(());
        }
        let (device, heard) = (self.device, self.heard);
        let explained = self.desk.with_session(&id, device, heard, |session, opened| {
            Ok(explain(session, opened, place).map(Arc::new))
        })?;
        self.desk.tell(EvaluationEvent::Explained { id, place, explained });
        Ok(())
    }

    fn look_through(&mut self, id: &str) -> Done {
        let opened = self.opened(id)?;
        let pictures = &opened.evaluation.pictures;
        if opened.evaluation.facts.len() == pictures.len() {
            return Ok(());
        }
        let paths: Vec<PathBuf> = pictures.iter().map(|picture| picture.path.clone()).collect();
        let found = facts(&paths, self.heard).ok_or(Failure::Stopped)?;
        self.change(id, |evaluation| evaluation.facts = found)
    }

    /// The map takes long, and nothing waits for it: on a thread of its own, until it is stopped.
    fn start_map(&self, id: String, embedded: Embedded) {
        let (events, orders, number) = (self.events.clone(), self.orders.clone(), self.number);
        spawn("map", self.events, move || {
            Projection::tsne(&embedded, |map| {
                events.send(Event::Evaluation(EvaluationEvent::Mapped(id.clone(), Arc::new(map))));
                orders.wants(number)
            });
        });
    }

    fn clusters(&mut self, id: String, words: Vec<String>) -> Done {
        let words = if words.is_empty() { vocabulary() } else { words };
        let (device, heard) = (self.device, self.heard);
        let found = self.desk.with_session(&id, device, heard, |session, opened| {
            heard.at("Wording mistakes", 0, 1);
            let texts: Vec<f32> = session
                .embed_texts(&words)?
                .into_iter()
                .flat_map(|text| text.vector)
                .collect();
            let answers: Vec<&Answer> = opened.evaluation.answers().collect();
            Ok(clusters(&opened.embedded, &answers, &words, &texts))
        })?;
        self.desk.tell(EvaluationEvent::Clustered(id, Arc::new(found)));
        Ok(())
    }

    /// Opens one from a file: its pictures by their content, its numbers anew.
    fn import(&mut self, file: &Path, pictures: &Path) -> Done {
        let (kept, mut says) = found_here(read_evaluation(file)?, pictures);
        let session = self.desk.session(&model_of(&kept), self.device)?;
        let mut now = appraise_again(session, &kept, self.heard)?;
        says.push(came_out(&kept, &now.evaluation));
        let fresh = &mut now.evaluation;
        fresh.id.clone_from(&kept.id);
        fresh.note.clone_from(&kept.note);
        fresh.setup.date.clone_from(&kept.setup.date);
        if fresh.pictures.len() == kept.pictures.len() {
            fresh.marks = kept.marks;
        }
        let id = fresh.id.clone();
        self.desk.take(None, now);
        self.desk.tell(EvaluationEvent::Imported { id, says });
        Ok(())
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
    use crate::engine::evaluation::{Evaluator, ExportKind, FailureOrder, Mark};

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
