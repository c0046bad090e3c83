//! The control set: pictures that a run never learns from, which show how much it forgets.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::config::RunConfig;
use super::data::{Dataset, Reasons};
use super::subsample::stratified_usable;
use super::{Error, Result};
use crate::library::labelled::Wanted;
use crate::library::{decode, in_words, scan};
use crate::lossless::Lossless;
use crate::progress::Progress;

/// Pictures of the control set; more would only take time.
const MAX_CONTROL: usize = 100;

/// Pictures of two classes or more, about as many of each.
#[serde_with::serde_as]
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ControlSet {
    #[serde_as(as = "Vec<Lossless>")]
    pub paths: Vec<PathBuf>,
    /// For each picture the place of its class in `classes`.
    pub labels: Vec<usize>,
    pub classes: Vec<String>,
    /// Files of its folder that could not be used, with the reason.
    #[serde_as(as = "Vec<(Lossless, _)>")]
    pub problems: Reasons,
}

/// The control set of a run, as it is chosen once: of the folder that was asked for, else of the samples. The samples may be
/// none, but what was asked for must be able to measure.
///
/// # Errors
/// The folder that was asked for holds fewer than two classes, or it was called off.
pub fn control_of(config: &RunConfig, samples: Option<&Path>, progress: &dyn Progress) -> Result<ControlSet> {
    let Some(folder) = config.control.as_deref().or(samples) else {
        return Ok(ControlSet::default());
    };
    let found = control_set(folder, progress);
    if progress.cancelled() {
        return Err(Error::Stopped);
    }
    match (found, &config.control) {
        (Some(found), _) => Ok(found),
        (None, None) => Ok(ControlSet::default()),
        (None, Some(asked)) => Err(Error::Data(format!(
            "the control set {} measures nothing: it needs pictures of two classes or more, each class in a folder of its \
             own",
            asked.display()
        ))),
    }
}

/// Pictures of a folder by class: by the folders in it, by lists, or by what pictures that lie side by side are called. None
/// where that makes fewer than two classes: what cannot be told apart measures nothing.
fn control_set(folder: &Path, progress: &dyn Progress) -> Option<ControlSet> {
    let (classes, pictures, mut problems) = by_class(folder, progress);
    if classes.len() < 2 {
        return None;
    }
    let all: Vec<usize> = (0..pictures.len()).collect();
    let wanted = MAX_CONTROL.max(classes.len()).min(pictures.len());
    let mut readable = 0;
    let usable = |place: usize| {
        let (path, _) = &pictures[place];
        if !progress.counted(readable, wanted) {
            return false;
        }
        let read = decode(path);
        match &read {
            Ok(_) => readable += 1,
            Err(reason) => problems.push((path.clone(), reason.to_string())),
        }
        read.is_ok()
    };
    let chosen = stratified_usable(&all, |place| Some(pictures[place].1), MAX_CONTROL, 0, usable);
    let mut chosen: Vec<&(PathBuf, usize)> = chosen.into_iter().map(|place| &pictures[place]).collect();
    chosen.sort();
    let set = ControlSet {
        paths: chosen.iter().map(|(path, _)| path.clone()).collect(),
        labels: chosen.iter().map(|(_, class)| *class).collect(),
        classes,
        problems,
    };
    let first = set.labels.first()?;
    set.labels.iter().any(|label| label != first).then_some(set)
}

/// The classes' names, every picture with the place of its class, and what could not be used.
fn by_class(folder: &Path, progress: &dyn Progress) -> (Vec<String>, Vec<(PathBuf, usize)>, Reasons) {
    if let Ok(dataset) = Dataset::read_as(folder, &Wanted::to_measure())
        && dataset.classes.len() > 1
    {
        let pictures = dataset.examples.into_iter();
        let placed = pictures.filter_map(|example| Some((example.path, example.class?)));
        return (dataset.classes, placed.collect(), dataset.problems);
    }
    let scanned = scan(folder, progress);
    let mut classes: BTreeMap<String, Vec<PathBuf>> = BTreeMap::new();
    for found in scanned.pictures {
        if let Some(name) = called(&found.path) {
            classes.entry(name).or_default().push(found.path);
        }
    }
    let names = classes.keys().cloned().collect();
    let placed = classes.into_values().enumerate();
    let placed = placed.flat_map(|(class, paths)| paths.into_iter().map(move |path| (path, class)));
    (names, placed.collect(), scanned.unreadable)
}

/// What a picture is called, without the number at its end: `dress-2.jpg` is a `dress`. None where nothing is left, or
/// only what a camera writes before its numbers.
fn called(path: &Path) -> Option<String> {
    let stem = path.file_stem()?.to_string_lossy().into_owned();
    let name = in_words(stem.trim_end_matches(|c: char| c.is_ascii_digit()));
    const CAMERAS: [&str; 6] = ["img", "dsc", "dscn", "dscf", "pict", "image"];
    (!name.is_empty() && !CAMERAS.contains(&name.as_str())).then_some(name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::progress::Unheard;

    fn folder(files: &[&str]) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        for file in files {
            let path = folder.path().join(file);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            image::RgbImage::from_pixel(8, 8, image::Rgb([90; 3]))
                .save(path)
                .unwrap();
        }
        folder
    }

    fn classes(files: &[&str]) -> Vec<String> {
        control_set(folder(files).path(), &Unheard).map_or(Vec::new(), |set| set.classes)
    }

    #[test]
    fn two_folders_are_two_classes_whatever_their_pictures_are_called() {
        assert_eq!(classes(&["hat/IMG_0001.png", "skirt/IMG_0002.png"]), ["hat", "skirt"]);
        assert_eq!(classes(&["0/a.png", "1/a.png", "7/a.png"]), ["0", "1", "7"]);
        assert_eq!(
            classes(&["series-737/1.png", "series-747/1.png"]),
            ["series-737", "series-747"]
        );
        assert_eq!(classes(&["A-1/1.png", "a_1/1.png"]), ["A-1", "a_1"]);
        let split = [
            "train/hat/1.png",
            "train/skirt/1.png",
            "test/hat/2.png",
            "test/skirt/2.png",
        ];
        assert_eq!(classes(&split), ["hat", "skirt"]);
    }

    #[test]
    fn pictures_side_by_side_are_what_they_are_called_and_one_class_is_no_measure() {
        assert_eq!(
            classes(&["dress-1.png", "dress-2.png", "bell-peppers.png"]),
            ["bell peppers", "dress"]
        );
        assert!(classes(&["IMG_0001.png", "IMG_0002.png", "0003.png"]).is_empty());
        assert!(classes(&["only/cat.png", "only/cat-2.png"]).is_empty());
    }

    #[test]
    fn captions_beside_pictures_do_not_hide_their_classes() {
        let folder = folder(&["hat/1.png", "hat/2.png", "skirt/1.png", "skirt/2.png"]);
        for name in ["hat/1", "hat/2", "skirt/1", "skirt/2"] {
            std::fs::write(folder.path().join(name).with_extension("txt"), "something to wear").unwrap();
        }
        let set = control_set(folder.path(), &Unheard).unwrap();
        assert_eq!((set.classes, set.paths.len()), (vec!["hat".into(), "skirt".into()], 4));
    }

    #[cfg(unix)]
    #[test]
    fn paths_that_are_no_text_are_kept_as_they_are() {
        use std::os::unix::ffi::OsStrExt;
        let set = ControlSet {
            paths: vec![PathBuf::from(std::ffi::OsStr::from_bytes(b"/d\xe9/a.png"))],
            labels: vec![0],
            ..ControlSet::default()
        };
        let text = serde_json::to_string(&set).unwrap();
        assert_eq!(serde_json::from_str::<ControlSet>(&text).unwrap(), set);
    }

    #[test]
    fn no_more_is_decoded_than_is_needed_and_a_broken_picture_has_a_stand_in() {
        let mut files: Vec<String> = Vec::new();
        for class in ["a", "b", "c"] {
            files.extend((0..60).map(|n| format!("{class}/{n}.png")));
        }
        let names: Vec<&str> = files.iter().map(String::as_str).collect();
        let folder = folder(&names);
        for n in 0..20 {
            std::fs::write(folder.path().join(format!("b/{n}.png")), b"no picture").unwrap();
        }
        let set = control_set(folder.path(), &Unheard).unwrap();
        assert_eq!(set.paths.len(), MAX_CONTROL);
        assert!(
            !set.problems.is_empty()
                && set
                    .problems
                    .iter()
                    .all(|(path, _)| path.starts_with(folder.path().join("b")))
        );
        for class in 0..3 {
            assert!(set.labels.iter().filter(|label| **label == class).count() >= 20);
        }
    }

    #[test]
    fn every_class_measures_even_where_there_are_more_than_pictures_are_wanted() {
        let mut files: Vec<String> = Vec::new();
        for class in 0..MAX_CONTROL + 20 {
            files.extend((0..3).map(|n| format!("class {class}/{n}.png")));
        }
        let names: Vec<&str> = files.iter().map(String::as_str).collect();
        let folder = folder(&names);
        // Of every class the first two pictures are broken: another of its own stands in, not one of another class.
        for name in names.iter().filter(|name| !name.ends_with("2.png")) {
            std::fs::write(folder.path().join(name), b"no picture").unwrap();
        }
        let set = control_set(folder.path(), &Unheard).unwrap();
        let mut labels = set.labels.clone();
        labels.sort();
        let every: Vec<usize> = (0..MAX_CONTROL + 20).collect();
        assert_eq!(labels, every);
    }
}
