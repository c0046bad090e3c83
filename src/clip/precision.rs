//! The precision in which a model computes.

use serde::{Deserialize, Serialize};

/// The precision in which a model computes.
///
/// Half precision is for GPUs: about half the memory, and faster where the card is built for it. Normalisation, softmax
/// over labels, and scores stay in f32. An embedding then has a cosine of at least 0.999 with the one in f32 (tested on
/// every architecture), which moves a logit by a tenth or so: enough to swap the closest calls. A cached embedding is
/// keyed by it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Precision {
    #[default]
    Full,
    Half,
}

impl Precision {
    pub const ALL: [Self; 2] = [Self::Full, Self::Half];

    /// Its name in identities and messages.
    pub fn name(self) -> &'static str {
        match self {
            Self::Full => "f32",
            Self::Half => "f16",
        }
    }
}
