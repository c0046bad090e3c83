//! Labels to class embeddings, embedding only prompts that were not seen before.

#[cfg(test)]
mod tests;

use std::collections::HashMap;

use super::loaded::Loaded;
use crate::clip::{Named, Result, TokenizedText, find_class};
use crate::fine_tune::spoken;
use crate::zero_shot::{ClassEmbeddings, Label, NONE_WORDS, TemplateSet, class_embedding};

/// Prompts between two looks at whether the work is still wanted.
const CHUNK: usize = 32;
/// Prompts that are embedded before their labels are put together.
const GROUP: usize = 4_096;
/// Names that are listed in a sentence.
const LISTED: usize = 12;
/// What is remembered, in bytes; beyond it the cache starts anew.
const MAX_BYTES: usize = 96 << 20;
/// What a prompt costs beside its text and its vector.
const OVERHEAD: usize = 120;

/// Embeddings of prompts, by the model's identity and the prompt.
pub struct ClassCache {
    identity: String,
    prompts: HashMap<String, CachedPrompt>,
    bytes: usize,
    max_bytes: usize,
}

impl Default for ClassCache {
    fn default() -> Self {
        Self {
            identity: String::new(),
            prompts: HashMap::new(),
            bytes: 0,
            max_bytes: MAX_BYTES,
        }
    }
}

struct CachedPrompt {
    vector: Vec<f32>,
    lost: Option<String>,
}

/// Class embeddings with what the user should know about them.
pub struct Classes {
    pub embeddings: ClassEmbeddings,
    /// Labels of which a prompt was cut, with the words that were lost.
    pub lost: Vec<(usize, String)>,
    /// A lost GPU, for one.
    pub warnings: Vec<String>,
    /// Where the model was taught classes: which labels are none of these, in words.
    pub untaught: Vec<String>,
    /// The same label by label.
    pub untaught_labels: Vec<(usize, String)>,
    /// Whether the work was given up because `wanted` said no.
    pub abandoned: bool,
}

impl ClassCache {
    /// The class embeddings of labels, and of "none of these" under the same templates. A label by the name of a class
    /// that the model was taught is that class, and spoken of as it was taught. Their products with pictures are cosines,
    /// whatever else pictures' embeddings hold.
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
        self.start(loaded);
        let none: Vec<String> = NONE_WORDS.iter().flat_map(|word| templates.prompts(word)).collect();
        let mut classes = Vec::with_capacity(labels.len());
        let mut lost = Vec::new();
        let (mut warnings, mut abandoned) = self.embed_missing(loaded, none.iter(), &wanted)?;
        let stretch = loaded.model.stretch();
        let none = stretched(self.class(&none), stretch);
        for group in labels.chunks((GROUP / templates.templates().len().max(1)).max(1)) {
            if abandoned {
                break;
            }
            self.make_room();
            let known = &loaded.model.info().taught_classes;
            let prompts: Vec<Vec<String>> = group
                .iter()
                .map(|label| as_taught(label, known).prompts(templates))
                .collect();
            let (warning, stopped) = self.embed_missing(loaded, prompts.iter().flatten(), &wanted)?;
            warnings.extend(warning);
            abandoned = stopped;
            for (label, prompts) in group.iter().zip(&prompts) {
                let cut = prompts.iter().find_map(|p| self.prompts.get(p)?.lost.clone());
                lost.extend(cut.map(|words| (classes.len(), words)));
                let vector = taught(loaded, label).unwrap_or_else(|| self.class(prompts));
                classes.push(stretched(vector, stretch));
            }
        }
        Ok(Classes {
            lost,
            embeddings: ClassEmbeddings::new(&classes, &none),
            warnings,
            untaught: untaught(labels, &loaded.model.info().taught_classes),
            untaught_labels: untaught_labels(labels, &loaded.model.info().taught_classes),
            abandoned,
        })
    }

    /// The mean of prompts that are in the cache.
    fn class(&self, prompts: &[String]) -> Vec<f32> {
        let known = prompts.iter().filter_map(|prompt| self.prompts.get(prompt));
        class_embedding(known.map(|prompt| prompt.vector.as_slice()))
    }

    fn start(&mut self, loaded: &Loaded) {
        let identity = &loaded.model.info().identity;
        if self.identity != *identity {
            self.forget();
            self.identity.clone_from(identity);
        }
        self.make_room();
    }

    fn make_room(&mut self) {
        if self.bytes > self.max_bytes {
            self.forget();
        }
    }

    fn forget(&mut self) {
        self.prompts = HashMap::new();
        self.bytes = 0;
    }

    fn keep(&mut self, prompt: &str, cached: CachedPrompt) {
        self.bytes += prompt.len() + size_of_val(cached.vector.as_slice()) + OVERHEAD;
        self.prompts.insert(prompt.to_owned(), cached);
    }

    fn embed_missing<'a>(
        &mut self,
        loaded: &mut Loaded,
        prompts: impl Iterator<Item = &'a String>,
        wanted: &impl Fn() -> bool,
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
                self.keep(prompt, cached);
            }
        }
        Ok((warnings, false))
    }
}

/// What the model was taught for a label of this name; descriptions mean what they say.
fn taught(loaded: &Loaded, label: &Label) -> Option<Vec<f32>> {
    match label.descriptions.as_slice() {
        [] => loaded.model.class_vector(&label.name),
        _ => None,
    }
}

fn stretched(vector: Vec<f32>, stretch: f32) -> Vec<f32> {
    vector.into_iter().map(|value| value * stretch).collect()
}

/// A label by the words that its class was taught with: `running_shoes` was taught as running shoes.
fn as_taught(label: &Label, taught: &[String]) -> Label {
    match find_class(taught, &label.name) {
        Named::Class(place) if label.descriptions.is_empty() => Label::named(spoken(&taught[place])),
        _ => label.clone(),
    }
}

/// What is to be known of labels that are no class that was taught, a sentence each.
fn untaught(labels: &[Label], taught: &[String]) -> Vec<String> {
    if taught.is_empty() {
        return Vec::new();
    }
    let mut unknown = Vec::new();
    let mut notes = Vec::new();
    let first_of = first_of_each(labels, taught);
    for label in labels.iter().filter(|label| label.descriptions.is_empty()) {
        let name = &label.name;
        match find_class(taught, name) {
            Named::Class(place) if first_of[&place] == name => {}
            Named::Class(place) => notes.push(format!(
                "\"{}\" and \"{name}\" both mean the class \"{}\" that this model was taught: they have one answer, and share \
                 its probability; leave one out",
                first_of[&place], taught[place]
            )),
            Named::Close(near) => notes.push(format!(
                "\"{name}\" is no class that this model was taught; did you mean \"{}\"? As it is, its text alone answers",
                taught[near]
            )),
            Named::Ambiguous(one, other) => notes.push(format!(
                "\"{name}\" may be \"{}\" or \"{}\", which were taught apart; write it as one of them. As it is, \
                 its text alone answers",
                taught[one], taught[other]
            )),
            Named::Unknown => unknown.push(name.as_str()),
        }
    }
    if !unknown.is_empty() {
        notes.push(format!(
            "not among the classes that this model was taught, so that their texts alone answer: {}. It was taught: {}",
            listed(&unknown),
            listed(taught)
        ));
    }
    notes
}

/// Of every class that was taught, the first label that means it.
fn first_of_each<'a>(labels: &'a [Label], taught: &[String]) -> HashMap<usize, &'a str> {
    let mut first_of = HashMap::new();
    for label in labels.iter().filter(|label| label.descriptions.is_empty()) {
        if let Named::Class(place) = find_class(taught, &label.name) {
            first_of.entry(place).or_insert(label.name.as_str());
        }
    }
    first_of
}

/// What is to be known of each label that is no class that was taught, beside it.
fn untaught_labels(labels: &[Label], taught: &[String]) -> Vec<(usize, String)> {
    if taught.is_empty() {
        return Vec::new();
    }
    let first_of = first_of_each(labels, taught);
    let note = |label: &Label| match find_class(taught, &label.name) {
        _ if !label.descriptions.is_empty() => None,
        Named::Class(place) if first_of[&place] == label.name => None,
        Named::Class(place) => Some(format!("Means the same taught class as \"{}\"", first_of[&place])),
        Named::Close(near) => Some(format!("Not taught: did you mean \"{}\"?", taught[near])),
        Named::Ambiguous(one, other) => Some(format!("Not taught so: \"{}\" or \"{}\"?", taught[one], taught[other])),
        Named::Unknown => Some("Not taught: its text alone answers".into()),
    };
    let each = labels.iter().enumerate();
    each.filter_map(|(place, label)| Some((place, note(label)?))).collect()
}

/// Names in a row, the first ones where there are many.
fn listed<T: AsRef<str>>(names: &[T]) -> String {
    let shown: Vec<&str> = names.iter().take(LISTED).map(AsRef::as_ref).collect();
    let more = names.len().saturating_sub(LISTED);
    let rest = if more > 0 {
        format!(" and {more} more")
    } else {
        String::new()
    };
    shown.join(", ") + &rest
}
