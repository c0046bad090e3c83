//! The methods, one file each.
//!
//! - On features that are computed once: [`linear_probe`], [`tip_adapter`] (and its F variant).
//! - On the towers: [`prolip`], [`lora`], [`contrastive`], [`scratch`]. What they share is [`towers`].
//!
//! Any of them can be tried with several settings: [`search`].
//!
//! Published defaults are in [`super::config`]; everything that is chosen is chosen by validation, never by the test.

pub mod contrastive;
mod grounding;
pub mod linear_probe;
pub mod logistic;
pub mod lora;
pub mod prolip;
pub mod scratch;
pub mod search;
pub mod tip_adapter;
pub mod towers;

use burn::tensor::Device;

use super::config::RunConfig;
use super::context::Context;
use super::rows::tensor;
use super::search::trials;
use super::{Error, PictureSet, Result};
use crate::clip::{AdapterKind, Classifier, Flats, Model, numbers};
use crate::fine_tune::FineTuneMethod;

/// One step, for the curves.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct StepReport {
    /// The loss before the step.
    pub loss: f32,
    /// The learning rate; none where a method has none.
    pub learning_rate: Option<f64>,
    /// What cosines are multiplied by, where it is learnt.
    pub logit_scale: Option<f32>,
    /// L2, of all parameters together, before it is clipped; none where nothing is differentiated.
    pub gradient_norm: Option<f64>,
    /// Pictures that the step learnt from, for the pace.
    pub pictures: usize,
}

/// Unit embeddings of pictures, and of their texts.
pub type Pairs = (Vec<Vec<f32>>, Vec<Vec<f32>>);

/// A method at work. Everything that is left to chance follows from the seed and the step's number, so that a run that is
/// restored goes on to the same numbers.
pub trait Learner {
    /// Steps of the whole run, of all trials together.
    fn steps(&self) -> usize;

    /// Whether to validate after so many steps.
    fn validates_after(&self, done: usize) -> bool;

    /// Does a step; the first is 0.
    ///
    /// # Errors
    /// The device failed, or a value is not finite any more.
    fn step(&mut self, context: &Context, step: usize) -> Result<StepReport>;

    /// The step to go on with where what comes after so many steps promises nothing: the end, unless something else is
    /// left to be tried.
    fn next_trial(&self, _done: usize) -> usize {
        self.steps()
    }

    /// What it says now about pictures: a row of logits each, over the classes that are learnt.
    ///
    /// # Errors
    /// The device failed.
    fn logits(&self, context: &Context, set: &PictureSet) -> Result<Vec<Vec<f32>>>;

    /// Which pictures of the control set are answered right now (1) or not (0). What stands on top of the model answers for
    /// its own classes only, and forgets nothing.
    ///
    /// # Errors
    /// The device failed.
    fn control_answers(&self, context: &Context) -> Result<Vec<f64>> {
        context.zero_shot_answers(&context.control, &context.control_classes)
    }

    /// The loss on the validation side; none where a method has none.
    ///
    /// # Errors
    /// The device failed.
    fn validation_loss(&self, _context: &Context) -> Result<Option<f32>> {
        Ok(None)
    }

    /// Unit embeddings of pairs for retrieval and the board, pictures and texts; none for methods without texts.
    ///
    /// # Errors
    /// The device failed.
    fn pairs(&self, _context: &Context, _set: &PictureSet) -> Result<Option<Pairs>> {
        Ok(None)
    }

    /// The settings that are tried now, where several are.
    fn trial(&self) -> Vec<(String, f64)> {
        Vec::new()
    }

    /// Settings that were chosen by validation, for the record: `C`, `alpha`, those that were searched.
    fn chosen(&self) -> Vec<(String, f64)> {
        Vec::new()
    }

    /// What was learnt so far, as an adapter.
    ///
    /// # Errors
    /// The device failed.
    fn adapter(&self, context: &Context) -> Result<(AdapterKind, Flats)>;

    /// Everything that the next step depends on.
    ///
    /// # Errors
    /// The device failed.
    fn state(&self) -> Result<Flats>;

    /// Takes over what [`Self::state`] gave.
    ///
    /// # Errors
    /// A tensor is missing or has another shape.
    fn restore(&mut self, context: &Context, state: &Flats) -> Result<()>;
}

/// The method of a run, at its start; a search of it where settings are searched for.
///
/// # Errors
/// The method does not fit the model or what there is to learn from; the message says why.
pub fn learner(config: &RunConfig, context: &Context) -> Result<Box<dyn Learner>> {
    if config.search.is_empty() {
        return single(config, context);
    }
    let search = search::Search::new(trials(config)?, config.search.clone(), context)?;
    Ok(Box::new(search))
}

/// Why a state cannot be taken over.
fn damaged_state() -> Error {
    Error::Run("the checkpoint is damaged: its state is of another run, or was cut".into())
}

/// Refuses a model that cannot learn by a method.
///
/// # Errors
/// It cannot; the message says why.
pub fn check_fits(method: FineTuneMethod, model: &Model) -> Result<()> {
    let info = model.info();
    let refused = |reason: &str| {
        Error::Config(format!(
            "{} cannot be learnt by {}: {reason}",
            info.name,
            method.title()
        ))
    };
    method.fits(info.tower).map_err(refused)
}

fn single(config: &RunConfig, context: &Context) -> Result<Box<dyn Learner>> {
    let method = config.method;
    check_fits(method, &context.model)?;
    if method.row().learns_classes && context.classes.len() < 2 {
        return Err(Error::Data(format!(
            "{} learns to tell classes apart: it needs two folders or more, one a class",
            method.title()
        )));
    }
    if context.train.is_empty() {
        return Err(Error::Data(
            "there is nothing to train on: no picture is left for training".into(),
        ));
    }
    (method.row().learner)(config, context)
}

/// A classifier's logits for a set, a row a picture.
///
/// # Errors
/// The device failed.
pub fn classified(classifier: &Classifier, set: &PictureSet) -> Result<Vec<Vec<f32>>> {
    if set.is_empty() {
        return Ok(Vec::new());
    }
    let device = Device::flex();
    let logits = classifier.logits(tensor(&set.features, &device), tensor(&set.embeddings, &device));
    let classes = logits.dims()[1];
    Ok(numbers(logits)?.chunks(classes).map(<[f32]>::to_vec).collect())
}

/// The mean of minus the logarithm of the right class's share; none where there are no rows.
pub fn log_loss(rows: &[Vec<f32>], labels: &[usize]) -> Option<f32> {
    let of = |(row, label): (&Vec<f32>, &usize)| {
        let highest = row.iter().copied().fold(f32::NEG_INFINITY, f32::max);
        let sum: f64 = row.iter().map(|z| f64::from(z - highest).exp()).sum();
        sum.ln() - f64::from(row[*label] - highest)
    };
    let sum: f64 = rows.iter().zip(labels).map(of).sum();
    (!rows.is_empty()).then(|| (sum / rows.len() as f64) as f32)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fine_tune::data::Split;
    use crate::fine_tune::many_classes::ManyClasses;

    /// A state with one tensor of half its rows, or of no number, as a cut or a stranger's file has it.
    fn damaged(state: &Flats) -> Vec<Flats> {
        let halved = |name: &String| {
            let mut other = state.clone();
            let flat = other.get_mut(name).unwrap();
            flat.values.truncate(flat.values.len() / 2);
            flat.shape = vec![flat.values.len()];
            other
        };
        let absent = |name: &String| {
            let mut other = state.clone();
            other.remove(name);
            other
        };
        state.keys().flat_map(|name| [halved(name), absent(name)]).collect()
    }

    #[test]
    fn a_state_of_other_shapes_is_refused_and_never_a_panic() {
        let many = ManyClasses::new(3, 4);
        let places: Vec<usize> = (0..12).collect();
        let split = Split {
            train: places.clone(),
            validation: places,
            ..Split::default()
        };
        let context = many.context(&split);
        for method in [
            FineTuneMethod::LinearProbe,
            FineTuneMethod::TipAdapter,
            FineTuneMethod::TipAdapterF,
            FineTuneMethod::ProLip,
        ] {
            let config = RunConfig::new(method, "pictures".into());
            let mut learnt = learner(&config, &context).unwrap();
            learnt.step(&context, 0).unwrap();
            let state = learnt.state().unwrap();
            learnt.restore(&context, &state).unwrap();
            for other in damaged(&state) {
                let mut fresh = learner(&config, &context).unwrap();
                if fresh.restore(&context, &other).is_ok() {
                    fresh.logits(&context, &context.validation).unwrap();
                    fresh.step(&context, 1).unwrap();
                }
            }
            let mut cut = state;
            for flat in cut.values_mut() {
                flat.values.truncate(flat.values.len() / 2);
                flat.shape = vec![flat.values.len()];
            }
            assert!(
                learner(&config, &context).unwrap().restore(&context, &cut).is_err(),
                "{method:?}"
            );
        }
    }

    #[test]
    fn the_log_loss_tells_a_sure_answer_from_a_flat_one() {
        let flat = log_loss(&[vec![0.0, 0.0, 0.0]], &[1]).unwrap();
        assert!((flat - 3f32.ln()).abs() < 1e-6);
        assert!(log_loss(&[vec![0.0, 50.0]], &[1]).unwrap() < 1e-6);
        assert!((log_loss(&[vec![0.0, 50.0]], &[0]).unwrap() - 50.0).abs() < 1e-4);
        assert_eq!(log_loss(&[], &[]), None);
    }
}
