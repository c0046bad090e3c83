//! Selecting, marking and enlarging pictures, by pointer and by key.

use std::path::PathBuf;

use super::command::{ExploreCommand, Mark, Step};
use super::state::{Explore, Large};
use super::update::select;
use crate::app::command::Command;
use crate::app::shell::messages::Message;
use crate::app::shell::status::counted;
use crate::app::state::State;
use crate::engine::protocol::{PictureId, Request, Severity};

/// Changes which pictures are marked: commands for several pictures apply to these.
pub fn mark(state: &mut State, which: Mark) -> Vec<Request> {
    let explore = &mut state.explore;
    if !matches!(which, Mark::Extend(_) | Mark::Pass(_)) {
        explore.reach = None;
    }
    match which {
        Mark::All => explore.marked = explore.arranged.order.iter().copied().collect(),
        Mark::Nothing => explore.marked.clear(),
        Mark::These(pictures) => explore.marked = pictures.into_iter().collect(),
        Mark::Toggle(picture) => {
            // What was selected until now is one of several from now on.
            if explore.marked.is_empty() {
                explore
                    .marked
                    .extend(explore.selected.filter(|&selected| selected != picture));
            }
            if !explore.marked.remove(&picture) {
                explore.marked.insert(picture);
                return select(state, picture, true);
            }
        }
        Mark::UpTo(picture) => {
            mark_up_to(explore, picture);
            explore.reach = Some(picture);
        }
        Mark::Extend(step) => extend(state, step),
        Mark::Pass(step) => return step_to(state, step),
    }
    Vec::new()
}

impl Explore {
    /// The pictures that a command on this one applies to: all marked ones if it is among them, otherwise it alone.
    pub fn meant(&self, picture: PictureId) -> Vec<PictureId> {
        if self.marked.contains(&picture) {
            self.marked.iter().copied().collect()
        } else {
            vec![picture]
        }
    }

    /// The paths of pictures, one per line.
    pub fn paths(&self, pictures: &[PictureId]) -> String {
        let known = pictures.iter().filter_map(|&id| self.pictures.get(id));
        let paths: Vec<String> = known.map(|picture| picture.file.path.display().to_string()).collect();
        paths.join("\n")
    }
}

impl Explore {
    /// The folder that holds all marked pictures; none where that is only above the open folders, where nobody looked.
    pub fn marked_folder(&self, open: &[PathBuf]) -> Option<PathBuf> {
        let marked = || self.marked.iter().filter_map(|&id| self.pictures.get(id));
        let mut folder = marked().next()?.file.path.parent()?;
        for picture in marked() {
            while !picture.file.path.starts_with(folder) {
                folder = folder.parent()?;
            }
        }
        // A picture can be open by itself.
        let holds_one = || marked().any(|picture| picture.file.path.parent() == Some(folder));
        let is_within = open.iter().any(|open| folder.starts_with(open));
        (is_within || holds_one()).then(|| folder.to_path_buf())
    }
}

/// The reason that stands beside a picture that the user skipped.
pub const SKIPPED_BY_USER: &str = "You skipped it; \"Try again\" brings it back";

/// Skips pictures, with a message that can undo it. If the selected one is among them, its neighbour is selected.
pub fn skip(state: &mut State, pictures: &[PictureId]) -> Vec<Request> {
    let explore = &mut state.explore;
    let is_left = |id: &PictureId| !pictures.contains(id);
    let selected = explore.selected.filter(|id| !is_left(id));
    let order = &explore.arranged.order;
    let at = selected.and_then(|selected| order.iter().position(|&id| id == selected));
    let neighbour = at.and_then(|at| {
        let (before, after) = order.split_at(at);
        let after = after.iter().copied().find(is_left);
        after.or_else(|| before.iter().copied().rfind(is_left))
    });
    let first = pictures.first().and_then(|&id| explore.pictures.get(id));
    let text = match (first, pictures) {
        (Some(picture), [_]) => format!("Skipped {}", explore.caption(picture)),
        _ => format!("Skipped {}", counted(pictures.len(), "picture", "pictures")),
    };
    for &id in pictures {
        explore.skip(id, SKIPPED_BY_USER.into());
    }
    explore.reorder_now();
    let undo = Command::Explore(ExploreCommand::Retry(Some(pictures.to_vec())));
    state
        .messages
        .add(Message::new(Severity::Info, text).with("Undo", undo));
    match (selected, neighbour) {
        (Some(_), Some(neighbour)) => select(state, neighbour, true),
        (Some(_), None) => {
            state.explore.large = None;
            state.explore.selected = None;
            Vec::new()
        }
        (None, _) => Vec::new(),
    }
}

/// Shows a picture large; none means the selected one.
pub fn open_large(state: &mut State, picture: Option<PictureId>) -> Vec<Request> {
    let first = state.explore.order().first().copied();
    let Some(picture) = picture.or(state.explore.selected).or(first) else {
        return Vec::new();
    };
    state.explore.large = Some(Large::WHOLE);
    select(state, picture, true)
}

/// Selects the picture a step away, and it alone.
pub fn walk(state: &mut State, step: Step) -> Vec<Request> {
    state.explore.marked.clear();
    step_to(state, step)
}

/// Inspects the picture a step away; in the large view, that one is shown large.
fn step_to(state: &mut State, step: Step) -> Vec<Request> {
    let Some(picture) = neighbour(&state.explore, step) else {
        return Vec::new();
    };
    let explore = &mut state.explore;
    explore.scroll_to_selected = true;
    explore.reach = None;
    explore.nudge = None;
    if explore.large.is_some() {
        explore.large = Some(Large::WHOLE);
    }
    select(state, picture, true)
}

/// Extends the marked range by a step in this direction, or shortens it.
fn extend(state: &mut State, step: Step) {
    let explore = &mut state.explore;
    if explore.large.is_some() {
        return;
    }
    let Some(picture) = neighbour(explore, step) else {
        return;
    };
    explore.scroll_to_selected = true;
    mark_up_to(explore, picture);
    explore.reach = Some(picture);
}

fn mark_up_to(explore: &mut Explore, picture: PictureId) {
    let at = |id: PictureId| explore.arranged.order.iter().position(|&other| other == id);
    let from = explore.selected.and_then(at).unwrap_or(0);
    if let Some(to) = at(picture) {
        let range = from.min(to)..=from.max(to);
        explore.marked = explore.arranged.order[range].iter().copied().collect();
    }
}

/// The picture a step from the one that the keyboard is at.
fn neighbour(explore: &Explore, step: Step) -> Option<PictureId> {
    let order = &explore.arranged.order;
    let last = order.len().checked_sub(1)?;
    let large = explore.large.is_some();
    // Where one picture is shown, there are no rows.
    let (columns, rows) = if large { (1, 1) } else { explore.grid };
    let page = columns * rows.max(1);
    let from = explore.reach.or(explore.selected);
    let at = from.and_then(|from| order.iter().position(|&id| id == from));
    let next = match (at, step) {
        (None, Step::End) => last,
        (None, _) | (_, Step::Home) => 0,
        (_, Step::End) => last,
        (Some(at), Step::Left) => at.saturating_sub(1),
        (Some(at), Step::Right) => (at + 1).min(last),
        (Some(at), Step::Up) if at >= columns => at - columns,
        (Some(at), Step::Up) => at,
        (Some(at), Step::Down) if at + columns <= last => at + columns,
        (Some(at), Step::Down) => at,
        (Some(at), Step::PageUp) => at.saturating_sub(page),
        (Some(at), Step::PageDown) => (at + page).min(last),
    };
    Some(order[next])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::explore::picture::Picture;
    use crate::engine::protocol::PictureFile;

    #[test]
    fn the_folder_of_the_marked_pictures_is_none_above_the_open_ones() {
        let folder = |open: &[&str], paths: &[&str]| {
            let mut explore = Explore::default();
            for (id, path) in (0..).zip(paths) {
                let file = PictureFile { id, path: path.into() };
                explore.pictures.push(Picture::new(file, &[]));
                explore.marked.insert(id);
            }
            let open: Vec<PathBuf> = open.iter().map(PathBuf::from).collect();
            explore.marked_folder(&open)
        };
        let found = |path: &str| Some(PathBuf::from(path));
        assert_eq!(
            folder(&["/home/p"], &["/home/p/cat/1.jpg", "/home/p/dog/2.jpg"]),
            found("/home/p")
        );
        assert_eq!(
            folder(&["/home/p"], &["/home/p/cat/1.jpg", "/home/p/cat/2.jpg"]),
            found("/home/p/cat")
        );
        assert_eq!(folder(&["/home/p", "/mnt/q"], &["/home/p/1.jpg", "/mnt/q/2.jpg"]), None);
        assert_eq!(
            folder(&["/home/p/a", "/home/p/b"], &["/home/p/a/1.jpg", "/home/p/b/2.jpg"]),
            None
        );
        // Pictures that are open by themselves.
        assert_eq!(
            folder(&["/p/1.jpg", "/p/2.jpg"], &["/p/1.jpg", "/p/2.jpg"]),
            found("/p")
        );
        assert_eq!(folder(&[], &["/samples/1.jpg"]), found("/samples"));
        assert_eq!(folder(&["/p"], &[]), None);
    }
}
