//! Starts a window, or a command.

#![forbid(unsafe_code)]

use std::process::ExitCode;
use std::time::Instant;

use clipsight::{cli, logging};

fn main() -> ExitCode {
    let started = Instant::now();
    let args = cli::parse();
    if let Err(error) = logging::start(args.common.log.as_deref()) {
        eprintln!("clipsight: {error}");
        return ExitCode::from(2);
    }
    let run = std::panic::AssertUnwindSafe(|| match &args.command {
        Some(command) => cli::run(command, &args.common),
        None => cli::open_window(&args, started),
    });
    std::panic::catch_unwind(run).unwrap_or_else(|_| {
        eprintln!("clipsight: stopped because of a mistake of ours; {}", logging::place());
        ExitCode::from(1)
    })
}
