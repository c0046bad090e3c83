//! Failures that name themselves: mistakes that lie together, and the words that tell them from what is answered rightly.

use serde::{Deserialize, Serialize};

use super::interval::Interval;

/// Mistakes of one class that lie together.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Cluster {
    /// The class that they show.
    pub class: usize,
    /// The mistakes, the most typical first.
    pub places: Vec<usize>,
    /// Every picture of the class that lies with them, answered rightly or not.
    pub members: Vec<usize>,
    /// The words that tell them from the right answers of the class, the best first, each with how much nearer it is.
    pub words: Vec<(String, f32)>,
    /// The accuracy on members that had no part in finding the cluster; none where there are none.
    pub held_out: Option<Interval>,
}
