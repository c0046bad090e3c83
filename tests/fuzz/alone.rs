//! A process for each reader: the test starts this program again for itself alone.

use std::process::Command;

/// Names the reader in the process that is its own.
const ALONE: &str = "CLIPSIGHT_FUZZ_READER";

/// The reader whose process this is; none in the one that was started by hand.
pub fn reader_of_this_process() -> Option<String> {
    std::env::var(ALONE).ok()
}

/// Tries a reader of this test in a process of its own, and fails where that does.
pub fn read_alone(reader: &str) {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--nocapture", "--test-threads=1"]).env(ALONE, reader);
    // Each test has a thread of its name. Where that is not so, all are gone through, and do nothing for other readers.
    if let Some(test) = std::thread::current().name().filter(|name| *name != "main") {
        command.args(["--exact", test]);
    }
    let output = command.output().unwrap();
    let [printed, errors] = [&output.stdout, &output.stderr].map(|bytes| String::from_utf8_lossy(bytes));
    assert!(
        output.status.success(),
        "{reader}: {}\n{errors}\n{printed}",
        output.status
    );
    let cases = printed.lines().find(|line| line.contains("fuzz_cases"));
    println!(
        "{}",
        cases.unwrap_or_else(|| panic!("{reader} was not tried: {printed}"))
    );
}
