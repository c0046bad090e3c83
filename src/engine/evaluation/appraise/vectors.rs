//! The vectors that answers come from: of pictures, and of classes or captions.

use std::ops::ControlFlow;
use std::path::PathBuf;

use rayon::prelude::*;

use super::{AppraiseError, Result};
use crate::clip::Embedding;
use crate::engine::session::Session;
use crate::evaluation::{Answer, Caption, Class, DataError, Embedded, Evaluation, Judged, content_of, labels_for};
use crate::progress::Progress;
use crate::zero_shot::{ClassEmbeddings, Label, TemplateSet};

/// Why a file is left out.
pub const NOT_THE_SAME: &str = "it is not here any more, or was changed";

/// What the answers of an evaluation come from.
#[derive(Clone)]
pub struct Vectors {
    /// Vectors of its pictures and classes.
    pub embedded: Embedded,
    /// Which pictures these are, by their places: all of them, unless files went away or were changed since.
    pub here: Vec<usize>,
}

impl Vectors {
    /// The answers to the pictures that have a vector.
    pub fn answers<'a>(&self, evaluation: &'a Evaluation) -> Vec<&'a Answer> {
        let answer = |place: &usize| &evaluation.pictures[*place].answer;
        self.here.iter().map(answer).collect()
    }

    /// What was found for those that have a vector, at the places of all `count` pictures.
    pub fn spread<T: Clone>(&self, found: Vec<T>, count: usize, missing: T) -> Vec<T> {
        let mut all = vec![missing; count];
        for (place, found) in self.here.iter().zip(found) {
            all[*place] = found;
        }
        all
    }
}

/// Embeds pictures: a vector each, and which failed and why.
///
/// # Errors
/// The device failed, or it was stopped.
pub fn embed(
    session: &mut Session,
    paths: &[PathBuf],
    progress: &dyn Progress,
) -> Result<Vec<std::result::Result<Vec<f32>, String>>> {
    let mut rows: Vec<Option<std::result::Result<Vec<f32>, String>>> = vec![None; paths.len()];
    let (mut done, mut stopped) = (0, false);
    session.embed_pictures(paths, |index, embedded| {
        rows[index] = Some(embedded.map(|embedding: Embedding| embedding.vector));
        done += 1;
        stopped = !progress.at("Embedding pictures", done, paths.len());
        if stopped {
            ControlFlow::Break(())
        } else {
            ControlFlow::Continue(())
        }
    })?;
    if stopped && done < paths.len() {
        return Err(AppraiseError::Stopped {
            done,
            total: paths.len(),
        });
    }
    let missing = || Err("it was not embedded".to_string());
    Ok(rows.into_iter().map(|row| row.unwrap_or_else(missing)).collect())
}

/// Why a picture has no vector any more.
type Lost = Vec<(PathBuf, String)>;

/// What the answers of an evaluation come from, made anew (or taken from the store) for the pictures that are what they
/// were; and the others.
///
/// # Errors
/// The device failed, none of the pictures is what it was, or it was stopped.
pub fn vectors_of(session: &mut Session, evaluation: &Evaluation, progress: &dyn Progress) -> Result<(Vectors, Lost)> {
    let pictures = &evaluation.pictures;
    let same = |picture: &Judged| picture.content.is_empty() || content_of(&picture.path) == picture.content;
    let same: Vec<bool> = pictures.par_iter().map(same).collect();
    let there: Vec<usize> = (0..pictures.len()).filter(|place| same[*place]).collect();
    let paths: Vec<PathBuf> = there.iter().map(|place| pictures[*place].path.clone()).collect();
    let (mut vectors, mut here, mut lost) = (Vec::new(), Vec::new(), Vec::new());
    let changed = (0..pictures.len()).filter(|place| !same[*place]);
    lost.extend(changed.map(|place| (pictures[place].path.clone(), NOT_THE_SAME.to_string())));
    for (place, row) in there.into_iter().zip(embed(session, &paths, progress)?) {
        match row {
            Ok(vector) => {
                here.push(place);
                vectors.extend(vector);
            }
            Err(reason) => lost.push((pictures[place].path.clone(), reason)),
        }
    }
    if here.is_empty() {
        let first = pictures
            .first()
            .map_or(String::new(), |one| one.path.display().to_string());
        return Err(DataError(format!(
            "None of the pictures of \"{}\" is what and where it was (the first: {first}). Its numbers stay; what needs the \
             pictures themselves has to wait until they are back",
            evaluation.name
        ))
        .into());
    }
    let embedded = Embedded {
        dim: vectors.len() / here.len(),
        pictures: vectors.into(),
        classes: texts_of(
            session,
            &evaluation.classes,
            &evaluation.captions,
            &evaluation.setup.templates,
        )?,
        scoring: session.loaded.model.info().scoring,
    };
    Ok((Vectors { embedded, here }, lost))
}

/// The vectors of what can be answered: the classes, or every caption.
pub(super) fn texts_of(
    session: &mut Session,
    classes: &[Class],
    captions: &[Caption],
    templates: &TemplateSet,
) -> Result<ClassEmbeddings> {
    let mut labels = labels_for(classes, &session.loaded.model.info().taught_classes);
    labels.extend(captions.iter().map(said));
    Ok(session.classes(&labels, templates)?)
}

/// What is said goes through no template.
fn said(caption: &Caption) -> Label {
    Label {
        name: caption.text.clone(),
        descriptions: vec![caption.text.clone()],
    }
}

/// What an answer stands for: a class, or a caption.
pub fn label_of(evaluation: &Evaluation, answer: usize) -> Label {
    match evaluation.captions.get(answer) {
        Some(caption) => said(caption),
        None => evaluation.classes[answer].label(),
    }
}
