//! The numeric settings as people set them: by name, with a meaning and a range.

use super::Hyper;
use crate::fine_tune::FineTuneMethod;
use crate::fine_tune::method::Words;

/// A numeric setting, told to people.
pub struct Field {
    /// As `--set NAME=VALUE` has it.
    pub name: &'static str,
    pub meaning: &'static str,
    /// The least and the most it can be.
    pub range: (f64, f64),
    /// Whether it counts something, and is rounded.
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
        "How strongly weights are pulled towards zero",
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
        "How strongly the projection is pulled towards its original weights; without it, one shot ruins it",
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
        self.words_for(method).map_or(self.meaning, |words| words.meaning)
    }

    /// What a method calls it, where others call it otherwise.
    pub fn title_for(&self, method: FineTuneMethod) -> Option<&'static str> {
        self.words_for(method)?.title
    }

    fn words_for(&self, method: FineTuneMethod) -> Option<&'static Words> {
        method.row().words.iter().find(|words| words.setting == self.name)
    }

    /// The settings that a method has.
    pub fn of(method: FineTuneMethod) -> impl Iterator<Item = &'static Self> {
        let settings = method.row().settings;
        FIELDS
            .iter()
            .filter(move |field| settings.iter().any(|names| names.contains(&field.name)))
    }

    /// Whether everybody who uses a method may want to change it.
    pub fn is_basic_for(&self, method: FineTuneMethod) -> bool {
        method.row().basic.contains(&self.name)
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
