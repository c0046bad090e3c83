//! Both stores as one: the catalog of what people made, and the cache of what was computed.
//!
//! Nothing here fails for good. What cannot be opened or written is tried again, later and later; what is not written yet is
//! kept; and what there is to say about that is said once for each cause ([`Store::notes`]).
//!
//! Several may write at once, in one process or in several: the window's library thread, an evaluation or a run beside it, a
//! command. A write is one transaction of a batch of pictures, which takes milliseconds; whoever comes second waits for it
//! for half a second at most, and else keeps what it has until the next [`Store::flush`]. Whoever reads waits for no writer.

mod halves;
#[cfg(test)]
mod tests;
mod writing;

use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};

use crate::clip::Embedding;
use crate::library::cache::{Cache, Computed, Thumbnail};
use crate::library::catalog::{Catalog, FileRecord, PictureId, Registered, SettingChange, Sighting, Stored};
use crate::library::content::Content;
use crate::library::database::StoreError;
use crate::library::retry::Retry;
use crate::library::stamp::Stamp;
use halves::Slot;

/// Pictures that wait to be written; of more, the first are computed again another time.
const MAX_UNWRITTEN: usize = 4_096;

/// What was learnt about a picture.
#[derive(Debug, Clone)]
pub struct Fact {
    /// Absolute path.
    pub path: PathBuf,
    /// By which the file is known again without being read; none where it cannot be.
    pub stamp: Option<Stamp>,
    /// What was computed, and from which content.
    pub computed: Computed,
}

impl Fact {
    fn record(&self) -> FileRecord {
        FileRecord {
            path: self.path.clone(),
            stamp: self.stamp,
            content: self.computed.content,
        }
    }
}

/// Who opens the store.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Role {
    /// Writes, replaces what is damaged, and says what is wrong.
    Keeper,
    /// Reads beside a keeper, and is silent.
    Reader,
}

/// What is kept in the data folder.
pub struct Store {
    folder: Option<PathBuf>,
    role: Role,
    catalog: Slot<Catalog>,
    cache: Slot<Cache>,
    unwritten: Vec<Fact>,
    unsaved: Vec<SettingChange>,
    model: Option<(String, Option<PathBuf>)>,
    writing: Retry,
    why_closed: Option<StoreError>,
    failed_writing: Option<StoreError>,
    notes: Vec<String>,
    told: HashSet<String>,
    provisional: PictureId,
    /// Sizes of files, and whether one of that size is gone, as far as somebody asked.
    gone: HashMap<u64, bool>,
}

impl Store {
    /// One that writes. Without a folder nothing is known, and nothing remembered.
    pub fn keeper(folder: Option<&Path>) -> Self {
        Self::new(folder, Role::Keeper)
    }

    /// One that reads beside it.
    pub fn reader(folder: Option<&Path>) -> Self {
        Self::new(folder, Role::Reader)
    }

    fn new(folder: Option<&Path>, role: Role) -> Self {
        Self {
            folder: folder.map(Path::to_path_buf),
            role,
            catalog: Slot::default(),
            cache: Slot::default(),
            unwritten: Vec::new(),
            unsaved: Vec::new(),
            model: None,
            writing: Retry::default(),
            why_closed: None,
            failed_writing: None,
            notes: Vec::new(),
            told: HashSet::new(),
            provisional: 0,
            gone: HashMap::new(),
        }
    }

    /// What there is to say, once for each cause.
    pub fn notes(&mut self) -> Vec<String> {
        std::mem::take(&mut self.notes)
    }

    /// The data folder; none where nothing is remembered.
    pub fn folder(&self) -> Option<PathBuf> {
        self.folder.clone()
    }

    /// Whether something waits to be written.
    pub fn has_unwritten(&self) -> bool {
        !self.unwritten.is_empty() || !self.unsaved.is_empty() || self.model.is_some()
    }

    /// What a file holds, if it is known and unchanged.
    pub fn content(&mut self, path: &Path, stamp: Stamp) -> Option<Content> {
        self.ask(|catalog: &mut Catalog| catalog.content(path, stamp)).flatten()
    }

    /// What a model made of a content.
    pub fn embedding(&mut self, content: Content, model: &str, dim: usize) -> Option<Embedding> {
        self.ask(|cache: &mut Cache| cache.embedding(content, model, dim))
            .flatten()
    }

    /// The same of any width.
    pub fn vector(&mut self, content: Content, model: &str) -> Option<Embedding> {
        self.ask(|cache: &mut Cache| cache.vector(content, model)).flatten()
    }

    /// The thumbnail of a content.
    pub fn thumbnail(&mut self, content: Content) -> Option<Thumbnail> {
        self.ask(|cache: &mut Cache| cache.thumbnail(content)).flatten()
    }

    /// Whether a file may be a picture that was moved here: its content tells.
    pub fn may_have_moved(&mut self, path: &Path, stamp: Stamp) -> bool {
        let mut gone = std::mem::take(&mut self.gone);
        let may = self.ask(|catalog: &mut Catalog| catalog.may_have_moved(path, stamp, &mut gone));
        self.gone = gone;
        may.unwrap_or(false)
    }

    /// The pictures that these files are. Where the catalog cannot take them, they have ids for this session alone.
    pub fn register(&mut self, seen: &[Sighting]) -> Vec<Registered> {
        if let Some(registered) = self.ask(|catalog: &mut Catalog| catalog.register(seen)) {
            return registered;
        }
        let provisional = |seen: &Sighting| {
            self.provisional -= 1;
            Registered {
                id: self.provisional,
                content: seen.read.map(|(content, _)| content),
            }
        };
        seen.iter().map(provisional).collect()
    }

    /// All settings.
    pub fn settings(&mut self) -> Vec<Stored> {
        self.ask(|catalog: &mut Catalog| catalog.settings()).unwrap_or_default()
    }

    /// Keeps a setting that cannot be understood as a file; where, or why not.
    pub fn keep_aside(&mut self, name: &str) -> Option<Result<PathBuf, String>> {
        self.half::<Catalog>()?.keep_aside(name).transpose()
    }

    /// Has something about a picture written with the next [`Self::flush`].
    pub fn keep(&mut self, fact: Fact) {
        if self.folder.is_none() {
            return;
        }
        self.unwritten.push(fact);
        let surplus = self.unwritten.len().saturating_sub(MAX_UNWRITTEN);
        self.unwritten.drain(..surplus);
    }

    /// Has settings written with the next [`Self::flush`]. Of one that was not written yet, what was known before stays.
    pub fn save_settings(&mut self, changes: Vec<SettingChange>) {
        for mut change in changes.into_iter().filter(|_| self.folder.is_some()) {
            if let Some(place) = self.unsaved.iter().position(|waiting| waiting.name == change.name) {
                change.before = self.unsaved.swap_remove(place).before;
            }
            self.unsaved.push(change);
        }
    }

    /// Notes which model is in use, with the next [`Self::flush`].
    pub fn uses_model(&mut self, identity: &str, place: Option<PathBuf>) {
        self.model = self.folder.as_ref().map(|_| (identity.into(), place));
    }

    /// What is damaged was replaced, and that was said.
    fn note_failure(&mut self, error: &StoreError, consequence: &str) {
        let is_news = self.told.insert(error.to_string());
        if is_news && self.role == Role::Keeper && !matches!(error, StoreError::Damaged { .. }) {
            self.notes.push(format!("{error}. {consequence}"));
        }
    }

    fn note(&mut self, text: String) {
        self.notes.push(text);
    }
}
