//! What the window knows. Changed by [`super::update`] (what the user wants) and [`State::apply`] (what the engine
//! says), and by nothing else.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::command::{Compare, Dialog, FileDialog};
use super::explore::picture::{Answer, Filter, Pictures};
use super::explore::view;
use super::settings::{LabelRow, Settings};
use super::shell::history::History;
use super::train::Training;
use crate::engine::DeviceInfo;
use crate::engine::ModelChoice;
use crate::engine::protocol::{
    CachedModel, Download, Event, FetchOutcome, Generation, InspectedPicture, LabelId, MapSet, ModelInfo, PictureFile,
    PictureId, Probe, Probed, Question, Scores, Scoring, ScreenImage, Severity, Shift, Verdict, model_name,
};
use crate::engine::training::TrainingEvent;
use crate::escape::visible_lines;

/// While pictures are being scored, the gallery is put in order at most so often.
const REORDER_EVERY: Duration = Duration::from_millis(300);
/// Pictures after which the order of the first few hardly changes.
const ENOUGH_TO_ORDER: usize = 200;
/// Messages that stay on screen.
const MAX_MESSAGES: usize = 4;

/// The picture in the inspector.
#[derive(Debug, Clone, Default)]
pub struct Inspected {
    /// Its pixels and the part that the model sees.
    pub picture: Option<Arc<InspectedPicture>>,
    /// One map a label, for the labels of a question, or how far they are.
    pub maps: Option<Arc<MapSet>>,
    /// The second set of maps.
    pub rival_maps: Option<Arc<MapSet>>,
    /// A test of one of the maps.
    pub tested: Option<TestedMap>,
    /// What came of showing the picture to the model in another way.
    pub probed: Option<Arc<Probed>>,
}

/// How far a heatmap can be trusted.
#[derive(Debug, Clone, PartialEq)]
pub struct TestedMap {
    /// The label of the map.
    pub label: LabelId,
    /// The share of the test that is done.
    pub done: f32,
    /// What came of it.
    pub verdict: Option<Arc<Verdict>>,
}

impl Inspected {
    /// The maps will be others.
    pub fn forget_maps(&mut self) {
        self.maps = None;
        self.rival_maps = None;
        self.tested = None;
    }
}

/// The brush that erases.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Brush {
    /// Its radius, as a fraction of the picture's longer side.
    pub radius: f32,
}

/// Something to read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// How grave.
    pub severity: Severity,
    /// What.
    pub text: String,
}

/// The question to the model, and its answer.
#[derive(Debug, Clone, Default)]
pub struct Asking {
    /// The newest question.
    pub generation: Generation,
    /// Since when the labels differ from it.
    pub changed_at: Option<Instant>,
    /// The question that the pictures' scores answer: all of them the same one, perhaps an older one than the newest.
    pub answer: Option<Arc<Question>>,
    /// The newest question that is answered for every picture.
    pub answered: Generation,
    /// Labels of which words were cut, and which.
    pub lost_words: Vec<(LabelId, String)>,
    /// How long the last answer took, in milliseconds.
    pub latency_ms: Option<f32>,
}

/// A model that is being fetched.
#[derive(Debug, Clone, PartialEq)]
pub struct Fetching {
    /// Its name on the Hub.
    pub name: String,
    /// How far it is; none before the first bytes.
    pub progress: Option<Download>,
}

/// Where the keyboard is to go in the next frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Focus {
    /// The field for new labels.
    NewLabel,
    /// The filter by name.
    Filter,
}

/// What the window is for at the moment.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Mode {
    /// To look at pictures and what the model makes of them.
    #[default]
    Explore,
    /// To teach a model.
    Train,
}

/// Everything that the window shows.
pub struct State {
    /// What the window is for.
    pub mode: Mode,
    /// Runs, and what is set up for the next.
    pub training: Training,
    /// What persists.
    pub settings: Settings,
    /// Changes of labels that can be undone.
    pub history: History<Vec<LabelRow>>,
    /// The list's generation.
    pub library: Generation,
    /// Whether the list is complete.
    pub scanned: bool,
    /// The list.
    pub pictures: Pictures,
    /// Paths that could not be looked at.
    pub unreadable: Vec<(PathBuf, String)>,
    /// What the gallery shows, in order.
    pub order: Vec<PictureId>,
    order_due: bool,
    ordered_at: Option<Instant>,
    /// Pictures that each label wins.
    pub wins: HashMap<LabelId, usize>,
    /// Pictures that "none of these" wins.
    pub none_wins: usize,
    /// Which pictures pass.
    pub filter: Filter,
    /// Pictures that the model has an embedding of.
    pub indexed: usize,
    /// Whether indexing is held.
    pub paused: bool,
    /// Pictures per second.
    pub speed: Option<f32>,
    /// The question to the model.
    pub asking: Asking,
    /// The picture in the inspector.
    pub selected: Option<PictureId>,
    /// Its pixels and maps.
    pub inspected: Inspected,
    /// The label whose map is shown; the best one where none was chosen.
    pub mapped_label: Option<LabelId>,
    /// The label under the pointer, whose map is shown meanwhile.
    pub hovered_label: Option<LabelId>,
    /// Whether the inspector shows what the model sees.
    pub model_view: bool,
    /// What stands beside the heatmap.
    pub compare: Option<Compare>,
    /// The model that makes what stands beside it, where it is another.
    pub rival_model: Option<ModelInfo>,
    /// How the inspected picture is shown to the model.
    pub probe: Probe,
    /// Where each stroke of the brush begins in it.
    pub strokes: Vec<usize>,
    /// The brush, if it is taken.
    pub brush: Option<Brush>,
    /// A picture for the clipboard.
    pub to_copy: Option<ScreenImage>,
    /// Thumbnails that arrived since the last frame.
    pub new_thumbnails: Vec<(PictureId, ScreenImage)>,
    /// Which model is opened: the one that runs learn from. The settings may name another, which could not be opened.
    pub opened_model: ModelChoice,
    /// Its card.
    pub model: Option<ModelInfo>,
    /// A model that the user asked for and that is not opened yet.
    pub asked_model: Option<ModelChoice>,
    /// A model that is being loaded.
    pub model_loading: Option<String>,
    /// The models of the Hugging Face cache.
    pub local_models: Vec<CachedModel>,
    /// A model that is being fetched.
    pub fetching: Option<Fetching>,
    /// A model that is here and that the user wanted to open.
    pub wanted_model: Option<ModelChoice>,
    /// A model that is deleted if the user says so once more.
    pub asked_to_remove: Option<String>,
    /// Everything is forgotten if the user says so once more.
    pub asked_to_forget: bool,
    /// What is typed into the field for a model's name.
    pub model_name: String,
    /// Where the model computes.
    pub device: Option<DeviceInfo>,
    /// A GPU that is being prepared.
    pub gpu_preparing: Option<String>,
    /// Things to read.
    pub messages: Vec<Message>,
    /// The dialog over the window.
    pub dialog: Option<Dialog>,
    /// A platform dialog that is to be opened.
    pub wanted_dialog: Option<FileDialog>,
    /// A folder to show in the platform's file manager.
    pub wanted_folder: Option<PathBuf>,
    /// Where the keyboard is to go.
    pub focus: Option<Focus>,
    /// What is typed into the field for new labels.
    pub new_label: String,
    /// What is typed into a dialog.
    pub draft: String,
    /// The label whose descriptions are open.
    pub expanded_label: Option<LabelId>,
    /// Pictures in a row and rows on a screen, as last drawn: for the keyboard.
    pub grid: (usize, usize),
    /// Scroll to the selected picture in the next frame.
    pub scroll_to_selected: bool,
}

/// What a run's folder is called, of a run that is not known (any more): in it, models have no names of their own.
fn run_folder(path: &Path) -> Option<String> {
    let run = path.parent()?;
    let runs = run.parent()?.file_name()?;
    (runs == "runs").then(|| run.file_name().map(|name| name.to_string_lossy().into_owned()))?
}

impl State {
    /// A window before its first event.
    pub fn new(settings: Settings) -> Self {
        Self {
            mode: Mode::default(),
            training: Training::default(),
            settings,
            history: History::default(),
            library: 0,
            scanned: false,
            pictures: Pictures::default(),
            unreadable: Vec::new(),
            order: Vec::new(),
            order_due: false,
            ordered_at: None,
            wins: HashMap::new(),
            none_wins: 0,
            filter: Filter::default(),
            indexed: 0,
            paused: false,
            speed: None,
            asking: Asking::default(),
            selected: None,
            inspected: Inspected::default(),
            mapped_label: None,
            hovered_label: None,
            model_view: false,
            compare: None,
            rival_model: None,
            probe: Probe::default(),
            strokes: Vec::new(),
            brush: None,
            to_copy: None,
            new_thumbnails: Vec::new(),
            opened_model: ModelChoice::Starter,
            model: None,
            asked_model: None,
            model_loading: None,
            local_models: Vec::new(),
            fetching: None,
            wanted_model: None,
            asked_to_remove: None,
            asked_to_forget: false,
            model_name: String::new(),
            device: None,
            gpu_preparing: None,
            messages: Vec::new(),
            dialog: None,
            wanted_dialog: None,
            wanted_folder: None,
            focus: None,
            new_label: String::new(),
            draft: String::new(),
            expanded_label: None,
            grid: (1, 1),
            scroll_to_selected: false,
        }
    }

    /// Pictures that cannot be used.
    pub fn skipped(&self) -> usize {
        self.pictures.iter().filter(|picture| picture.skipped.is_some()).count()
    }

    /// From cosine to probability, by the model that scored.
    pub fn scoring(&self) -> Scoring {
        self.model.as_ref().map_or(Scoring::default(), |model| model.scoring)
    }

    /// The row of a label, if it is still there.
    pub fn row(&self, label: LabelId) -> Option<&LabelRow> {
        self.settings.labels.iter().find(|row| row.id == label)
    }

    /// The label whose map is shown: under the pointer, chosen, or best.
    pub fn shown_label(&self) -> Option<LabelId> {
        let best = || self.inspected_answer().and_then(|answer| answer.best());
        self.hovered_label
            .or(self.mapped_label)
            .filter(|&label| self.row(label).is_some())
            .or_else(best)
    }

    /// What the model says about a picture.
    pub fn answer(&self, picture: PictureId) -> Option<Answer<'_>> {
        Some(Answer {
            question: self.asking.answer.as_ref()?,
            scores: self.pictures.get(picture)?.scores.as_ref()?,
        })
    }

    /// What the model says about the inspected picture as it is.
    pub fn selected_answer(&self) -> Option<Answer<'_>> {
        self.answer(self.selected?)
    }

    /// What the inspector shows: the answer about the picture as it is shown to the model now.
    pub fn inspected_answer(&self) -> Option<Answer<'_>> {
        match self.probed() {
            Some(probed) => Some(Answer {
                question: &probed.question,
                scores: &probed.after,
            }),
            None => self.selected_answer(),
        }
    }

    /// The answer to a probe, if it answers the newest question.
    pub fn probed(&self) -> Option<&Arc<Probed>> {
        let probed = self.inspected.probed.as_ref()?;
        self.is_current(&probed.question).then_some(probed)
    }

    /// Whether this is the newest question, answered by the model that is loaded.
    fn is_current(&self, question: &Question) -> bool {
        question.generation == self.asking.generation && self.is_by_model(question)
    }

    /// Whether the model that is loaded answered this.
    pub fn is_by_model(&self, question: &Question) -> bool {
        question.model.as_ref() == self.model.as_ref().map(|model| &model.identity)
    }

    /// Whether the picture is shown to the model in another way than it is.
    pub fn is_probing(&self) -> bool {
        !self.probe.dabs.is_empty() || self.probe.shift != Shift::default()
    }

    /// Shows the next picture as it is.
    pub fn forget_probe(&mut self) {
        self.probe = Probe {
            number: self.probe.number,
            fill: self.probe.fill,
            ..Probe::default()
        };
        self.strokes.clear();
        self.inspected.probed = None;
    }

    /// Says something to the user.
    pub fn say(&mut self, severity: Severity, text: impl Into<String>) {
        let message = Message {
            severity,
            // Names in it are somebody else's.
            text: visible_lines(&text.into()),
        };
        self.messages.retain(|known| *known != message);
        self.messages.push(message);
        let surplus = self.messages.len().saturating_sub(MAX_MESSAGES);
        self.messages.drain(..surplus);
    }

    /// The labels or templates differ from the last question.
    pub fn question_changed(&mut self, now: Instant) {
        self.asking.changed_at = Some(now);
    }

    /// The gallery's order is out of date, and shown so in the next frame.
    pub fn reorder_now(&mut self) {
        self.order_due = true;
        self.ordered_at = None;
    }

    /// Puts the gallery in order where that is due; how long to wait where it is due later.
    pub fn reorder(&mut self, now: Instant) -> Option<Duration> {
        if !self.order_due {
            return None;
        }
        if let Some(at) = self.ordered_at
            && now - at < REORDER_EVERY
        {
            return Some(REORDER_EVERY - (now - at));
        }
        let question = self.asking.answer.as_deref();
        self.order = view::order(&self.pictures, question, &self.filter, &self.settings);
        (self.wins, self.none_wins) = view::wins(&self.pictures, question);
        self.order_due = false;
        self.ordered_at = Some(now);
        None
    }

    /// The picture to inspect while the user has chosen none: the first, once the order means something.
    pub fn first_worth_showing(&self) -> Option<PictureId> {
        if self.selected.is_some() {
            return None;
        }
        let all = self.pictures.len() - self.skipped();
        let ordered = !self.order_due
            && self.asking.answered == self.asking.generation
            && self.indexed >= all.min(ENOUGH_TO_ORDER);
        self.order.first().copied().filter(|_| self.scanned && ordered)
    }

    /// Takes what the engine says; what is out of date is dropped.
    pub fn apply(&mut self, event: Event) {
        match event {
            Event::Pictures { library, pictures } if library == self.library => self.add(pictures),
            Event::Scanned { library, unreadable } if library == self.library => {
                self.scanned = true;
                self.unreadable = unreadable;
            }
            Event::Skipped {
                library,
                picture,
                reason,
            } if library == self.library => {
                if let Some(picture) = self.pictures.get_mut(picture) {
                    picture.skipped = Some(reason);
                    self.order_due = true;
                }
            }
            Event::Indexed { library, done } if library == self.library => self.indexed = done,
            Event::Speed(speed) => self.speed = Some(speed),
            Event::Predictions {
                library,
                question,
                rows,
            } if library == self.library && self.is_current(&question) => self.predicted(question, rows),
            Event::Answered {
                question,
                lost_words,
                latency_ms,
            } if self.is_current(&question) => {
                self.asking.answered = question.generation;
                self.asking.lost_words = lost_words;
                self.asking.latency_ms = Some(latency_ms);
                self.reorder_now();
            }
            Event::Thumbnail {
                library,
                picture,
                image,
            } if library == self.library => self.new_thumbnails.push((picture, image)),
            Event::Inspected {
                library,
                picture,
                inspected,
            } if library == self.library && self.selected == Some(picture) => {
                self.inspected.picture = Some(Arc::from(inspected));
            }
            Event::HeatMaps {
                library,
                picture,
                rival: true,
                maps,
            } if library == self.library && self.selected == Some(picture) && self.is_compared(&maps) => {
                self.inspected.rival_maps = Some(maps);
            }
            Event::HeatMaps {
                library,
                picture,
                rival: false,
                maps,
            } if library == self.library && self.selected == Some(picture) && self.is_by_model(&maps.question) => {
                let known = self.inspected.maps.as_ref();
                if known.is_none_or(|known| !known.question.is(&maps.question)) {
                    self.inspected.tested = None;
                }
                self.inspected.maps = Some(maps);
            }
            Event::MapTested {
                library,
                picture,
                question,
                label,
                done,
                verdict,
            } if library == self.library && self.selected == Some(picture) && self.is_current(&question) => {
                self.map_tested(label, done, verdict);
            }
            Event::Probed {
                library,
                picture,
                probed,
            } if library == self.library
                && self.selected == Some(picture)
                && probed.number == self.probe.number
                && self.is_probing() =>
            {
                self.inspected.probed = Some(Arc::from(probed));
            }
            Event::RivalReady(model) => self.rival_model = model.map(|model| *model),
            Event::Drawn(image) => self.to_copy = Some(image),
            Event::Training(event) => self.trained(event),
            Event::LocalModels(models) => self.local_models = models,
            Event::Fetching { name, progress } => {
                self.fetching = Some(Fetching {
                    name,
                    progress: Some(progress),
                });
            }
            Event::Fetched { name, outcome } => self.fetched(&name, outcome),
            Event::ModelLoading(name) => self.model_loading = Some(name),
            Event::ModelOpened(choice) => self.model_opened(choice),
            Event::ModelReady(info) => self.model_ready(*info),
            Event::Device { info, preparing } => {
                self.device = Some(info);
                self.gpu_preparing = preparing;
            }
            Event::Message { severity, text } => self.say(severity, text),
            _ => {}
        }
    }

    /// Takes what training says. A model that is in use and has changed since, by another blend, is opened anew.
    fn trained(&mut self, event: TrainingEvent) {
        let in_use = |state: &Self| {
            let record = state.training.run_of(&state.opened_model)?;
            Some((record.run.clone(), record.blend, record.accuracy))
        };
        let before = in_use(self);
        self.training.apply(event);
        let after = in_use(self);
        if before.is_some() && after.is_some() && before != after {
            self.wanted_model = Some(self.opened_model.clone());
        }
    }

    /// A model's name for people: that of the run, where a run made it.
    pub fn name_at(&self, path: &Path) -> String {
        match self.training.run_at(path) {
            Some(record) => record.name.clone(),
            None => run_folder(path).unwrap_or_else(|| model_name(path)),
        }
    }

    /// The same of the model that is being loaded.
    pub fn name_of_loading(&self) -> Option<String> {
        let name = self.model_loading.as_ref()?;
        let run = self.training.run_at(Path::new(name));
        Some(run.map_or_else(|| name.clone(), |record| record.name.clone()))
    }

    /// The same of a model that was opened.
    pub fn name_of(&self, model: &ModelInfo) -> String {
        let run = model.path.as_deref().and_then(|path| self.training.run_at(path));
        run.map_or_else(|| model.name.clone(), |record| record.name.clone())
    }

    fn add(&mut self, pictures: Vec<PictureFile>) {
        self.pictures.add(pictures);
        self.reorder_now();
    }

    /// Whether these maps are by what stands beside the first ones now.
    fn is_compared(&self, maps: &MapSet) -> bool {
        match &self.compare {
            Some(Compare::Method(method)) => maps.method == *method && self.is_by_model(&maps.question),
            Some(Compare::Model(_)) => {
                let other = self.rival_model.as_ref().map(|model| &model.identity);
                maps.question.model.as_ref() == other
            }
            Some(Compare::Label(_)) | None => false,
        }
    }

    /// The first answers to a question end those to the one before, for all pictures.
    fn predicted(&mut self, question: Arc<Question>, rows: Vec<(PictureId, Arc<Scores>)>) {
        if self.asking.answer.as_ref().is_none_or(|known| !known.is(&question)) {
            self.forget_scores();
        }
        let labels = question.labels.len();
        self.asking.answer = Some(question);
        let fitting = rows.into_iter().filter(|(_, scores)| scores.cosines.len() == labels);
        for (id, scores) in fitting {
            if let Some(picture) = self.pictures.get_mut(id) {
                picture.scores = Some(scores);
            }
        }
        self.order_due = true;
    }

    fn forget_scores(&mut self) {
        self.asking.answer = None;
        for picture in self.pictures.iter_mut() {
            picture.scores = None;
        }
    }

    fn fetched(&mut self, name: &str, outcome: FetchOutcome) {
        self.fetching = None;
        match outcome {
            FetchOutcome::Here(folder) => {
                self.say(Severity::Info, format!("{name} is here, verified"));
                self.wanted_model = Some(ModelChoice::Path(folder));
            }
            FetchOutcome::Stopped => {
                let text = format!("Fetching {name} was stopped; the next time goes on from there");
                self.say(Severity::Info, text);
            }
            FetchOutcome::Failed(reason) => self.say(Severity::Error, format!("{name} was not fetched: {reason}")),
        }
    }

    /// Of a test that is still wanted.
    fn map_tested(&mut self, label: LabelId, done: f32, verdict: Option<Box<Verdict>>) {
        if let Some(tested) = self.inspected.tested.as_mut().filter(|tested| tested.label == label) {
            tested.done = done;
            tested.verdict = verdict.map(Arc::from);
        }
    }

    /// Only a model that can be opened is opened again at the next launch; the starter in its place is not.
    fn model_opened(&mut self, choice: ModelChoice) {
        if self.asked_model.as_ref() == Some(&choice) {
            self.settings.model = choice.clone();
            if let ModelChoice::Path(path) = &choice {
                self.settings.remember_model(path);
            }
            self.asked_model = None;
        }
        self.opened_model = choice;
    }

    fn model_ready(&mut self, info: ModelInfo) {
        self.model_loading = None;
        if self.model.as_ref().is_some_and(|model| model.identity == info.identity) {
            return;
        }
        self.model = Some(info);
        self.indexed = 0;
        self.speed = None;
        self.inspected.forget_maps();
        self.forget_probe();
        self.forget_scores();
        self.reorder_now();
    }
}
