//! Tells the program which commit it was built from, for `--version` and the log.

use std::process::Command;

fn main() {
    println!("cargo::rerun-if-changed=.git/HEAD");
    println!("cargo::rerun-if-changed=.git/refs");
    println!(
        "cargo::rustc-env=CLIPSIGHT_COMMIT={}",
        commit().unwrap_or_else(|| "unknown".into())
    );
}

/// The short name of the commit; none where there is no git or no repository (a source archive).
fn commit() -> Option<String> {
    let output = Command::new("git")
        .args(["rev-parse", "--short=9", "HEAD"])
        .output()
        .ok()?;
    let name = String::from_utf8(output.stdout).ok()?;
    output.status.success().then(|| name.trim().to_owned())
}
