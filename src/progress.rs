//! How far long work is, and whether anybody still wants it: one way for scans, hashing, downloads, evaluation, training.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

/// How far work is.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Step<'a> {
    /// What is being done, or to which file; empty where only one thing is.
    pub what: &'a str,
    /// How much is done: pictures, bytes, parts.
    pub done: f64,
    /// How much there is; 0 where nobody knows.
    pub total: f64,
}

impl Step<'_> {
    /// The share that is done, from 0 to 1.
    pub fn share(&self) -> f32 {
        if self.total > 0.0 {
            (self.done / self.total).clamp(0.0, 1.0) as f32
        } else {
            0.0
        }
    }
}

/// Who hears of work, and can call it off.
pub trait Progress {
    /// Hears how far it is: often, so that it decides itself what is worth showing.
    fn report(&self, step: Step<'_>);

    /// Whether nobody wants the work any more. Asked between two steps; the work then ends with what it has, or with an
    /// error that says that it was stopped.
    fn cancelled(&self) -> bool;

    /// The same, of work that counts its parts; whether to go on.
    fn counted(&self, done: usize, total: usize) -> bool {
        self.at("", done, total)
    }

    /// The same, of work that does one thing after the other; whether to go on.
    fn at(&self, what: &str, done: usize, total: usize) -> bool {
        self.report(Step {
            what,
            done: done as f64,
            total: total as f64,
        });
        !self.cancelled()
    }
}

/// Nobody listens, and nobody calls it off.
pub struct Unheard;

impl Progress for Unheard {
    fn report(&self, _step: Step<'_>) {}

    fn cancelled(&self) -> bool {
        false
    }
}

/// [`Progress`] as two closures: one that hears how far it is, and one that says whether the work is still wanted.
pub struct ProgressFn<H, W> {
    hear: H,
    wanted: W,
}

/// `hear` is told how far it is; `wanted` is asked between two steps.
pub fn progress_fn<H: Fn(Step<'_>), W: Fn() -> bool>(hear: H, wanted: W) -> ProgressFn<H, W> {
    ProgressFn { hear, wanted }
}

/// Nobody listens, and `wanted` decides whether it goes on.
pub fn while_wanted<W: Fn() -> bool>(wanted: W) -> ProgressFn<fn(Step<'_>), W> {
    ProgressFn { hear: |_| {}, wanted }
}

impl<H: Fn(Step<'_>), W: Fn() -> bool> Progress for ProgressFn<H, W> {
    fn report(&self, step: Step<'_>) {
        (self.hear)(step);
    }

    fn cancelled(&self) -> bool {
        !(self.wanted)()
    }
}

/// A part of longer work, from one share of it to another.
pub struct Part<'a, P: ?Sized> {
    whole: &'a P,
    from: f32,
    to: f32,
}

/// The part of `whole` from one share to another.
pub fn part<P: Progress + ?Sized>(whole: &P, from: f32, to: f32) -> Part<'_, P> {
    Part { whole, from, to }
}

impl<P: Progress + ?Sized> Progress for Part<'_, P> {
    fn report(&self, step: Step<'_>) {
        self.whole.report(Step {
            what: step.what,
            done: f64::from(self.from + (self.to - self.from) * step.share()),
            total: 1.0,
        });
    }

    fn cancelled(&self) -> bool {
        self.whole.cancelled()
    }
}

/// How much is done a second, over a sliding window.
pub struct Speed {
    window: Duration,
    every: Duration,
    marks: VecDeque<(Instant, f64)>,
    told: Option<Instant>,
}

impl Speed {
    /// Over the last `window`, told every so often.
    pub fn over(window: Duration, every: Duration) -> Self {
        Self {
            window,
            every,
            marks: VecDeque::new(),
            told: None,
        }
    }

    /// Notes how much is done by now, in all; now and then, how much that is a second.
    pub fn mark(&mut self, done: f64) -> Option<f64> {
        self.mark_at(done, Instant::now())
    }

    fn mark_at(&mut self, done: f64, now: Instant) -> Option<f64> {
        if self.told.is_some_and(|at| now - at < self.every) {
            return None;
        }
        self.told = Some(now);
        self.marks.push_back((now, done));
        // One that is older than the window stays: what was done since then is what the speed is made of.
        while self.marks.len() > 2 && self.marks.get(1).is_some_and(|(at, _)| now - *at > self.window) {
            self.marks.pop_front();
        }
        let (first, before) = self.marks.front().copied()?;
        let seconds = (now - first).as_secs_f64();
        (seconds > 0.0).then(|| (done - before).max(0.0) / seconds)
    }
}

#[cfg(test)]
mod tests {
    use std::cell::{Cell, RefCell};

    use super::*;

    #[test]
    fn a_part_reports_its_share_of_the_whole_and_is_called_off_with_it() {
        let (shares, wanted) = (RefCell::new(Vec::new()), Cell::new(true));
        let whole = progress_fn(|step| shares.borrow_mut().push(step.share()), || wanted.get());
        let second = part(&whole, 0.5, 1.0);
        assert!(second.counted(0, 4) && second.counted(2, 4));
        wanted.set(false);
        assert!(!second.counted(4, 4) && second.cancelled());
        assert_eq!(*shares.borrow(), [0.5, 0.75, 1.0]);
    }

    #[test]
    fn a_speed_is_that_of_the_last_seconds() {
        let (second, start) = (Duration::from_secs(1), Instant::now());
        let mut speed = Speed::over(2 * second, second / 2);
        assert_eq!(speed.mark_at(0.0, start), None, "one mark is no speed");
        assert_eq!(speed.mark_at(5.0, start + second / 4), None, "too soon to be told");
        assert_eq!(speed.mark_at(10.0, start + second), Some(10.0));
        assert_eq!(speed.mark_at(40.0, start + 2 * second), Some(20.0));
        // What was fast long ago does not count.
        assert_eq!(speed.mark_at(40.0, start + 12 * second), Some(0.0));
    }
}
