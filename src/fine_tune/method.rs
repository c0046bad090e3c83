//! The methods by name, and all there is to know of each: a new one is a file in [`super::methods`], a variant, and a row.

use serde::{Deserialize, Serialize};

use super::Result;
use super::config::{Hyper, RunConfig};
use super::context::Context;
use super::methods::{self, Learner};
use crate::clip::TowerKind;

/// A way to learn from one's own pictures. What each does is told by its file in [`super::methods`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FineTuneMethod {
    /// A linear classifier on features.
    LinearProbe,
    /// A cache of the shots.
    TipAdapter,
    /// Tip-Adapter with its keys trained.
    TipAdapterF,
    /// The visual projection alone.
    #[serde(rename = "prolip")]
    ProLip,
    /// Low-rank changes of the attention.
    Lora,
    /// The whole model, or a part of it, from pairs.
    Contrastive,
    /// A new model from nothing.
    Scratch,
}

/// What a method needs of the model that it teaches.
enum Needs {
    /// It makes one of its own.
    Nothing,
    /// That it was taught no classes yet.
    Untaught,
    /// That, and a projection after its image tower.
    Projection,
}

/// What a setting is to one method, where it is something else to the others.
pub(super) struct Words {
    pub setting: &'static str,
    pub title: Option<&'static str>,
    pub meaning: &'static str,
}

/// All there is to know of a method beside its file.
pub(super) struct Row {
    method: FineTuneMethod,
    name: &'static str,
    title: &'static str,
    about: &'static str,
    needs: Needs,
    /// Whether it learns to tell classes apart, of which it needs two.
    pub learns_classes: bool,
    /// Its published defaults, from what methods have in common.
    pub defaults: fn(Hyper) -> Hyper,
    /// The settings that it has, by name.
    pub settings: &'static [&'static [&'static str]],
    /// Those of them that everybody may want to change.
    pub basic: &'static [&'static str],
    pub words: &'static [Words],
    /// The method at the start of a run.
    pub learner: fn(&RunConfig, &Context) -> Result<Box<dyn Learner>>,
}

/// Settings of what learns step by step, and of what changes towers.
const STEPS: [&str; 6] = ["epochs", "learning-rate", "weight-decay", "batch", "clip", "patience"];
const TOWERS: [&str; 2] = ["micro-batch", "warm-up"];

/// Every method, the quickest first.
static TABLE: [Row; 7] = [
    Row {
        method: FineTuneMethod::LinearProbe,
        name: "linear-probe",
        title: "Linear probe",
        about: "Logistic regression on the features, as in CLIP's paper (appendix A.3), its strength by validation. \
                 Ours: it is pulled towards the texts of the classes, not to zero, so that its answers stand beside those of \
                 other labels.",
        needs: Needs::Untaught,
        learns_classes: true,
        defaults: |usual| Hyper { epochs: 1_000, ..usual },
        settings: &[&["epochs"]],
        basic: &["epochs"],
        words: &[Words {
            setting: "epochs",
            title: Some("Solver iterations"),
            meaning: "The most iterations of the solver; it stops earlier where it is done",
        }],
        learner: |config, context| Ok(Box::new(methods::linear_probe::LinearProbe::new(config, context)?)),
    },
    Row {
        method: FineTuneMethod::TipAdapter,
        name: "tip-adapter",
        title: "Tip-Adapter",
        about: "Tip-Adapter (arXiv 2207.09519): the examples vote beside the texts, alpha and beta chosen by validation. \
                 Ours: each example is seen once, as it is, where the authors average ten augmented views; the grid of alpha and \
                 beta is coarser than theirs, and goes further.",
        needs: Needs::Untaught,
        learns_classes: true,
        defaults: |usual| Hyper { epochs: 1, ..usual },
        settings: &[],
        basic: &[],
        words: &[],
        learner: |config, context| Ok(Box::new(methods::tip_adapter::TipAdapter::new(config, context, false)?)),
    },
    Row {
        method: FineTuneMethod::TipAdapterF,
        name: "tip-adapter-f",
        title: "Tip-Adapter-F",
        about: "Tip-Adapter-F (arXiv 2207.09519): AdamW with an epsilon of 1e-4, 20 epochs of 256. Ours: no augmented views; \
                 alpha and beta are searched for after each epoch, on a coarser grid; the state that is best on validation is \
                 kept.",
        needs: Needs::Untaught,
        learns_classes: true,
        defaults: |usual| Hyper {
            batch: 256,
            clip: 0.0,
            ..usual
        },
        settings: &[&STEPS],
        basic: &["epochs", "learning-rate"],
        words: &[Words {
            setting: "epochs",
            title: None,
            meaning: "Passes over the examples in memory",
        }],
        learner: |config, context| Ok(Box::new(methods::tip_adapter::TipAdapter::new(config, context, true)?)),
    },
    Row {
        method: FineTuneMethod::ProLip,
        name: "prolip",
        title: "ProLIP",
        about: "ProLIP (arXiv 2410.05270): Adam with an epsilon of 1e-4, 300 steps on all examples, nothing shortened, biases \
                 frozen. Ours: each example is seen as it is, not in augmented views; the state that is best on validation is \
                 kept, where the authors take the last; with the starter, steps are a hundred times as long as the learning \
                 rate says.",
        needs: Needs::Projection,
        learns_classes: true,
        defaults: |usual| Hyper {
            epochs: 300,
            learning_rate: 1e-5,
            weight_decay: 0.0,
            clip: 0.0,
            ..usual
        },
        settings: &[&["epochs", "learning-rate", "pull", "patience"]],
        basic: &["epochs", "learning-rate"],
        words: &[],
        learner: |config, context| Ok(Box::new(methods::prolip::learner(config, context)?)),
    },
    Row {
        method: FineTuneMethod::Lora,
        name: "lora",
        title: "LoRA",
        about: "CLIP-LoRA (arXiv 2405.18541): 500 steps of 32 for each example of a class, alpha / sqrt(rank). Ours: no \
                 augmented views; dropout drops inputs for a whole batch; 16 examples of a class count at most; each step draws one \
                 template; the learning rate falls to 0, not to 1e-6; the state that is best on validation is kept, where the \
                 authors take the last.",
        needs: Needs::Untaught,
        learns_classes: true,
        defaults: |usual| Hyper {
            epochs: 10,
            steps_a_shot: 500,
            learning_rate: 2e-4,
            clip: 0.0,
            ..usual
        },
        settings: &[
            &STEPS,
            &TOWERS,
            &["steps-a-shot", "rank", "alpha", "rank-power", "dropout"],
        ],
        basic: &["steps-a-shot", "learning-rate", "rank"],
        words: &[Words {
            setting: "epochs",
            title: None,
            meaning: "Passes over the training pictures; counts where there are no steps per example",
        }],
        learner: |config, context| Ok(Box::new(methods::lora::learner(config, context)?)),
    },
    Row {
        method: FineTuneMethod::Contrastive,
        name: "contrastive",
        title: "Contrastive",
        about: "CLIP's own training (arXiv 2103.00020) at the rates of fine-tuning (FLYP, arXiv 2212.00638; LiT, 2111.07991). \
                 Ours: pictures of one class are no negatives of each other; batch normalisation stays as it is.",
        needs: Needs::Untaught,
        learns_classes: false,
        defaults: |usual| Hyper {
            epochs: 5,
            learning_rate: 1e-5,
            weight_decay: 0.1,
            warm_up: 0.1,
            batch: 64,
            ..usual
        },
        settings: &[&STEPS, &TOWERS],
        basic: &["epochs", "learning-rate", "batch"],
        words: &[Words {
            setting: "batch",
            title: None,
            meaning: "Pairs in one step; each is told from all others of its batch",
        }],
        learner: |config, context| Ok(Box::new(methods::contrastive::learner(config, context)?)),
    },
    Row {
        method: FineTuneMethod::Scratch,
        name: "scratch",
        title: "From scratch",
        about: "CLIP's own training (arXiv 2103.00020) of a small new model. Ours: a vocabulary of 12,000; a ResNet without \
                 batch statistics.",
        needs: Needs::Nothing,
        learns_classes: false,
        defaults: |usual| Hyper {
            learning_rate: 5e-4,
            weight_decay: 0.2,
            warm_up: 0.1,
            batch: 64,
            micro_batch: 64,
            ..usual
        },
        settings: &[&STEPS, &TOWERS, &["image-size", "width", "layers"]],
        basic: &["epochs", "learning-rate", "batch", "image-size"],
        words: &[Words {
            setting: "batch",
            title: None,
            meaning: "Pairs in one step; each is told from all others of its batch",
        }],
        learner: |config, context| Ok(Box::new(methods::contrastive::learner(config, context)?)),
    },
];

impl FineTuneMethod {
    /// Every method, the quickest first.
    pub fn all() -> impl Iterator<Item = Self> {
        TABLE.iter().map(|row| row.method)
    }

    /// The method's name on the command line and in files.
    pub fn name(self) -> &'static str {
        self.row().name
    }

    pub fn title(self) -> &'static str {
        self.row().title
    }

    /// What it follows, and what differs from that here.
    pub fn about(self) -> &'static str {
        self.row().about
    }

    pub fn from_name(name: &str) -> Option<Self> {
        Self::all().find(|method| method.name() == name)
    }

    /// Whether a model with this image tower can learn by the method.
    ///
    /// # Errors
    /// The reason why it cannot.
    pub fn fits(self, tower: TowerKind) -> std::result::Result<(), &'static str> {
        match self.row().needs {
            Needs::Nothing => Ok(()),
            _ if tower.is_taught() => Err("this model is already trained on classes: switch to its base model"),
            Needs::Projection if !tower.has_projection() => Err("SigLIP has no projection after its image tower"),
            Needs::Untaught | Needs::Projection => Ok(()),
        }
    }

    pub(super) fn row(self) -> &'static Row {
        // Every variant has its row: a test asks for each.
        let row = TABLE.iter().find(|row| row.method == self);
        row.unwrap_or(&TABLE[0])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fine_tune::config::FIELDS;

    #[test]
    fn every_method_has_its_row_and_is_found_by_its_name() {
        use FineTuneMethod::{Contrastive, LinearProbe, Lora, ProLip, Scratch, TipAdapter, TipAdapterF};
        let methods = [LinearProbe, TipAdapter, TipAdapterF, ProLip, Lora, Contrastive, Scratch];
        assert_eq!(methods.len(), TABLE.len());
        for method in methods {
            assert_eq!(method.row().method, method);
            assert_eq!(FineTuneMethod::from_name(method.name()), Some(method));
            let quoted = format!("\"{}\"", method.name());
            assert_eq!(serde_json::to_string(&method).unwrap(), quoted);
        }
    }

    #[test]
    fn rows_name_settings_that_there_are() {
        for row in &TABLE {
            let settings: Vec<&str> = row.settings.iter().copied().flatten().copied().collect();
            for name in &settings {
                assert!(FIELDS.iter().any(|field| field.name == *name), "{}: {name}", row.name);
            }
            let words = row.words.iter().map(|words| &words.setting);
            for name in row.basic.iter().chain(words) {
                assert!(settings.contains(name), "{}: {name}", row.name);
            }
        }
    }
}
