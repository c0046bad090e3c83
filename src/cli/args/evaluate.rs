//! Arguments of `evaluate`.

use std::ffi::OsString;
use std::path::PathBuf;

use super::names::one_of;
use crate::evaluation::{Part, Source};

/// Arguments of `evaluate`.
#[derive(Debug, clap::Args)]
pub struct EvaluateArgs {
    /// One folder per class, or pictures with a list of what they show (metadata.csv, .tsv, .jsonl or COCO's .json); or such a
    /// list itself.
    #[arg(value_name = "DIR")]
    pub folder: PathBuf,
    /// How classes are called: a line a class, its folder's name and descriptions behind tabs; or, where the first line is
    /// `folder<TAB>name`, the folder, the name, and descriptions.
    #[arg(long, value_name = "FILE")]
    pub labels_file: Option<PathBuf>,
    /// A sentence with {} or {c}; repeat for an ensemble.
    #[arg(long = "template", allow_hyphen_values = true, value_name = "TEMPLATE")]
    pub templates: Vec<String>,
    /// The class names and templates of a published set; a wrong name lists them.
    #[arg(long, value_name = "NAME")]
    pub preset: Option<String>,
    /// Another model on the same pictures, as for --model.
    #[arg(long, value_name = "MODEL")]
    pub compare: Option<OsString>,
    /// Pictures that show none of the classes, to test "none of these" with.
    #[arg(long, value_name = "DIR")]
    pub negatives: Option<PathBuf>,
    /// Which templates do better, and whether better than random words.
    #[arg(long)]
    pub prompt_study: bool,
    /// One page with everything, its worst mistakes with their pictures.
    #[arg(long, value_name = "F.html")]
    pub report: Option<PathBuf>,
    /// Write it as the ending says: .html, .csv, .jsonl (a line a picture), .tex, .md, .json (as CLIP_benchmark does),
    /// .parquet (with a map), .evaluation (all of it, for another machine); repeat for more.
    #[arg(long = "export", value_name = "FILE")]
    pub exports: Vec<PathBuf>,
    /// Replace files that are already there.
    #[arg(long)]
    pub force: bool,
    /// Open an evaluation that was exported, find its pictures in DIR by their content, and say whether its numbers come out
    /// again.
    #[arg(long, value_name = "F.evaluation", conflicts_with_all = [
        "compare", "negatives", "prompt_study", "preset", "labels_file", "templates", "split", "truth", "path_column",
        "label_column", "level",
    ])]
    pub again: Option<PathBuf>,
    /// Which pictures: held-out (test where there is such a side, else validation, else all), all, train, validation, test.
    #[arg(long, value_name = "SPLIT", default_value = "held-out", value_parser = crate::cli::evaluate::part)]
    pub split: Part,
    /// What says what pictures show; found out where it is left out.
    #[arg(long, value_parser = one_of(&Source::ALL, Source::name))]
    pub truth: Option<Source>,
    /// The column of a list with the picture's file.
    #[arg(long, value_name = "COLUMN")]
    pub path_column: Option<String>,
    /// The column of a list with the class.
    #[arg(long, value_name = "COLUMN")]
    pub label_column: Option<String>,
    /// Which folder on the way to a picture names its class: 0 is the first.
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub level: usize,
}
