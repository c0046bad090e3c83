//! A run's events, one a line of `metrics.jsonl`.

use std::io::{BufRead, BufReader, Read, Write};

use super::{MAX_FILE_BYTES, MAX_VALUES, RunFolder, write_error};
use crate::clip::write_whole;
use crate::files::{MAX_SMALL_BYTES, append_to, json_values, names_another_machine, open_file};
use crate::fine_tune::board::MAX_PAIRS;
use crate::fine_tune::run::events::RunEvent;
use crate::fine_tune::{Error, Result};

pub(super) const METRICS: &str = "metrics.jsonl";
/// Events that are shown: those of a million steps, or of so many bytes.
const MAX_EVENTS: usize = 1_000_000;
const MAX_EVENTS_BYTES: u64 = 64 << 20;
/// Values of one event: the names of many classes, or of files.
const MAX_EVENT_VALUES: usize = 100_000;

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

    /// Its events; a line that was cut is left out, and so is what holds more than any event of ours.
    pub fn events(&self) -> Vec<RunEvent> {
        let mut values = 0;
        let lines = self.lines(MAX_EVENTS_BYTES).take(MAX_EVENTS).filter(|line| {
            let of_line = json_values(line);
            values += of_line;
            of_line <= MAX_EVENT_VALUES && values <= MAX_VALUES
        });
        lines.filter_map(|line| event(&line)).collect()
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

/// The event of a line, with a board no larger than boards are (each of its cells is drawn), and without pictures of other
/// machines, which would be opened to be shown.
fn event(line: &[u8]) -> Option<RunEvent> {
    let mut event = serde_json::from_slice(line).ok()?;
    match &mut event {
        RunEvent::Validation {
            board,
            board_pairs,
            flips,
            ..
        } => {
            let small = |rows: &Vec<Vec<f32>>| rows.len() <= MAX_PAIRS && rows.iter().all(|row| row.len() <= MAX_PAIRS);
            let elsewhere = board_pairs.iter().any(|(path, _)| names_another_machine(path));
            if elsewhere || board_pairs.len() > MAX_PAIRS || !board.as_ref().is_none_or(small) {
                *board = None;
                board_pairs.clear();
            }
            flips.retain(|flip| !names_another_machine(&flip.path));
        }
        RunEvent::Done { model, .. } if names_another_machine(model) => return None,
        _ => {}
    }
    Some(event)
}
