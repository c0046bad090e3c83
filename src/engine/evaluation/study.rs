//! Which words do better, and whether better than nonsense.

use super::appraise::{AppraiseError, Result, Vectors};
use crate::engine::session::Session;
use crate::evaluation::{
    Class, Comparison, DRAWS, DataError, Embedded, Evaluation, Nonsense, Preset, PromptRow, PromptStudy,
    accuracy_interval, ensembles, kinds, labels_for, nonsense,
};
use crate::progress::Progress;
use crate::zero_shot::{ClassEmbeddings, Label, TemplateSet, class_embedding};

/// Seeds the templates of nonsense: the same in every study.
const NONSENSE: u64 = 230_607_282;
/// Steps of progress for each kind of prompts: itself, and the draws of nonsense beside it.
const STEPS_A_KIND: usize = 1 + DRAWS;

/// The same answers with other class embeddings.
fn with_classes(embedded: &Embedded, classes: ClassEmbeddings) -> Embedded {
    Embedded {
        classes,
        ..embedded.clone()
    }
}

/// Refuses a study that could only find that words do not matter: where the model was taught every class, it answers with
/// what it was taught, and reads no prompt.
///
/// # Errors
/// The model was taught all of these classes.
pub fn check_prompts_are_read(session: &Session, classes: &[Class]) -> Result<()> {
    let model = &session.loaded.model;
    let labels = labels_for(&undescribed(classes), &model.info().taught_classes);
    if labels.is_empty() || labels.iter().any(|label| model.class_vector(&label.name).is_none()) {
        return Ok(());
    }
    let text = format!(
        "{} was taught its classes, and prompts are not read: there is nothing to study. The model that it was made from \
         reads them",
        model.info().name
    );
    Err(DataError(text).into())
}

/// The classes without their descriptions.
fn undescribed(classes: &[Class]) -> Vec<Class> {
    let each = classes.iter().map(|class| Class {
        descriptions: Vec::new(),
        ..class.clone()
    });
    each.collect()
}

/// Which words do better, and whether better than nonsense.
///
/// # Errors
/// The model reads no prompt, the device failed, or it was stopped.
pub fn study_prompts(
    session: &mut Session,
    evaluation: &Evaluation,
    vectors: &Vectors,
    progress: &dyn Progress,
) -> Result<PromptStudy> {
    check_prompts_are_read(session, &evaluation.classes)?;
    let taught = session.loaded.model.info().taught_classes.clone();
    let described = labels_for(&evaluation.classes, &taught);
    let kinds = kinds_of(evaluation, &described);
    let mut study = Study {
        truth: vectors.answers(evaluation).iter().map(|answer| answer.truth).collect(),
        named: labels_for(&undescribed(&evaluation.classes), &taught),
        steps: kinds.len() * STEPS_A_KIND,
        session,
        vectors,
        progress,
    };
    let mut first: Vec<f64> = Vec::new();
    let mut rows = Vec::new();
    for (n, (name, templates)) in kinds.into_iter().enumerate() {
        let step = n * STEPS_A_KIND;
        study.go_on("Trying prompts", step)?;
        let labels = if name == "yours" { &described } else { &study.named };
        let classes = study.session.classes(labels, &templates)?;
        let scores = study.scores(classes);
        if n == 0 {
            first.clone_from(&scores);
        }
        let gains = study.gains_of_nonsense(&templates, mean(&first), step)?;
        let places = vectors.here.iter().copied().zip(&scores);
        let wrong = places.filter(|(_, score)| **score == 0.0).map(|(place, _)| place);
        rows.push(PromptRow {
            name,
            top1: accuracy_interval(&scores).ok_or_else(|| DataError("there is no picture".into()))?,
            gain: if n == 0 { None } else { Comparison::of(&first, &scores) },
            nonsense: Nonsense::of(gains, templates.templates().len()),
            wrong: wrong.collect(),
            templates,
        });
    }
    Ok(PromptStudy { rows })
}

/// What every kind of prompts is tried on.
struct Study<'a> {
    session: &'a mut Session,
    vectors: &'a Vectors,
    /// The class of each picture that has a vector.
    truth: Vec<usize>,
    /// The classes without their descriptions.
    named: Vec<Label>,
    progress: &'a dyn Progress,
    steps: usize,
}

impl Study<'_> {
    fn go_on(&self, what: &str, step: usize) -> Result<()> {
        match self.progress.at(what, step, self.steps) {
            true => Ok(()),
            false => Err(AppraiseError::StoppedLater),
        }
    }

    /// 1 for each picture that is answered correctly, else 0.
    fn scores(&self, classes: ClassEmbeddings) -> Vec<f64> {
        let answers = with_classes(&self.vectors.embedded, classes).answers(&self.truth);
        answers
            .iter()
            .map(|answer| f64::from(u8::from(answer.right())))
            .collect()
    }

    /// What as many templates gain, of words of as many letters as these have, against an accuracy.
    fn gains_of_nonsense(&mut self, templates: &TemplateSet, accuracy: f64, step: usize) -> Result<Vec<f64>> {
        let like = templates.templates();
        let drawn = nonsense(&like, NONSENSE);
        if drawn.iter().all(|template| *template == drawn[0]) {
            // Without words there is nothing to garble, and nothing to gain by it.
            return Ok(vec![0.0]);
        }
        let mut garbled: Vec<ClassEmbeddings> = Vec::new();
        for (done, template) in drawn.into_iter().enumerate() {
            self.go_on("Trying nonsense", step + done / 2)?;
            let set = TemplateSet::Own(vec![template]);
            garbled.push(self.session.classes(&self.named, &set)?);
        }
        let mut gains = Vec::new();
        for (done, draw) in ensembles(like.len(), NONSENSE).into_iter().enumerate() {
            self.go_on("Trying nonsense", step + (DRAWS + done) / 2)?;
            gains.push(mean(&self.scores(ensemble(&garbled, &draw))) - accuracy);
        }
        Ok(gains)
    }
}

fn mean(scores: &[f64]) -> f64 {
    scores.iter().sum::<f64>() / scores.len().max(1) as f64
}

/// The kinds of prompts that are studied.
fn kinds_of(evaluation: &Evaluation, described: &[Label]) -> Vec<(String, TemplateSet)> {
    let preset = evaluation.setup.preset.as_deref().and_then(Preset::named);
    let preset = preset.or_else(|| Preset::recognised(&evaluation.classes));
    let of_set = preset.map(|preset| (preset.name.as_str(), preset.templates()));
    let of_set = of_set.map(|(name, set)| (name, set.templates().iter().map(ToString::to_string).collect()));
    let mut kinds = kinds(of_set, &evaluation.setup.templates);
    let has_descriptions = described.iter().any(|label| !label.descriptions.is_empty());
    if has_descriptions && kinds.last().is_none_or(|(name, _)| name != "yours") {
        kinds.push(("yours".into(), evaluation.setup.templates.clone()));
    }
    kinds
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
