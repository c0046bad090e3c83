//! What is kept: models and the data folder.

use std::ffi::OsString;

use clap::Subcommand;

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
