//! Tells the program which commit it was built from, for `--version` and the log.

use std::path::Path;
use std::process::Command;

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    // What moves with the commit: the name of the branch, and where branches end.
    for file in ["HEAD", "refs/heads", "packed-refs"] {
        if let Some(path) = git(&["rev-parse", "--git-path", file]).filter(|path| Path::new(path).exists()) {
            println!("cargo::rerun-if-changed={path}");
        }
    }
    let commit = git(&["rev-parse", "--short=9", "HEAD"]);
    println!(
        "cargo::rustc-env=CLIPSIGHT_COMMIT={}",
        commit.as_deref().unwrap_or("unknown commit")
    );
}

/// What git says; none where there is no git or no repository (a source archive).
fn git(arguments: &[&str]) -> Option<String> {
    let output = Command::new("git").args(arguments).output().ok()?;
    let said = String::from_utf8(output.stdout).ok()?;
    output.status.success().then(|| said.trim().to_owned())
}
