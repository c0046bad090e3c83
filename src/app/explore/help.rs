//! What the terms in the window mean, in a sentence or two each.

use crate::app::settings::Measure;

/// What a measure is.
pub fn measure(measure: Measure) -> &'static str {
    match measure {
        Measure::Probability => {
            "Each number is this label's share among these labels (a softmax over their logits): it changes when labels \
             are added. It says which label fits best, not how certain the model is."
        }
        Measure::Cosine => {
            "How close picture and text lie in the model's space, from −1 to 1; CLIP's cosines mostly lie between 0.15 \
             and 0.35. It does not depend on the other labels."
        }
        Measure::Logit => {
            "The cosine times the model's own scale (for CLIP about 100), before the softmax. A lead of 1 makes a label \
             e times, about 2.7 times, as probable as the next."
        }
    }
}

/// What a probability is where every label is judged by itself.
pub const SIGMOID: &str = "This model judges every label by itself (a sigmoid): the numbers need not add up to 100\u{a0}%, and \
    several labels can fit.";
/// What probabilities do not mean.
pub const SHARES: &str = "Each number is a share among these labels, not a measure of certainty.";
/// Why one label alone has no probability.
pub const ALONE: &str = "One label alone has no share: any picture would be 100\u{a0}%. Shown is its cosine, and the picture's \
    rank by it.";
/// What "none of these" is.
pub const NONE: &str = "\"None of these\" stands beside your labels as the meaning of words like \"thing\" and \"object\", and \
    is the answer where a picture is closer to them than to every label. The slider adds an offset to its cosine.";
/// How its share is meant.
pub const NONE_SHARE: &str = "Against all labels together; not one of the shares above.";
/// How its cosine is meant.
pub const NONE_COSINE: &str = "Closeness to words like \"thing\", without the offset.";
/// What the closest call is.
pub const CLOSEST_CALL: &str = "How narrowly the answer beats the runner-up (cosine), \"none of these\" included.";
/// What a likeness is.
pub const LIKENESS: &str = "The cosine of the two pictures' embeddings, from −1 to 1: how like the model finds them.";
