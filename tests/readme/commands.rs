//! Every command and every flag that README names is there.

use clap::error::ErrorKind;
use clap::{CommandFactory, Parser};
use clipsight::cli::Args;

use crate::program::Program;

const README: &str = include_str!("../../README.md");
/// Flags of cargo and of `compare.py`, and those that every program has.
const OTHERS: [&str; 4] = ["release", "labels", "help", "version"];

/// What stands between backticks, in one line or in blocks of several.
fn quoted() -> Vec<String> {
    let quoted = README.split('`').skip(1).step_by(2);
    let lines = quoted.flat_map(|quoted| match quoted.strip_prefix('\n') {
        Some(block) => block.lines().map(String::from).collect(),
        None => vec![quoted.replace('\n', " ")],
    });
    lines.collect()
}

/// The words of a line as a shell tells them apart.
fn words(line: &str) -> Vec<&str> {
    let parts = line.split('"').enumerate();
    let words = parts.flat_map(|(n, part)| match n % 2 {
        0 => part.split_whitespace().collect(),
        _ => vec![part],
    });
    words.collect()
}

#[test]
fn every_command_in_readme_is_one() {
    let lines = quoted();
    let commands: Vec<&String> = lines.iter().filter(|line| line.starts_with("clipsight ")).collect();
    assert!(commands.len() > 24, "{commands:?}");
    for line in commands {
        if let Err(error) = Args::try_parse_from(words(line)) {
            assert_eq!(error.kind(), ErrorKind::DisplayVersion, "{line}: {error}");
        }
    }
}

/// A command that parses may still refuse the very folder that README names.
#[test]
fn readmes_test_of_heatmaps_runs_on_the_folder_that_it_names() {
    let lines = quoted();
    let line = lines
        .iter()
        .find(|line| line.starts_with("clipsight heatmap --evaluate assets/"));
    let few = ["--method", "class-activation", "--limit", "4"];
    let args = [&words(line.unwrap())[1..], &few].concat();
    let tests = Program::new().json(&args);
    assert_eq!(tests.len(), 3, "{tests:?}");
    assert!(tests.iter().all(|test| test["n"] == 4), "{tests:?}");
}

fn flags(command: &clap::Command) -> Vec<String> {
    let own = command.get_arguments().filter_map(|argument| argument.get_long());
    let own = own.map(String::from);
    own.chain(command.get_subcommands().flat_map(flags)).collect()
}

#[test]
fn every_flag_in_readme_is_one() {
    let there = flags(&Args::command());
    let lines = quoted();
    let named = lines.iter().flat_map(|line| words(line)).filter_map(|word| {
        let flag = word.strip_prefix("--")?;
        flag.split(|c: char| !c.is_ascii_lowercase() && c != '-').next()
    });
    let named: Vec<&str> = named.filter(|flag| !OTHERS.contains(flag)).collect();
    assert!(named.len() > 40, "{named:?}");
    for flag in named {
        assert!(there.iter().any(|known| known == flag), "--{flag}");
    }
}
