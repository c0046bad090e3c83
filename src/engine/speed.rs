//! Pictures per second, over a sliding window.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

const WINDOW: Duration = Duration::from_secs(3);
const REPORT_EVERY: Duration = Duration::from_millis(500);

/// Counts what was done lately.
#[derive(Default)]
pub struct Speed {
    batches: VecDeque<(Instant, usize)>,
    reported: Option<Instant>,
}

impl Speed {
    /// Counts a batch that was just finished; now and then, the pictures per second.
    pub fn count(&mut self, pictures: usize) -> Option<f32> {
        let now = Instant::now();
        self.batches.push_back((now, pictures));
        while self.batches.front().is_some_and(|(at, _)| now - *at > WINDOW) {
            self.batches.pop_front();
        }
        let due = self.reported.is_none_or(|at| now - at >= REPORT_EVERY);
        let (first, counted) = self.batches.front().copied()?;
        let seconds = (now - first).as_secs_f32();
        if !due || seconds <= 0.0 {
            return None;
        }
        self.reported = Some(now);
        // The first batch only starts the clock.
        let pictures: usize = self.batches.iter().map(|(_, count)| count).sum::<usize>() - counted;
        Some(pictures as f32 / seconds)
    }
}
