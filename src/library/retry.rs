//! When to try again what failed: soon at first, then later and later.

use std::time::{Duration, Instant};

const FIRST: Duration = Duration::from_millis(500);
const LONGEST: Duration = Duration::from_secs(60);

/// When to try again.
#[derive(Debug, Default)]
pub(super) struct Retry {
    failed: Option<(Instant, Duration)>,
}

impl Retry {
    /// Whether it is time.
    pub fn is_due(&self) -> bool {
        self.failed.is_none_or(|(at, wait)| at.elapsed() >= wait)
    }

    pub fn failed(&mut self) {
        let wait = self.failed.map_or(FIRST, |(_, wait)| (2 * wait).min(LONGEST));
        self.failed = Some((Instant::now(), wait));
    }

    pub fn succeeded(&mut self) {
        self.failed = None;
    }
}
