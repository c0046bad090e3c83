//! An evaluation from its folder to its numbers: the same for commands and for the window.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use rayon::prelude::*;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use super::EvaluationConfig;
use crate::clip::{Embedding, sha256_of_bytes};
use crate::engine::choice::ModelChoice;
use crate::engine::session::Session;
use crate::evaluation::{
    Answer, Calibration, Caption, Class, Confusion, DataError, Embedded, Evaluation, FORMAT, GroundTruth, Judged,
    Measures, ModelRef, Part, Picture, Preset, Published, Retrieval, Setup, Side, Source, content_of, labels_for,
    published,
};
use crate::progress::Progress;
use crate::zero_shot::{ClassEmbeddings, Label, TemplateSet};

/// Why there is no evaluation.
#[derive(Debug, thiserror::Error)]
pub enum AppraiseError {
    /// The folder says nothing that can be measured by.
    #[error(transparent)]
    Data(#[from] DataError),
    /// The model failed.
    #[error(transparent)]
    Model(#[from] crate::clip::Error),
    /// It was stopped while pictures were embedded; what is embedded is kept.
    #[error("stopped: {done} of {total} pictures are embedded, and need not be again")]
    Stopped {
        /// Pictures that are embedded.
        done: usize,
        /// Pictures in all.
        total: usize,
    },
    /// It was stopped with every picture embedded.
    #[error("stopped: every picture is embedded, and need not be again")]
    StoppedLater,
}

/// What is answered, or why not.
pub type Result<T> = std::result::Result<T, AppraiseError>;

/// What the answers of an evaluation come from.
#[derive(Clone)]
pub struct Vectors {
    /// Vectors of its pictures and classes.
    pub embedded: Embedded,
    /// Which pictures these are, by their places: all of them, unless files went away or were changed since.
    pub here: Vec<usize>,
}

/// An evaluation, and what its answers come from.
pub struct Appraised {
    /// The evaluation.
    pub evaluation: Evaluation,
    /// What its answers come from.
    pub vectors: Vectors,
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
        match truth.classes.iter_mut().find(|own| own.folder == class.folder) {
            Some(own) => {
                // One that was only described is called as the set calls it.
                own.name = class.name.clone().or_else(|| own.name.take());
                own.descriptions.clone_from(&class.descriptions);
            }
            // No picture shows it; it competes all the same.
            None => truth.classes.push(class.clone()),
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
    let shown: BTreeSet<usize> = truth.pictures.iter().filter_map(|picture| picture.class).collect();
    if let (Some(only), 1) = (shown.first(), shown.len()) {
        return Err(DataError(format!(
            "every picture of {} that was asked for shows {}: a measure needs two classes or more; choose another side",
            config.folder.display(),
            truth.classes[*only].folder
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

/// Known pictures as they are answered now: those of an evaluation at these places, with what was marked on them.
///
/// # Errors
/// The device failed, no picture can be read, or it was stopped.
pub fn appraise_again(
    session: &mut Session,
    kept: &Evaluation,
    here: &[usize],
    model: ModelChoice,
    progress: &dyn Progress,
) -> Result<Appraised> {
    let mut captions: BTreeMap<usize, Vec<String>> = BTreeMap::new();
    for caption in &kept.captions {
        captions.entry(caption.picture).or_default().push(caption.text.clone());
    }
    let picture = |place: &usize| {
        let picture = &kept.pictures[*place];
        Picture {
            path: picture.path.clone(),
            class: (!kept.is_of_captions()).then_some(picture.answer.truth),
            side: picture.side,
            captions: captions.get(place).cloned().unwrap_or_default(),
        }
    };
    let truth = GroundTruth {
        root: kept.setup.folder.clone(),
        classes: kept.classes.clone(),
        pictures: here.iter().map(picture).collect(),
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
        model,
        ..EvaluationConfig::default()
    };
    let mut now = appraise(session, &config, truth, kept.setup.templates.clone(), progress)?;
    let places: BTreeMap<&Path, usize> = now
        .evaluation
        .pictures
        .iter()
        .enumerate()
        .map(|(place, picture)| (picture.path.as_path(), place))
        .collect();
    let marks = kept.marks.iter().filter(|(place, _)| here.contains(place));
    let marks = marks.filter_map(|(place, mark)| {
        let now = places.get(kept.pictures[*place].path.as_path())?;
        Some((*now, mark.clone()))
    });
    now.evaluation.marks = marks.collect();
    now.evaluation.slices.clone_from(&kept.slices);
    Ok(now)
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

/// Why a file is left out.
pub const NOT_THE_SAME: &str = "it is not here any more, or was changed";

/// The vectors of what can be answered: the classes, or every caption.
fn texts_of(
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
pub fn answered(
    session: &mut Session,
    config: &EvaluationConfig,
    truth: GroundTruth,
    templates: TemplateSet,
    vectors: Vec<f32>,
) -> Result<Appraised> {
    let owned = truth.pictures.iter().enumerate();
    let captions: Vec<Caption> = owned
        .flat_map(|(picture, one)| one.captions.iter().map(move |text| (picture, text)))
        .map(|(picture, text)| Caption {
            text: text.clone(),
            picture,
        })
        .collect();
    let info = session.loaded.model.info().clone();
    let embedded = Embedded {
        dim: vectors.len() / truth.pictures.len().max(1),
        pictures: vectors.into(),
        classes: texts_of(session, &truth.classes, &captions, &templates)?,
        scoring: info.scoring,
    };
    let (retrieval, answers) = match truth.source {
        Source::Captions => {
            let (found, answers) = retrieved(&embedded, &captions)?;
            (Some(found), answers)
        }
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
        captions,
        pictures: pictures.collect(),
        facts: Vec::new(),
        measures: Measures::of(&answers, count).unwrap_or_else(|| Measures::none(count)),
        confusion: Confusion::of(&answers, count),
        calibration: match truth.source {
            // A temperature is fitted for classes.
            Source::Captions => Calibration::as_it_is(&answers),
            _ => Calibration::of(&embedded, &answers),
        },
        published: known_figure(config, &truth),
        negatives: None,
        retrieval,
        prompts: None,
        marks: BTreeMap::new(),
        slices: Vec::new(),
        problems: truth.problems,
        notes: truth.notes,
        classes: truth.classes,
        setup,
    };
    let here = (0..evaluation.pictures.len()).collect();
    Ok(Appraised {
        evaluation,
        vectors: Vectors { embedded, here },
    })
}

/// What was published of the model on the set, where both are known and the task is the same: among all classes of the
/// set, and not on the pictures that others learn from.
fn known_figure(config: &EvaluationConfig, truth: &GroundTruth) -> Option<Published> {
    let preset = Preset::named(config.preset.as_ref()?)?;
    let same_task = config.part != Part::Side(Side::Train) && preset.has_all_of(&truth.classes);
    match &config.model {
        ModelChoice::Path(path) if same_task => published(path, &preset.name),
        _ => None,
    }
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
