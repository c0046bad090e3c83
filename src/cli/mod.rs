//! The same capabilities without a window.
//!
//! JSON is one object a line on standard output; everything that went wrong is named on standard error. Exit codes:
//! 0 all done, 1 something asked for could not be done, 2 wrong usage.

mod args;
mod bench;
mod bench_busy;
mod bench_description;
mod bench_evaluation;
mod bench_gpu;
mod bench_large;
mod bench_scores;
mod bench_store;
mod bench_training;
mod classify;
mod crowd;
mod crowd_evaluation;
mod embed;
mod evaluate;
mod figures;
mod fine_tune;
mod frames;
mod heatmap;
mod heatmap_trust;
mod interrupt;
mod models;
mod output;
mod pictures;
mod preview;
mod progress;
mod quiet;
mod runs;
mod search;
mod store;
mod window;

use std::process::ExitCode;

use clap::{CommandFactory, Parser};

pub use args::{Args, Command, Common, Format};

pub use window::open_window;

use crate::escape::visible_lines;
pub use output::say;
use output::{Output, is_broken_pipe};
pub use quiet::without_noise;

/// Parses the arguments of the process; on wrong usage, explains and exits with 2.
pub fn parse() -> Args {
    Args::parse()
}

/// Runs a subcommand.
pub fn run(command: &Command, common: &Common) -> ExitCode {
    let mut output = Output::new(common);
    let tables = matches!(common.format, Format::Latex | Format::Markdown);
    let done = match command {
        command if tables && !matches!(command, Command::Evaluate(_)) => {
            Err(Usage("latex and markdown are formats of evaluate; here there are table, json and csv".into()).into())
        }
        Command::Evaluate(args) => evaluate::run(args, common, &mut output),
        Command::Classify(args) => classify::run(args, common, &mut output),
        Command::Embed(args) => embed::run(args, common, &mut output),
        Command::Search(args) => search::run(args, common, &mut output),
        Command::Heatmap(args) => heatmap::run(args, common, &mut output),
        Command::Models(args) => models::run(args, common, &mut output),
        Command::FineTune(args) => fine_tune::run(args, common, &mut output),
        Command::Runs(args) => runs::run(args, common, &mut output),
        Command::Store(args) => store::run(args, &mut output),
        Command::Bench(args) => bench::run(args, common, &mut output),
    };
    let finished = done.and_then(|()| output.finish());
    match finished {
        Ok(()) if output.failed() => ExitCode::from(1),
        Ok(()) => ExitCode::SUCCESS,
        // Whoever reads us had enough, as `head` does.
        Err(error) if is_broken_pipe(&error) => ExitCode::SUCCESS,
        Err(error) if error.is::<Usage>() => Args::command()
            .error(
                clap::error::ErrorKind::ValueValidation,
                visible_lines(&format!("{error:#}")),
            )
            .print()
            .map_or(ExitCode::from(2), |()| ExitCode::from(2)),
        Err(error) => {
            say(&in_words(&error));
            ExitCode::from(1)
        }
    }
}

/// An error and what caused it, each once: some say their cause themselves.
fn in_words(error: &anyhow::Error) -> String {
    let mut words = String::new();
    for cause in error.chain().map(ToString::to_string) {
        if !words.contains(&cause) {
            words += if words.is_empty() { "" } else { ": " };
            words += &cause;
        }
    }
    words
}

/// An error of the command line itself: exit code 2.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
struct Usage(String);
