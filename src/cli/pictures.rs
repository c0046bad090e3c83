//! Paths on the command line to pictures, embedded in order.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use anyhow::Result;

use super::output::{Output, say};
use super::progress::Bar;
use super::{Common, Usage};
use crate::clip::Embedding;
use crate::engine::ModelChoice;
use crate::engine::{DeviceChoice, Session};
use crate::escape::{visible, visible_path};
use crate::library::{Store, data_dir, is_unread_tiff, scan};
use crate::progress::{Progress, Unheard};
use crate::zero_shot::{self, Label, TemplateSet};

/// Pictures below the given paths, in the order given; what cannot be looked at is named.
pub fn find(paths: &[PathBuf], output: &mut Output) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for path in paths {
        let scan = scan(path, &Unheard);
        let unread = scan.unread_in_words().filter(|_| path.is_dir());
        for (path, reason) in scan.unreadable {
            output.path_failure(&path, &reason);
        }
        if let Some(words) = unread {
            say(&format!("{}: {words}", visible_path(path)));
        }
        if scan.pictures.is_empty() && path.is_dir() {
            output.path_failure(path, "no pictures that can be read in this folder");
        }
        found.extend(scan.pictures.into_iter().map(|found| found.path));
    }
    found
}

/// The model of the common options.
pub fn model(common: &Common) -> Result<ModelChoice> {
    let chosen = common.model.as_deref().unwrap_or(OsStr::new("starter"));
    Ok(ModelChoice::parse(chosen).map_err(|reason| Usage(visible(&reason)))?)
}

/// Opens the model of the common options, with the store as a cache where it can be opened.
pub fn session(common: &Common) -> Result<Session> {
    session_of(&model(common)?, common)
}

/// The same for another model.
pub fn session_of(model: &ModelChoice, common: &Common) -> Result<Session> {
    let device = device(common);
    let store = data_dir().map(|folder| Store::keeper(Some(&folder)));
    let warn = |warning: String| say(&warning);
    Ok(Session::open(
        model,
        device,
        common.precision.unwrap_or_default(),
        store,
        Box::new(warn),
    )?)
}

/// The device of the common options, else of the environment.
pub fn device(common: &Common) -> DeviceChoice {
    common
        .device
        .or_else(DeviceChoice::from_environment)
        .unwrap_or_default()
}

/// Labels, of which none is too long.
pub fn of_fair_length(labels: Vec<Label>) -> Result<Vec<Label>> {
    match zero_shot::of_fair_length(labels) {
        (labels, refused) if refused.is_empty() => Ok(labels),
        (_, refused) => Err(Usage(visible(&refused[0])).into()),
    }
}

/// The templates of `--template`.
pub fn templates(templates: &[String]) -> Result<TemplateSet> {
    if templates.is_empty() {
        return Ok(TemplateSet::One);
    }
    TemplateSet::own(templates.to_vec()).map_err(|e| Usage(visible(&e.to_string())).into())
}

/// Embeds pictures and hands them to `each` in their order; failures are named and left out.
pub fn embed_in_order(
    session: &mut Session,
    paths: &[PathBuf],
    output: &mut Output,
    mut each: impl FnMut(&mut Output, &Path, Embedding) -> Result<()>,
) -> Result<()> {
    let mut waiting = BTreeMap::new();
    let mut next = 0;
    let mut written = Ok(());
    let bar = Bar::counted("Pictures");
    let mut arrived = 0;
    let mut unread_tiffs = 0;
    session.embed_pictures(paths, |index, embedded| {
        arrived += 1;
        bar.counted(arrived, paths.len());
        waiting.insert(index, embedded);
        while let Some(embedded) = waiting.remove(&next) {
            let path = &paths[next];
            next += 1;
            match embedded {
                Ok(embedding) => written = each(output, path, embedding),
                Err(reason) => {
                    unread_tiffs += usize::from(is_unread_tiff(&reason));
                    output.path_failure(path, &reason);
                }
            }
            if written.is_err() {
                // Nobody reads any more: nothing more is computed.
                return ControlFlow::Break(());
            }
        }
        ControlFlow::Continue(())
    })?;
    match unread_tiffs {
        0 => {}
        1 => say("1 picture is of a kind that is not read: 1 TIFF"),
        more => say(&format!("{more} pictures are of kinds that are not read: {more} TIFF")),
    }
    written
}

/// A path as it is printed for programs; for people, [`crate::escape::visible_path`].
pub fn shown(path: &Path) -> String {
    path.display().to_string()
}
