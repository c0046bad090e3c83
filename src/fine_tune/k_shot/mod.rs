//! Accuracy against the number of shots: few-shot against zero-shot (paper, section 3.1 and figure 6).
//!
//! Features are computed once; for every seed one split, whose test side is the same for all shots. The paper's human
//! figures on Oxford Pets stand beside it for reference (table 2).

mod bands;

use super::config::RunConfig;
use super::context::{Context, MAX_VALIDATION, validation_sample};
use super::data::{Dataset, Preview, Split, screen, split};
use super::methods::learner;
use super::run::DataReport;
use super::{Error, PictureSet, Result};
use crate::clip::Model;
use crate::evaluation::{self, Comparison, Interval, accuracy_interval, mean};
use crate::fine_tune::FineTuneMethod;
use crate::progress::{Progress, part};

pub use bands::{Band, bands};

/// Pictures of each class that are learnt from.
pub const SHOTS: [usize; 5] = [1, 2, 4, 8, 16];
/// Those that learn on embedded pictures alone, in seconds.
pub const METHODS: [FineTuneMethod; 2] = [FineTuneMethod::LinearProbe, FineTuneMethod::TipAdapter];
/// Splits of which each point is the mean.
pub const SEEDS: u64 = 3;
/// People on Oxford Pets without an example, and with one (paper, table 2).
pub const PEOPLE: [f32; 2] = [0.537, 0.757];

/// One point of the curve.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct KShot {
    /// None for zero-shot.
    pub method: Option<FineTuneMethod>,
    /// Shots of each class that were asked for.
    pub shots: usize,
    /// Examples of the largest class: fewer than the shots where no class has as many.
    pub examples: usize,
    /// Decides which pictures are tested on, and which are learnt from.
    pub seed: u64,
    /// On the test side, from 0 to 1.
    pub accuracy: f32,
    /// Its interval; none where there is no picture to test with.
    pub interval: Option<Interval>,
    /// Beside zero-shot on the same pictures; none for zero-shot itself.
    pub compared: Option<Comparison>,
}

/// What a curve says while it is measured.
pub enum CurveEvent {
    /// What is learnt from, and what is not; once, before anything is measured.
    Data(DataReport),
    Point(KShot),
}

/// Measures every method with every number of shots; `tell` hears each, and first what is learnt from.
///
/// # Errors
/// The folder has no classes, the device failed, or it was called off.
pub fn k_shot_curve(
    config: &RunConfig,
    open: impl Fn() -> Result<Model>,
    progress: &(dyn Progress + Sync),
    mut tell: impl FnMut(CurveEvent),
) -> Result<()> {
    let mut dataset = Dataset::read(&config.folder)?;
    if dataset.classes.len() < 2 {
        return Err(Error::Data("the curve needs two folders or more, one a class".into()));
    }
    let duplicates = screen(&mut dataset, &part(progress, 0.0, 0.2));
    dataset.check()?;
    let whole = split(&dataset, &duplicates.groups, None, config.seed);
    whole.check(&dataset)?;
    let report = DataReport::of(&Preview::new(&dataset, &duplicates, &whole));
    tell(CurveEvent::Data(report));
    // All of it once, embedded in one go.
    let everything = Split {
        train: (0..dataset.examples.len()).collect(),
        ..Split::default()
    };
    let all = Context::new(open()?, &dataset, &everything, config, None, &part(progress, 0.2, 0.7))?;
    let mut curve = Curve {
        config,
        dataset,
        groups: duplicates.groups,
        all,
        done: 0,
    };
    let mut model = open()?;
    for n in 0..SEEDS {
        let seed = config.seed.wrapping_add(n);
        model = curve.measure(model, seed, &part(progress, 0.7, 1.0), &mut tell)?;
    }
    Ok(())
}

/// What all points have in common.
struct Curve<'a> {
    config: &'a RunConfig,
    dataset: Dataset,
    /// For each example the first one that it is a copy of.
    groups: Vec<usize>,
    /// Every picture, as one training side.
    all: Context,
    /// Points that are measured.
    done: usize,
}

impl Curve<'_> {
    /// The points of one seed; gives the model back.
    fn measure(
        &mut self,
        mut model: Model,
        seed: u64,
        progress: &dyn Progress,
        tell: &mut impl FnMut(CurveEvent),
    ) -> Result<Model> {
        let total = SEEDS as usize * (1 + METHODS.len() * SHOTS.len());
        let test = self.all.train.picked(&self.split(None, seed).test);
        let before = self.all.zero_shot_answers(&test, &self.all.classes)?;
        tell(CurveEvent::Point(KShot {
            method: None,
            shots: 0,
            examples: 0,
            seed,
            accuracy: mean(&before).ok_or_else(nothing_to_test)?,
            interval: accuracy_interval(&before),
            compared: None,
        }));
        self.done += 1;
        for shots in SHOTS {
            let context = self.context(model, shots, seed, &test);
            for method in METHODS {
                if !progress.counted(self.done, total) {
                    return Err(Error::Stopped);
                }
                let after = self.answers(method, seed, &context)?;
                tell(CurveEvent::Point(KShot {
                    method: Some(method),
                    shots,
                    examples: largest(&context.train.labels),
                    seed,
                    accuracy: mean(&after).ok_or_else(nothing_to_test)?,
                    interval: accuracy_interval(&after),
                    compared: Comparison::of(&before, &after),
                }));
                self.done += 1;
            }
            model = context.model;
        }
        Ok(model)
    }

    fn split(&self, shots: Option<usize>, seed: u64) -> Split {
        split(&self.dataset, &self.groups, shots, seed)
    }

    fn context(&self, model: Model, shots: usize, seed: u64, test: &PictureSet) -> Context {
        let (train, validation) = few(&self.all.train, &self.dataset, &self.split(Some(shots), seed), seed);
        Context {
            model,
            classes: self.all.classes.clone(),
            train,
            validation,
            test: test.clone(),
            control: PictureSet::default(),
            control_classes: Vec::new(),
            templates: self.config.templates.clone(),
        }
    }

    /// Which pictures of the test side are answered rightly (1) or not (0) by a method with its defaults.
    fn answers(&self, method: FineTuneMethod, seed: u64, context: &Context) -> Result<Vec<f64>> {
        let mut config = RunConfig::new(method, self.config.folder.clone());
        config.seed = seed;
        let mut learner = learner(&config, context)?;
        for step in 0..learner.steps() {
            learner.step(context, step)?;
        }
        let rows = learner.logits(context, &context.test)?;
        Ok(evaluation::right(&rows, &context.test.labels))
    }
}

/// What is learnt from and what is chosen by, of pictures that are embedded already: as a run would have it.
fn few(all: &PictureSet, dataset: &Dataset, split: &Split, seed: u64) -> (PictureSet, PictureSet) {
    let validation = validation_sample(dataset, split, MAX_VALIDATION, seed);
    (all.picked(&split.train), all.picked(&validation))
}

fn nothing_to_test() -> Error {
    Error::Data("no picture is left to test with: the curve needs three pictures or more of a class".into())
}

/// How many pictures the largest class has.
fn largest(labels: &[usize]) -> usize {
    let count = |class: &usize| labels.iter().filter(|label| *label == class).count();
    let classes: std::collections::BTreeSet<usize> = labels.iter().copied().collect();
    classes.iter().map(count).max().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fine_tune::many_classes::{ManyClasses, distinct};

    #[test]
    fn every_class_is_chosen_by_however_few_the_shots_are() {
        const CLASSES: usize = 150;
        let many = ManyClasses::new(CLASSES, 20);
        let alone: Vec<usize> = (0..many.dataset.examples.len()).collect();
        let all = PictureSet::of(&many.dataset, &alone);
        for (shots, chosen_by) in [(1, CLASSES), (2, 2 * CLASSES), (16, MAX_VALIDATION)] {
            let split = split(&many.dataset, &alone, Some(shots), 7);
            let (train, validation) = few(&all, &many.dataset, &split, 7);
            assert_eq!(distinct(&train.labels), CLASSES);
            assert_eq!((validation.len(), distinct(&validation.labels)), (chosen_by, CLASSES));
            assert_eq!(
                distinct(&validation.labels[..CLASSES]),
                CLASSES,
                "none twice before all were there"
            );
        }
    }
}
