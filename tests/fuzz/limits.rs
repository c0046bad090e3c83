//! What a file may cost.

use std::time::{Duration, Instant};

/// No file may take longer. A machine that does much else makes none slower: what counts is the time of processors.
pub const MOST_TIME: Duration = Duration::from_secs(10);
/// Nor may anybody wait longer for one that takes no processor's time, as for a pipe.
pub const MOST_WAIT: Duration = Duration::from_secs(60);
/// No file may take more memory; what the reader's process takes besides is counted in.
pub const MOST_BYTES: u64 = 1_000_000_000;
/// Linux tells the time of processors in hundredths of a second, whatever its own clock.
const TICK: Duration = Duration::from_millis(10);

/// The time that something takes from now on.
#[derive(Clone, Copy)]
pub struct Effort {
    since: Instant,
    worked: Option<Duration>,
}

impl Effort {
    pub fn begins() -> Self {
        Self {
            since: Instant::now(),
            worked: processor_time(),
        }
    }

    /// How long it took where nothing else is done: never longer than by the clock, nor than processors worked on it. Where
    /// they do not tell, a third of the clock's time.
    pub fn time(&self) -> Duration {
        let waited = self.waited();
        match (self.worked, processor_time()) {
            (Some(before), Some(now)) => waited.min(now.saturating_sub(before)),
            _ => waited / 3,
        }
    }

    /// How long it took by the clock.
    pub fn waited(&self) -> Duration {
        self.since.elapsed()
    }
}

/// What processors worked for this process so far, over all threads; none where the system does not tell.
fn processor_time() -> Option<Duration> {
    let stat = std::fs::read_to_string("/proc/self/stat").ok()?;
    // The name stands in brackets and may be anything. From behind it, the 12th number is the time in the program, the 13th
    // that in the system (proc_pid_stat(5): utime and stime).
    let (_, numbers) = stat.rsplit_once(')')?;
    let mut times = numbers.split_whitespace().skip(11).map(str::parse::<u32>);
    Some(TICK * (times.next()?.ok()? + times.next()?.ok()?))
}

/// The most memory that this process had in use at once; none where the system does not tell.
pub fn peak_bytes() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    Some(line.split_whitespace().next()?.parse::<u64>().ok()? * 1_024)
}
