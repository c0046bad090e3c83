//! How good answers are, and how sure that is. Knows no thread and no window.

mod interval;
mod metrics;

pub use interval::{Interval, mean_interval};
pub use metrics::{accuracy, best, dot, recall_at_1};
