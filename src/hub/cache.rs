//! The Hugging Face cache of this machine, by the Hub's own conventions.
//!
//! `models--org--name/` holds `refs/REVISION` (a commit), `snapshots/COMMIT/FILE`, and `blobs/` that the snapshots link to.
//! The cache is `HF_HUB_CACHE`, else `HUGGINGFACE_HUB_CACHE`, else `HF_HOME/hub`, else `XDG_CACHE_HOME/huggingface/hub`,
//! else `~/.cache/huggingface/hub`, as huggingface_hub looks for it.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use super::{PullError, PullResult};
use crate::clip::is_model_folder;
use crate::files::{MAX_SMALL_BYTES, read_at_most};

/// The longest name that the Hub allows.
const MAX_NAME: usize = 96;
const PREFIX: &str = "models--";
/// What every model follows unless another is named.
pub const DEFAULT_REVISION: &str = "main";

#[derive(Debug, Clone)]
pub struct Cache(PathBuf);

/// A model in the cache, complete enough to open.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CachedModel {
    /// Its name on the Hub.
    pub name: String,
    /// The folder of its newest complete revision.
    pub folder: PathBuf,
    /// What it takes on disk, all revisions together.
    pub bytes: u64,
}

/// Whether a text can be a model's name on the Hub, `org/name` or `name`.
pub fn valid_name(name: &str) -> bool {
    let part = |part: &str| {
        !part.is_empty()
            && part.chars().all(|c| c.is_ascii_alphanumeric() || "._-".contains(c))
            && !part.starts_with(['.', '-'])
            && !part.ends_with(['.', '-'])
            && !part.contains("..")
            && !part.contains("--")
    };
    name.len() <= MAX_NAME && name.split('/').count() <= 2 && name.split('/').all(part)
}

impl Cache {
    /// The cache of this machine; none where there is no home folder.
    pub fn of_this_machine() -> Option<Self> {
        cache_folder(&|name| std::env::var_os(name)).map(Self)
    }

    pub fn at(folder: &Path) -> Self {
        Self(folder.to_path_buf())
    }

    pub fn folder(&self) -> &Path {
        &self.0
    }

    /// Where a model's revisions lie.
    ///
    /// # Errors
    /// The name cannot be one.
    pub fn model(&self, name: &str) -> PullResult<PathBuf> {
        if valid_name(name) {
            Ok(self.0.join(format!("{PREFIX}{}", name.replace('/', "--"))))
        } else {
            Err(PullError::Name(name.into()))
        }
    }

    /// A model that is complete, at the revision that `main` names, else at any.
    pub fn find(&self, name: &str) -> Option<CachedModel> {
        let root = self.model(name).ok()?;
        let commit = read_at_most(&root.join("refs").join(DEFAULT_REVISION), MAX_SMALL_BYTES).unwrap_or_default();
        let commit = String::from_utf8_lossy(&commit);
        let snapshots = root.join("snapshots");
        let mut folders: Vec<PathBuf> = subfolders(&snapshots);
        folders.sort_by_key(|folder| (folder.file_name() != Some(commit.trim().as_ref()), folder.clone()));
        // Weights come last: a folder that has them has the rest.
        let folder = folders.into_iter().find(|folder| is_model_folder(folder))?;
        Some(CachedModel {
            name: name.into(),
            folder,
            bytes: size(&root.join("blobs")).max(size(&snapshots)),
        })
    }

    /// Every model here that can be opened, by name.
    pub fn models(&self) -> Vec<CachedModel> {
        let mut models: Vec<CachedModel> = subfolders(&self.0)
            .iter()
            .filter_map(|folder| {
                let name = folder.file_name()?.to_str()?.strip_prefix(PREFIX)?;
                self.find(&name.replacen("--", "/", 1))
            })
            .collect();
        models.sort_by(|a, b| a.name.cmp(&b.name));
        models
    }

    /// Deletes a model with all its revisions; the bytes that were freed.
    ///
    /// # Errors
    /// It is not there, or cannot be deleted.
    pub fn remove(&self, name: &str) -> PullResult<u64> {
        let root = self.model(name)?;
        if !root.is_dir() {
            return Err(PullError::NotFound {
                what: format!("{name} on this machine"),
            });
        }
        if root.is_symlink() {
            return Err(PullError::Write {
                path: root.display().to_string(),
                source: std::io::Error::other("it is a link: what it leads to is kept; remove both by hand"),
            });
        }
        let bytes = size(&root.join("blobs")).max(size(&root.join("snapshots")));
        std::fs::remove_dir_all(&root).map_err(|source| PullError::Write {
            path: root.display().to_string(),
            source,
        })?;
        Ok(bytes)
    }
}

type Variables<'a> = &'a dyn Fn(&str) -> Option<OsString>;

fn cache_folder(variables: Variables) -> Option<PathBuf> {
    let named = ["HF_HUB_CACHE", "HUGGINGFACE_HUB_CACHE"].iter();
    let cache = named.filter_map(|name| path_in(variables, name)).next();
    cache.or_else(|| hf_home_in(variables).map(|home| home.join("hub")))
}

/// Where tools of Hugging Face keep what is theirs: `HF_HOME`, else `huggingface` in the cache of the user.
pub fn hf_home() -> Option<PathBuf> {
    hf_home_in(&|name| std::env::var_os(name))
}

fn hf_home_in(variables: Variables) -> Option<PathBuf> {
    let own = path_in(variables, "HF_HOME");
    own.or_else(|| {
        let cache = path_in(variables, "XDG_CACHE_HOME").or_else(|| Some(home()?.join(".cache")));
        Some(cache?.join("huggingface"))
    })
}

/// A variable's path; a `~` at its start is the home folder.
fn path_in(variables: Variables, name: &str) -> Option<PathBuf> {
    let path = variables(name).filter(|value| !value.is_empty()).map(PathBuf::from)?;
    match path.strip_prefix("~") {
        Ok(rest) => Some(home()?.join(rest)),
        Err(_) => Some(path),
    }
}

fn home() -> Option<PathBuf> {
    Some(directories::BaseDirs::new()?.home_dir().to_path_buf())
}

fn subfolders(folder: &Path) -> Vec<PathBuf> {
    std::fs::read_dir(folder)
        .into_iter()
        .flatten()
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| path.is_dir())
        .collect()
}

fn size(folder: &Path) -> u64 {
    walkdir::WalkDir::new(folder)
        .into_iter()
        .filter_map(|entry| entry.ok()?.metadata().ok())
        .filter(std::fs::Metadata::is_file)
        .map(|metadata| metadata.len())
        .sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_cannot_leave_the_cache() {
        for good in ["openai/clip-vit-base-patch32", "gpt2", "timm/resnet50_clip.openai"] {
            assert!(valid_name(good), "{good}");
        }
        for bad in [
            "", "../x", "a/b/c", "a/..", "/etc", "a//b", "a b", "a/b--c", "a/.b", "C:\\x", "ü/x",
        ] {
            assert!(!valid_name(bad), "{bad}");
        }
    }

    #[cfg(unix)]
    #[test]
    fn what_a_link_leads_to_is_kept() {
        let (folder, elsewhere) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        std::fs::write(elsewhere.path().join("mine"), "mine").unwrap();
        let cache = Cache::at(folder.path());
        let root = cache.model("somebody/model").unwrap();
        std::os::unix::fs::symlink(elsewhere.path(), &root).unwrap();
        let refused = cache.remove("somebody/model").unwrap_err().to_string();
        assert!(refused.contains("it is a link"), "{refused}");
        assert!(root.is_symlink() && elsewhere.path().join("mine").is_file());
    }

    /// The order of huggingface_hub's `constants.py`.
    #[test]
    fn the_cache_is_where_huggingface_hub_looks() {
        let all = [
            ("HF_HUB_CACHE", "/a", "/a"),
            ("HUGGINGFACE_HUB_CACHE", "/b", "/b"),
            ("HF_HOME", "/c", "/c/hub"),
            ("XDG_CACHE_HOME", "/d", "/d/huggingface/hub"),
        ];
        for (first, (_, _, expected)) in all.iter().enumerate() {
            let set = &all[first..];
            let variables = |name: &str| -> Option<OsString> {
                let (_, value, _) = set.iter().find(|(set, _, _)| *set == name)?;
                Some(value.into())
            };
            assert_eq!(cache_folder(&variables), Some(expected.into()));
        }
        let empty = |_: &str| Some(OsString::new());
        assert!(cache_folder(&empty).unwrap().ends_with(".cache/huggingface/hub"));
        let tilde = |name: &str| (name == "HF_HOME").then(|| OsString::from("~/models"));
        assert_eq!(cache_folder(&tilde), Some(home().unwrap().join("models/hub")));
    }

    #[test]
    fn only_complete_models_are_found_and_main_comes_first() {
        let folder = tempfile::tempdir().unwrap();
        let cache = Cache::at(folder.path());
        let root = cache.model("org/name").unwrap();
        let put = |commit: &str, names: &[&str]| {
            let snapshot = root.join("snapshots").join(commit);
            std::fs::create_dir_all(&snapshot).unwrap();
            for name in names {
                std::fs::write(snapshot.join(name), r#"{"model_type": "clip"}"#).unwrap();
            }
        };
        let whole = [
            "config.json",
            "preprocessor_config.json",
            "tokenizer.json",
            "model.safetensors",
        ];
        put("aaa", &whole[..3]);
        assert_eq!(cache.find("org/name"), None);
        put("bbb", &whole);
        put("ccc", &whole);
        let found = |commit: &str| cache.find("org/name").unwrap().folder.ends_with(commit);
        assert!(found("bbb"));
        std::fs::create_dir_all(root.join("refs")).unwrap();
        std::fs::write(root.join("refs/main"), "ccc").unwrap();
        assert!(found("ccc"));
        assert_eq!(cache.models().len(), 1);
        assert!(cache.remove("org/name").unwrap() > 0);
        assert_eq!(cache.models(), []);
        assert!(cache.remove("org/name").is_err());
    }
}
