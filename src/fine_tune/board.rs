//! The board: a batch of pictures against its texts, N x N, as contrastive training sees them; and what one step does.

use std::path::PathBuf;

use burn::tensor::Device;

use super::config::{Hyper, RunConfig, TrainedPart};
use super::context::{Context, cosines};
use super::data::{Dataset, Example, Split};
use super::methods::{Learner, contrastive};
use super::{Error, Result, base_model};
use crate::fine_tune::FineTuneMethod;
use crate::progress::Unheard;

/// Pairs on a board at most.
pub const MAX_PAIRS: usize = 12;

/// Pictures against their texts.
#[derive(Debug, Clone, PartialEq)]
pub struct Board {
    /// A row a picture, a column a text.
    pub cosines: Vec<Vec<f32>>,
    /// The loss that the steps lower: InfoNCE, or SigLIP's of a model with a bias.
    pub loss: f32,
    pub steps: usize,
}

/// The board of pairs after so many contrastive steps on exactly these pairs. Nothing is kept of the steps.
///
/// # Errors
/// Fewer than two pairs, a picture that cannot be read, or a device that failed.
pub fn board(
    pairs: &[(PathBuf, String)],
    base: Option<PathBuf>,
    steps: usize,
    learning_rate: f64,
    device: &Device,
) -> Result<Board> {
    if !(2..=MAX_PAIRS).contains(&pairs.len()) {
        return Err(Error::Data(format!("a board has 2 to {MAX_PAIRS} pairs")));
    }
    let examples = pairs.iter().map(|(path, caption)| Example {
        path: path.clone(),
        class: None,
        captions: vec![caption.clone()],
    });
    let dataset = Dataset {
        examples: examples.collect(),
        ..Dataset::default()
    };
    let places: Vec<usize> = (0..pairs.len()).collect();
    let split = Split {
        train: places.clone(),
        validation: places,
        test: Vec::new(),
    };
    let mut config = RunConfig::new(FineTuneMethod::Contrastive, PathBuf::new());
    config.hyper = Hyper {
        epochs: steps.max(1),
        batch: pairs.len(),
        micro_batch: pairs.len(),
        learning_rate,
        warm_up: 0.0,
        part: TrainedPart::LockedImage,
        ..config.hyper
    };
    let model = base_model(base.as_deref(), device)?;
    let context = Context::new(model, &dataset, &split, &config, None, &Unheard)?;
    let mut learner = contrastive::learner(&config, &context)?;
    for step in 0..steps {
        learner.step(&context, step)?;
    }
    let (images, texts) = learner
        .pairs(&context, &context.train)?
        .ok_or_else(|| Error::Data("this model has no texts".into()))?;
    Ok(Board {
        cosines: cosines(&images, &texts),
        loss: learner.validation_loss(&context)?.unwrap_or(f32::NAN),
        steps,
    })
}
