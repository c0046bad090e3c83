//! What to do with paths that were dropped on the window.

use std::path::{Path, PathBuf};

use super::asking::{LISTS, MODEL_FILES};
use crate::app::command::Command;
use crate::clip::is_model_folder;
use crate::engine::ModelChoice;
use crate::library::{Looks, looks};

/// Files that a message names.
const NAMED: usize = 3;

/// What dropped paths mean: weights or a folder of a model are a model, everything else is pictures, or a list of them.
pub(super) fn dropped(paths: Vec<PathBuf>) -> Option<Command> {
    let is_model = |path: &&PathBuf| ends_in(path, &MODEL_FILES) || is_model_folder(path);
    match paths.iter().find(is_model) {
        Some(model) => Some(Command::LoadModel(ModelChoice::Path(model.clone()))),
        None if paths.is_empty() => None,
        None if paths.iter().any(|path| may_be_opened(path) || is_list(path)) => Some(Command::Drop(paths)),
        None => Some(nothing_opened(&paths)),
    }
}

fn ends_in(path: &Path, endings: &[&str]) -> bool {
    let ending = path.extension().and_then(|ending| ending.to_str());
    ending.is_some_and(|ending| endings.iter().any(|known| ending.eq_ignore_ascii_case(known)))
}

/// A file that may say which pictures show what: a measurement can be made on it, and nothing else.
pub fn is_list(path: &Path) -> bool {
    ends_in(path, &LISTS)
}

/// Says that none of these is what can be opened.
pub fn nothing_opened(paths: &[PathBuf]) -> Command {
    let name = |path: &PathBuf| path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let named = paths.iter().map(name).take(NAMED).collect::<Vec<_>>().join(", ");
    let more = paths.len().saturating_sub(NAMED);
    let more = if more == 0 {
        String::new()
    } else {
        format!(" and {more} more")
    };
    let kinds = match paths.len() {
        1 => "is not a picture, folder or model",
        _ => "are not pictures, folders or models",
    };
    let hint = if paths.iter().any(|path| is_list(path)) {
        ". A list of pictures with their labels can be dropped on Evaluate"
    } else {
        ""
    };
    Command::Report(format!("Nothing was opened: {named}{more} {kinds}{hint}"))
}

/// A folder, or a picture, also of a kind that is not read: that one is listed with its reason.
fn may_be_opened(path: &Path) -> bool {
    path.is_dir() || looks(path) != Looks::Other
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weights_and_folders_of_models_are_models_and_the_rest_are_pictures() {
        let model = |path: &str| Some(Command::LoadModel(ModelChoice::Path(path.into())));
        assert_eq!(dropped(vec![]), None);
        let folder = tempfile::tempdir().unwrap();
        let folder = folder.path().to_path_buf();
        assert_eq!(dropped(vec![folder.clone()]), Some(Command::Drop(vec![folder.clone()])));
        for picture in ["/a.jpg", "/a.heic"] {
            assert_eq!(dropped(vec![picture.into()]), Some(Command::Drop(vec![picture.into()])));
        }
        let document = folder.join("a.pdf");
        std::fs::write(&document, "%PDF").unwrap();
        let both = vec![document.clone(), "/a.jpg".into()];
        assert_eq!(dropped(both.clone()), Some(Command::Drop(both)));
        assert!(
            matches!(dropped(vec![document]), Some(Command::Report(text)) if text.contains("a.pdf is not a picture"))
        );
        // Whether a list is of use is known where it lands.
        for list in ["/a.csv", "/a.TSV", "/a.jsonl", "/a.json", "/a.txt"] {
            assert_eq!(dropped(vec![list.into()]), Some(Command::Drop(vec![list.into()])));
        }
        for path in ["/m/model.safetensors", "/m/RN50.pt", "/m/pytorch_model.bin"] {
            assert_eq!(dropped(vec!["/a".into(), path.into()]), model(path));
        }
        let fixture = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/siglip");
        assert_eq!(dropped(vec![fixture.into()]), model(fixture));
    }
}
