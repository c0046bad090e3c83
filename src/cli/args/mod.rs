//! What can be written on the command line.

mod evaluate;
mod kept;
mod names;
mod pictures;
mod teaching;

use std::ffi::OsString;
use std::path::PathBuf;

use clap::{Parser, Subcommand, ValueEnum};

use crate::clip::Precision;
use crate::engine::DeviceChoice;
use crate::table::Style;
pub use evaluate::EvaluateArgs;
pub use kept::{ModelsArgs, ModelsCommand, StoreArgs, StoreCommand};
use names::{one_of, precision_name};
pub use pictures::{ClassifyArgs, EmbedArgs, HeatmapArgs, SearchArgs};
pub use teaching::{FineTuneArgs, RunsArgs, RunsCommand};

/// See what CLIP sees: zero-shot predictions and heatmaps on your own pictures.
///
/// Without a command, opens the window.
#[derive(Debug, Parser)]
#[command(name = "clipsight", version = crate::version::version(), args_conflicts_with_subcommands = true)]
pub struct Args {
    /// What to do instead of opening the window.
    #[command(subcommand)]
    pub command: Option<Command>,

    /// Folders or pictures to open in the window.
    #[arg(value_name = "FOLDER")]
    pub paths: Vec<PathBuf>,

    /// Options that mean the same everywhere.
    #[command(flatten)]
    pub common: Common,

    /// Close the window at this point and print the milliseconds since the start (used by `bench`).
    #[arg(long, hide = true, value_enum)]
    pub exit_after: Option<Milestone>,
}

/// Options that mean the same everywhere.
#[derive(Debug, Clone, clap::Args)]
pub struct Common {
    /// A folder, a weights file, a name from the catalogue that is on this machine, a run, or `starter`.
    #[arg(long, global = true, value_name = "MODEL")]
    pub model: Option<OsString>,

    /// Where the model computes.
    #[arg(long, global = true, value_parser = one_of(&DeviceChoice::ALL, DeviceChoice::name))]
    pub device: Option<DeviceChoice>,

    /// The precision in which a GPU computes. The CPU always computes in full precision.
    #[arg(long, global = true, value_parser = one_of(&Precision::ALL, precision_name))]
    pub precision: Option<Precision>,

    /// How much is written to the log in the data folder: error, warn, info, debug, trace, off, or a filter as for RUST_LOG.
    #[arg(long, global = true, value_name = "LEVEL")]
    pub log: Option<String>,

    /// How results are printed.
    #[arg(long, global = true, value_enum, default_value_t = Format::Table)]
    pub format: Format,

    /// Begin CSV with a byte order mark: Excel then reads it as UTF-8.
    #[arg(long, global = true)]
    pub csv_bom: bool,

    /// In CSV, put an apostrophe before texts that a spreadsheet would take for a formula (those that begin with = + - @, a
    /// tab or a line break); numbers stay as they are.
    #[arg(long, global = true)]
    pub csv_safe: bool,
}

impl Common {
    /// How tables are written.
    pub fn csv_style(&self) -> Style {
        Style {
            bom: self.csv_bom,
            safe: self.csv_safe,
        }
    }
}

/// How results are printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// For people.
    Table,
    /// One object a line.
    Json,
    /// With a header line.
    Csv,
    /// A table for a paper; of `evaluate`.
    Latex,
    /// A table for a page; of `evaluate`.
    Markdown,
}

/// Points in the life of the window.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Milestone {
    /// The first frame is drawn.
    FirstFrame,
    /// The first prediction is on screen.
    FirstPrediction,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Zero-shot predictions, best first.
    Classify(ClassifyArgs),
    /// Normalised embeddings of pictures or texts.
    Embed(EmbedArgs),
    /// Rank pictures by a text or by a picture.
    Search(SearchArgs),
    /// Draw where a label is found in a picture.
    Heatmap(HeatmapArgs),
    /// Answers against ground truth, in numbers.
    Evaluate(Box<EvaluateArgs>),
    /// The models of the catalogue and on this machine.
    Models(ModelsArgs),
    /// Teach a model from pictures.
    FineTune(Box<FineTuneArgs>),
    /// What was taught: list, show, resume, delete, export.
    Runs(RunsArgs),
    /// The data folder: where it is and what it holds, and how that is forgotten.
    Store(StoreArgs),
    /// Measure this machine.
    Bench(BenchArgs),
}

/// Arguments of `bench`.
#[derive(Debug, clap::Args)]
pub struct BenchArgs {
    /// Measure only figures whose name starts so; repeat for more.
    #[arg(long, value_name = "NAME", num_args = 1..)]
    pub only: Vec<String>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_definitions_are_consistent() {
        Args::command().debug_assert();
    }
}
