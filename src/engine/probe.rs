//! The inspected picture, shown to the model in another way: its square cut elsewhere, parts of it erased.

use std::sync::Arc;

use super::loaded::Loaded;
use super::messages::InspectedPixels;
use super::pictures::screen_image;
use super::protocol::{Probe, Probed, Question};
use crate::clip::Result;
use crate::heatmap::{erase, looks_like_writing};
use crate::zero_shot::{ClassEmbeddings, Scores, score};
use image::RgbImage;

/// The answer to a probe.
pub struct Answer {
    /// For the window.
    pub probed: Probed,
    /// What the model sees now.
    pub view: RgbImage,
    /// The picture as it is now.
    pub shown: Arc<RgbImage>,
    /// A lost GPU, for one.
    pub warning: Option<String>,
}

/// Asks the model about the picture as the probe has it; the answer, and what the model sees now.
///
/// Where something is erased, the picture is compared with the same copy of it, unerased: nothing but the brush is
/// between the two scores.
///
/// # Errors
/// The device failed.
pub fn ask(
    loaded: &mut Loaded,
    seen: &InspectedPixels,
    probe: &Probe,
    classes: &ClassEmbeddings,
    question: &Arc<Question>,
) -> Result<Answer> {
    let preprocessing = loaded.model.preprocessing().clone();
    let erasing = !probe.dabs.is_empty();
    let before = if erasing { &seen.copy } else { &seen.picture };
    let erased = erasing.then(|| erase(before, &probe.dabs, probe.fill));
    let after = erased.as_ref().unwrap_or(before);
    let unerased_view = preprocessing.model_view_at(before, probe.shift)?;
    let view = match &erased {
        Some(erased) => preprocessing.model_view_at(erased, probe.shift)?,
        None => unerased_view.clone(),
    };
    let pixels = [&unerased_view, &view].map(|view| preprocessing.normalise(view));
    let (embeddings, warning) = loaded.embed_images(&pixels)?;
    let scoring = loaded.model.info().scoring;
    let scores = |place: usize| {
        let cosines = classes.cosines(&embeddings[place].vector);
        Arc::new(score(&cosines, scoring, question.none_bias))
    };
    let (before_scores, after_scores) = (scores(0), scores(1));
    let flipped = winner(&before_scores) != winner(&after_scores);
    let shown = erased.clone().map_or_else(|| Arc::clone(before), Arc::new);
    let (width, height) = after.dimensions();
    let probed = Probed {
        number: probe.number,
        question: question.clone(),
        read_the_word: erasing && flipped && looks_like_writing(before, &probe.dabs),
        before: before_scores,
        after: after_scores,
        view: preprocessing.view_rect_at(width, height, probe.shift),
        model_view: screen_image(view.clone()),
        image: erased.map(screen_image),
    };
    Ok(Answer {
        probed,
        view,
        shown,
        warning,
    })
}

fn winner(scores: &Scores) -> Option<usize> {
    scores.best.filter(|_| !scores.none_won)
}
