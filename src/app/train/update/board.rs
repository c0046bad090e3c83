//! The board's pairs of pictures and texts, and its steps.

use super::setup::base;
use crate::app::state::State;
use crate::engine::protocol::Request;
use crate::engine::training::TrainingRequest;

/// The learning rate of steps on the board: large enough to see.
const LEARNING_RATE: f64 = 1e-4;
/// Pairs that the board is filled with.
const PAIRS: usize = 6;

/// The most confident picture of each label that is the answer somewhere: where "none of these" is, a picture shows none.
pub fn fill(state: &mut State) {
    let templates = state.settings.templates.templates();
    let template = templates.first().copied().unwrap_or("{}");
    let lens = state.lens();
    let mut pairs = Vec::new();
    let labels = state
        .explore
        .asking()
        .answer
        .iter()
        .flat_map(|question| &question.labels);
    for (label, asked) in labels.enumerate() {
        let won = state.explore.pictures().iter().filter_map(|picture| {
            let scores = picture.scores.as_ref()?;
            (lens.winner(scores) == Some(label)).then(|| (scores.probability(label), &picture.file.path))
        });
        if let Some((_, path)) = won.max_by(|a, b| a.0.total_cmp(&b.0)) {
            pairs.push((path.clone(), worded(template, &asked.label.name)));
        }
    }
    pairs.truncate(PAIRS);
    state.training.pairs = pairs;
    state.training.board = None;
}

/// Compares the pairs, after so many contrastive steps.
pub fn show(state: &State, steps: usize) -> Vec<Request> {
    vec![Request::Training(TrainingRequest::Board {
        pairs: state.training.pairs.clone(),
        base: base(state),
        steps,
        learning_rate: LEARNING_RATE,
    })]
}

/// A template with a name in it, and the article that the name takes.
fn worded(template: &str, name: &str) -> String {
    let begins_with_vowel = name.starts_with(['a', 'e', 'i', 'o', 'u', 'A', 'E', 'I', 'O', 'U']);
    if begins_with_vowel && (template.contains(" a {}") || template.starts_with("a {}")) {
        template.replace("a {}", &format!("an {name}"))
    } else {
        template.replace("{}", name)
    }
}

#[cfg(test)]
mod tests {
    use super::worded;

    #[test]
    fn a_name_takes_its_article() {
        assert_eq!(worded("a photo of a {}.", "orange"), "a photo of an orange.");
        assert_eq!(worded("a photo of a {}.", "cat"), "a photo of a cat.");
        assert_eq!(worded("a photo of {}", "orange"), "a photo of orange");
        assert_eq!(worded("{}", "owl"), "owl");
    }
}
