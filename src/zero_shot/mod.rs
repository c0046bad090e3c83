//! Zero-shot classification: prompts, class embeddings, scores, and "none of these".

mod label;
mod none_of_these;
mod score;
mod template;

pub use label::{Label, LabelId, MAX_LABEL_CHARACTERS, merged, of_fair_length, parse_labels, visible};
pub use none_of_these::NONE_WORDS;
pub use score::{BLOCK_ROWS, ClassEmbeddings, Cosines, Scores, class_embedding, score, score_all};
pub use template::{DEFAULT_TEMPLATE, TemplateError, TemplateSet};
