//! The files that an evaluation writes, and those that it must not write to.

use std::path::Path;

use anyhow::Result;

use crate::cli::args::EvaluateArgs;
use crate::cli::output::Output;
use crate::cli::{Common, Usage};
use crate::engine::ModelChoice;
use crate::engine::evaluation::{Appraised, EvaluationConfig, ExportKind, Writing, export, read_for};
use crate::escape::visible_path;
use crate::evaluation::SideBySide;
use crate::library::{Inputs, may_write, same_output, scan};
use crate::progress::Unheard;

pub fn writing(args: &EvaluateArgs, common: &Common) -> Writing {
    Writing {
        replace: args.force,
        style: common.csv_style(),
    }
}

/// Writes the files that were asked for.
pub fn write(
    files: &[(ExportKind, &Path)],
    appraised: &Appraised,
    against: Option<(&str, &SideBySide)>,
    writing: Writing,
    output: &mut Output,
) {
    for (kind, path) in files {
        let vectors = Some(&appraised.vectors);
        if let Err(reason) = export(&appraised.evaluation, vectors, &[], against, *kind, path, writing) {
            output.failure(&visible_path(path), &reason);
        }
    }
}

/// The files that are to be written, and as what. What cannot be written there is refused before the work.
pub fn files<'a>(
    args: &'a EvaluateArgs,
    config: &EvaluationConfig,
    compared: Option<&ModelChoice>,
) -> Result<Vec<(ExportKind, &'a Path)>> {
    let mut files = Vec::new();
    if let Some(path) = &args.report {
        let kind = ExportKind::of_path(path).filter(|kind| matches!(kind, ExportKind::Html { .. }));
        let kind = kind.ok_or_else(|| Usage(format!("--report {} does not end in .html", visible_path(path))))?;
        files.push((kind, path.as_path()));
    }
    for path in &args.exports {
        let endings = "ends in none of .html, .csv, .jsonl, .tex, .md, .json, .parquet, .evaluation";
        let kind = ExportKind::of_path(path);
        let kind = kind.ok_or_else(|| Usage(format!("--export {} {endings}", visible_path(path))))?;
        files.push((kind, path.as_path()));
    }
    for (n, (_, path)) in files.iter().enumerate() {
        if files[..n].iter().any(|(_, other)| same_output(path, other)) {
            return Err(Usage(format!("two outputs are the same file, {}", visible_path(path))).into());
        }
    }
    let inputs = match files.iter().any(|(_, path)| path.exists()) {
        true => inputs(args, config, compared),
        false => Inputs::default(),
    };
    for (_, path) in &files {
        may_write(path, &inputs, args.force)?;
    }
    Ok(files)
}

/// Whatever this evaluation reads.
fn inputs(args: &EvaluateArgs, config: &EvaluationConfig, compared: Option<&ModelChoice>) -> Inputs {
    let mut inputs = read_for(&config.folder, &config.wanted);
    if let Some(folder) = &args.negatives {
        let found = scan(folder, &Unheard);
        inputs
            .pictures
            .extend(found.pictures.into_iter().map(|found| found.path));
    }
    inputs.model = config.model.files();
    inputs.model.extend(compared.map_or(Vec::new(), ModelChoice::files));
    inputs
        .others
        .extend(args.labels_file.iter().chain(&args.again).cloned());
    inputs
}
