//! From what the user wrote to a model on this machine.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::fine_tune::run::Runs;
use crate::hub::{Cache, valid_name};
use crate::library::data_dir;

const STARTER: &str = "starter";

/// A model that can be loaded.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ModelChoice {
    /// The one in the binary.
    #[default]
    Starter,
    /// A folder, or a file in one.
    Path(PathBuf),
}

impl ModelChoice {
    /// Understands `starter`, a path, the name of a model in the Hugging Face cache, or a run.
    ///
    /// # Errors
    /// Nothing of that name is here; the message says what would be.
    pub fn parse(text: &str) -> Result<Self, String> {
        if text == STARTER {
            return Ok(Self::Starter);
        }
        let path = Path::new(text);
        if path.exists() {
            return Ok(Self::Path(path.to_path_buf()));
        }
        if let Some(model) = Cache::of_this_machine().and_then(|cache| cache.find(text)) {
            return Ok(Self::Path(model.folder));
        }
        if let Some(model) = data_dir().and_then(|folder| Runs::at(&folder).model(text)) {
            return Ok(Self::Path(model));
        }
        Err(if valid_name(text) && text.contains('/') {
            format!(
                "{text} is not on this machine: `clipsight models pull {text}` fetches it from the Hugging Face Hub"
            )
        } else {
            format!(
                "no model \"{text}\": give `starter`, a folder or file of a CLIP, or a name of the Hugging Face Hub \
                 (`clipsight models list` shows some)"
            )
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_starter_a_path_and_nothing_are_told_apart() {
        assert_eq!(ModelChoice::parse("starter"), Ok(ModelChoice::Starter));
        let folder = tempfile::tempdir().unwrap();
        let text = folder.path().to_str().unwrap();
        assert_eq!(ModelChoice::parse(text), Ok(ModelChoice::Path(folder.path().into())));
        assert!(
            ModelChoice::parse("no/such-model")
                .unwrap_err()
                .contains("models pull no/such-model")
        );
        assert!(ModelChoice::parse("nothing").unwrap_err().contains("models list"));
    }
}
