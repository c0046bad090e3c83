//! Teaching, and what came of it.

use std::path::PathBuf;

use clap::Subcommand;

use super::names::{learning_method, one_of};
use crate::fine_tune::FineTuneMethod;
use crate::fine_tune::config::{Architecture, TrainedPart};

/// Arguments of `fine-tune`.
#[derive(Debug, clap::Args)]
pub struct FineTuneArgs {
    /// One folder per class, or pictures with captions (a text beside each, or lists); in folders train, val and test, or
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
    #[arg(long, value_parser = one_of(&TrainedPart::ALL, TrainedPart::name))]
    pub part: Option<TrainedPart>,
    /// The shape of a model from scratch.
    #[arg(long, value_parser = one_of(&Architecture::ALL, Architecture::name))]
    pub architecture: Option<Architecture>,
    /// A sentence with {}; repeat for several.
    #[arg(long = "template", allow_hyphen_values = true, value_name = "TEMPLATE")]
    pub templates: Vec<String>,
    /// Pictures that the run never learns from, to see what is forgotten: two classes or more, one folder per class. The
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
