//! Starting points for people who do not know the settings yet.

use crate::fine_tune::FineTuneMethod;

/// A starting point for people who do not know the settings yet.
pub struct Preset {
    pub title: &'static str,
    /// How long it takes, and what it does.
    pub words: &'static str,
    pub method: FineTuneMethod,
    /// Shots of each class; all where it is none.
    pub shots: Option<usize>,
}

/// The quickest first.
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
