//! Printing results, and remembering whether something failed.

use std::io::{BufWriter, IsTerminal, Stdout, Write, stderr, stdout};
use std::path::{Path, PathBuf};

use anyhow::Result;
use serde_json::{Value, json};

use super::pictures::shown;
use super::progress::beside;
use super::{Common, Format};
use crate::escape::{path_bytes, shortened, visible, visible_json, visible_lines, visible_path};
use crate::table;

/// The column, and the field, for paths that are not UTF-8.
const PATH_BYTES: &str = "path_bytes";

/// Standard output in the chosen format.
pub struct Output {
    format: Format,
    style: table::Style,
    /// Whether the table has a column for the bytes of paths.
    with_path_bytes: bool,
    out: BufWriter<Stdout>,
    /// Whether a terminal reads it, which obeys what programs only store.
    on_terminal: bool,
    header_written: bool,
    failed: bool,
}

impl Output {
    /// Nothing printed yet.
    pub fn new(common: &Common) -> Self {
        Self {
            format: common.format,
            style: common.csv_style(),
            with_path_bytes: false,
            out: BufWriter::new(stdout()),
            on_terminal: stdout().is_terminal(),
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
            Format::Json => writeln!(self.out, "{}", visible_json(&json.to_string()))?,
            // Tables of whole results, which their commands print at the end.
            Format::Latex | Format::Markdown => {}
            Format::Table => writeln!(self.out, "{}", visible_lines(&table()))?,
            Format::Csv => {
                if !self.header_written {
                    self.out.write_all(self.style.beginning().as_bytes())?;
                    self.csv_line(columns.iter().copied())?;
                    self.header_written = true;
                }
                for row in rows() {
                    self.csv_line(row.iter().map(String::as_str))?;
                }
            }
        }
        // A reader at the other end of a pipe sees each result when it is there.
        Ok(beside(|| self.out.flush())?)
    }

    /// Says of which paths results will come: where one is not UTF-8, the table gets a column for its bytes.
    pub fn expect_paths(&mut self, paths: &[PathBuf]) {
        self.with_path_bytes = paths.iter().any(|path| path.to_str().is_none());
    }

    /// Prints a result about a path: `json` gets the path, and both get its bytes where it is not UTF-8.
    pub fn path_result(
        &mut self,
        path: &Path,
        mut json: Value,
        columns: &[&str],
        rows: impl FnOnce() -> Vec<Vec<String>>,
        table: impl FnOnce() -> String,
    ) -> Result<()> {
        let bytes = path_bytes(path);
        json["path"] = shown(path).into();
        if let Some(bytes) = &bytes {
            json[PATH_BYTES] = json!(bytes);
        }
        if !self.with_path_bytes {
            return self.result(&json, columns, rows, table);
        }
        let columns: Vec<&str> = columns.iter().copied().chain([PATH_BYTES]).collect();
        let bytes = bytes.unwrap_or_default();
        let with_bytes = |mut row: Vec<String>| {
            row.push(bytes.clone());
            row
        };
        self.result(&json, &columns, || rows().into_iter().map(with_bytes).collect(), table)
    }

    /// Prints a line for people only: what is printed for programs has it in other lines.
    pub fn table(&mut self, text: impl FnOnce() -> String) -> Result<()> {
        if self.format == Format::Table {
            writeln!(self.out, "{}", visible_lines(&text()))?;
            beside(|| self.out.flush())?;
        }
        Ok(())
    }

    /// Prints a text of several lines.
    pub fn text(&mut self, text: &str) -> Result<()> {
        self.out.write_all(visible_lines(text).as_bytes())?;
        Ok(self.out.flush()?)
    }

    /// Names something that could not be done.
    pub fn failure(&mut self, what: &str, reason: &str) {
        self.failed = true;
        say(&format!("{what}: {reason}"));
    }

    /// Names a path with which something could not be done.
    pub fn path_failure(&mut self, path: &Path, reason: &str) {
        self.failure(&visible_path(path), reason);
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
        let line = csv_line(self.style, fields, self.on_terminal);
        Ok(self.out.write_all(line.as_bytes())?)
    }
}

/// A line of CSV: as it is for programs, and with what a terminal would obey spelt out for a terminal.
fn csv_line<'a>(style: table::Style, fields: impl Iterator<Item = &'a str>, on_terminal: bool) -> String {
    if !on_terminal {
        return style.line(fields);
    }
    let fields: Vec<String> = fields.map(visible).collect();
    style.line(fields.iter().map(String::as_str))
}

/// Says something on standard error, in one line: names in it cannot pretend to be another. Nobody may be listening there:
/// that stops nothing.
pub fn say(text: &str) {
    let _ = beside(|| writeln!(stderr(), "clipsight: {}", visible(&shortened(text))));
}

/// Whether the reader of a pipe went away.
pub fn is_broken_pipe(error: &anyhow::Error) -> bool {
    error
        .downcast_ref::<std::io::Error>()
        .is_some_and(|e| e.kind() == std::io::ErrorKind::BrokenPipe)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_terminal_obeys_nothing_in_a_table_and_a_program_gets_it_as_it_is() {
        let fields = ["\u{1b}[31mred.jpg", "a,b"];
        let line = |on_terminal: bool| csv_line(table::Style::default(), fields.into_iter(), on_terminal);
        assert_eq!(line(false), "\u{1b}[31mred.jpg,\"a,b\"\r\n");
        assert_eq!(line(true), "\\u{1b}[31mred.jpg,\"a,b\"\r\n");
    }
}
