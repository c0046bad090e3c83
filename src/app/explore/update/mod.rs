//! Carries out what the user wants of pictures and labels: changes the state, and says what to ask the engine. Each file
//! takes its own commands and hands the others on: from here to [`inspected`], from there to [`heatmap`], then to
//! [`gallery`].

mod gallery;
mod heatmap;
mod inspected;
mod list;
mod probe;
mod question;

use std::time::Instant;

use super::command::ExploreCommand;
use super::marks;
use crate::app::state::State;
use crate::engine::protocol::Request;

use inspected::inspect;
use list::{export, more_like, rescan, retry};
use question::{set_none_bias, type_new_label, use_templates};

pub use inspected::select;
pub use list::{begin_anew, list, open};
pub use question::{ask, edit_labels, redo, undo};

pub fn update(state: &mut State, command: ExploreCommand, now: Instant) -> Vec<Request> {
    match command {
        // A dialog that was cancelled.
        ExploreCommand::Open(paths) if paths.is_empty() => {}
        ExploreCommand::Open(paths) => return open(state, paths),
        ExploreCommand::OpenSamples => return open(state, Vec::new()),
        ExploreCommand::Rescan => return rescan(state),
        ExploreCommand::Retry(pictures) => return retry(state, pictures),
        ExploreCommand::PauseIndexing(paused) => {
            state.explore.paused = paused;
            return vec![Request::PauseIndexing(paused)];
        }
        ExploreCommand::Skip(pictures) => return marks::skip(state, &pictures),
        ExploreCommand::MoreLike(picture) => return more_like(state, picture),
        ExploreCommand::ExportCsv(path) => return export(state, path),
        ExploreCommand::EditLabels(labels) => edit_labels(state, labels, false, now),
        ExploreCommand::TypeLabel(labels) => edit_labels(state, labels, true, now),
        ExploreCommand::TypeNewLabel(text) => type_new_label(state, text, now),
        ExploreCommand::UseTemplates(templates) => use_templates(state, templates, now),
        ExploreCommand::SetNoneBias(bias) => set_none_bias(state, bias, now),
        other => return inspect(state, other),
    }
    Vec::new()
}

#[cfg(test)]
mod tests;
