//! Says what a test leaves out on this machine.

use std::io::Write;

/// Writes it to standard error itself: what `eprintln!` says in a test that passes, the test runner keeps to itself.
pub fn not_checked(reason: &str) {
    let _ = writeln!(std::io::stderr(), "NOT CHECKED: {reason}");
}
