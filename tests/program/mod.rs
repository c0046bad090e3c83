//! The real binary, with a data folder of its own.

use std::process::{Command, Output};

use serde_json::Value;

/// Clipsight with a data folder of its own.
pub struct Program(pub tempfile::TempDir);

impl Program {
    /// An empty data folder.
    pub fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    /// The program on the CPU, in the project's folder.
    pub fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_clipsight"));
        command
            .args(args)
            .current_dir(env!("CARGO_MANIFEST_DIR"))
            .env("CLIPSIGHT_DATA_DIR", self.0.path())
            .env("CLIPSIGHT_DEVICE", "cpu");
        command
    }

    /// Runs it.
    pub fn run(&self, args: &[&str]) -> Output {
        self.command(args).output().unwrap()
    }

    /// Runs it to its good end; what it printed as JSON.
    pub fn json(&self, args: &[&str]) -> Vec<Value> {
        let output = self.run(&[args, &["--format", "json"]].concat());
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{args:?}: {errors}");
        lines(&output)
    }
}

/// What was printed as JSON lines.
pub fn lines(output: &Output) -> Vec<Value> {
    let text = String::from_utf8(output.stdout.clone()).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}
