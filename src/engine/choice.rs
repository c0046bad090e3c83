//! From what the user wrote to a model on this machine.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use walkdir::WalkDir;

use crate::clip::base_of_adapter;
use crate::fine_tune::run::Runs;
use crate::hub::{Cache, valid_name};
use crate::library::data_dir;
use crate::lossless::Lossless;

const STARTER: &str = "starter";
/// More files than any model has.
const MAX_FILES: usize = 10_000;

/// A model that can be loaded.
#[serde_with::serde_as]
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ModelChoice {
    /// The one in the binary.
    #[default]
    Starter,
    /// A folder, or a file in one.
    Path(#[serde_as(as = "Lossless")] PathBuf),
}

impl ModelChoice {
    /// What it is called while nothing else is known of it.
    pub fn title(&self) -> String {
        match self {
            Self::Starter => "Starter".into(),
            Self::Path(path) => path.display().to_string(),
        }
    }

    /// Understands `starter`, a path, the name of a model in the Hugging Face cache, or a run.
    ///
    /// # Errors
    /// Nothing of that name is here; the message says what would be.
    pub fn parse(text: impl AsRef<OsStr>) -> Result<Self, String> {
        let text = text.as_ref();
        if text == STARTER {
            return Ok(Self::Starter);
        }
        let path = Path::new(text);
        if path.exists() {
            return Ok(Self::Path(path.to_path_buf()));
        }
        // Any path may be named; names of the Hub and of runs are text.
        let text = text.to_str().ok_or_else(|| format!("there is no {}", path.display()))?;
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

    /// Where it is; none for the one in the binary.
    pub fn path(&self) -> Option<&Path> {
        match self {
            Self::Starter => None,
            Self::Path(path) => Some(path),
        }
    }

    /// Every file that the model is read from, those of the models that a run learnt from among them.
    pub fn files(&self) -> Vec<PathBuf> {
        let mut files = Vec::new();
        let mut next = match self {
            Self::Starter => None,
            Self::Path(path) => Some(path.clone()),
        };
        // A chain of adapters that leads back to itself cannot be opened; here it only must end.
        while let Some(path) = next.take_if(|_| files.len() < MAX_FILES) {
            next = base_of_adapter(&path);
            let (folder, depth) = match path.parent() {
                _ if path.is_dir() => (path.as_path(), 3),
                Some(folder) if !folder.as_os_str().is_empty() => (folder, 1),
                _ => (Path::new("."), 1),
            };
            let found = WalkDir::new(folder).follow_links(true).max_depth(depth).into_iter();
            let found = found.filter_map(Result::ok).filter(|entry| entry.file_type().is_file());
            let found = found.map(walkdir::DirEntry::into_path);
            // Beside a single file lies whatever else the folder is for.
            files.extend(
                found
                    .filter(|file| depth > 1 || may_be_of_a_model(file))
                    .take(MAX_FILES),
            );
        }
        files
    }
}

/// Whether a file may belong to a model, by its name.
fn may_be_of_a_model(file: &Path) -> bool {
    const ENDINGS: [&str; 7] = ["json", "txt", "model", "safetensors", "bin", "pt", "pth"];
    let ending = file.extension().and_then(OsStr::to_str);
    ending.is_some_and(|ending| ENDINGS.contains(&ending))
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

    #[cfg(unix)]
    #[test]
    fn a_model_may_lie_in_a_folder_whose_name_is_no_text() {
        use std::os::unix::ffi::OsStrExt;
        let folder = tempfile::tempdir().unwrap();
        let model = folder.path().join(OsStr::from_bytes(b"caf\xe9"));
        std::fs::create_dir(&model).unwrap();
        assert_eq!(ModelChoice::parse(&model), Ok(ModelChoice::Path(model)));
        assert!(ModelChoice::parse(OsStr::from_bytes(b"caf\xe8")).is_err());
    }

    #[test]
    fn a_models_files_are_those_of_its_folder_and_of_what_it_learnt_from() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        std::fs::create_dir_all(at("base/1_Part")).unwrap();
        std::fs::create_dir(at("learnt")).unwrap();
        for name in [
            "base/config.json",
            "base/1_Part/model.safetensors",
            "learnt/adapter.safetensors",
            "cat.jpg",
        ] {
            std::fs::write(at(name), "{}").unwrap();
        }
        let config = serde_json::json!({
            "name": "n", "method": "lora", "base": at("base"), "base_identity": "", "blend": 1.0, "classes": [],
            "kind": { "type": "parameters" },
        });
        std::fs::write(at("learnt/adapter.json"), config.to_string()).unwrap();
        let mut files = ModelChoice::Path(at("learnt")).files();
        files.sort();
        let expected = [
            "base/1_Part/model.safetensors",
            "base/config.json",
            "learnt/adapter.json",
        ];
        assert_eq!(files[..3], expected.map(at));
        std::fs::write(at("ViT.pt"), "").unwrap();
        assert_eq!(ModelChoice::Path(at("ViT.pt")).files(), [at("ViT.pt")]);
        assert!(ModelChoice::Starter.files().is_empty());
    }
}
