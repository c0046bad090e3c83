//! What a run is asked to do: every setting with its meaning, its range, and the default of each method.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::search::{Choice, trials};
use super::{Error, Result};
use crate::clip::Precision;
use crate::escape::check_name;
use crate::files::check_local;
use crate::fine_tune::FineTuneMethod;
use crate::lossless::Lossless;
use crate::zero_shot::DEFAULT_TEMPLATE;

/// Which part of the model learns, in contrastive training.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Part {
    /// Everything.
    #[default]
    Whole,
    /// The text tower and both projections; the image tower is locked (LiT, Zhai et al. 2021, arXiv 2111.07991).
    LockedImage,
    /// The text tower alone.
    Text,
    /// Both projections alone.
    Projections,
}

impl Part {
    /// Every part.
    pub const ALL: [Self; 4] = [Self::Whole, Self::LockedImage, Self::Text, Self::Projections];

    /// The part's name on the command line and in files.
    pub fn name(self) -> &'static str {
        match self {
            Self::Whole => "whole",
            Self::LockedImage => "locked-image",
            Self::Text => "text",
            Self::Projections => "projections",
        }
    }

    /// The part's name for people.
    pub fn title(self) -> &'static str {
        match self {
            Self::Whole => "The whole model",
            Self::LockedImage => "Text tower and projections",
            Self::Text => "Text tower",
            Self::Projections => "Projections",
        }
    }
}

/// The shape of a model that is trained from nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Architecture {
    /// A Vision Transformer.
    #[default]
    Vit,
    /// The paper's modified ResNet.
    #[serde(rename = "resnet")]
    ModifiedResNet,
}

impl Architecture {
    /// Every shape.
    pub const ALL: [Self; 2] = [Self::Vit, Self::ModifiedResNet];

    /// The shape's name on the command line and in files.
    pub fn name(self) -> &'static str {
        match self {
            Self::Vit => "vit",
            Self::ModifiedResNet => "resnet",
        }
    }
}

/// Settings of a method.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Hyper {
    /// Passes over what is learnt from; iterations of the solver, for a linear probe.
    pub epochs: usize,
    /// Steps for each shot, as CLIP-LoRA counts them; where it is 0, epochs say how long a run is.
    #[serde(default)]
    pub steps_a_shot: usize,
    /// The highest learning rate.
    pub learning_rate: f64,
    /// Decoupled weight decay.
    pub weight_decay: f64,
    /// Pictures in one step.
    pub batch: usize,
    /// Pictures in memory at a time; larger batches are computed in parts.
    pub micro_batch: usize,
    /// The share of steps in which the learning rate rises.
    pub warm_up: f64,
    /// Gradients longer than this are shortened; 0 leaves them alone.
    pub clip: f64,
    /// Validations without improvement after which the run stops early; 0 never stops.
    pub patience: usize,
    /// Rank of LoRA's factors.
    pub rank: usize,
    /// What LoRA's product is scaled by, times a power of the rank.
    pub lora_alpha: f64,
    /// That power: 1/2 in CLIP-LoRA, 1 in LoRA.
    #[serde(default = "whole_rank")]
    pub rank_power: f64,
    /// The share of LoRA's inputs that is dropped in each step.
    pub dropout: f64,
    /// ProLIP's pull towards the start, times the number of shots.
    pub pull: f64,
    /// Side of the input square of a new model, in pixels.
    pub image_size: usize,
    /// Width of a new model.
    pub width: usize,
    /// Blocks of each tower of a new model.
    pub layers: usize,
    /// Which part learns.
    pub part: Part,
    /// The shape of a new model.
    pub architecture: Architecture,
}

/// The power of runs that were started before it could be chosen.
fn whole_rank() -> f64 {
    1.0
}

impl Hyper {
    /// A method's published defaults; where they depend on the model, those that hold for most.
    pub fn of(method: FineTuneMethod) -> Self {
        let base = Self {
            epochs: 20,
            steps_a_shot: 0,
            learning_rate: 1e-3,
            weight_decay: 1e-2,
            batch: 32,
            micro_batch: 16,
            warm_up: 0.0,
            clip: 1.0,
            patience: 0,
            rank: 2,
            lora_alpha: 1.0,
            rank_power: 0.5,
            dropout: 0.25,
            pull: 1.0,
            image_size: 64,
            width: 128,
            layers: 4,
            part: Part::Whole,
            architecture: Architecture::Vit,
        };
        match method {
            FineTuneMethod::LinearProbe => Self { epochs: 1_000, ..base },
            FineTuneMethod::TipAdapter => Self { epochs: 1, ..base },
            FineTuneMethod::TipAdapterF => Self {
                batch: 256,
                clip: 0.0,
                ..base
            },
            FineTuneMethod::ProLip => Self {
                epochs: 300,
                learning_rate: 1e-5,
                weight_decay: 0.0,
                clip: 0.0,
                ..base
            },
            FineTuneMethod::Lora => Self {
                epochs: 10,
                steps_a_shot: 500,
                learning_rate: 2e-4,
                clip: 0.0,
                ..base
            },
            FineTuneMethod::Contrastive => Self {
                epochs: 5,
                learning_rate: 1e-5,
                weight_decay: 0.1,
                warm_up: 0.1,
                batch: 64,
                ..base
            },
            FineTuneMethod::Scratch => Self {
                learning_rate: 5e-4,
                weight_decay: 0.2,
                warm_up: 0.1,
                batch: 64,
                micro_batch: 64,
                ..base
            },
        }
    }
}

/// A numeric setting, told to people.
pub struct Field {
    /// Its name on the command line.
    pub name: &'static str,
    /// What it means.
    pub meaning: &'static str,
    /// The least and the most it can be.
    pub range: (f64, f64),
    /// Whether it counts something.
    pub whole: bool,
    get: fn(&Hyper) -> f64,
    set: fn(&mut Hyper, f64),
}

macro_rules! field {
    ($name:literal, $meaning:literal, $range:expr, whole $place:ident) => {
        Field {
            name: $name,
            meaning: $meaning,
            range: $range,
            whole: true,
            get: |hyper| hyper.$place as f64,
            set: |hyper, value| hyper.$place = value as usize,
        }
    };
    ($name:literal, $meaning:literal, $range:expr, $place:ident) => {
        Field {
            name: $name,
            meaning: $meaning,
            range: $range,
            whole: false,
            get: |hyper| hyper.$place,
            set: |hyper, value| hyper.$place = value,
        }
    };
}

/// Every numeric setting.
pub const FIELDS: [Field; 17] = [
    Field {
        name: "epochs",
        meaning: "Passes over the training pictures",
        range: (1.0, 100_000.0),
        whole: true,
        get: |hyper| hyper.epochs as f64,
        set: |hyper, value| {
            hyper.epochs = value as usize;
            // Whoever asks for epochs means them.
            hyper.steps_a_shot = 0;
        },
    },
    field!(
        "steps-a-shot",
        "Steps for each picture of a class (16 at most count): 500 as CLIP-LoRA has it; 0 goes by epochs",
        (0.0, 10_000.0),
        whole steps_a_shot
    ),
    field!(
        "learning-rate",
        "How far a step goes at its highest. Too high diverges, too low learns nothing",
        (1e-9, 1.0),
        learning_rate
    ),
    field!(
        "weight-decay",
        "How strongly weights are drawn to zero",
        (0.0, 10.0),
        weight_decay
    ),
    field!("batch", "Pictures in one step", (1.0, 65_536.0), whole batch),
    field!("micro-batch", "Pictures in memory at a time; smaller needs less memory and gives the same numbers", (1.0, 4_096.0), whole micro_batch),
    field!(
        "warm-up",
        "The share of steps in which the learning rate rises",
        (0.0, 0.9),
        warm_up
    ),
    field!("clip", "Maximum gradient norm; 0 = no limit", (0.0, 1e6), clip),
    field!("patience", "Stop after this many validations without improvement; 0 = never", (0.0, 10_000.0), whole patience),
    field!("rank", "Rank of the low-rank factors: how much can change", (1.0, 256.0), whole rank),
    field!("alpha", "How strongly the factors count", (1e-3, 1e3), lora_alpha),
    field!(
        "rank-power",
        "Alpha is divided by the rank to this power: 0.5 as in CLIP-LoRA (alpha / sqrt(rank)), 1 as in LoRA",
        (0.0, 1.0),
        rank_power
    ),
    field!(
        "dropout",
        "The share of the factors' inputs that is dropped in a step",
        (0.0, 0.9),
        dropout
    ),
    field!(
        "pull",
        "How strongly the projection is drawn back to its start; without it, one shot ruins it",
        (0.0, 1e4),
        pull
    ),
    field!("image-size", "Side of the new model's input, in pixels", (32.0, 448.0), whole image_size),
    field!("width", "Width of the new model", (16.0, 1_024.0), whole width),
    field!("layers", "Blocks of each tower of the new model", (1.0, 48.0), whole layers),
];

impl Field {
    /// What it means for a method.
    pub fn meaning_for(&self, method: FineTuneMethod) -> &'static str {
        match (self.name, method) {
            ("epochs", FineTuneMethod::LinearProbe) => {
                "The most iterations of the solver; it stops earlier where it is done"
            }
            ("epochs", FineTuneMethod::TipAdapterF) => "Passes over the examples in memory",
            ("epochs", FineTuneMethod::Lora) => {
                "Passes over the training pictures; counts where there are no steps per example"
            }
            ("batch", FineTuneMethod::Contrastive | FineTuneMethod::Scratch) => {
                "Pairs in one step; each is told from all others of its batch"
            }
            _ => self.meaning,
        }
    }

    /// The settings that a method has.
    pub fn of(method: FineTuneMethod) -> impl Iterator<Item = &'static Self> {
        let steps = ["epochs", "learning-rate", "weight-decay", "batch", "clip", "patience"];
        let towers = ["micro-batch", "warm-up"];
        let names: Vec<&str> = match method {
            FineTuneMethod::LinearProbe => vec!["epochs"],
            FineTuneMethod::TipAdapter => vec![],
            FineTuneMethod::TipAdapterF => steps.to_vec(),
            FineTuneMethod::ProLip => vec!["epochs", "learning-rate", "pull", "patience"],
            FineTuneMethod::Lora => [
                &steps[..],
                &towers,
                &["steps-a-shot", "rank", "alpha", "rank-power", "dropout"],
            ]
            .concat(),
            FineTuneMethod::Contrastive => [&steps[..], &towers].concat(),
            FineTuneMethod::Scratch => [&steps[..], &towers, &["image-size", "width", "layers"]].concat(),
        };
        FIELDS.iter().filter(move |field| names.contains(&field.name))
    }

    /// Whether several values can be tried in one run: not what decides how long it is, or what a model is built of.
    pub fn searchable(&self) -> bool {
        let names = [
            "learning-rate",
            "weight-decay",
            "warm-up",
            "clip",
            "rank",
            "alpha",
            "rank-power",
            "dropout",
            "pull",
        ];
        names.contains(&self.name)
    }

    /// The setting's value.
    pub fn get(&self, hyper: &Hyper) -> f64 {
        (self.get)(hyper)
    }

    /// Changes the setting, within its range.
    pub fn set(&self, hyper: &mut Hyper, value: f64) {
        let (low, high) = self.range;
        let value = value.clamp(low, high);
        (self.set)(hyper, if self.whole { value.round() } else { value });
    }
}

/// A run as it was asked for.
#[serde_with::serde_as]
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RunConfig {
    /// How.
    pub method: FineTuneMethod,
    /// From what.
    #[serde_as(as = "Lossless")]
    pub folder: PathBuf,
    /// From which model; none for the starter.
    #[serde_as(as = "Option<Lossless>")]
    pub base: Option<PathBuf>,
    /// So many of each class; all where it is none.
    pub shots: Option<usize>,
    /// Decides the split and everything else that is left to chance.
    pub seed: u64,
    /// Sentences with `{}` for class names.
    pub templates: Vec<String>,
    /// Pictures in folders by class that the run never learns from: how much is forgotten. The samples where it is
    /// none.
    #[serde_as(as = "Option<Lossless>")]
    pub control: Option<PathBuf>,
    /// The precision in which the towers compute while they learn; the weights stay in f32.
    #[serde(default)]
    pub precision: Precision,
    /// The method's settings.
    pub hyper: Hyper,
    /// Settings of which several values are tried, the best by validation.
    #[serde(default)]
    pub search: Vec<Choice>,
}

impl RunConfig {
    /// A run with a method's defaults.
    pub fn new(method: FineTuneMethod, folder: PathBuf) -> Self {
        Self {
            method,
            folder,
            base: None,
            shots: None,
            seed: 0,
            templates: vec![DEFAULT_TEMPLATE.into()],
            control: None,
            precision: Precision::Full,
            hyper: Hyper::of(method),
            search: Vec::new(),
        }
    }

    /// Refuses what cannot be.
    ///
    /// # Errors
    /// Names the setting.
    pub fn check(&self) -> Result<()> {
        let others = [&self.base, &self.control].into_iter().flatten();
        for path in others.chain([&self.folder]) {
            check_local(path).map_err(Error::Config)?;
        }
        for field in Field::of(self.method) {
            let (value, (low, high)) = (field.get(&self.hyper), field.range);
            if !(low..=high).contains(&value) {
                return Err(Error::Config(format!(
                    "{} is {value}, but must lie from {low} to {high}",
                    field.name
                )));
            }
        }
        for choice in &self.search {
            let field = choice.field(self.method)?;
            let (low, high) = field.range;
            if let Some(value) = choice.values.iter().find(|value| !(low..=high).contains(*value)) {
                return Err(Error::Config(format!(
                    "{} is to be {value}, but must lie from {low} to {high}",
                    field.name
                )));
            }
        }
        trials(self)?;
        if self.shots == Some(0) {
            return Err(Error::Config("shots must be 1 or more; leave them out for all".into()));
        }
        for template in &self.templates {
            check_name("the template", template).map_err(Error::Config)?;
        }
        if let Some(template) = self.templates.iter().find(|template| !template.contains("{}")) {
            return Err(Error::Config(format!(
                "the template \"{template}\" has no {{}} for the class name"
            )));
        }
        let hyper = &self.hyper;
        if self.method == FineTuneMethod::Scratch && !hyper.image_size.is_multiple_of(32) {
            return Err(Error::Config("image-size must be a multiple of 32".into()));
        }
        if self.method == FineTuneMethod::Scratch && !hyper.width.is_multiple_of(16) {
            return Err(Error::Config("width must be a multiple of 16".into()));
        }
        Ok(())
    }
}

/// A starting point for people who do not know the settings yet.
pub struct Preset {
    /// Its name.
    pub title: &'static str,
    /// What it is good for.
    pub words: &'static str,
    /// The method.
    pub method: FineTuneMethod,
    /// Shots of each class; all where it is none.
    pub shots: Option<usize>,
}

/// The presets, the quickest first.
pub const PRESETS: [Preset; 4] = [
    Preset {
        title: "Quick probe",
        words: "Seconds. A linear classifier on the model's features",
        method: FineTuneMethod::LinearProbe,
        shots: None,
    },
    Preset {
        title: "Few shots",
        words: "Seconds. Keeps the zero-shot knowledge and adds a few examples",
        method: FineTuneMethod::TipAdapterF,
        shots: Some(8),
    },
    Preset {
        title: "LoRA",
        words: "Minutes to hours. Small changes of the attention in both towers",
        method: FineTuneMethod::Lora,
        shots: Some(16),
    },
    Preset {
        title: "Full",
        words: "Long. The whole model, as CLIP was trained",
        method: FineTuneMethod::Contrastive,
        shots: None,
    },
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn defaults_lie_in_their_ranges_and_a_field_is_set_within_its_own() {
        for method in FineTuneMethod::ALL {
            let config = RunConfig::new(method, "x".into());
            config.check().unwrap();
            for field in Field::of(method) {
                let mut hyper = config.hyper.clone();
                field.set(&mut hyper, f64::MAX);
                assert_eq!(field.get(&hyper), field.range.1, "{}", field.name);
            }
        }
        let mut config = RunConfig::new(FineTuneMethod::Lora, "x".into());
        config.hyper.rank = 0;
        assert!(config.check().unwrap_err().to_string().contains("rank"));
    }

    #[test]
    fn the_published_recipes_are_the_defaults() {
        let lora = Hyper::of(FineTuneMethod::Lora);
        assert_eq!((lora.steps_a_shot, lora.batch, lora.rank), (500, 32, 2));
        assert_eq!((lora.learning_rate, lora.rank_power, lora.clip), (2e-4, 0.5, 0.0));
        assert_eq!(Hyper::of(FineTuneMethod::ProLip).clip, 0.0);
        assert_eq!(Hyper::of(FineTuneMethod::TipAdapterF).clip, 0.0);
    }

    #[test]
    fn epochs_that_are_asked_for_are_meant_and_old_runs_go_on_as_they_began() {
        let mut hyper = Hyper::of(FineTuneMethod::Lora);
        let epochs = FIELDS.iter().find(|field| field.name == "epochs").unwrap();
        epochs.set(&mut hyper, 7.0);
        assert_eq!((hyper.epochs, hyper.steps_a_shot), (7, 0));
        let mut old = serde_json::to_value(Hyper::of(FineTuneMethod::Lora)).unwrap();
        for name in ["steps_a_shot", "rank_power"] {
            old.as_object_mut().unwrap().remove(name);
        }
        let old: Hyper = serde_json::from_value(old).unwrap();
        assert_eq!((old.steps_a_shot, old.rank_power), (0, 1.0));
    }
}
