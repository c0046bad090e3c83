//! Labels that people give to pictures of a folder that has none, as they are given: nothing is lost where the window is
//! closed before they are saved.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::{EvaluationStore, json, read_beside};
use crate::clip::sha256_of_bytes;
use crate::library::{make_private, write_output};
use crate::lossless::Lossless;

const GIVEN: &str = "given.json";

/// What somebody says that a picture shows.
#[serde_with::serde_as]
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GivenLabel {
    #[serde_as(as = "Lossless")]
    pub path: PathBuf,
    /// One of the labels; none where it shows none of them.
    pub label: Option<String>,
}

impl EvaluationStore {
    /// What was said of the pictures of a folder, one of these labels each, in that order; nothing yet where there is no
    /// file.
    ///
    /// # Errors
    /// The file is damaged: what is said next would replace it.
    pub fn given(&self, folder: &Path, labels: &[String]) -> Result<Vec<GivenLabel>, String> {
        Ok(read_beside(&self.given_file(folder, labels)?)?.unwrap_or_default())
    }

    /// Keeps all that a window said of the pictures of a folder, in place of what it said before. `known` are the pictures of
    /// which it knows that something was said; what is there of others is another window's, and stays.
    ///
    /// # Errors
    /// What is there is damaged, or why it cannot be written.
    pub fn keep_given(
        &self,
        folder: &Path,
        labels: &[String],
        given: &[GivenLabel],
        known: &BTreeSet<PathBuf>,
    ) -> Result<(), String> {
        self.make_folder()?;
        let file = self.given_file(folder, labels)?;
        let own: BTreeSet<&Path> = given.iter().map(|one| one.path.as_path()).collect();
        let mut all = self.given(folder, labels)?;
        all.retain(|one| !known.contains(&one.path) && !own.contains(one.path.as_path()));
        all.extend_from_slice(given);
        write_output(&file, &json(&all)?, true).map_err(|error| error.to_string())?;
        make_private(&file);
        Ok(())
    }

    /// A file for each folder and its labels: with other labels, the same pictures are another question.
    fn given_file(&self, folder: &Path, labels: &[String]) -> Result<PathBuf, String> {
        let asked = json(&(folder.display().to_string(), labels))?;
        self.file(&sha256_of_bytes(&asked), GIVEN)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_said_of_a_folder_is_there_again_and_is_not_taken_for_an_evaluation() {
        let folder = tempfile::tempdir().unwrap();
        let store = EvaluationStore::at(folder.path());
        let labels = ["cat", "dog"].map(String::from);
        let photos = Path::new("/photos");
        assert_eq!(store.given(photos, &labels), Ok(Vec::new()));
        let given = [("a.jpg", Some("cat")), ("b.jpg", None)].map(|(path, label)| GivenLabel {
            path: path.into(),
            label: label.map(String::from),
        });
        let nothing = BTreeSet::new();
        store.keep_given(photos, &labels, &given[..1], &nothing).unwrap();
        store.keep_given(photos, &labels, &given, &nothing).unwrap();
        assert_eq!(store.given(photos, &labels), Ok(given.to_vec()));
        assert_eq!(store.given(Path::new("/others"), &labels), Ok(Vec::new()));
        assert_eq!(store.given(photos, &labels[..1]), Ok(Vec::new()));
        assert_eq!(store.list(), []);
    }
}
