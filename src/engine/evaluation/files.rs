//! Evaluations as files: written for others, and opened on another machine.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use rayon::prelude::*;

use super::appraise::{Appraised, model_of};
use super::{ExportKind, Wanted};
use crate::evaluation::out::{Row, clip_benchmark, csv, json_lines, latex, markdown, parquet, report};
use crate::evaluation::{Evaluation, GroundTruth, Judged, Projection, SideBySide, content_of};
use crate::library::{Inputs, is_picture, may_write, scan, write_output};
use crate::progress::Unheard;
use crate::table::Style;

/// Differences of accuracy below this are rounding.
const SAME: f64 = 1e-9;

impl ExportKind {
    /// The kind that a file's ending says; none for an ending that says none.
    pub fn of_path(path: &Path) -> Option<Self> {
        let name = path.file_name()?.to_string_lossy().to_lowercase();
        let ending = name.rsplit('.').next()?;
        Some(match ending {
            "html" | "htm" => Self::Html { pictures: true },
            "csv" => Self::Csv,
            "jsonl" | "ndjson" => Self::JsonLines,
            "tex" => Self::Latex,
            "md" => Self::Markdown,
            "json" => Self::ClipBenchmark,
            "parquet" => Self::Parquet,
            "evaluation" => Self::Evaluation,
            _ => return None,
        })
    }
}

/// What a folder's ground truth is read from, so that nothing is written over it: pictures of every side, lists, and what
/// is left aside.
pub fn read_for(folder: &Path, wanted: &Wanted) -> Inputs {
    let mut others: Vec<PathBuf> = folder.is_file().then(|| folder.to_path_buf()).into_iter().collect();
    let Ok(truth) = GroundTruth::read(folder, wanted) else {
        let pictures = scan(folder, &Unheard).pictures.into_iter().map(|found| found.path);
        return Inputs {
            pictures: pictures.collect(),
            others,
            ..Inputs::default()
        };
    };
    others.extend(truth.columns.into_iter().map(|columns| columns.list));
    others.extend(truth.problems.into_iter().chain(truth.left_aside).map(|(path, _)| path));
    Inputs {
        pictures: truth.pictures.into_iter().map(|picture| picture.path).collect(),
        others,
        ..Inputs::default()
    }
}

/// How a file is written.
#[derive(Debug, Clone, Copy, Default)]
pub struct Writing {
    /// What is there may be replaced.
    pub replace: bool,
    /// How tables are written.
    pub style: Style,
}

/// Writes an evaluation into a file, all or nothing; never over anything that it read.
///
/// # Errors
/// Why it cannot be written.
pub fn export(
    appraised: &Appraised,
    against: Option<(&str, &SideBySide)>,
    kind: ExportKind,
    path: &Path,
    writing: Writing,
) -> Result<(), String> {
    let evaluation = &appraised.evaluation;
    if is_picture(path) {
        return Err(format!(
            "{} is called like a picture, and an evaluation is none: choose another name",
            path.display()
        ));
    }
    let mut inputs = Inputs::default();
    if path.exists() {
        inputs = read_for(&evaluation.setup.folder, &evaluation.setup.wanted);
        inputs.model = model_of(evaluation).files();
    }
    let own = evaluation.pictures.iter().map(|picture| picture.path.clone());
    inputs.pictures.extend(own);
    may_write(path, &inputs, writing.replace).map_err(|error| error.to_string())?;
    let rows = [Row::of(evaluation)];
    let content = match kind {
        ExportKind::Html { pictures } => report(evaluation, against, pictures)?.into_bytes(),
        ExportKind::Csv => csv(evaluation, writing.style).into_bytes(),
        ExportKind::JsonLines => json_lines(evaluation).into_bytes(),
        ExportKind::Latex => latex(&rows).into_bytes(),
        ExportKind::Markdown => markdown(&rows).into_bytes(),
        ExportKind::ClipBenchmark => format!("{}\n", clip_benchmark(evaluation)).into_bytes(),
        ExportKind::Parquet => parquet(evaluation, &Projection::pca(&appraised.embedded)),
        ExportKind::Evaluation => serde_json::to_vec(evaluation).map_err(|error| error.to_string())?,
    };
    write_output(path, &content, writing.replace).map_err(|error| error.to_string())
}

/// Finds the pictures of an evaluation below a folder by their content: the same evaluation with their paths here, those
/// that are not here among its problems, and a sentence about them.
pub fn found_here(mut evaluation: Evaluation, folder: &Path) -> (Evaluation, Vec<String>) {
    let there: Vec<PathBuf> = scan(folder, &Unheard)
        .pictures
        .into_iter()
        .map(|found| found.path)
        .collect();
    let contents: Vec<String> = there.par_iter().map(|path| content_of(path)).collect();
    let mut by_content: BTreeMap<&str, Vec<&PathBuf>> = BTreeMap::new();
    for (content, path) in contents.iter().zip(&there) {
        by_content.entry(content).or_default().push(path);
    }
    let (all, mut missing) = (evaluation.pictures.len(), Vec::new());
    evaluation.pictures.retain_mut(|picture| {
        let found = by_content.get_mut(picture.content.as_str());
        match found.filter(|_| !picture.content.is_empty()) {
            // Of copies each is taken once, as long as there are enough.
            Some(paths) => {
                let path = if paths.len() > 1 { paths.remove(0) } else { paths[0] };
                picture.path.clone_from(path);
                true
            }
            None => {
                missing.push(picture.path.clone());
                false
            }
        }
    });
    evaluation.setup.folder = folder.to_path_buf();
    let says = match missing.first() {
        None => format!("All {all} pictures are here"),
        Some(first) => format!(
            "{} of {all} pictures are not here, or were changed (the first: {})",
            missing.len(),
            first.display()
        ),
    };
    let gone = missing
        .into_iter()
        .map(|path| (path, "it is not here, or was changed".to_string()));
    evaluation.problems.extend(gone);
    (evaluation, vec![says])
}

/// Whether numbers came out again, in a sentence.
pub fn came_out(before: &Evaluation, now: &Evaluation) -> String {
    let answers: BTreeMap<&Path, usize> = now
        .pictures
        .iter()
        .map(|picture| (picture.path.as_path(), picture.answer.answered()))
        .collect();
    let differs = |picture: &&Judged| {
        let answer = answers.get(picture.path.as_path());
        answer.is_some_and(|answer| *answer != picture.answer.answered())
    };
    let changed = before.pictures.iter().filter(differs).count();
    let (was, is) = (before.measures.top1.mean, now.measures.top1.mean);
    let (measured, here) = (before.measures.count, now.pictures.len());
    match (measured == here, changed) {
        (true, 0) if (was - is).abs() < SAME => {
            format!(
                "The numbers come out again: accuracy {:.1} %, and every answer is the same",
                100.0 * is
            )
        }
        (true, _) => format!(
            "The numbers do not come out again: accuracy {:.1} % instead of {:.1} %, {changed} answers changed",
            100.0 * is,
            100.0 * was
        ),
        (false, _) => format!("On the {here} pictures of {measured} that are here, {changed} answers changed"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn endings_say_what_is_written() {
        let kind = |name: &str| ExportKind::of_path(Path::new(name));
        assert_eq!(kind("a/Report.HTML"), Some(ExportKind::Html { pictures: true }));
        assert_eq!(kind("x.evaluation"), Some(ExportKind::Evaluation));
        assert_eq!(
            (kind("x.parquet"), kind("x.png"), kind("x")),
            (Some(ExportKind::Parquet), None, None)
        );
    }
}
