//! Printing results, and remembering whether something failed.

use std::io::{BufWriter, Stdout, Write, stdout};

use anyhow::Result;
use serde_json::Value;

use super::Format;
use crate::table;

/// Standard output in the chosen format.
pub struct Output {
    format: Format,
    out: BufWriter<Stdout>,
    header_written: bool,
    failed: bool,
}

impl Output {
    /// Nothing printed yet.
    pub fn new(format: Format) -> Self {
        Self {
            format,
            out: BufWriter::new(stdout()),
            header_written: false,
            failed: false,
        }
    }

    /// Prints one result: `json` as a line, or `rows` under `columns` as CSV, or `table` for people.
    pub fn result(
        &mut self,
        json: &Value,
        columns: &[&str],
        rows: impl FnOnce() -> Vec<Vec<String>>,
        table: impl FnOnce() -> String,
    ) -> Result<()> {
        match self.format {
            Format::Json => writeln!(self.out, "{json}")?,
            Format::Table => writeln!(self.out, "{}", table())?,
            Format::Csv => {
                if !self.header_written {
                    self.csv_line(columns.iter().copied())?;
                    self.header_written = true;
                }
                for row in rows() {
                    self.csv_line(row.iter().map(String::as_str))?;
                }
            }
        }
        // A reader at the other end of a pipe sees each result when it is there.
        self.out.flush()?;
        Ok(())
    }

    /// Prints a line for people only: what is printed for programs has it in other lines.
    pub fn table(&mut self, text: impl FnOnce() -> String) -> Result<()> {
        if self.format == Format::Table {
            writeln!(self.out, "{}", text())?;
            self.out.flush()?;
        }
        Ok(())
    }

    /// Names something that could not be done.
    pub fn failure(&mut self, what: &str, reason: &str) {
        self.failed = true;
        eprintln!("clipsight: {what}: {reason}");
    }

    /// Whether something could not be done.
    pub fn failed(&self) -> bool {
        self.failed
    }

    /// Writes what is still held back.
    pub fn finish(&mut self) -> Result<()> {
        Ok(self.out.flush()?)
    }

    fn csv_line<'a>(&mut self, fields: impl Iterator<Item = &'a str>) -> Result<()> {
        Ok(self.out.write_all(table::line(fields).as_bytes())?)
    }
}

/// Whether the reader of a pipe went away.
pub fn is_broken_pipe(error: &anyhow::Error) -> bool {
    error
        .downcast_ref::<std::io::Error>()
        .is_some_and(|e| e.kind() == std::io::ErrorKind::BrokenPipe)
}
