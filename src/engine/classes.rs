//! Labels to class embeddings, embedding only prompts that were not seen before.

use std::collections::HashMap;

use super::loaded::Loaded;
use crate::clip::{Named, Result, TokenizedText, find_class};
use crate::fine_tune::spoken;
use crate::zero_shot::{ClassEmbeddings, Label, NONE_WORDS, TemplateSet, class_embedding};

/// Prompts between two looks at whether the work is still wanted.
const CHUNK: usize = 32;
/// Names that are listed in a sentence.
const LISTED: usize = 12;
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
    /// Where the model was taught classes: which labels are none of these, in words.
    pub untaught: Vec<String>,
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
        self.start(loaded, labels.len());
        let prompts: Vec<Vec<String>> = labels
            .iter()
            .map(|label| as_taught(label, &loaded.model.info().taught_classes).prompts(templates))
            .collect();
        let none: Vec<String> = NONE_WORDS.iter().flat_map(|word| templates.prompts(word)).collect();
        let (warnings, abandoned) = self.embed_missing(loaded, prompts.iter().flatten().chain(&none), wanted)?;
        let class = |prompts: &[String]| {
            let known = prompts
                .iter()
                .filter_map(|p| Some(self.prompts.get(p)?.vector.as_slice()));
            class_embedding(known)
        };
        let stretch = loaded.model.stretch();
        let stretched = |vector: Vec<f32>| vector.iter().map(|value| value * stretch).collect::<Vec<f32>>();
        let taught = |label: &Label| match label.descriptions.as_slice() {
            [] => loaded.model.class_vector(&label.name),
            _ => None,
        };
        let classes: Vec<Vec<f32>> = labels
            .iter()
            .zip(&prompts)
            .map(|(label, prompts)| stretched(taught(label).unwrap_or_else(|| class(prompts))))
            .collect();
        let lost = prompts.iter().enumerate().filter_map(|(label, prompts)| {
            let lost = prompts.iter().find_map(|p| self.prompts.get(p)?.lost.clone())?;
            Some((label, lost))
        });
        Ok(Classes {
            lost: lost.collect(),
            embeddings: ClassEmbeddings::new(&classes, &stretched(class(&none))),
            warnings,
            untaught: untaught(labels, &loaded.model.info().taught_classes),
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
    for label in labels.iter().filter(|label| label.descriptions.is_empty()) {
        let name = &label.name;
        match find_class(taught, name) {
            Named::Class(_) => {}
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_that_were_not_taught_are_said_and_near_misses_are_asked_about() {
        let taught = ["t-shirt", "running_shoes", "Polish", "polish"].map(String::from);
        let labels = ["T Shirt", "shoes", "zebra", "POLISH"].map(Label::named);
        let notes = untaught(&labels, &taught);
        assert_eq!(notes.len(), 3, "{notes:?}");
        assert!(notes[0].contains("did you mean \"running_shoes\""), "{notes:?}");
        assert!(notes[1].contains("\"Polish\" or \"polish\""), "{notes:?}");
        assert!(
            notes[2].contains(": zebra. It was taught: t-shirt, running_shoes"),
            "{notes:?}"
        );
        assert!(untaught(&labels, &[]).is_empty());
    }

    #[test]
    fn a_taught_class_is_spoken_of_as_it_was_taught() {
        let taught = ["running_shoes".to_string()];
        assert_eq!(as_taught(&Label::named("Running-Shoes"), &taught).name, "running shoes");
        assert_eq!(as_taught(&Label::named("zebra_fish"), &taught).name, "zebra_fish");
    }
}
