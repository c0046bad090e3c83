//! What waits to be written, and how it is.

use super::{Fact, Store};
use crate::library::cache::{Cache, Computed, MAX_BYTES};
use crate::library::catalog::{Catalog, FileRecord};
use crate::library::database::StoreError;

impl Store {
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
        let changed = self.write(|catalog: &mut Catalog| catalog.change_settings(&changes));
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
        let learnt: Vec<FileRecord> = facts.iter().map(Fact::record).collect();
        let cached = self.write(|cache: &mut Cache| {
            cache.keep(&computed)?;
            cache.make_room(MAX_BYTES).map(drop)
        });
        let written = cached.and_then(|()| self.write(|catalog: &mut Catalog| catalog.record(&learnt)));
        if written.is_err() {
            self.unwritten = facts;
        }
        written
    }

    fn write_model(&mut self) -> Result<(), StoreError> {
        let Some((identity, place)) = self.model.take() else {
            return Ok(());
        };
        let noted = self.write(|cache: &mut Cache| cache.uses_model(&identity, place.as_deref()));
        if noted.is_err() {
            self.model = Some((identity, place));
        }
        noted
    }

    pub(in crate::library) fn forget_unwritten(&mut self, settings_too: bool) {
        self.unwritten.clear();
        if settings_too {
            self.unsaved.clear();
        }
    }
}
