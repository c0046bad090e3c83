//! Both stores as one: the catalog of what people made, and the cache of what was computed.
//!
//! Nothing here fails for good. What cannot be opened or written is tried again, later and later; what is not written yet is
//! kept; and what there is to say about that is said once for each cause ([`Store::notes`]).

use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};

use crate::clip::Embedding;
use crate::library::cache::{self, Cache, Computed, MAX_BYTES, Thumbnail};
use crate::library::catalog::{self, Catalog, Learnt, PictureId, Registered, SettingChange, Sighting, Stored};
use crate::library::content::Content;
use crate::library::database::StoreError;
use crate::library::legacy;
use crate::library::retry::Retry;
use crate::library::stamp::Stamp;

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
    fn learnt(&self) -> Learnt {
        Learnt {
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

/// A half of the store, opened when it is needed first.
struct Half<T> {
    open: Option<T>,
    retry: Retry,
}

impl<T> Default for Half<T> {
    fn default() -> Self {
        Self {
            open: None,
            retry: Retry::default(),
        }
    }
}

/// What is kept in the data folder.
pub struct Store {
    folder: Option<PathBuf>,
    role: Role,
    catalog: Half<Catalog>,
    cache: Half<Cache>,
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
    /// The one that writes. Without a folder nothing is known, and nothing remembered.
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
            catalog: Half::default(),
            cache: Half::default(),
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
        self.ask_catalog(|catalog| catalog.content(path, stamp)).flatten()
    }

    /// What a model made of a content.
    pub fn embedding(&mut self, content: Content, model: &str, dim: usize) -> Option<Embedding> {
        self.ask_cache(|cache| cache.embedding(content, model, dim)).flatten()
    }

    /// The same of any width.
    pub fn vector(&mut self, content: Content, model: &str) -> Option<Embedding> {
        self.ask_cache(|cache| cache.vector(content, model)).flatten()
    }

    /// The thumbnail of a content.
    pub fn thumbnail(&mut self, content: Content) -> Option<Thumbnail> {
        self.ask_cache(|cache| cache.thumbnail(content)).flatten()
    }

    /// Whether a file may be a picture that was moved here: its content tells.
    pub fn may_have_moved(&mut self, path: &Path, stamp: Stamp) -> bool {
        let mut gone = std::mem::take(&mut self.gone);
        let may = self.ask_catalog(|catalog| catalog.may_have_moved(path, stamp, &mut gone));
        self.gone = gone;
        may.unwrap_or(false)
    }

    /// The pictures that these files are. Where the catalog cannot take them, they have ids for this session alone.
    pub fn register(&mut self, seen: &[Sighting]) -> Vec<Registered> {
        if let Some(registered) = self.ask_catalog(|catalog| catalog.register(seen)) {
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
        self.ask_catalog(|catalog| catalog.settings()).unwrap_or_default()
    }

    /// Keeps a setting that cannot be understood as a file; where, or why not.
    pub fn keep_aside(&mut self, name: &str) -> Option<Result<PathBuf, String>> {
        self.catalog()?.keep_aside(name).transpose()
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

    /// Writes what waits, if it is time for that: after a failure, later and later.
    pub fn flush(&mut self) {
        if self.has_unwritten() && self.writing.is_due() {
            self.flush_now();
        }
    }

    /// Writes what waits; false where that failed.
    pub fn flush_now(&mut self) -> bool {
        let mut failure = self.write_all();
        // What turned out to be damaged is replaced by now: once for each half.
        for _ in 0..2 {
            if matches!(failure, Some(StoreError::Damaged { .. })) {
                failure = self.write_all();
            }
        }
        match failure {
            None => {
                self.writing.succeeded();
                // The same failure another time is news.
                if let Some(error) = self.failed_writing.take() {
                    self.told.remove(&error.to_string());
                }
                true
            }
            Some(error) => {
                self.writing.failed();
                self.note_failure(&error, "What is not written is kept meanwhile, and tried again");
                self.failed_writing = Some(error);
                false
            }
        }
    }

    /// Writes what it can; why it could not write the rest.
    fn write_all(&mut self) -> Option<StoreError> {
        let done = [self.write_settings(), self.write_facts(), self.write_model()];
        done.into_iter().find_map(Result::err)
    }

    fn write_settings(&mut self) -> Result<(), StoreError> {
        if self.unsaved.is_empty() {
            return Ok(());
        }
        let changes = std::mem::take(&mut self.unsaved);
        let changed = self.write_catalog(|catalog| catalog.change_settings(&changes));
        match changed {
            Ok(kept) => {
                for (name, file) in kept {
                    self.note(format!(
                        "Another window had changed the {name} meanwhile: what it had made of them is kept in {}",
                        file.display()
                    ));
                }
                Ok(())
            }
            Err(error) => {
                self.unsaved = changes;
                Err(error)
            }
        }
    }

    fn write_facts(&mut self) -> Result<(), StoreError> {
        if self.unwritten.is_empty() {
            return Ok(());
        }
        let facts = std::mem::take(&mut self.unwritten);
        let computed: Vec<Computed> = facts.iter().map(|fact| fact.computed.clone()).collect();
        let learnt: Vec<Learnt> = facts.iter().map(Fact::learnt).collect();
        let cached = self.write_cache(|cache| {
            cache.keep(&computed)?;
            cache.make_room(MAX_BYTES).map(drop)
        });
        let written = cached.and_then(|()| self.write_catalog(|catalog| catalog.learn(&learnt)));
        if written.is_err() {
            self.unwritten = facts;
        }
        written
    }

    fn write_model(&mut self) -> Result<(), StoreError> {
        let Some((identity, place)) = self.model.take() else {
            return Ok(());
        };
        let noted = self.write_cache(|cache| cache.uses_model(&identity, place.as_deref()));
        if noted.is_err() {
            self.model = Some((identity, place));
        }
        noted
    }

    /// Reads the catalog; nothing where it cannot be read, which is said.
    fn ask_catalog<T>(&mut self, ask: impl FnOnce(&mut Catalog) -> Result<T, StoreError>) -> Option<T> {
        match ask(self.catalog()?) {
            Ok(answer) => Some(answer),
            Err(error) => {
                self.catalog_failed(&error);
                self.note_failure(&error, "What it cannot give is looked up again");
                None
            }
        }
    }

    fn ask_cache<T>(&mut self, ask: impl FnOnce(&mut Cache) -> Result<T, StoreError>) -> Option<T> {
        match ask(self.cache()?) {
            Ok(answer) => Some(answer),
            Err(error) => {
                self.cache_failed(&error);
                self.note_failure(&error, "What it cannot give is computed again");
                None
            }
        }
    }

    pub(super) fn write_catalog<T>(
        &mut self,
        write: impl FnOnce(&mut Catalog) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        match self.catalog() {
            Some(catalog) => write(catalog).inspect_err(|error| self.catalog_failed(error)),
            None => Err(self.why_closed()),
        }
    }

    pub(super) fn write_cache<T>(
        &mut self,
        write: impl FnOnce(&mut Cache) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        match self.cache() {
            Some(cache) => write(cache).inspect_err(|error| self.cache_failed(error)),
            None => Err(self.why_closed()),
        }
    }

    pub(super) fn forget_unwritten(&mut self, settings_too: bool) {
        self.unwritten.clear();
        if settings_too {
            self.unsaved.clear();
        }
    }

    fn why_closed(&self) -> StoreError {
        self.why_closed.clone().unwrap_or_else(|| StoreError::Failed {
            file: self.folder.clone().unwrap_or_default(),
            reason: "it is not open".into(),
        })
    }

    /// The catalog, opened if it is time for that.
    fn catalog(&mut self) -> Option<&mut Catalog> {
        if self.catalog.open.is_none() && self.may_open(catalog::SCHEMA.file, &self.catalog.retry) {
            let opened = Catalog::open(self.folder.as_ref()?);
            self.catalog_opened(opened);
        }
        self.catalog.open.as_mut()
    }

    /// A damaged catalog is kept aside, and what is whole in it goes on.
    fn catalog_opened(&mut self, opened: Result<Catalog, StoreError>) {
        let Some(folder) = self.folder.clone() else { return };
        let opened = match opened {
            Err(StoreError::Damaged { .. }) if self.role == Role::Keeper => {
                Catalog::replace(&folder).map(|(catalog, text)| {
                    self.note(text);
                    catalog
                })
            }
            opened => opened,
        };
        match opened {
            Ok(mut catalog) => {
                if self.role == Role::Keeper
                    && let Some(text) = legacy::import(&folder, &mut catalog)
                {
                    self.note(text);
                }
                self.catalog.retry.succeeded();
                self.catalog.open = Some(catalog);
            }
            Err(error) => {
                self.catalog.retry.failed();
                self.not_opened(error);
            }
        }
    }

    /// The cache, opened if it is time for that.
    fn cache(&mut self) -> Option<&mut Cache> {
        if self.cache.open.is_none() && self.may_open(cache::SCHEMA.file, &self.cache.retry) {
            let opened = Cache::open(self.folder.as_ref()?);
            self.cache_opened(opened);
        }
        self.cache.open.as_mut()
    }

    /// A damaged cache is replaced.
    fn cache_opened(&mut self, opened: Result<Cache, StoreError>) {
        let Some(folder) = self.folder.clone() else { return };
        let opened = match opened {
            Err(StoreError::Damaged { file }) if self.role == Role::Keeper => {
                self.note(format!(
                    "{}: the cache was damaged. A new one is begun; what was in it is computed again",
                    file.display()
                ));
                Cache::replace(&folder)
            }
            opened => opened,
        };
        match opened {
            Ok(cache) => {
                self.cache.retry.succeeded();
                self.cache.open = Some(cache);
            }
            Err(error) => {
                self.cache.retry.failed();
                self.not_opened(error);
            }
        }
    }

    /// A reader makes no files: what is not there, it does not miss.
    fn may_open(&self, file: &str, retry: &Retry) -> bool {
        let is_there = || self.folder.as_ref().is_some_and(|folder| folder.join(file).exists());
        retry.is_due() && (self.role == Role::Keeper || is_there())
    }

    fn not_opened(&mut self, error: StoreError) {
        self.note_failure(&error, "Nothing is remembered until it can be opened");
        self.why_closed = Some(error);
    }

    /// What turns out to be damaged is treated as when it is opened; after any other failure the next try may succeed.
    fn catalog_failed(&mut self, error: &StoreError) {
        if matches!(error, StoreError::Damaged { .. }) {
            self.catalog.open = None;
            self.catalog_opened(Err(error.clone()));
        }
    }

    fn cache_failed(&mut self, error: &StoreError) {
        if matches!(error, StoreError::Damaged { .. }) {
            self.cache.open = None;
            self.cache_opened(Err(error.clone()));
        }
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

#[cfg(test)]
mod tests;
