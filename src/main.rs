//! Starts a window, or a command.

#![forbid(unsafe_code)]

use std::process::ExitCode;
use std::time::Instant;

fn main() -> ExitCode {
    let started = Instant::now();
    let args = clipsight::cli::parse();
    match &args.command {
        Some(command) => clipsight::cli::run(command, &args.common),
        None => clipsight::cli::open_window(&args, started),
    }
}
