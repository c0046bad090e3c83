//! The two halves of the store, each opened when it is needed first, and what becomes of one that cannot be.

use std::path::Path;

use super::{Role, Store};
use crate::library::cache::{self, Cache};
use crate::library::catalog::{self, Catalog};
use crate::library::database::StoreError;
use crate::library::legacy;
use crate::library::retry::Retry;

/// Where a half is while it is open; and when to try again where it could not be opened.
pub struct Slot<T> {
    open: Option<T>,
    retry: Retry,
}

impl<T> Default for Slot<T> {
    fn default() -> Self {
        Self {
            open: None,
            retry: Retry::default(),
        }
    }
}

/// A half of the store: the catalog, or the cache.
pub trait Half: Sized {
    /// Its file in the data folder.
    const FILE: &'static str;
    /// What follows where it does not answer, in words.
    const WITHOUT_IT: &'static str;

    fn slot(store: &mut Store) -> &mut Slot<Self>;

    fn open_in(folder: &Path) -> Result<Self, StoreError>;

    /// A new one in the place of a damaged file, and what there is to say about that.
    fn begin_anew(folder: &Path, damaged: &Path) -> Result<(Self, String), StoreError>;

    /// Takes over what an earlier version kept elsewhere; what there is to say about that.
    fn take_over(&mut self, folder: &Path) -> Option<String>;
}

impl Half for Catalog {
    const FILE: &'static str = catalog::SCHEMA.file;
    const WITHOUT_IT: &'static str = "What it cannot give is looked up again";

    fn slot(store: &mut Store) -> &mut Slot<Self> {
        &mut store.catalog
    }

    fn open_in(folder: &Path) -> Result<Self, StoreError> {
        Self::open(folder)
    }

    /// It is kept aside, and what is whole in it goes on.
    fn begin_anew(folder: &Path, _damaged: &Path) -> Result<(Self, String), StoreError> {
        Self::replace(folder)
    }

    fn take_over(&mut self, folder: &Path) -> Option<String> {
        legacy::import(folder, self)
    }
}

impl Half for Cache {
    const FILE: &'static str = cache::SCHEMA.file;
    const WITHOUT_IT: &'static str = "What it cannot give is computed again";

    fn slot(store: &mut Store) -> &mut Slot<Self> {
        &mut store.cache
    }

    fn open_in(folder: &Path) -> Result<Self, StoreError> {
        Self::open(folder)
    }

    fn begin_anew(folder: &Path, damaged: &Path) -> Result<(Self, String), StoreError> {
        let text = format!(
            "{}: the cache was damaged. A new one is begun; what was in it is computed again",
            damaged.display()
        );
        Ok((Self::replace(folder)?, text))
    }

    fn take_over(&mut self, _folder: &Path) -> Option<String> {
        None
    }
}

impl Store {
    /// Reads a half; nothing where it cannot be read, which is said.
    pub(super) fn ask<T: Half, A>(&mut self, ask: impl FnOnce(&mut T) -> Result<A, StoreError>) -> Option<A> {
        match ask(self.half()?) {
            Ok(answer) => Some(answer),
            Err(error) => {
                self.failed::<T>(&error);
                self.note_failure(&error, T::WITHOUT_IT);
                None
            }
        }
    }

    /// Writes a half, or reads it where a failure is to be told by the caller.
    pub(in crate::library) fn write<T: Half, A>(
        &mut self,
        write: impl FnOnce(&mut T) -> Result<A, StoreError>,
    ) -> Result<A, StoreError> {
        match self.half() {
            Some(half) => write(half).inspect_err(|error| self.failed::<T>(error)),
            None => Err(self.why_closed()),
        }
    }

    /// A half, opened if it is time for that.
    pub(super) fn half<T: Half>(&mut self) -> Option<&mut T> {
        let slot = T::slot(self);
        if slot.open.is_none() && slot.retry.is_due() && self.may_open(T::FILE) {
            let opened = T::open_in(self.folder.as_ref()?);
            self.opened(opened);
        }
        T::slot(self).open.as_mut()
    }

    /// Who writes replaces what is damaged.
    fn opened<T: Half>(&mut self, opened: Result<T, StoreError>) {
        let Some(folder) = self.folder.clone() else { return };
        let opened = match opened {
            Err(StoreError::Damaged { file }) if self.role == Role::Keeper => {
                T::begin_anew(&folder, &file).map(|(half, text)| {
                    self.note(text);
                    half
                })
            }
            opened => opened,
        };
        match opened {
            Ok(mut half) => {
                if self.role == Role::Keeper
                    && let Some(text) = half.take_over(&folder)
                {
                    self.note(text);
                }
                let slot = T::slot(self);
                slot.retry.succeeded();
                slot.open = Some(half);
            }
            Err(error) => {
                T::slot(self).retry.failed();
                self.not_opened(error);
            }
        }
    }

    /// A reader makes no files: what is not there, it does not miss.
    fn may_open(&self, file: &str) -> bool {
        let is_there = || self.folder.as_ref().is_some_and(|folder| folder.join(file).exists());
        self.role == Role::Keeper || is_there()
    }

    fn not_opened(&mut self, error: StoreError) {
        self.note_failure(&error, "Nothing is remembered until it can be opened");
        self.why_closed = Some(error);
    }

    fn why_closed(&self) -> StoreError {
        self.why_closed.clone().unwrap_or_else(|| StoreError::Failed {
            file: self.folder.clone().unwrap_or_default(),
            reason: "it is not open".into(),
        })
    }

    /// What turns out to be damaged is treated as when it is opened; after any other failure the next try may succeed.
    fn failed<T: Half>(&mut self, error: &StoreError) {
        if matches!(error, StoreError::Damaged { .. }) {
            T::slot(self).open = None;
            self.opened::<T>(Err(error.clone()));
        }
    }
}
