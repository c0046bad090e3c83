//! The real binary, watched: how much memory it takes at most, and how long it works.

use std::process::{Output, Stdio};
use std::time::{Duration, Instant};

use crate::program::Program;

/// No hostile file may take more.
pub const MOST_BYTES: u64 = 1_000_000_000;
/// Nor longer, on a machine that has nothing else to do; the tests run beside each other.
pub const MOST_TIME: Duration = Duration::from_secs(10);
const LOOK: Duration = Duration::from_millis(5);

/// A run of the program to its end.
pub struct Measured {
    pub output: Output,
    /// The most memory that it had in use, in bytes; none where the system does not tell.
    pub peak_bytes: Option<u64>,
    /// Seconds of processor time are not told everywhere; these are of the clock.
    pub took: Duration,
}

impl Measured {
    pub fn errors(&self) -> String {
        String::from_utf8_lossy(&self.output.stderr).into_owned()
    }

    /// Fails where it took more memory than anything may.
    pub fn assert_small(&self, what: &str) {
        if let Some(peak) = self.peak_bytes {
            assert!(peak < MOST_BYTES, "{what} took {peak} bytes");
        }
    }

    /// Fails where it took more than a hostile file may.
    pub fn assert_modest(&self, what: &str) {
        self.assert_small(what);
        // A machine that is busy otherwise gets three times as long.
        assert!(self.took < 3 * MOST_TIME, "{what} took {:?}", self.took);
        println!("{what}: {:?} bytes, {:?}", self.peak_bytes, self.took);
    }
}

/// Runs the program and watches it.
pub fn measured(program: &Program, args: &[&str]) -> Measured {
    let started = Instant::now();
    let mut command = program.command(args);
    let mut child = command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let id = child.id();
    let watched = std::thread::spawn(move || {
        let mut peak = None;
        while let Some(now) = peak_of(id) {
            peak = Some(now.max(peak.unwrap_or(0)));
            std::thread::sleep(LOOK);
        }
        peak
    });
    let output = {
        // Both pipes are read while it works, so that neither fills up.
        let mut stdout = child.stdout.take().unwrap();
        let mut stderr = child.stderr.take().unwrap();
        let read = std::thread::spawn(move || {
            let mut bytes = Vec::new();
            std::io::Read::read_to_end(&mut stderr, &mut bytes).unwrap();
            bytes
        });
        let mut bytes = Vec::new();
        std::io::Read::read_to_end(&mut stdout, &mut bytes).unwrap();
        Output {
            status: child.wait().unwrap(),
            stdout: bytes,
            stderr: read.join().unwrap(),
        }
    };
    Measured {
        output,
        peak_bytes: watched.join().unwrap(),
        took: started.elapsed(),
    }
}

/// Linux tells while the process is there.
fn peak_of(id: u32) -> Option<u64> {
    let status = std::fs::read_to_string(format!("/proc/{id}/status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    Some(line.split_whitespace().next()?.parse::<u64>().ok()? * 1_024)
}
