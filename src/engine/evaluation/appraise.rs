//! An evaluation from its folder to its numbers: the same for commands and for the window.

use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::path::PathBuf;

use rayon::prelude::*;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use super::EvaluationConfig;
use crate::clip::{Embedding, sha256_of_bytes};
use crate::engine::choice::ModelChoice;
use crate::engine::session::Session;
use crate::evaluation::{
    Calibration, Confusion, DataError, Embedded, Evaluation, FORMAT, GroundTruth, Judged, Measures, ModelRef, Picture,
    Preset, Published, Retrieval, Setup, Source, content_of, labels_for, published,
};
use crate::progress::Progress;
use crate::zero_shot::TemplateSet;

/// Why there is no evaluation.
#[derive(Debug, thiserror::Error)]
pub enum AppraiseError {
    /// The folder says nothing that can be measured by.
    #[error(transparent)]
    Data(#[from] DataError),
    /// The model failed.
    #[error(transparent)]
    Model(#[from] crate::clip::Error),
    /// It was stopped; what is embedded is kept.
    #[error("stopped: {done} of {total} pictures are embedded, and need not be again")]
    Stopped {
        /// Pictures that are embedded.
        done: usize,
        /// Pictures in all.
        total: usize,
    },
}

/// What is answered, or why not.
pub type Result<T> = std::result::Result<T, AppraiseError>;

/// Nothing to say of how far it was.
pub const STOPPED: AppraiseError = AppraiseError::Stopped { done: 0, total: 0 };

/// An evaluation, and what its answers come from.
pub struct Appraised {
    /// The evaluation.
    pub evaluation: Evaluation,
    /// Vectors of its pictures and classes.
    pub embedded: Embedded,
}

/// What a folder says of its pictures, its classes called as the config has it, and only the pictures that are wanted.
///
/// # Errors
/// Nothing can be measured by it.
pub fn ground_truth(config: &EvaluationConfig, labels_file: Option<&str>) -> Result<(GroundTruth, TemplateSet)> {
    let mut truth = GroundTruth::read(&config.folder, &config.wanted)?;
    let mut templates = TemplateSet::One;
    if let Some(name) = &config.preset {
        let preset = Preset::named(name).ok_or_else(|| {
            DataError(format!(
                "there is no preset {name}; there are {}",
                Preset::all().join(", ")
            ))
        })?;
        templates = preset.templates();
        let called = truth.call_as(&preset.names);
        if called < truth.classes.len() && !preset.names.is_empty() {
            let note = format!(
                "{called} of {} folders are called like a class of {}",
                truth.classes.len(),
                preset.name
            );
            truth.notes.push(note);
        }
    }
    if let Some(text) = labels_file {
        truth.call(text)?;
    }
    for class in &config.classes {
        if let Some(own) = truth.classes.iter_mut().find(|own| own.folder == class.folder) {
            own.clone_from(class);
        }
    }
    let places = truth.on(config.part);
    if places.len() < truth.pictures.len() {
        let note = format!(
            "{} of {} pictures are measured by: the others are on another side",
            places.len(),
            truth.pictures.len()
        );
        truth.notes.push(note);
    }
    truth.keep(&places);
    if truth.pictures.is_empty() {
        return Err(DataError(format!(
            "{} has no picture on the side that was asked for",
            config.folder.display()
        ))
        .into());
    }
    Ok((truth, config.templates.clone().unwrap_or(templates)))
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

/// An evaluation of known pictures, as it is answered now.
///
/// # Errors
/// The device failed, no picture can be read, or it was stopped.
pub fn appraise_again(session: &mut Session, kept: &Evaluation, progress: &dyn Progress) -> Result<Appraised> {
    let pictures = kept.pictures.iter().map(|picture| Picture {
        path: picture.path.clone(),
        class: Some(picture.answer.truth),
        side: picture.side,
        captions: Vec::new(),
    });
    let truth = GroundTruth {
        root: kept.setup.folder.clone(),
        classes: kept.classes.clone(),
        pictures: pictures.collect(),
        source: kept.source,
        problems: kept.problems.clone(),
        notes: kept.notes.clone(),
        ..GroundTruth::default()
    };
    let config = EvaluationConfig {
        folder: kept.setup.folder.clone(),
        wanted: kept.setup.wanted.clone(),
        part: kept.setup.part,
        preset: kept.setup.preset.clone(),
        model: model_of(kept),
        name: kept.name.clone(),
        ..EvaluationConfig::default()
    };
    appraise(session, &config, truth, kept.setup.templates.clone(), progress)
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
        return Err(STOPPED);
    }
    answered(session, config, truth, templates, vectors)
}

/// The evaluation of pictures that are embedded: `vectors` are theirs, in their order.
///
/// # Errors
/// The device failed, or no picture has a caption.
pub fn answered(
    session: &mut Session,
    config: &EvaluationConfig,
    truth: GroundTruth,
    templates: TemplateSet,
    vectors: Vec<f32>,
) -> Result<Appraised> {
    let info = session.loaded.model.info().clone();
    let labels = labels_for(&truth.classes, &info.taught_classes);
    let classes = session.classes(&labels, &templates)?;
    let embedded = Embedded {
        dim: vectors.len() / truth.pictures.len().max(1),
        pictures: vectors,
        classes,
        scoring: info.scoring,
    };
    let (retrieval, answers) = match truth.source {
        Source::Captions => (Some(retrieve(session, &embedded, &truth.pictures)?), Vec::new()),
        _ => {
            let known: Vec<usize> = truth
                .pictures
                .iter()
                .map(|picture| picture.class.unwrap_or(0))
                .collect();
            (None, embedded.answers(&known))
        }
    };
    let contents: Vec<String> = truth
        .pictures
        .par_iter()
        .map(|picture| content_of(&picture.path))
        .collect();
    let setup = setup(session, config, &truth, templates, &contents);
    let pictures = truth.pictures.iter().zip(&answers).zip(contents);
    let pictures = pictures.map(|((picture, answer), content)| Judged {
        path: picture.path.clone(),
        side: picture.side,
        content,
        answer: answer.clone(),
    });
    let count = truth.classes.len();
    let evaluation = Evaluation {
        format: FORMAT,
        id: identity(&setup),
        name: named(config, &info.name),
        note: String::new(),
        source: truth.source,
        pictures: pictures.collect(),
        facts: Vec::new(),
        measures: Measures::of(&answers, count).unwrap_or_else(|| Measures::none(count)),
        confusion: Confusion::of(&answers, count),
        calibration: Calibration::of(&embedded, &answers),
        published: known_figure(config),
        negatives: None,
        retrieval,
        prompts: None,
        marks: BTreeMap::new(),
        problems: truth.problems,
        notes: truth.notes,
        classes: truth.classes,
        setup,
    };
    Ok(Appraised { evaluation, embedded })
}

/// What was published of the model on the set, where both are known.
fn known_figure(config: &EvaluationConfig) -> Option<Published> {
    match &config.model {
        ModelChoice::Starter => None,
        ModelChoice::Path(path) => published(path, &Preset::named(config.preset.as_ref()?)?.name),
    }
}

fn retrieve(session: &mut Session, embedded: &Embedded, pictures: &[Picture]) -> Result<Retrieval> {
    let owned = pictures
        .iter()
        .enumerate()
        .flat_map(|(n, picture)| picture.captions.iter().map(move |text| (n, text.clone())));
    let (owners, texts): (Vec<usize>, Vec<String>) = owned.unzip();
    let captions: Vec<f32> = session
        .embed_texts(&texts)?
        .into_iter()
        .flat_map(|text| text.vector)
        .collect();
    let found = Retrieval::of(&embedded.pictures, &captions, &owners, embedded.dim);
    Ok(found.ok_or_else(|| DataError("no picture has a caption".into()))?)
}

fn named(config: &EvaluationConfig, model: &str) -> String {
    if !config.name.is_empty() {
        return config.name.clone();
    }
    let folder = std::path::absolute(&config.folder).unwrap_or_else(|_| config.folder.clone());
    let folder = folder.file_name().unwrap_or_default().to_string_lossy().into_owned();
    format!("{model} on {folder}")
}

fn setup(
    session: &Session,
    config: &EvaluationConfig,
    truth: &GroundTruth,
    templates: TemplateSet,
    contents: &[String],
) -> Setup {
    let info = session.loaded.model.info();
    let files = info.files.iter().map(|file| (file.name.clone(), file.sha256.clone()));
    let said = truth.pictures.iter().zip(contents).map(|(picture, content)| {
        let path = picture.path.strip_prefix(&truth.root).unwrap_or(&picture.path);
        let class = picture.class.map_or("", |class| &truth.classes[class].folder);
        format!("{}\t{class}\t{:?}\t{content}\n", path.display(), picture.captions)
    });
    Setup {
        folder: config.folder.clone(),
        wanted: config.wanted.clone(),
        part: config.part,
        templates,
        preset: config.preset.clone(),
        model: ModelRef {
            name: info.name.clone(),
            path: info.path.clone(),
            identity: info.identity.clone(),
            files: files.collect(),
            precision: format!("{}, {}", session.loaded.device.name, info.precision.name()),
        },
        data: sha256_of_bytes(said.collect::<String>().as_bytes()),
        date: now(),
        version: env!("CARGO_PKG_VERSION").into(),
    }
}

fn identity(setup: &Setup) -> String {
    let digits: String = setup.date.chars().filter(char::is_ascii_digit).collect();
    let hash = sha256_of_bytes(format!("{} {}", setup.data, setup.model.identity).as_bytes());
    format!("{digits}-{}-{:04x}", &hash[..6], fastrand::u16(..))
}

/// This second, as `2026-11-26T17:05:00Z`.
fn now() -> String {
    let now = OffsetDateTime::now_utc().truncate_to_second();
    now.format(&Rfc3339).unwrap_or_default()
}
