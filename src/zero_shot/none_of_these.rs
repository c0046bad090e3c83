//! "None of these": the answer that a softmax over the labels cannot give.
//!
//! The rule: one more class stands beside the labels, an ensemble of words that mean nothing in particular, put
//! through the same templates. It wins where its cosine (plus the user's bias, 0 by default) exceeds every label's.
//!
//! Why this rule and not a threshold on the best cosine or on its softmax (MCM, arXiv 2211.13445): both separate about
//! as well, but their cut-off has to be learnt from the user's own negatives, and moves with the model, the template
//! and the number of labels. A rival class moves with all three by itself and needs no calibration.

/// Words that fit any picture and say nothing about it.
pub const NONE_WORDS: [&str; 4] = ["thing", "object", "something", "stuff"];
