//! Evaluations as files: written for others, and opened on another machine.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use rayon::prelude::*;

use super::appraise::{Vectors, model_of};
use super::{ExportKind, Wanted};
use crate::evaluation::out::{
    Row, clip_benchmark, csv, json_lines, latex, latex_of_all, markdown, markdown_of_all, parquet, report,
};
use crate::evaluation::{
    Answer, Evaluation, GroundTruth, Judged, Listed, NOWHERE, Projection, SideBySide, content_of, written,
};
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
    pub style: Style,
}

/// Writes an evaluation into a file, all or nothing; never over anything that it read. Only a map needs its vectors, and
/// only a table of all those that are `kept`.
///
/// # Errors
/// Why it cannot be written.
pub fn export(
    evaluation: &Evaluation,
    vectors: Option<&Vectors>,
    kept: &[Listed],
    against: Option<(&str, &SideBySide)>,
    kind: ExportKind,
    path: &Path,
    writing: Writing,
) -> Result<(), String> {
    if is_picture(path) {
        return Err(format!(
            "{} is called like a picture, and an evaluation is none: choose another name",
            path.display()
        ));
    }
    may_write(path, &inputs_of(evaluation, path), writing.replace).map_err(|error| error.to_string())?;
    let rows = [Row::of(evaluation)];
    let content = match kind {
        ExportKind::Html { pictures } => report(evaluation, against, pictures)?.into_bytes(),
        ExportKind::Csv => csv(evaluation, writing.style).into_bytes(),
        ExportKind::JsonLines => json_lines(evaluation).into_bytes(),
        ExportKind::Latex => latex(&rows, &[]).into_bytes(),
        ExportKind::Markdown => markdown(&rows, &[]).into_bytes(),
        ExportKind::LatexOfAll => latex_of_all(&of_all(kept)).into_bytes(),
        ExportKind::MarkdownOfAll => markdown_of_all(&of_all(kept)).into_bytes(),
        ExportKind::ClipBenchmark => format!("{}\n", clip_benchmark(evaluation)).into_bytes(),
        ExportKind::Parquet => {
            let vectors = vectors.ok_or("its pictures are not here: a map needs them")?;
            let mut map = Projection::pca(&vectors.embedded);
            map.pictures = vectors.spread(map.pictures, evaluation.pictures.len(), NOWHERE);
            parquet(evaluation, &map)
        }
        ExportKind::Evaluation => written(evaluation)?,
    };
    write_output(path, &content, writing.replace).map_err(|error| error.to_string())
}

/// What an evaluation read, and nothing is written over. The folder is only looked through where the file is there.
pub fn inputs_of(evaluation: &Evaluation, path: &Path) -> Inputs {
    let mut inputs = Inputs::default();
    if path.exists() {
        inputs = read_for(&evaluation.setup.folder, &evaluation.setup.wanted);
        inputs.model = model_of(evaluation).files();
    }
    let own = evaluation.pictures.iter().map(|picture| picture.path.clone());
    inputs.pictures.extend(own);
    inputs
}

/// The lines of all evaluations that are kept, the newest first.
fn of_all(kept: &[Listed]) -> Vec<Row> {
    kept.iter().filter_map(|listed| listed.row.clone()).collect()
}

/// An evaluation whose pictures were looked for below a folder.
pub struct Found {
    /// The evaluation, each picture that is here with its path here.
    pub evaluation: Evaluation,
    /// The places of these.
    pub here: Vec<usize>,
    /// How many are here, in a sentence.
    pub says: String,
}

impl Found {
    /// The pictures that are not here.
    pub fn missing(&self) -> impl Iterator<Item = &Judged> {
        let mut here = self.here.iter().peekable();
        let pictures = self.evaluation.pictures.iter().enumerate();
        pictures
            .filter(move |(place, _)| here.next_if(|there| *there == place).is_none())
            .map(|(_, picture)| picture)
    }
}

/// Finds the pictures of an evaluation below a folder by their content.
pub fn found_here(mut evaluation: Evaluation, folder: &Path) -> Found {
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
    let mut here = Vec::new();
    for (place, picture) in evaluation.pictures.iter_mut().enumerate() {
        let found = by_content.get_mut(picture.content.as_str());
        if let Some(paths) = found.filter(|_| !picture.content.is_empty()) {
            // Of copies each is taken once, as long as there are enough.
            let path = if paths.len() > 1 { paths.remove(0) } else { paths[0] };
            picture.path.clone_from(path);
            here.push(place);
        }
    }
    evaluation.setup.folder = folder.to_path_buf();
    let mut found = Found {
        evaluation,
        here,
        says: String::new(),
    };
    let all = found.evaluation.pictures.len();
    let first = found.missing().next().map(|picture| picture.path.display().to_string());
    found.says = match first {
        None => format!("All {all} pictures are here"),
        Some(first) => format!(
            "{} of {all} pictures are not here, or were changed (the first: {first})",
            all - found.here.len()
        ),
    };
    found
}

/// Whether numbers came out again, in a sentence: of an evaluation, where the pictures at these places are answered so now.
pub fn came_out(before: &Evaluation, here: &[usize], now: &[&Answer]) -> String {
    let pairs = || here.iter().map(|place| &before.pictures[*place].answer).zip(now);
    let changed = pairs().filter(|(was, is)| was.answered() != is.answered()).count();
    let right = pairs().filter(|(_, is)| is.right()).count();
    let (all, measured) = (before.pictures.len(), now.len());
    let (was, is) = (before.measures.top1.mean, right as f64 / measured.max(1) as f64);
    match (all == measured, changed) {
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
        (false, _) => format!("On the {measured} pictures of {all} that are here, {changed} answers changed"),
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
