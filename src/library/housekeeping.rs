//! What is in the data folder, and how it is forgotten.

use std::path::{Path, PathBuf};

use super::cache::{Cache, Counts};
use super::catalog::Catalog;
use super::database::StoreError;
use super::store::Store;
use super::{cache, catalog, database, kept_aside, legacy};

/// Where evaluations lie in the data folder, and those that were put aside.
const EVALUATIONS: &str = "evaluations";
const TRASH: &str = "trash";

/// Pictures that are looked at in one go while nobody waits.
const AT_ONCE: usize = 500;

/// What the stores hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Holdings {
    pub folder: PathBuf,
    /// Pictures in the catalog.
    pub pictures: usize,
    /// Bytes of the catalog on the disk, copies of it among them.
    pub catalog_bytes: u64,
    /// Bytes of the cache on the disk.
    pub cache_bytes: u64,
    /// What the cache holds.
    pub cached: Counts,
}

impl Store {
    /// What the stores hold; none where there is no data folder.
    ///
    /// # Errors
    /// They cannot be read.
    pub fn holdings(&mut self) -> Result<Option<Holdings>, StoreError> {
        let Some(folder) = self.folder() else { return Ok(None) };
        let pictures = self.write(|catalog: &mut Catalog| catalog.pictures())?;
        let cached = self.write(|cache: &mut Cache| cache.counts())?;
        let bytes = |file: &str| {
            files_beginning(&folder, file)
                .iter()
                .filter_map(|file| Some(file.metadata().ok()?.len()))
                .sum()
        };
        Ok(Some(Holdings {
            pictures,
            catalog_bytes: bytes(catalog::SCHEMA.file),
            cache_bytes: bytes(cache::SCHEMA.file),
            cached,
            folder,
        }))
    }

    /// Forgets pictures of which the files are gone, and what was computed from what no file holds any more; how many
    /// pictures.
    ///
    /// # Errors
    /// The stores cannot be read or written.
    pub fn prune(&mut self) -> Result<usize, StoreError> {
        let (gone, here) = self.write(|catalog: &mut Catalog| catalog.prune())?;
        self.write(|cache: &mut Cache| cache.prune(&here))?;
        Ok(gone)
    }

    /// Does a part of what [`Self::prune`] does, for a program that is otherwise idle; where it goes on. Pictures in folders
    /// that cannot be reached stay.
    ///
    /// # Errors
    /// The stores cannot be read or written.
    pub fn prune_after(&mut self, id: i64) -> Result<Option<i64>, StoreError> {
        let pruned = self.write(|catalog: &mut Catalog| catalog.prune_after(id, AT_ONCE))?;
        if !pruned.nowhere.is_empty() {
            self.write(|cache: &mut Cache| cache.drop_all_of(&pruned.nowhere))?;
        }
        Ok(pruned.next)
    }

    /// Forgets all about pictures; with `everything`, settings, labels and evaluations too, and what was kept aside of them.
    ///
    /// # Errors
    /// The stores cannot be written.
    pub fn clear(&mut self, everything: bool) -> Result<(), StoreError> {
        self.forget_unwritten(everything);
        self.write(|cache: &mut Cache| cache.clear())?;
        self.write(|catalog: &mut Catalog| catalog.clear(everything))?;
        let Some(folder) = self.folder().filter(|_| everything) else {
            return Ok(());
        };
        let in_use = database::files_of(&folder.join(catalog::SCHEMA.file));
        let copies = files_beginning(&folder, catalog::SCHEMA.file).into_iter();
        let copies = copies.filter(|file| !in_use.contains(file));
        let aside = files_beginning(&folder.join(kept_aside::FOLDER), "");
        let logs = files_beginning(&folder.join("logs"), "");
        let old = database::files_of(&folder.join(legacy::FILE)).into_iter();
        let evaluations = folder.join(EVALUATIONS);
        let deleted = files_beginning(&evaluations.join(TRASH), "");
        copies
            .chain(aside)
            .chain(logs)
            .chain(old)
            .chain(files_beginning(&evaluations, ""))
            .chain(deleted)
            .try_for_each(|file| database::removed(&file))
    }
}

/// Files of a folder of which the names begin so.
fn files_beginning(folder: &Path, name: &str) -> Vec<PathBuf> {
    let Ok(entries) = std::fs::read_dir(folder) else {
        return Vec::new();
    };
    let files = entries.filter_map(Result::ok).filter(|entry| entry.path().is_file());
    let named = files.filter(|entry| entry.file_name().as_encoded_bytes().starts_with(name.as_bytes()));
    named.map(|entry| entry.path()).collect()
}
