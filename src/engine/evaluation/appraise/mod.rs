//! An evaluation from its folder to its numbers: the same for commands and for the window.

mod again;
mod setup;
mod truth;
mod vectors;

use std::path::PathBuf;

use rayon::prelude::*;

use super::EvaluationConfig;
use crate::engine::choice::ModelChoice;
use crate::engine::session::Session;
use crate::evaluation::{
    Answer, Calibration, Caption, DataError, Embedded, Evaluation, GroundTruth, Judged, Picture, Retrieval, Source,
    content_of,
};
use crate::progress::Progress;
use crate::zero_shot::TemplateSet;
use setup::{identity, known_figure, named, setup};
use vectors::texts_of;

pub use again::appraise_again;
pub use truth::ground_truth;
pub use vectors::{NOT_THE_SAME, Vectors, embed, is_same, label_of, none_is_here, unchanged, vectors_of};

/// Why there is no evaluation.
#[derive(Debug, thiserror::Error)]
pub enum AppraiseError {
    /// The folder says nothing that can be measured by.
    #[error(transparent)]
    Data(#[from] DataError),
    #[error(transparent)]
    Model(#[from] crate::clip::Error),
    /// It was stopped while pictures were embedded; what is embedded is kept.
    #[error("stopped: {done} of {total} pictures are embedded, and will not be embedded again")]
    Stopped {
        /// Pictures that are embedded.
        done: usize,
        /// Pictures in all.
        total: usize,
    },
    /// It was stopped with every picture embedded.
    #[error("stopped: every picture is embedded, and will not be embedded again")]
    StoppedLater,
}

/// What is answered, or why not.
pub type Result<T> = std::result::Result<T, AppraiseError>;

/// An evaluation, and what its answers come from.
pub struct Appraised {
    pub evaluation: Evaluation,
    /// What its answers come from.
    pub vectors: Vectors,
}

/// The model that an evaluation was made with.
pub fn model_of(evaluation: &Evaluation) -> ModelChoice {
    let path = evaluation.setup.model.path.clone();
    path.map_or(ModelChoice::Starter, ModelChoice::Path)
}

/// Evaluates.
///
/// # Errors
/// The device failed, no picture can be read, or it was stopped.
pub fn appraise(
    session: &mut Session,
    config: &EvaluationConfig,
    mut truth: GroundTruth,
    templates: TemplateSet,
    progress: &dyn Progress,
) -> Result<Appraised> {
    let paths: Vec<PathBuf> = truth.pictures.iter().map(|picture| picture.path.clone()).collect();
    let mut vectors = Vec::new();
    let mut readable = Vec::new();
    for (place, row) in embed(session, &paths, progress)?.into_iter().enumerate() {
        match row {
            Ok(vector) => {
                readable.push(place);
                vectors.extend(vector);
            }
            Err(reason) => truth.problems.push((paths[place].clone(), reason)),
        }
    }
    truth.keep(&readable);
    if readable.is_empty() {
        let first = truth.problems.first();
        let why = first.map_or(String::new(), |(path, reason)| {
            format!(" ({}: {reason})", path.display())
        });
        return Err(DataError(format!("no picture of {} can be read{why}", config.folder.display())).into());
    }
    if !progress.at("Embedding texts", 0, 1) {
        return Err(AppraiseError::StoppedLater);
    }
    answered(session, config, truth, templates, vectors)
}

/// The evaluation of pictures that are embedded: `vectors` are theirs, in their order.
///
/// # Errors
/// The device failed, or no picture has a caption.
fn answered(
    session: &mut Session,
    config: &EvaluationConfig,
    truth: GroundTruth,
    templates: TemplateSet,
    vectors: Vec<f32>,
) -> Result<Appraised> {
    let captions = captions_of(&truth);
    let info = session.loaded.model.info().clone();
    let embedded = Embedded {
        dim: vectors.len() / truth.pictures.len().max(1),
        pictures: vectors.into(),
        classes: texts_of(session, &truth.classes, &captions, &templates)?,
        scoring: info.scoring,
    };
    let (retrieval, answers) = answers_to(&embedded, &truth, &captions)?;
    let contents = truth.pictures.par_iter().map(|picture| content_of(&picture.path));
    let contents: Vec<String> = contents.collect();
    let setup = setup(session, config, &truth, templates, &contents);
    let evaluation = Evaluation {
        id: identity(&setup),
        name: named(config, &info.name),
        source: truth.source,
        captions,
        calibration: match truth.source {
            // A temperature is fitted for classes.
            Source::Captions => Calibration::as_it_is(&answers),
            _ => Calibration::of(&embedded, &answers),
        },
        published: known_figure(config, &truth),
        retrieval,
        problems: truth.problems,
        notes: truth.notes,
        ..Evaluation::of_answers(setup, truth.classes, judged(truth.pictures, answers, contents))
    };
    let here = (0..evaluation.pictures.len()).collect();
    Ok(Appraised {
        evaluation,
        vectors: Vectors { embedded, here },
    })
}

/// The captions of all pictures, in the pictures' order.
fn captions_of(truth: &GroundTruth) -> Vec<Caption> {
    let owned = truth.pictures.iter().enumerate();
    let each = owned.flat_map(|(picture, one)| one.captions.iter().map(move |text| (picture, text)));
    each.map(|(picture, text)| Caption {
        text: text.clone(),
        picture,
    })
    .collect()
}

/// The answer to each picture; and what is found by captions, where pictures have some.
fn answers_to(
    embedded: &Embedded,
    truth: &GroundTruth,
    captions: &[Caption],
) -> Result<(Option<Retrieval>, Vec<Answer>)> {
    if truth.source == Source::Captions {
        let (found, answers) = retrieved(embedded, captions)?;
        return Ok((Some(found), answers));
    }
    let shown = truth.pictures.iter().map(|picture| picture.class.unwrap_or(0));
    Ok((None, embedded.answers(&shown.collect::<Vec<_>>())))
}

fn judged(pictures: Vec<Picture>, answers: Vec<Answer>, contents: Vec<String>) -> Vec<Judged> {
    let each = pictures.into_iter().zip(answers).zip(contents);
    each.map(|((picture, answer), content)| Judged {
        path: picture.path,
        side: picture.side,
        content,
        answer,
    })
    .collect()
}

/// Which pictures find a caption of theirs and which captions their picture, and what is nearest to each picture.
fn retrieved(embedded: &Embedded, captions: &[Caption]) -> Result<(Retrieval, Vec<Answer>)> {
    let owners: Vec<usize> = captions.iter().map(|caption| caption.picture).collect();
    let mut own = vec![Vec::new(); embedded.len()];
    for (caption, owner) in owners.iter().enumerate() {
        own[*owner].push(caption);
    }
    let (texts, dim) = embedded.classes.label_values();
    let found = Retrieval::of(&embedded.pictures, texts, &owners, dim);
    let found = found.ok_or_else(|| DataError("no picture has a caption".into()))?;
    let mut answers = embedded.answers_in_captions(&own);
    for (answer, rank) in answers.iter_mut().zip(&found.ranks) {
        answer.rank = *rank;
    }
    Ok((found, answers))
}
