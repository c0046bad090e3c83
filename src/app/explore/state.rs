//! What the window knows of pictures, labels, and what the model says about them. Changed by [`super::update`] (what the
//! user wants) and [`Explore::apply`] (what the engine says), and by nothing else.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Instant;

use super::numbers::Lens;
use super::order::{Due, Held};
use super::picture::{Answer, Filter, Picture, Pictures};
use super::view::Arranged;
use super::wording::Wording;
use crate::app::command::Compare;
use crate::app::settings::LabelRow;
use crate::app::shell::history::History;
use crate::app::state::State;
use crate::engine::protocol::{
    Generation, InspectedPicture, LabelId, MapSet, ModelInfo, PictureId, Probe, Probed, Question, Scores, Scoring,
    ScreenImage, Shift, Verdict,
};

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
    /// The name of the label whose map is tested beside it.
    pub beside: Option<String>,
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
    /// Labels that the model was not taught, and what is to be known of each.
    pub untaught: Vec<(LabelId, String)>,
    /// How long the last answer took, in milliseconds.
    pub latency_ms: Option<f32>,
}

/// The answers under the templates before, kept beside those of now.
#[derive(Debug, Clone)]
pub struct Baseline {
    /// The question that they answer.
    pub question: Arc<Question>,
    /// The scores of every picture.
    pub scores: HashMap<PictureId, Arc<Scores>>,
    /// How many pictures have another answer now; none until that is known.
    pub changed: Option<usize>,
}

/// The picture that fills the gallery's place.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Large {
    /// Points on the screen for a pixel of the picture; none where it fills the room there is.
    pub zoom: Option<f32>,
    /// What is in the middle, 0 to 1 across and down the picture.
    pub middle: (f32, f32),
}

impl Large {
    /// The whole picture.
    pub const WHOLE: Self = Self {
        zoom: None,
        middle: (0.5, 0.5),
    };
}

/// The gallery sorted by how like its pictures are to one of them.
#[derive(Debug, Clone, Default)]
pub struct Alike {
    /// To which.
    pub to: PictureId,
    /// The cosine of every picture with it, as far as they are known.
    pub cosines: HashMap<PictureId, f32>,
}

/// Where the keyboard is to go in the next frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Focus {
    /// The field for new labels.
    NewLabel,
    /// The filter by name.
    Filter,
}

/// What the mode shows.
#[derive(Debug, Default)]
pub struct Explore {
    /// The list's generation.
    pub(super) library: Generation,
    /// Counts what was opened; looking at the same folders again does not count.
    pub(super) opened: u64,
    /// Whether the list is complete.
    pub(super) scanned: bool,
    /// The list.
    pub(super) pictures: Pictures,
    /// How many of them cannot be used.
    pub(super) skipped: usize,
    /// How many pictures have a name.
    pub(super) names: HashMap<String, u32>,
    /// Paths that could not be looked at.
    pub(super) unreadable: Vec<(PathBuf, String)>,
    /// How many of those are pictures of kinds that are not read.
    pub(super) unread: usize,
    /// The list that is being made anew, of the same folders: that from before is shown until it is complete.
    pub(super) incoming: Option<Pictures>,
    /// The selected picture, where its file may have changed since it was read.
    pub(super) outdated: Option<PictureId>,
    /// Counts lists that have nothing to do with the one before, and those that took its place.
    pub(super) listed: (u64, u64),
    /// What the gallery shows.
    pub(super) arranged: Arranged,
    /// Whether that is out of date.
    pub(super) due: Due,
    /// When it was arranged last.
    pub(super) arranged_at: Option<Instant>,
    /// A newer order, while somebody points at the gallery.
    pub(super) held: Option<Held>,
    /// Whether somebody does.
    pub(super) pointed: bool,
    /// Which pictures pass.
    pub(super) filter: Filter,
    /// How like the pictures are to one of them, where that is the order.
    pub(super) alike: Option<Alike>,
    /// Pictures that the model has an embedding of.
    pub(super) indexed: usize,
    /// Whether indexing is held.
    pub(super) paused: bool,
    /// Pictures per second.
    pub(super) speed: Option<f32>,
    /// The question to the model.
    pub(super) asking: Asking,
    /// The answers under the templates before.
    pub(super) baseline: Option<Baseline>,
    /// The picture in the inspector.
    pub(super) selected: Option<PictureId>,
    /// Whether somebody chose it.
    pub(super) chosen: bool,
    /// The pictures that commands are for, where they are several.
    pub(super) marked: BTreeSet<PictureId>,
    /// How far marking by key went from the selected picture.
    pub(super) reach: Option<PictureId>,
    /// Whether the menu of a picture was asked for by key.
    pub(super) wants_menu: bool,
    /// The picture that fills the gallery's place.
    pub(super) large: Option<Large>,
    /// Its pixels and maps.
    pub(super) inspected: Inspected,
    /// The label whose map is shown; the best one where none was chosen.
    pub(super) mapped_label: Option<LabelId>,
    /// The label under the pointer, whose map is shown meanwhile.
    pub(super) hovered_label: Option<LabelId>,
    /// Whether making maps of this picture was stopped.
    pub(super) stopped: bool,
    /// Whether the inspector shows what the model sees.
    pub(super) model_view: bool,
    /// What stands beside the heatmap.
    pub(super) compare: Option<Compare>,
    /// The model that makes what stands beside it, where it is another.
    pub(super) rival_model: Option<ModelInfo>,
    /// How the inspected picture is shown to the model.
    pub(super) probe: Probe,
    /// Where each stroke of the brush begins in it.
    pub(super) strokes: Vec<usize>,
    /// The brush, if it is taken.
    pub(super) brush: Option<Brush>,
    /// A picture for the clipboard, and what it is.
    pub(super) to_copy: Option<(ScreenImage, &'static str)>,
    /// A text for the clipboard.
    pub(super) text_to_copy: Option<String>,
    /// A picture that goes to the clipboard once it is here.
    pub(super) copy_when_here: bool,
    /// Thumbnails that arrived since the last frame.
    pub(super) new_thumbnails: Vec<(PictureId, ScreenImage)>,
    /// Labels that read like one above them.
    pub(super) doubled: HashSet<LabelId>,
    /// What is typed into the field for new labels.
    pub(super) new_label: String,
    /// The label whose descriptions are open.
    pub(super) expanded_label: Option<LabelId>,
    /// Pictures in a row and rows on a screen, as last drawn: for the keyboard.
    pub(super) grid: (usize, usize),
    /// Changes of what is asked that can be undone.
    pub(super) history: History<Wording>,
    /// Where the keyboard is to go.
    pub(super) focus: Option<Focus>,
    /// Scroll to the selected picture in the next frame.
    pub(super) scroll_to_selected: bool,
}

impl Explore {
    /// The list's generation.
    pub fn library(&self) -> Generation {
        self.library
    }

    /// Counts lists that have nothing to do with the one before, and those of the same folders that took its place.
    pub fn listed(&self) -> (u64, u64) {
        self.listed
    }

    /// Whether the list is complete.
    pub fn is_scanned(&self) -> bool {
        self.scanned
    }

    /// The list.
    pub fn pictures(&self) -> &Pictures {
        &self.pictures
    }

    /// Paths that could not be looked at, with the reason.
    pub fn unreadable(&self) -> &[(PathBuf, String)] {
        &self.unreadable
    }

    /// Pictures that cannot be used.
    pub fn skipped(&self) -> usize {
        self.skipped
    }

    /// What the gallery shows, in order.
    pub fn order(&self) -> &[PictureId] {
        &self.arranged.order
    }

    /// Pictures that each label wins.
    pub fn wins(&self) -> &HashMap<LabelId, usize> {
        &self.arranged.wins
    }

    /// Which pictures pass.
    pub fn filter(&self) -> &Filter {
        &self.filter
    }

    /// Pictures that the model has an embedding of.
    pub fn indexed(&self) -> usize {
        self.indexed
    }

    /// Whether indexing is held.
    pub fn is_paused(&self) -> bool {
        self.paused
    }

    /// Pictures per second.
    pub fn speed(&self) -> Option<f32> {
        self.speed
    }

    /// The question to the model.
    pub fn asking(&self) -> &Asking {
        &self.asking
    }

    /// The picture in the inspector.
    pub fn selected(&self) -> Option<PictureId> {
        self.selected
    }

    /// The pictures that commands are for, where they are several.
    pub fn marked(&self) -> &BTreeSet<PictureId> {
        &self.marked
    }

    /// The picture that fills the gallery's place.
    pub fn large(&self) -> Option<Large> {
        self.large
    }

    /// The selected picture's pixels and maps.
    pub fn inspected(&self) -> &Inspected {
        &self.inspected
    }

    /// The answers under the templates before.
    pub fn baseline(&self) -> Option<&Baseline> {
        self.baseline.as_ref()
    }

    /// What stands beside the heatmap.
    pub fn compare(&self) -> Option<&Compare> {
        self.compare.as_ref()
    }

    /// The model that makes what stands beside it, where it is another.
    pub fn rival_model(&self) -> Option<&ModelInfo> {
        self.rival_model.as_ref()
    }

    /// The label whose map was chosen.
    pub fn pinned(&self) -> Option<LabelId> {
        self.mapped_label
    }

    /// How the inspected picture is shown to the model.
    pub fn probe(&self) -> &Probe {
        &self.probe
    }

    /// Where each stroke of the brush begins in it.
    pub fn strokes(&self) -> &[usize] {
        &self.strokes
    }

    /// The brush, if it is taken.
    pub fn brush(&self) -> Option<Brush> {
        self.brush
    }

    /// Whether the picture is shown to the model in another way than it is.
    pub fn is_probing(&self) -> bool {
        !self.probe.dabs.is_empty() || self.probe.shift != Shift::default()
    }

    /// How a picture is called beside others: with its folder where its name is not its alone.
    pub fn caption(&self, picture: &Picture) -> String {
        match self.names.get(picture.name()) {
            Some(&count) if count > 1 => picture.name_in_folder(),
            _ => picture.name().to_owned(),
        }
    }

    /// Shows the next picture as it is.
    pub(super) fn forget_probe(&mut self) {
        self.probe = Probe {
            number: self.probe.number,
            fill: self.probe.fill,
            ..Probe::default()
        };
        self.strokes.clear();
        self.inspected.probed = None;
    }

    pub(super) fn forget_scores(&mut self) {
        self.asking.answer = None;
        let incoming = self.incoming.iter_mut().flat_map(Pictures::iter_mut);
        for picture in self.pictures.iter_mut().chain(incoming) {
            picture.scores = None;
        }
    }

    /// Whether this is the newest question, answered by this model.
    pub(super) fn is_current(&self, question: &Question, model: Option<&ModelInfo>) -> bool {
        question.generation == self.asking.generation && is_by(question, model)
    }

    /// Takes what is to go to the clipboard: a text, and a picture with what it is.
    pub fn take_for_clipboard(&mut self) -> (Option<String>, Option<(ScreenImage, &'static str)>) {
        (self.text_to_copy.take(), self.to_copy.take())
    }

    /// Takes the thumbnails that arrived.
    pub fn take_thumbnails(&mut self) -> Vec<(PictureId, ScreenImage)> {
        std::mem::take(&mut self.new_thumbnails)
    }

    /// The next change of labels is a step of its own.
    pub fn end_typing(&mut self) {
        self.history.end_typing();
    }
}

/// Whether this model answered it.
pub(super) fn is_by(question: &Question, model: Option<&ModelInfo>) -> bool {
    question.model.as_ref() == model.map(|model| &model.identity)
}

/// What needs the settings or the model, too.
impl State {
    /// From cosine to probability, by the model that scored.
    pub fn scoring(&self) -> Scoring {
        self.model.as_ref().map_or(Scoring::default(), |model| model.scoring)
    }

    /// How numbers are read.
    pub fn lens(&self) -> Lens {
        let asked = self.explore.asking.answer.as_ref();
        let labels = asked.map_or(self.settings.labels.len(), |question| question.labels.len());
        Lens::new(&self.settings, self.scoring(), labels)
    }

    /// The row of a label, if it is still there.
    pub fn row(&self, label: LabelId) -> Option<&LabelRow> {
        self.settings.labels.iter().find(|row| row.id == label)
    }

    /// The label whose map is shown: under the pointer, chosen, or best.
    pub fn shown_label(&self) -> Option<LabelId> {
        let best = || self.inspected_answer().and_then(|answer| answer.best());
        let is_there = |label: &LabelId| {
            let none = *label == LabelId::NONE_OF_THESE && self.settings.show_none;
            none || self.row(*label).is_some()
        };
        self.explore
            .hovered_label
            .or(self.explore.mapped_label)
            .filter(is_there)
            .or_else(best)
    }

    /// What the model says about a picture.
    pub fn answer(&self, picture: PictureId) -> Option<Answer<'_>> {
        Some(Answer {
            question: self.explore.asking.answer.as_ref()?,
            scores: self.explore.pictures.get(picture)?.scores.as_ref()?,
        })
    }

    /// What the model says about the inspected picture as it is.
    pub fn selected_answer(&self) -> Option<Answer<'_>> {
        self.answer(self.explore.selected?)
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

    /// What the model said about the inspected picture under the templates before.
    pub fn baseline_answer(&self) -> Option<Answer<'_>> {
        let baseline = self.explore.baseline.as_ref()?;
        Some(Answer {
            question: &baseline.question,
            scores: baseline.scores.get(&self.explore.selected?)?,
        })
    }

    /// The answer to a probe, if it answers the newest question.
    pub fn probed(&self) -> Option<&Arc<Probed>> {
        let probed = self.explore.inspected.probed.as_ref()?;
        let current = self.explore.is_current(&probed.question, self.model.as_ref());
        current.then_some(probed)
    }
}
