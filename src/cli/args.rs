//! What can be written on the command line.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::builder::{PossibleValue, PossibleValuesParser, TypedValueParser};
use clap::{Parser, Subcommand, ValueEnum};

use crate::clip::Precision;
use crate::engine::DeviceChoice;
use crate::evaluation::Source;
use crate::fine_tune::FineTuneMethod;
use crate::fine_tune::config::{Architecture, Part};
use crate::heatmap::HeatmapMethod;
use crate::table::Style;

/// See what CLIP sees: zero-shot predictions and heatmaps on your own pictures.
///
/// Without a command, opens the window.
#[derive(Debug, Parser)]
#[command(name = "clipsight", version = crate::version::version(), args_conflicts_with_subcommands = true)]
pub struct Args {
    /// What to do instead of opening the window.
    #[command(subcommand)]
    pub command: Option<Command>,

    /// Folders or pictures to open in the window.
    #[arg(value_name = "FOLDER")]
    pub paths: Vec<PathBuf>,

    /// Options that mean the same everywhere.
    #[command(flatten)]
    pub common: Common,

    /// Close the window at this point and print the milliseconds since the start (used by `bench`).
    #[arg(long, hide = true, value_enum)]
    pub exit_after: Option<Milestone>,
}

/// Options that mean the same everywhere.
#[derive(Debug, Clone, clap::Args)]
pub struct Common {
    /// A folder, a weights file, a name from the catalogue that is on this machine, a run, or `starter`.
    #[arg(long, global = true, value_name = "MODEL")]
    pub model: Option<OsString>,

    /// Where the model computes.
    #[arg(long, global = true, value_parser = one_of(&DeviceChoice::ALL, DeviceChoice::name))]
    pub device: Option<DeviceChoice>,

    /// The precision in which a GPU computes; the CPU always computes in full precision.
    #[arg(long, global = true, value_parser = one_of(&Precision::ALL, precision_name))]
    pub precision: Option<Precision>,

    /// How much is written to the log in the data folder: error, warn, info, debug, trace, off, or a filter as for RUST_LOG.
    #[arg(long, global = true, value_name = "LEVEL")]
    pub log: Option<String>,

    /// How results are printed.
    #[arg(long, global = true, value_enum, default_value_t = Format::Table)]
    pub format: Format,

    /// Begin CSV with a byte order mark: Excel then reads it as UTF-8.
    #[arg(long, global = true)]
    pub csv_bom: bool,

    /// In CSV, put an apostrophe before texts that a spreadsheet would take for a formula (those that begin with = + - @, a
    /// tab or a line break); numbers stay as they are.
    #[arg(long, global = true)]
    pub csv_safe: bool,
}

impl Common {
    /// How tables are written.
    pub fn csv_style(&self) -> Style {
        Style {
            bom: self.csv_bom,
            safe: self.csv_safe,
        }
    }
}

/// How results are printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// For people.
    Table,
    /// One object a line.
    Json,
    /// With a header line.
    Csv,
    /// A table for a paper; of `evaluate`.
    Latex,
    /// A table for a page; of `evaluate`.
    Markdown,
}

/// Points in the life of the window.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Milestone {
    /// The first frame is drawn.
    FirstFrame,
    /// The first prediction is on screen.
    FirstPrediction,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Zero-shot predictions, best first.
    Classify(ClassifyArgs),
    /// Normalised embeddings of pictures or texts.
    Embed(EmbedArgs),
    /// Rank pictures by a text or by a picture.
    Search(SearchArgs),
    /// Draw where a label is found in a picture.
    Heatmap(HeatmapArgs),
    /// Answers against ground truth, in numbers.
    Evaluate(Box<EvaluateArgs>),
    /// The models of the catalogue and on this machine.
    Models(ModelsArgs),
    /// Teach a model from pictures.
    FineTune(Box<FineTuneArgs>),
    /// What was taught: list, show, resume, delete, export.
    Runs(RunsArgs),
    /// The data folder: where it is and what it holds, and how that is forgotten.
    Store(StoreArgs),
    /// Measure this machine.
    Bench(BenchArgs),
}

/// Arguments of `evaluate`.
#[derive(Debug, clap::Args)]
pub struct EvaluateArgs {
    /// One folder a class, or pictures with a list of what they show (metadata.csv, .tsv, .jsonl or COCO's .json); or such a
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
    #[arg(long, value_name = "SPLIT", default_value = "held-out", value_parser = super::evaluate::part)]
    pub split: crate::evaluation::Part,
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

/// Arguments of `fine-tune`.
#[derive(Debug, clap::Args)]
pub struct FineTuneArgs {
    /// One folder a class, or pictures with captions (a text beside each, or lists); in folders train, val and test, or
    /// all together.
    #[arg(value_name = "DIR")]
    pub folder: PathBuf,
    /// How; `--help` says what each follows, and what differs from that here.
    #[arg(long, value_parser = learning_method(), required_unless_present_any = ["k_shot_curve", "preview"])]
    pub method: Option<FineTuneMethod>,
    /// So many pictures of each class; all where it is left out.
    #[arg(long, value_name = "K")]
    pub shots: Option<usize>,
    /// Decides the split and everything else that is left to chance.
    #[arg(long, value_name = "S", default_value_t = 0)]
    pub seed: u64,
    /// Passes over the pictures.
    #[arg(long, value_name = "E")]
    pub epochs: Option<usize>,
    /// Another setting of the method, NAME=VALUE, or NAME=A,B,C to try several; repeat for more. A wrong name lists them.
    #[arg(long = "set", value_name = "NAME=VALUE")]
    pub settings: Vec<String>,
    /// Try the usual values around the method's defaults, and keep what is best on the validation side.
    #[arg(long)]
    pub search: bool,
    /// Which part learns, in contrastive training.
    #[arg(long, value_parser = one_of(&Part::ALL, Part::name))]
    pub part: Option<Part>,
    /// The shape of a model from scratch.
    #[arg(long, value_parser = one_of(&Architecture::ALL, Architecture::name))]
    pub architecture: Option<Architecture>,
    /// A sentence with {}; repeat for several.
    #[arg(long = "template", allow_hyphen_values = true, value_name = "TEMPLATE")]
    pub templates: Vec<String>,
    /// Pictures that the run never learns from, to see what is forgotten: two classes or more, one folder a class. The
    /// samples where it is left out.
    #[arg(long, value_name = "DIR")]
    pub control: Option<PathBuf>,
    /// A name for the run.
    #[arg(long, value_name = "NAME")]
    pub name: Option<String>,
    /// Show what would be learnt from, copies and what is left aside included, and start nothing. Needs no method.
    #[arg(long)]
    pub preview: bool,
    /// Measure a trial step: the time and memory that the run would take. Starts nothing.
    #[arg(long)]
    pub estimate: bool,
    /// Accuracy against the number of shots, by linear probe and Tip-Adapter, three seeds each.
    #[arg(long, conflicts_with_all = ["method", "shots", "preview", "estimate"])]
    pub k_shot_curve: bool,
}

/// Arguments of `runs`.
#[derive(Debug, clap::Args)]
pub struct RunsArgs {
    /// What to do with runs.
    #[command(subcommand)]
    pub command: RunsCommand,
}

/// Arguments of `store`.
#[derive(Debug, clap::Args)]
pub struct StoreArgs {
    /// What to do with the data folder.
    #[command(subcommand)]
    pub command: StoreCommand,
}

/// What to do with the data folder.
#[derive(Debug, Subcommand)]
pub enum StoreCommand {
    /// Where it is, and what it holds.
    Where,
    /// Forget pictures of which the files are gone, with all that was computed from them, and embeddings of models that are
    /// gone.
    Prune,
    /// Forget all about pictures: what was computed from them, and which there are. Labels, settings, runs and models stay.
    Clear {
        /// Forget labels, settings and evaluations, too, and the log.
        #[arg(long)]
        everything: bool,
    },
}

/// What to do with runs.
#[derive(Debug, Subcommand)]
pub enum RunsCommand {
    /// Every run, the newest first.
    List,
    /// All about one run; with --format json, its events too.
    Show {
        /// The run.
        run: String,
    },
    /// Go on with a run from its last checkpoint.
    Resume {
        /// The run.
        run: String,
    },
    /// Delete a run with its model.
    Delete {
        /// The run.
        run: String,
    },
    /// Write a run's model and its curves (CSV) into a folder.
    Export {
        /// The run.
        run: String,
        /// Where to; made where it is not there.
        #[arg(long, value_name = "DIR")]
        output: PathBuf,
        /// Write into a folder that already holds files, and replace those of the same names; never in the folder of the
        /// model that the run learnt from.
        #[arg(long)]
        force: bool,
    },
    /// Measure models between the one that a run started from and what it learnt, and choose one (WiSE-FT).
    Blend {
        /// The run.
        run: String,
        /// Make this blend the run's model: 0 is the start, 1 what was learnt. Without it, the curve is measured.
        #[arg(long, value_name = "A")]
        use_at: Option<f32>,
    },
}

/// Arguments of `classify`.
#[derive(Debug, clap::Args)]
pub struct ClassifyArgs {
    /// Pictures, or folders of pictures.
    #[arg(required = true, value_name = "PATH")]
    pub paths: Vec<PathBuf>,
    /// A label, kept as given; repeat for more.
    #[arg(
        long = "label",
        allow_hyphen_values = true,
        value_name = "LABEL",
        value_parser = label,
        required_unless_present = "labels_file"
    )]
    pub labels: Vec<String>,
    /// A text file: a label a line, `name` or `name<TAB>description..`.
    #[arg(long, value_name = "FILE")]
    pub labels_file: Option<PathBuf>,
    /// A sentence with {}; repeat for an ensemble.
    #[arg(long = "template", allow_hyphen_values = true, value_name = "TEMPLATE")]
    pub templates: Vec<String>,
    /// Print only the K best labels.
    #[arg(long, value_name = "K", value_parser = clap::value_parser!(u64).range(1..))]
    pub top_k: Option<u64>,
}

/// Arguments of `embed`.
#[derive(Debug, clap::Args)]
#[group(required = true, multiple = false, id = "what")]
pub struct EmbedArgs {
    /// Pictures, or folders of pictures.
    #[arg(value_name = "PATH", group = "what")]
    pub paths: Vec<PathBuf>,
    /// A text, used as it stands; repeat for more.
    #[arg(long = "text", allow_hyphen_values = true, value_name = "TEXT", group = "what")]
    pub texts: Vec<String>,
}

/// Arguments of `search`.
#[derive(Debug, clap::Args)]
pub struct SearchArgs {
    /// Pictures, or folders of pictures.
    #[arg(required = true, value_name = "PATH")]
    pub paths: Vec<PathBuf>,
    /// Rank by this text, used as it stands.
    #[arg(
        long,
        allow_hyphen_values = true,
        value_name = "TEXT",
        required_unless_present = "image",
        conflicts_with = "image"
    )]
    pub text: Option<String>,
    /// Rank by likeness to this picture.
    #[arg(long, value_name = "IMAGE")]
    pub image: Option<PathBuf>,
}

/// Arguments of `heatmap`.
#[derive(Debug, clap::Args)]
pub struct HeatmapArgs {
    /// The picture.
    #[arg(
        value_name = "IMAGE",
        required_unless_present = "evaluate",
        conflicts_with = "evaluate"
    )]
    pub image: Option<PathBuf>,
    /// A label, kept as given; repeat for maps side by side.
    #[arg(
        long = "label",
        allow_hyphen_values = true,
        value_name = "LABEL",
        value_parser = label,
        required_unless_present = "evaluate"
    )]
    pub labels: Vec<String>,
    /// A sentence with {}; repeat for an ensemble.
    #[arg(long = "template", allow_hyphen_values = true, value_name = "TEMPLATE")]
    pub templates: Vec<String>,
    /// The method; the one that fits the model where none is named. With --evaluate, repeat for more; all that fit where
    /// none is named.
    #[arg(long = "method", value_name = "METHOD", value_parser = method)]
    pub methods: Vec<HeatmapMethod>,
    /// Where the overlay goes.
    #[arg(long, value_name = "F.png", required_unless_present_any = ["raw", "evaluate"])]
    pub output: Option<PathBuf>,
    /// Where the raw grid over the model's input square goes.
    #[arg(long, value_name = "F.json")]
    pub raw: Option<PathBuf>,
    /// Replace what is already there; never the picture itself, or a file of the model.
    #[arg(long, conflicts_with = "evaluate")]
    pub force: bool,
    /// Test how far methods can be trusted, on labelled pictures: one folder a class. Where there are fewer than four
    /// folders, each picture's own name is its label (`dress-2.jpg` is a `dress`).
    #[arg(long, value_name = "DIR", conflicts_with_all = ["output", "raw", "labels"])]
    pub evaluate: Option<PathBuf>,
    /// Mosaics, and pictures to erase from, that --evaluate uses at most.
    #[arg(long, value_name = "N", default_value_t = 40, requires = "evaluate")]
    pub limit: usize,
}

/// Takes one of the names that values have.
fn one_of<T: Copy + Send + Sync + 'static>(
    all: &'static [T],
    name: fn(T) -> &'static str,
) -> impl TypedValueParser<Value = T> {
    let names = PossibleValuesParser::new(all.iter().map(|value| name(*value)));
    names.try_map(move |text| {
        let named = all.iter().find(|value| name(**value) == text);
        named.copied().ok_or("not one of the names")
    })
}

/// Takes a method of fine-tuning; help tells about each.
fn learning_method() -> impl TypedValueParser<Value = FineTuneMethod> {
    let named = |method: &FineTuneMethod| PossibleValue::new(method.name()).help(method.about());
    let names = PossibleValuesParser::new(FineTuneMethod::ALL.iter().map(named));
    names.try_map(|text| FineTuneMethod::from_name(&text).ok_or("not one of the names"))
}

/// Precision as it is chosen; elsewhere it is named after its type, `f32` or `f16`.
fn precision_name(precision: Precision) -> &'static str {
    match precision {
        Precision::Full => "full",
        Precision::Half => "half",
    }
}

/// A label with something to see in it.
fn label(text: &str) -> Result<String, String> {
    if crate::zero_shot::visible(text).trim().is_empty() {
        return Err("a label needs a name".into());
    }
    Ok(text.to_string())
}

fn method(name: &str) -> Result<HeatmapMethod, String> {
    HeatmapMethod::from_name(name).ok_or_else(|| {
        let names: Vec<&str> = HeatmapMethod::all().map(HeatmapMethod::name).collect();
        format!("there is no such method; there are {}", names.join(", "))
    })
}

/// Arguments of `models`.
#[derive(Debug, clap::Args)]
pub struct ModelsArgs {
    /// What to do with models.
    #[command(subcommand)]
    pub command: ModelsCommand,
}

/// What to do with models.
#[derive(Debug, Subcommand)]
pub enum ModelsCommand {
    /// Every model of the catalogue and of this machine.
    List,
    /// All about one model that is here.
    Info {
        /// The model, as for --model.
        #[arg(value_name = "MODEL")]
        name: Option<OsString>,
    },
    /// Fetch a model from the Hugging Face Hub into the cache that other tools share.
    Pull {
        /// Its name on the Hub, `org/name`.
        #[arg(value_name = "NAME")]
        name: String,
        /// A branch, tag or commit.
        #[arg(long, value_name = "REVISION", default_value = "main")]
        revision: String,
    },
    /// Delete a model from that cache; other tools that share it lose it, too.
    Remove {
        /// Its name on the Hub, `org/name`.
        #[arg(value_name = "NAME")]
        name: String,
    },
}

/// Arguments of `bench`.
#[derive(Debug, clap::Args)]
pub struct BenchArgs {
    /// Measure only figures whose name starts so; repeat for more.
    #[arg(long, value_name = "NAME", num_args = 1..)]
    pub only: Vec<String>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_definitions_are_consistent() {
        Args::command().debug_assert();
    }
}
