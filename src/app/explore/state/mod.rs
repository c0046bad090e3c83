//! What the window knows of pictures, labels, and what the model says about them. Changed by [`super::update`] (what the
//! user wants) and [`Explore::apply`] (what the engine says), and by nothing else.

mod parts;
mod reading;

use std::collections::{BTreeSet, HashMap, HashSet};
use std::path::PathBuf;
use std::time::Instant;

use super::command::{Compare, Nudge};
use super::numbers::Quantity;
use super::order::{Due, Held};
use super::picture::{Filter, Picture, Pictures};
use super::view::Arranged;
use super::wording::Wording;
use crate::app::settings::LabelRow;
use crate::app::shell::history::History;
use crate::engine::protocol::{Generation, LabelId, ModelInfo, PictureId, Probe, Question, ScreenImage, Shift};

pub(super) use parts::{Alike, Asking, BRUSH_RADIUS, BRUSH_SIZES, Focus};
pub use parts::{Baseline, Brush, Inspected, Large, TestedMap};

/// The state of the mode.
#[derive(Debug, Default)]
pub struct Explore {
    /// Grows with every list that is asked for: what answers an older one is dropped.
    pub(super) library: Generation,
    /// Counts what was opened; scanning the same folders again does not count.
    pub(super) opened: u64,
    /// Whether the list is complete.
    pub(super) scanned: bool,
    pub(super) pictures: Pictures,
    /// How many of them cannot be used.
    pub(super) skipped: usize,
    /// How many pictures have each name: one that several have is shown with its folder.
    pub(super) names: HashMap<String, u32>,
    /// Paths that could not be read, with the reason.
    pub(super) unreadable: Vec<(PathBuf, String)>,
    /// How many of those are pictures in formats that are not read.
    pub(super) unread: usize,
    /// The list of a new scan of the same folders: the old one is shown until this is complete.
    pub(super) incoming: Option<Pictures>,
    /// The selected picture, where its file may have changed since it was read.
    pub(super) outdated: Option<PictureId>,
    /// Counts lists that have nothing to do with the one before, and those of the same folders that took its place.
    pub(super) listed: (u64, u64),
    /// What the gallery shows.
    pub(super) arranged: Arranged,
    /// Whether the gallery has to be sorted again.
    pub(super) due: Due,
    /// When it was sorted last.
    pub(super) arranged_at: Option<Instant>,
    /// A newer order, which waits while the pointer is over the gallery.
    pub(super) held: Option<Held>,
    /// Whether the pointer is over the gallery.
    pub(super) pointed: bool,
    pub(super) filter: Filter,
    /// What the filter's bound is a bound of; where the gallery is bounded by another number, the bound goes.
    pub(super) bounded: Option<Quantity>,
    /// The similarity to one picture, if that is the order.
    pub(super) alike: Option<Alike>,
    /// Pictures that the model has an embedding of.
    pub(super) indexed: usize,
    /// Whether indexing is paused.
    pub(super) paused: bool,
    /// Pictures that are indexed in a second.
    pub(super) speed: Option<f32>,
    /// The question to the model.
    pub(super) asking: Asking,
    /// The answers under the previous templates, to compare with.
    pub(super) baseline: Option<Baseline>,
    pub(super) selected: Option<PictureId>,
    /// Whether the user chose the selected picture; the window selects the first by itself.
    pub(super) chosen: bool,
    /// The pictures that commands apply to, if they are several.
    pub(super) marked: BTreeSet<PictureId>,
    /// The end of the range that was marked by key, which begins at the selected picture.
    pub(super) reach: Option<PictureId>,
    /// Whether the menu of a picture was asked for by key.
    pub(super) wants_menu: bool,
    /// The picture that fills the gallery's place.
    pub(super) large: Option<Large>,
    /// What a key asked of it, until it is drawn, where its size is known.
    pub(super) nudge: Option<Nudge>,
    pub(super) inspected: Inspected,
    /// The label that is pinned; if none is, the best label's map is shown.
    pub(super) mapped_label: Option<LabelId>,
    /// The label under the pointer, whose map is shown for as long.
    pub(super) hovered_label: Option<LabelId>,
    /// Whether computing the maps of this picture was stopped.
    pub(super) stopped: bool,
    /// Whether the inspector shows what the model sees.
    pub(super) model_view: bool,
    /// What stands beside the heatmap.
    pub(super) compare: Option<Compare>,
    /// The other model, if two models are compared.
    pub(super) compared_model: Option<ModelInfo>,
    /// How the inspected picture is shown to the model.
    pub(super) probe: Probe,
    /// Where each stroke of the brush begins in the probe's dabs.
    pub(super) strokes: Vec<usize>,
    /// The brush, while it is in use.
    pub(super) brush: Option<Brush>,
    /// A picture for the clipboard, and what it is.
    pub(super) to_copy: Option<(ScreenImage, &'static str)>,
    /// A text for the clipboard.
    pub(super) text_to_copy: Option<String>,
    /// Whether the selected picture goes to the clipboard once it is decoded.
    pub(super) copy_when_here: bool,
    /// Thumbnails that arrived since the last frame.
    pub(super) new_thumbnails: Vec<(PictureId, ScreenImage)>,
    /// Labels that read the same as one above them.
    pub(super) duplicate_labels: HashSet<LabelId>,
    /// The text in the field for new labels.
    pub(super) new_label: String,
    /// The label that this text makes, which is asked about after the others: no row of the settings, and no change
    /// that could be undone.
    pub(super) typed: Option<LabelRow>,
    /// The label whose descriptions are open.
    pub(super) expanded_label: Option<LabelId>,
    /// Pictures in a row and rows on a screen, as last drawn: for the keyboard.
    pub(super) grid: (usize, usize),
    /// Changes to labels and templates that can be undone.
    pub(super) history: History<Wording>,
    /// The field that is to get the focus.
    pub(super) focus: Option<Focus>,
    /// Scroll to the selected picture in the next frame.
    pub(super) scroll_to_selected: bool,
}

impl Explore {
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

    pub fn pictures(&self) -> &Pictures {
        &self.pictures
    }

    /// Paths that could not be read, with the reason.
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

    pub fn filter(&self) -> &Filter {
        &self.filter
    }

    /// Pictures that the model has an embedding of.
    pub fn indexed(&self) -> usize {
        self.indexed
    }

    /// Whether indexing is paused.
    pub fn is_paused(&self) -> bool {
        self.paused
    }

    pub fn speed(&self) -> Option<f32> {
        self.speed
    }

    /// The question to the model.
    pub fn asking(&self) -> &Asking {
        &self.asking
    }

    pub fn selected(&self) -> Option<PictureId> {
        self.selected
    }

    /// The pictures that commands apply to, if they are several.
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

    /// The answers under the previous templates, to compare with.
    pub fn baseline(&self) -> Option<&Baseline> {
        self.baseline.as_ref()
    }

    /// What stands beside the heatmap.
    pub fn compare(&self) -> Option<&Compare> {
        self.compare.as_ref()
    }

    /// The other model, if two models are compared.
    pub fn compared_model(&self) -> Option<&ModelInfo> {
        self.compared_model.as_ref()
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

    /// The brush, while it is in use.
    pub fn brush(&self) -> Option<Brush> {
        self.brush
    }

    /// Whether the picture is shown to the model in another way than it is.
    pub fn is_probing(&self) -> bool {
        !self.probe.dabs.is_empty() || self.probe.shift != Shift::default()
    }

    /// How like each picture is to the one that they are compared with, once that is known.
    pub fn likeness(&self) -> Option<&HashMap<PictureId, f32>> {
        let alike = self.alike.as_ref()?;
        (!alike.cosines.is_empty()).then_some(&alike.cosines)
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
        question.generation == self.asking.generation && is_answered_by(question, model)
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
pub(super) fn is_answered_by(question: &Question, model: Option<&ModelInfo>) -> bool {
    question.model.as_ref() == model.map(|model| &model.identity)
}
