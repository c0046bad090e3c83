//! An evaluation from its folder to its numbers: the same for commands and for the window.

use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use rayon::prelude::*;

use super::choice::ModelChoice;
use super::evaluation::EvaluationConfig;
use super::session::Session;
use crate::clip::{Embedding, sha256_of_bytes};
use crate::evaluation::{
    Answer, Calibration, Class, Comparison, Confusion, DataError, Embedded, Evaluation, FORMAT, GroundTruth, Judged,
    Measures, ModelRef, Negatives, Nonsense, Picture, Preset, PromptRow, PromptStudy, Published, Retrieval, Setup,
    SideBySide, Source, accuracy_interval, content_of, ensembles, kinds, nonsense, published,
};
use crate::library::scan;
use crate::zero_shot::{ClassEmbeddings, Label, TemplateSet, class_embedding};

/// Seeds the templates of nonsense: the same in every study.
const NONSENSE: u64 = 230_607_282;

/// Hears what goes on and the share that is done, and ends the work by saying no.
pub type Watch<'a> = &'a mut dyn FnMut(&str, f32) -> bool;

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

type Result<T> = std::result::Result<T, AppraiseError>;

const STOPPED: AppraiseError = AppraiseError::Stopped { done: 0, total: 0 };

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
    watch: Watch<'_>,
) -> Result<Vec<std::result::Result<Vec<f32>, String>>> {
    let mut rows: Vec<Option<std::result::Result<Vec<f32>, String>>> = vec![None; paths.len()];
    let (mut done, mut stopped) = (0, false);
    session.embed_pictures(paths, |index, embedded| {
        rows[index] = Some(embedded.map(|embedding: Embedding| embedding.vector));
        done += 1;
        stopped = !watch("Embedding pictures", done as f32 / paths.len() as f32);
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
pub fn appraise_again(session: &mut Session, kept: &Evaluation, watch: Watch<'_>) -> Result<Appraised> {
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
    appraise(session, &config, truth, kept.setup.templates.clone(), watch)
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
    watch: Watch<'_>,
) -> Result<Appraised> {
    let paths: Vec<PathBuf> = truth.pictures.iter().map(|picture| picture.path.clone()).collect();
    let mut vectors = Vec::new();
    let mut readable = Vec::new();
    for (place, row) in embed(session, &paths, watch)?.into_iter().enumerate() {
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
    if !watch("Embedding texts", 0.0) {
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
    let labels: Vec<Label> = truth.classes.iter().map(Class::label).collect();
    let classes = session.classes(&labels, &templates)?;
    let info = session.loaded.model.info().clone();
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
    let seconds = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |since| since.as_secs());
    let (year, month, day) = date(seconds / 86_400);
    let (hour, minute, second) = (seconds / 3_600 % 24, seconds / 60 % 60, seconds % 60);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z")
}

/// Year, month and day of so many days after 1970 began.
fn date(days: u64) -> (u64, u64, u64) {
    let leap = |year: u64| year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    let (mut year, mut left) = (1970, days);
    while left >= 365 + u64::from(leap(year)) {
        left -= 365 + u64::from(leap(year));
        year += 1;
    }
    let months = [31, 28 + u64::from(leap(year)), 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
    let mut month = 0;
    while left >= months[month] {
        left -= months[month];
        month += 1;
    }
    (year, month as u64 + 1, left + 1)
}

/// The same answers with other class embeddings.
fn with_classes(embedded: &Embedded, classes: ClassEmbeddings) -> Embedded {
    Embedded {
        classes,
        ..embedded.clone()
    }
}

/// Calls a class otherwise, and measures anew. Only prompts that were not seen before are embedded.
///
/// # Errors
/// There is no such class, or the device failed.
pub fn call(session: &mut Session, appraised: &mut Appraised, class: Class) -> Result<()> {
    let evaluation = &mut appraised.evaluation;
    let place = evaluation.classes.iter().position(|own| own.folder == class.folder);
    let place = place.ok_or_else(|| DataError(format!("there is no class {}", class.folder)))?;
    evaluation.classes[place] = class;
    let labels: Vec<Label> = evaluation.classes.iter().map(Class::label).collect();
    appraised.embedded.classes = session.classes(&labels, &evaluation.setup.templates)?;
    let truth: Vec<usize> = evaluation.answers().map(|answer| answer.truth).collect();
    let answers = appraised.embedded.answers(&truth);
    let count = evaluation.classes.len();
    if let Some(measures) = Measures::of(&answers, count) {
        evaluation.measures = measures;
    }
    evaluation.confusion = Confusion::of(&answers, count);
    evaluation.calibration = Calibration::of(&appraised.embedded, &answers);
    evaluation
        .pictures
        .iter_mut()
        .zip(answers)
        .for_each(|(picture, answer)| picture.answer = answer);
    Ok(())
}

/// "None of these" against the pictures of a folder; and those of them that cannot be read.
///
/// # Errors
/// The device failed, it was stopped, or there is no picture.
pub fn against_negatives(
    session: &mut Session,
    appraised: &mut Appraised,
    folder: &Path,
    watch: Watch<'_>,
) -> Result<Vec<(PathBuf, String)>> {
    let scanned = scan(folder, || true);
    let mut problems = scanned.unreadable;
    let paths: Vec<PathBuf> = scanned.pictures.into_iter().map(|found| found.path).collect();
    let rows = embed(session, &paths, watch)?;
    let mut vectors = Vec::new();
    for (path, row) in paths.into_iter().zip(rows) {
        match row {
            Ok(vector) => vectors.extend(vector),
            Err(reason) => problems.push((path, reason)),
        }
    }
    let others = Embedded {
        pictures: vectors,
        ..appraised.embedded.clone()
    };
    let lead = |_: usize, cosines: &[f32]| {
        let (none, labels) = cosines.split_last().unwrap_or((&0.0, &[]));
        f64::from(labels.iter().copied().fold(f32::NEG_INFINITY, f32::max) - none)
    };
    let found = Negatives::of(&appraised.embedded.each(lead), &others.each(lead));
    let missing = || DataError(format!("{} holds no picture that can be read", folder.display()));
    appraised.evaluation.negatives = Some(found.ok_or_else(missing)?);
    Ok(problems)
}

/// Which words do better, and whether better than nonsense.
///
/// # Errors
/// The device failed, or it was stopped.
pub fn study_prompts(session: &mut Session, appraised: &Appraised, watch: Watch<'_>) -> Result<PromptStudy> {
    let Appraised { evaluation, embedded } = appraised;
    let truth: Vec<usize> = evaluation.answers().map(|answer| answer.truth).collect();
    let named: Vec<Label> = evaluation
        .classes
        .iter()
        .map(|class| Label::named(class.label().name))
        .collect();
    let described: Vec<Label> = evaluation.classes.iter().map(Class::label).collect();
    let right = |classes: ClassEmbeddings| -> Vec<f64> {
        let answers = with_classes(embedded, classes).answers(&truth);
        answers
            .iter()
            .map(|answer| f64::from(u8::from(answer.right())))
            .collect()
    };
    let preset = evaluation.setup.preset.as_deref().and_then(Preset::named);
    let preset = preset.or_else(|| Preset::recognised(&evaluation.classes));
    let of_set = preset.map(|preset| (preset.name.as_str(), preset.templates()));
    let of_set = of_set.map(|(name, set)| (name, set.templates().iter().map(ToString::to_string).collect()));
    let mut kinds = kinds(of_set, &evaluation.setup.templates);
    let has_descriptions = described.iter().any(|label| !label.descriptions.is_empty());
    if has_descriptions && kinds.last().is_none_or(|(name, _)| name != "yours") {
        kinds.push(("yours".into(), evaluation.setup.templates.clone()));
    }
    let like: Vec<&str> = kinds.iter().flat_map(|(_, set)| set.templates()).collect();
    let drawn = nonsense(&like, NONSENSE);
    let steps = (kinds.len() + drawn.len()) as f32;
    let mut measured: Vec<Vec<f64>> = Vec::new();
    for (n, (name, set)) in kinds.iter().enumerate() {
        if !watch("Trying prompts", n as f32 / steps) {
            return Err(STOPPED);
        }
        let labels = if name == "yours" { &described } else { &named };
        measured.push(right(session.classes(labels, set)?));
    }
    let mut garbled: Vec<ClassEmbeddings> = Vec::new();
    for (n, template) in drawn.into_iter().enumerate() {
        if !watch("Trying nonsense", (kinds.len() + n) as f32 / steps) {
            return Err(STOPPED);
        }
        garbled.push(session.classes(&named, &TemplateSet::Own(vec![template]))?);
    }
    let mean = |scores: &[f64]| scores.iter().sum::<f64>() / scores.len().max(1) as f64;
    let first = measured.first().cloned().unwrap_or_default();
    let mut bands: BTreeMap<usize, Option<Nonsense>> = BTreeMap::new();
    let mut rows = Vec::new();
    for (n, ((name, templates), scores)) in kinds.into_iter().zip(&measured).enumerate() {
        let count = templates.templates().len();
        let band = bands.entry(count).or_insert_with(|| {
            let gains = ensembles(count, NONSENSE)
                .into_iter()
                .map(|draw| mean(&right(ensemble(&garbled, &draw))) - mean(&first));
            Nonsense::of(gains.collect())
        });
        rows.push(PromptRow {
            name,
            top1: accuracy_interval(scores).ok_or_else(|| DataError("there is no picture".into()))?,
            gain: if n == 0 { None } else { Comparison::of(&first, scores) },
            nonsense: band.clone(),
            templates,
        });
    }
    Ok(PromptStudy { rows })
}

/// Classes from several templates' classes: the mean of each, normalised again.
fn ensemble(classes: &[ClassEmbeddings], draw: &[usize]) -> ClassEmbeddings {
    if let [only] = draw {
        return classes[*only].clone();
    }
    let rows = classes.first().map_or(0, |classes| classes.labels() + 1);
    let mut means: Vec<Vec<f32>> = (0..rows)
        .map(|row| class_embedding(draw.iter().map(|place| classes[*place].row(row))))
        .collect();
    let none = means.pop().unwrap_or_default();
    ClassEmbeddings::new(&means, &none)
}

/// The second against the first, picture by picture. Copies count together where both or either know them.
///
/// # Errors
/// They are not of the same pictures.
pub fn side_by_side(first: &Evaluation, second: &Evaluation) -> std::result::Result<SideBySide, String> {
    let by_path: BTreeMap<&Path, &Answer> = second
        .pictures
        .iter()
        .map(|one| (one.path.as_path(), &one.answer))
        .collect();
    let by_content: BTreeMap<&str, &Answer> = second
        .pictures
        .iter()
        .filter(|one| !one.content.is_empty())
        .map(|one| (one.content.as_str(), &one.answer))
        .collect();
    let of = |one: &Judged| {
        by_path
            .get(one.path.as_path())
            .or_else(|| by_content.get(one.content.as_str()))
            .copied()
    };
    let folders = |evaluation: &Evaluation| -> Vec<String> {
        evaluation.classes.iter().map(|class| class.folder.clone()).collect()
    };
    let others: Option<Vec<&Answer>> = first.pictures.iter().map(of).collect();
    let others = others.filter(|others| {
        let (own, theirs) = (folders(first), folders(second));
        first.pictures.len() == second.pictures.len()
            && first
                .pictures
                .iter()
                .zip(others)
                .all(|(one, other)| own[one.answer.truth] == theirs[other.truth])
    });
    let others = others.ok_or("they are not of the same pictures with the same classes, and cannot be compared")?;
    let facts = if first.facts.is_empty() {
        &second.facts
    } else {
        &first.facts
    };
    let groups: Vec<usize> = match facts.len() == first.pictures.len() {
        true => facts.iter().map(|facts| facts.group).collect(),
        false => (0..first.pictures.len()).collect(),
    };
    let before: Vec<bool> = first.answers().map(Answer::right).collect();
    let after: Vec<bool> = others.iter().map(|answer| answer.right()).collect();
    let truth: Vec<usize> = first.answers().map(|answer| answer.truth).collect();
    SideBySide::of(&before, &after, &truth, &groups).ok_or_else(|| "there is no picture to compare".into())
}

#[cfg(test)]
mod tests {
    use super::date;

    #[test]
    fn days_become_dates() {
        assert_eq!(date(0), (1970, 1, 1));
        assert_eq!(date(59 + 365 * 2), (1972, 2, 29));
        assert_eq!(date(20_783), (2026, 11, 26));
    }
}
