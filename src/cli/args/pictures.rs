//! Commands that answer about pictures.

use std::path::PathBuf;

use super::names::{label, method};
use crate::heatmap::HeatmapMethod;

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
    /// Test how far methods can be trusted, on labelled pictures of four classes or more: one folder per class, or a list.
    /// Where pictures lie side by side, each one's own name is its label (`dress-2.jpg` is a `dress`).
    #[arg(long, value_name = "DIR", conflicts_with_all = ["output", "raw", "labels"])]
    pub evaluate: Option<PathBuf>,
    /// Mosaics, and pictures to erase from, that --evaluate uses at most.
    #[arg(long, value_name = "N", default_value_t = 40, requires = "evaluate")]
    pub limit: usize,
}
