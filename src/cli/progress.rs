//! Progress on a terminal, on standard error; nothing where that is no terminal.

use std::sync::{LazyLock, Mutex, PoisonError};
use std::time::Duration;

use indicatif::{MultiProgress, ProgressBar, ProgressStyle};

use crate::escape::visible;
use crate::progress::{Progress, Step};

/// All bars of this process: what is written beside them goes through [`beside`].
static BARS: LazyLock<MultiProgress> = LazyLock::new(MultiProgress::new);

const COUNTED: &str = "{msg}{wide_bar} {human_pos}/{human_len}  {per_sec}  {eta} left";
const BYTES: &str = "{msg}{wide_bar} {bytes}/{total_bytes}  {bytes_per_sec}  {eta} left";
const SHARE: &str = "{msg}{wide_bar} {percent} %  {eta} left";
/// Parts of which a share is shown.
const PARTS: f64 = 1_000.0;

/// Writes to the terminal while bars stand on it.
pub fn beside<T>(write: impl FnOnce() -> T) -> T {
    BARS.suspend(write)
}

/// A line that says how far work is; it goes away with this value.
pub struct Bar {
    bar: ProgressBar,
    /// What the numbers are multiplied with.
    scale: f64,
    /// What it said last.
    what: Mutex<String>,
    wanted: Box<dyn Fn() -> bool + Sync>,
}

impl Bar {
    /// Of things that are counted.
    pub fn counted(what: &str) -> Self {
        Self::new(what, COUNTED, 1.0)
    }

    /// Of bytes.
    pub fn bytes() -> Self {
        Self::new("", BYTES, 1.0)
    }

    /// Of work whose parts are not worth counting.
    pub fn share(what: &str) -> Self {
        Self::new(what, SHARE, PARTS)
    }

    /// It is called off where `wanted` says no.
    pub fn while_wanted(mut self, wanted: impl Fn() -> bool + Sync + 'static) -> Self {
        self.wanted = Box::new(wanted);
        self
    }

    fn new(what: &str, template: &str, scale: f64) -> Self {
        let bar = BARS.add(ProgressBar::no_length());
        if let Ok(style) = ProgressStyle::with_template(template) {
            bar.set_style(style.progress_chars("=> "));
        }
        let bar = Self {
            bar,
            scale,
            what: Mutex::new(what.into()),
            wanted: Box::new(|| true),
        };
        bar.say(what);
        bar
    }

    /// What stands before the bar.
    pub fn say(&self, text: &str) {
        let text = visible(text);
        self.bar
            .set_message(if text.is_empty() { text } else { format!("{text}  ") });
    }
}

impl Progress for Bar {
    fn report(&self, step: Step<'_>) {
        let mut said = self.what.lock().unwrap_or_else(PoisonError::into_inner);
        if !step.what.is_empty() && step.what != *said {
            step.what.clone_into(&mut said);
            self.say(step.what);
            self.bar.reset_eta();
        }
        drop(said);
        let (done, total) = if self.scale == 1.0 {
            (step.done, step.total)
        } else {
            (f64::from(step.share()) * self.scale, self.scale)
        };
        if self.bar.length() != Some(total as u64) {
            self.bar.set_length(total as u64);
            self.bar.enable_steady_tick(Duration::from_millis(250));
        }
        self.bar.set_position(done as u64);
    }

    fn cancelled(&self) -> bool {
        !(self.wanted)()
    }
}

impl Drop for Bar {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
        BARS.remove(&self.bar);
    }
}
