//! A batch: pictures, texts, and which fit which.

use super::{Objective, TowerLearner};
use crate::clip::TokenizedText;
use crate::fine_tune::context::{Context, spoken};
use crate::fine_tune::loss::Positives;
use crate::fine_tune::subsample::stratified;
use crate::fine_tune::{PictureSet, Result};

/// Pictures whose loss validates, one of each class at least.
const MAX_VALIDATION_LOSS: usize = 64;

/// One step's pictures and texts.
pub(super) struct Batch {
    /// Places in the set that they are of.
    pub(super) places: Vec<usize>,
    pub(super) texts: Vec<TokenizedText>,
    pub(super) positives: Positives,
}

impl TowerLearner {
    /// What a step learns from.
    pub(super) fn batch(&self, context: &Context, step: usize) -> Result<Batch> {
        self.batch_of(context, &context.train, self.places(step), &mut self.random(2, step))
    }

    /// The pictures and texts whose loss validates: the same at every validation.
    pub(super) fn validation_batch(&self, context: &Context) -> Result<Batch> {
        let set = &context.validation;
        self.batch_of(context, set, validation_places(set, self.seed), &mut self.random(4, 0))
    }

    /// Texts for pictures of a set, and which fit which.
    fn batch_of(
        &self,
        context: &Context,
        set: &PictureSet,
        places: Vec<usize>,
        random: &mut fastrand::Rng,
    ) -> Result<Batch> {
        let (texts, positives) = match self.recipe.objective {
            Objective::Classes => class_texts(context, set, &places, random),
            Objective::Pairs => own_texts(context, set, &places, random),
        };
        Ok(Batch {
            positives,
            texts: context.tokens(&texts)?,
            places,
        })
    }
}

/// A part of the validation side that all classes are in; of captions, any.
pub(super) fn validation_places(set: &PictureSet, seed: u64) -> Vec<usize> {
    let all: Vec<usize> = (0..set.len()).collect();
    stratified(&all, |place| set.labels.get(place).copied(), MAX_VALIDATION_LOSS, seed)
}

fn template<'a>(context: &'a Context, random: &mut fastrand::Rng) -> &'a str {
    &context.templates[random.usize(..context.templates.len())]
}

/// A text for every class, and the class of each picture.
fn class_texts(
    context: &Context,
    set: &PictureSet,
    places: &[usize],
    random: &mut fastrand::Rng,
) -> (Vec<String>, Positives) {
    let template = template(context, random);
    let texts = context
        .classes
        .iter()
        .map(|class| template.replace("{}", &spoken(class)));
    let classes: Vec<usize> = places.iter().map(|&place| set.labels[place]).collect();
    (texts.collect(), Positives::by_class(&classes, context.classes.len()))
}

/// A text for every picture: its class in a template, or one of its captions.
fn own_texts(
    context: &Context,
    set: &PictureSet,
    places: &[usize],
    random: &mut fastrand::Rng,
) -> (Vec<String>, Positives) {
    let mut texts = Vec::new();
    let mut keys = Vec::new();
    for &place in places {
        match set.labels.get(place) {
            Some(&class) => {
                let name = &context.classes[class];
                texts.push(template(context, random).replace("{}", &spoken(name)));
                keys.push(name.clone());
            }
            None => {
                let captions = &set.captions[place];
                let caption = &captions[random.usize(..captions.len())];
                texts.push(caption.clone());
                keys.push(caption.clone());
            }
        }
    }
    (texts, Positives::by_key(&keys))
}
