//! What a model answers to pictures of which nobody knows yet what they show.

use std::path::{Path, PathBuf};

use super::appraise::{AppraiseError, Result, embed};
use super::{Guess, Guessed};
use crate::engine::session::Session;
use crate::evaluation::{DataError, Embedded, KEPT, answer};
use crate::library::scan;
use crate::progress::Progress;
use crate::zero_shot::{Label, TemplateSet};

/// The best labels of every picture below a folder; what was said of them before is added by whoever keeps it.
///
/// # Errors
/// There are no two labels or no picture, the device failed, or it was stopped.
pub fn guess(
    session: &mut Session,
    folder: &Path,
    labels: &[Label],
    templates: &TemplateSet,
    progress: &dyn Progress,
) -> Result<Guessed> {
    if labels.len() < 2 {
        let text = "write two labels or more in Explore first: the model answers with one of them";
        return Err(DataError(text.into()).into());
    }
    let paths: Vec<PathBuf> = scan(folder, progress)
        .pictures
        .into_iter()
        .map(|found| found.path)
        .collect();
    let (mut vectors, mut here) = (Vec::new(), Vec::new());
    for (path, row) in paths.iter().zip(embed(session, &paths, progress)?) {
        if let Ok(vector) = row {
            vectors.extend(vector);
            here.push(path.clone());
        }
    }
    if here.is_empty() {
        return Err(DataError(format!("{} holds no picture that can be read", folder.display())).into());
    }
    if !progress.at("Embedding texts", 0, 1) {
        return Err(AppraiseError::StoppedLater);
    }
    let embedded = Embedded {
        dim: vectors.len() / here.len(),
        pictures: vectors.into(),
        classes: session.classes(labels, templates)?,
        scoring: session.loaded.model.info().scoring,
    };
    let scale = embedded.scoring.logit_scale;
    // Which one is true is not known: whichever is asked about gives the same best ones.
    let best = embedded.each(|_, cosines| answer(0, cosines, scale).best);
    let guess = |(path, best): (PathBuf, Vec<crate::evaluation::Ranked>)| Guess {
        path,
        best: best
            .into_iter()
            .take(KEPT)
            .map(|best| (best.class, best.probability))
            .collect(),
    };
    Ok(Guessed {
        folder: folder.to_path_buf(),
        labels: labels.iter().map(|label| label.name.clone()).collect(),
        unreadable: paths.len() - here.len(),
        pictures: here.into_iter().zip(best).map(guess).collect(),
        given: Vec::new(),
    })
}
