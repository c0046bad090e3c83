//! What every layout comes down to, with the weights and before they are seen.

use crate::clip::checkpoint::weights::KeyMap;
use crate::clip::tokenize::clean::Cleaning;
use crate::clip::{Checkpoint, ModelConfig, Preprocessing};

/// What every layout comes down to.
pub struct Parts {
    pub config: ModelConfig,
    /// The weights, under the towers' names.
    pub weights: Checkpoint,
    /// How it wants its pictures.
    pub preprocessing: Preprocessing,
    pub text: TextParts,
    /// Everything but the weights that shapes an embedding, by name, for the identity.
    pub identity: Vec<(&'static str, Vec<u8>)>,
    /// What was decided for want of a file, in sentences.
    pub notes: Vec<String>,
}

/// What the small files of a folder say.
pub struct Description {
    pub config: ModelConfig,
    pub key_map: KeyMap,
    pub preprocessing: Preprocessing,
    pub text: TextParts,
    pub identity: Vec<(&'static str, Vec<u8>)>,
    pub notes: Vec<String>,
}

impl Description {
    pub fn with_weights(self, weights: Checkpoint) -> Parts {
        Parts {
            config: self.config,
            weights: weights.with_key_map(self.key_map),
            preprocessing: self.preprocessing,
            text: self.text,
            identity: self.identity,
            notes: self.notes,
        }
    }
}

/// How a layout wants its texts.
pub struct TextParts {
    /// A `tokenizer.json`.
    pub tokenizer: Vec<u8>,
    /// What happens to a text before it.
    pub cleaning: Cleaning,
    /// The token that fills the context, and whether it comes before the text.
    pub padding: Option<Padding>,
}

/// How a text fills the context.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Padding {
    pub id: u32,
    /// Before the text instead of after it.
    pub left: bool,
}
