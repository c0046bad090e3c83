//! Labels to class embeddings, embedding only prompts that were not seen before.

use std::collections::HashMap;

use super::loaded::Loaded;
use crate::clip::{Result, TokenizedText};
use crate::zero_shot::{ClassEmbeddings, Label, NONE_WORDS, TemplateSet, class_embedding};

/// Prompts between two looks at whether the work is still wanted.
const CHUNK: usize = 32;
/// Prompts that are remembered; beyond it the cache starts anew.
const MAX_CACHED: usize = 200_000;

/// Embeddings of prompts, by the model's identity and the prompt.
#[derive(Default)]
pub struct ClassCache {
    identity: String,
    prompts: HashMap<String, CachedPrompt>,
}

struct CachedPrompt {
    vector: Vec<f32>,
    lost: Option<String>,
}

/// Class embeddings with what the user should know about them.
pub struct Classes {
    /// The embeddings.
    pub embeddings: ClassEmbeddings,
    /// Labels of which a prompt was cut, with the words that were lost.
    pub lost: Vec<(usize, String)>,
    /// A lost GPU, for one.
    pub warnings: Vec<String>,
    /// Whether the work was given up because `wanted` said no.
    pub abandoned: bool,
}

impl ClassCache {
    /// The class embeddings of labels, and of "none of these" under the same templates. A label by the name of a class
    /// that the model was taught is that class.
    ///
    /// `wanted` is asked between chunks of prompts; once it says no, the rest is left out.
    ///
    /// # Errors
    /// The tokenizer does not fit, or the device failed.
    pub fn classes(
        &mut self,
        loaded: &mut Loaded,
        labels: &[Label],
        templates: &TemplateSet,
        wanted: impl Fn() -> bool,
    ) -> Result<Classes> {
        self.start(loaded, labels.len());
        let prompts: Vec<Vec<String>> = labels.iter().map(|label| label.prompts(templates)).collect();
        let none: Vec<String> = NONE_WORDS.iter().flat_map(|word| templates.prompts(word)).collect();
        let (warnings, abandoned) = self.embed_missing(loaded, prompts.iter().flatten().chain(&none), wanted)?;
        let class = |prompts: &[String]| {
            class_embedding(
                prompts
                    .iter()
                    .filter_map(|p| Some(self.prompts.get(p)?.vector.as_slice())),
            )
        };
        let taught = |label: &Label| match label.descriptions.as_slice() {
            [] => loaded.model.class_vector(&label.name),
            _ => None,
        };
        let classes: Vec<Vec<f32>> = labels
            .iter()
            .zip(&prompts)
            .map(|(label, prompts)| taught(label).unwrap_or_else(|| class(prompts)))
            .collect();
        let lost = prompts.iter().enumerate().filter_map(|(label, prompts)| {
            let lost = prompts.iter().find_map(|p| self.prompts.get(p)?.lost.clone())?;
            Some((label, lost))
        });
        Ok(Classes {
            lost: lost.collect(),
            embeddings: ClassEmbeddings::new(&classes, &class(&none)),
            warnings,
            abandoned,
        })
    }

    fn start(&mut self, loaded: &Loaded, labels: usize) {
        let identity = &loaded.model.info().identity;
        if self.identity != *identity || self.prompts.len() + labels > MAX_CACHED {
            self.prompts.clear();
            self.identity.clone_from(identity);
        }
    }

    fn embed_missing<'a>(
        &mut self,
        loaded: &mut Loaded,
        prompts: impl Iterator<Item = &'a String>,
        wanted: impl Fn() -> bool,
    ) -> Result<(Vec<String>, bool)> {
        let mut missing: Vec<&String> = prompts.filter(|prompt| !self.prompts.contains_key(*prompt)).collect();
        missing.sort();
        missing.dedup();
        let mut tokenized: Vec<(&String, TokenizedText)> = missing
            .into_iter()
            .map(|prompt| Ok((prompt, loaded.model.tokenize(prompt)?)))
            .collect::<Result<_>>()?;
        tokenized.sort_by_key(|(_, tokens)| tokens.ids.len());
        let mut warnings = Vec::new();
        for chunk in tokenized.chunks(CHUNK) {
            if !wanted() {
                return Ok((warnings, true));
            }
            let texts: Vec<TokenizedText> = chunk.iter().map(|(_, tokens)| tokens.clone()).collect();
            let (embeddings, warning) = loaded.embed_texts(&texts)?;
            warnings.extend(warning);
            for ((prompt, tokens), embedding) in chunk.iter().zip(embeddings) {
                let cached = CachedPrompt {
                    vector: embedding.vector,
                    lost: tokens.lost.clone(),
                };
                self.prompts.insert((*prompt).clone(), cached);
            }
        }
        Ok((warnings, false))
    }
}
