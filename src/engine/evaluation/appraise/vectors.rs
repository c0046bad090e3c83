//! The vectors that answers come from: of pictures, and of classes or captions.

use std::collections::BTreeSet;
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

    /// The same without these pictures, at the places that the others have then.
    pub fn without(&self, left_out: &BTreeSet<usize>) -> Self {
        let rows = self
            .here
            .iter()
            .enumerate()
            .filter(|(_, place)| !left_out.contains(place));
        let rows: Vec<(usize, usize)> = rows.map(|(row, place)| (row, *place)).collect();
        let vectors = rows.iter().flat_map(|(row, _)| self.embedded.picture(*row));
        let before = |place: usize| left_out.range(..place).count();
        Self {
            embedded: Embedded {
                pictures: vectors.copied().collect::<Vec<f32>>().into(),
                ..self.embedded.clone()
            },
            here: rows.iter().map(|(_, place)| place - before(*place)).collect(),
        }
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
pub type Lost = Vec<(PathBuf, String)>;

/// Whether a picture's file is what was answered to.
pub fn is_same(picture: &Judged) -> bool {
    picture.content.is_empty() || content_of(&picture.path) == picture.content
}

/// The places of the pictures whose files are what was answered to; and the others.
pub fn unchanged(evaluation: &Evaluation) -> (Vec<usize>, Lost) {
    let pictures = &evaluation.pictures;
    let same: Vec<bool> = pictures.par_iter().map(is_same).collect();
    let (here, changed): (Vec<usize>, Vec<usize>) = (0..pictures.len()).partition(|place| same[*place]);
    let lost = |place: usize| (pictures[place].path.clone(), NOT_THE_SAME.to_string());
    (here, changed.into_iter().map(lost).collect())
}

/// Why nothing can be done with the pictures of an evaluation of which none is what and where it was.
pub fn none_is_here(evaluation: &Evaluation) -> DataError {
    let first = evaluation.pictures.first();
    let first = first.map_or(String::new(), |one| one.path.display().to_string());
    DataError(format!(
        "None of the pictures of \"{}\" is what and where it was (the first: {first}). Its numbers stay; what needs the \
         pictures themselves has to wait until they are back",
        evaluation.name
    ))
}

/// What the answers of an evaluation come from, made anew (or taken from the store) for the pictures that are what they
/// were; and the others.
///
/// # Errors
/// The device failed, none of the pictures is what it was, or it was stopped.
pub fn vectors_of(session: &mut Session, evaluation: &Evaluation, progress: &dyn Progress) -> Result<(Vectors, Lost)> {
    let pictures = &evaluation.pictures;
    let (there, mut lost) = unchanged(evaluation);
    let paths: Vec<PathBuf> = there.iter().map(|place| pictures[*place].path.clone()).collect();
    let (mut vectors, mut here) = (Vec::new(), Vec::new());
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
        return Err(none_is_here(evaluation).into());
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

/// What an answer stands for, as the model that was `taught` these classes reads it: a class, or a caption.
pub fn label_of(evaluation: &Evaluation, answer: usize, taught: &[String]) -> Label {
    match evaluation.captions.get(answer) {
        Some(caption) => said(caption),
        None => evaluation.classes[answer].label_for(taught),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::evaluation::made;

    #[test]
    fn a_taught_class_is_read_by_its_folder_whatever_it_is_called() {
        let mut evaluation = made(2, [(0, 1)]);
        for (class, folder) in evaluation.classes.iter_mut().zip(["Polish", "polish"]) {
            class.folder = folder.into();
        }
        evaluation.classes[1].name = Some("nail varnish".into());
        let taught = ["Polish", "polish"].map(String::from);
        let names = |taught: &[String]| [0, 1].map(|class| label_of(&evaluation, class, taught).name);
        assert_eq!(names(&taught), ["Polish", "polish"]);
        assert_eq!(names(&[])[1], "nail varnish");
        let answered = labels_for(&evaluation.classes, &taught);
        assert_eq!(
            [0, 1].map(|class| label_of(&evaluation, class, &taught)).to_vec(),
            answered
        );
    }

    #[test]
    fn without_some_pictures_vectors_lie_where_the_others_are_then() {
        let vectors = Vectors {
            embedded: Embedded {
                pictures: vec![0.0, 1.0, 2.0, 4.0].into(),
                dim: 1,
                classes: ClassEmbeddings::new(&[vec![1.0]], &[0.0]),
                scoring: crate::clip::Scoring::default(),
            },
            // The picture at 3 is not here.
            here: vec![0, 1, 2, 4],
        };
        let left = vectors.without(&[1, 3].into());
        assert_eq!(
            (&left.here[..], &left.embedded.pictures[..]),
            (&[0, 1, 2][..], &[0.0, 2.0, 4.0][..])
        );
    }
}
