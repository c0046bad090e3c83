//! Starts a window, or a command.

#![forbid(unsafe_code)]

use std::process::ExitCode;
use std::time::Instant;

use clipsight::{cli, logging};

fn main() -> ExitCode {
    let started = Instant::now();
    let args = cli::parse();
    cli::without_noise();
    if let Err(error) = logging::start(args.common.log.as_deref()) {
        cli::say(&error.to_string());
        return ExitCode::from(2);
    }
    let run = std::panic::AssertUnwindSafe(|| match &args.command {
        Some(command) => cli::run(command, &args.common),
        None => cli::open_window(&args, started),
    });
    std::panic::catch_unwind(run).unwrap_or_else(|panic| {
        let reason = logging::panic_text(panic.as_ref());
        cli::say(&format!(
            "stopped because of a mistake of ours ({reason}); {}",
            logging::place()
        ));
        ExitCode::from(1)
    })
}
