//! The control set: pictures that a run never learns from, which show how much it forgets.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

use super::subsample::stratified;
use crate::library::{decode, in_words, scan};
use crate::progress::Unheard;

/// Pictures of the control set; more would only take time.
const MAX_CONTROL: usize = 100;

/// Pictures with the places of their classes among the names.
pub struct ControlSet {
    /// The files.
    pub paths: Vec<PathBuf>,
    /// Their classes.
    pub labels: Vec<usize>,
    /// The classes' names.
    pub classes: Vec<String>,
}

/// Pictures of a folder by class: by the folders in it, or by what pictures that lie side by side are called. None
/// where that makes fewer than two classes: what cannot be told apart measures nothing.
pub fn control_set(folder: &Path) -> Option<ControlSet> {
    let found = scan(folder, &Unheard).pictures.into_iter().map(|found| found.path);
    let (classes, pictures) = by_class(folder, found.collect());
    if classes.len() < 2 {
        return None;
    }
    let all: Vec<usize> = (0..pictures.len()).collect();
    // In turns, so that what comes next stands in for what cannot be read.
    let mut turns = stratified(&all, |place| Some(pictures[place].1), pictures.len(), 0).into_iter();
    let wanted = MAX_CONTROL.max(classes.len());
    let mut chosen: Vec<&(PathBuf, usize)> = Vec::new();
    while chosen.len() < wanted {
        let Some(place) = turns.next() else { break };
        if decode(&pictures[place].0).is_ok() {
            chosen.push(&pictures[place]);
        }
    }
    chosen.sort();
    let set = ControlSet {
        paths: chosen.iter().map(|(path, _)| path.clone()).collect(),
        labels: chosen.iter().map(|(_, class)| *class).collect(),
        classes,
    };
    let first = set.labels.first()?;
    set.labels.iter().any(|label| label != first).then_some(set)
}

/// The classes' names, and every picture with the place of its class. Names are names: folders that are spelled
/// differently are different classes.
fn by_class(folder: &Path, pictures: Vec<PathBuf>) -> (Vec<String>, Vec<(PathBuf, usize)>) {
    let own_folder = |path: &PathBuf| -> Option<OsString> {
        let mut inside = path.strip_prefix(folder).ok()?.components();
        let first = inside.next()?.as_os_str().to_owned();
        inside.next().map(|_| first)
    };
    let mut classes: BTreeMap<OsString, Vec<PathBuf>> = BTreeMap::new();
    for path in &pictures {
        if let Some(name) = own_folder(path) {
            classes.entry(name).or_default().push(path.clone());
        }
    }
    if classes.len() < 2 {
        classes.clear();
        for path in &pictures {
            if let Some(name) = called(path) {
                classes.entry(name.into()).or_default().push(path.clone());
            }
        }
    }
    let names = classes.keys().map(|name| name.to_string_lossy().into_owned()).collect();
    let placed = classes.into_values().enumerate();
    let placed = placed.flat_map(|(class, paths)| paths.into_iter().map(move |path| (path, class)));
    (names, placed.collect())
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
        control_set(folder(files).path()).map_or(Vec::new(), |set| set.classes)
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
        let set = control_set(folder.path()).unwrap();
        assert_eq!(set.paths.len(), MAX_CONTROL);
        for class in 0..3 {
            assert!(set.labels.iter().filter(|label| **label == class).count() >= 20);
        }
    }
}
