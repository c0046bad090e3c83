//! A run's events, one a line of `metrics.jsonl`.

use std::io::{BufRead, BufReader, Read, Write};

use super::{MAX_FILE_BYTES, RunFolder, write_error};
use crate::clip::write_whole;
use crate::files::{MAX_SMALL_BYTES, append_to, open_file};
use crate::fine_tune::run::events::RunEvent;
use crate::fine_tune::{Error, Result};

pub(super) const METRICS: &str = "metrics.jsonl";
/// Events that are shown: those of a million steps, or of so many bytes.
const MAX_EVENTS: usize = 1_000_000;
const MAX_EVENTS_BYTES: u64 = 64 << 20;

impl RunFolder {
    /// Writes an event behind the others.
    ///
    /// # Errors
    /// It cannot be written.
    pub fn append(&self, event: &RunEvent) -> Result<()> {
        let path = self.file(METRICS);
        let line = serde_json::to_string(event).map_err(|e| Error::Run(e.to_string()))?;
        let written = append_to(&path).and_then(|mut file| writeln!(file, "{line}"));
        written.map_err(|e| write_error(&path, e))
    }

    /// Its events; a line that was cut is left out.
    pub fn events(&self) -> Vec<RunEvent> {
        let lines = self.lines(MAX_EVENTS_BYTES).take(MAX_EVENTS);
        lines.filter_map(|line| serde_json::from_slice(&line).ok()).collect()
    }

    /// The lines of its curves, one after the other; what is longer than an event can be is left out.
    fn lines(&self, most: u64) -> impl Iterator<Item = Vec<u8>> {
        let file = open_file(&self.file(METRICS)).ok();
        let bytes = file.into_iter().map(move |file| BufReader::new(file.take(most)));
        let lines = bytes.flat_map(|bytes| bytes.split(b'\n').map_while(std::io::Result::ok));
        lines.filter(|line| !line.is_empty() && line.len() as u64 <= MAX_SMALL_BYTES)
    }

    /// Forgets the events after a step, to which the run goes back.
    ///
    /// # Errors
    /// They cannot be written.
    pub fn forget_after(&self, step: usize) -> Result<()> {
        let before = |event: &RunEvent| {
            let over = matches!(event, RunEvent::Done { .. } | RunEvent::Failed { .. });
            !over && event.step().is_none_or(|at| at <= step)
        };
        // As they were written, to the last digit.
        let kept = self
            .lines(MAX_FILE_BYTES)
            .filter(|line| serde_json::from_slice(line).is_ok_and(|event| before(&event)));
        let mut text = Vec::new();
        for line in kept {
            text.extend(line);
            text.push(b'\n');
        }
        Ok(write_whole(&self.file(METRICS), &text)?)
    }
}
