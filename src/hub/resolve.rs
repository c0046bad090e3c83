//! From what the user wrote to a model on this machine.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

const STARTER: &str = "starter";

/// A model that can be loaded.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ModelChoice {
    /// The one in the binary.
    #[default]
    Starter,
    /// A folder, or a weights file in one.
    Path(PathBuf),
}

impl ModelChoice {
    /// Understands `starter`, a path, or a name on the Hub that is in the local cache already.
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
        local_folder(text).map(Self::Path).ok_or_else(|| {
            format!(
                "no model \"{text}\": give `starter`, a folder with config.json and model.safetensors, or the name of \
                 a model in the Hugging Face cache of this machine (`clipsight models list` shows them)"
            )
        })
    }
}

/// The folder of a Hub model (`org/name`) in the Hugging Face cache, where it is complete.
pub fn local_folder(name: &str) -> Option<PathBuf> {
    let snapshots = cache()?
        .join(format!("models--{}", name.replace('/', "--")))
        .join("snapshots");
    let mut complete: Vec<PathBuf> = std::fs::read_dir(snapshots)
        .ok()?
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|folder| folder.join("config.json").is_file() && folder.join("model.safetensors").is_file())
        .collect();
    complete.sort();
    complete.pop()
}

/// `HF_HUB_CACHE`, else `HF_HOME/hub`, else `~/.cache/huggingface/hub`, as the Hub's own tools look.
fn cache() -> Option<PathBuf> {
    let variable = |name: &str| std::env::var_os(name).filter(|v| !v.is_empty()).map(PathBuf::from);
    variable("HF_HUB_CACHE")
        .or_else(|| variable("HF_HOME").map(|home| home.join("hub")))
        .or_else(|| {
            let home = directories::BaseDirs::new()?;
            Some(home.home_dir().join(".cache/huggingface/hub"))
        })
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
        assert!(ModelChoice::parse("no/such-model").unwrap_err().contains("models list"));
    }
}
