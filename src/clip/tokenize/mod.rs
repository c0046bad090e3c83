//! From texts to tokens, cleaned as each family's reference cleans them.

pub mod clean;
pub mod sentencepiece;
pub mod tokenizer;
mod vetted;
