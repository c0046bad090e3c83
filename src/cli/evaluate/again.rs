//! `--again`: an evaluation of another machine, measured anew on the pictures that are here.

use std::path::Path;

use anyhow::Result;

use super::files::{write, writing};
use super::{finish, stoppable};
use crate::cli::Common;
use crate::cli::args::EvaluateArgs;
use crate::cli::output::{Output, say};
use crate::cli::pictures::{model, session_of};
use crate::engine::evaluation::{ExportKind, NOT_THE_SAME, appraise_again, came_out, found_here, model_of};
use crate::evaluation::out::Row;
use crate::evaluation::{Answer, read_evaluation};

/// Opens an evaluation from a file: its pictures by their content below the folder, its numbers anew, by the model that it
/// names or the one of --model.
pub fn again(
    file: &Path,
    args: &EvaluateArgs,
    common: &Common,
    files: &[(ExportKind, &Path)],
    output: &mut Output,
) -> Result<()> {
    let kept = read_evaluation(file).map_err(anyhow::Error::msg)?;
    let found = found_here(kept, &args.folder);
    say(&found.says);
    let choice = match &common.model {
        Some(_) => model(common)?,
        None => model_of(&found.evaluation),
    };
    let progress = stoppable();
    let mut session = session_of(&choice, common)?;
    if session.loaded.model.info().identity != found.evaluation.setup.model.identity {
        say(&format!(
            "the model is another one than {}, which it was measured with",
            found.evaluation.setup.model.name
        ));
    }
    let mut now = appraise_again(&mut session, &found.evaluation, &found.here, choice, &progress)?;
    drop(progress);
    let places: Vec<usize> = now.vectors.here.iter().map(|place| found.here[*place]).collect();
    let answers: Vec<&Answer> = now.evaluation.answers().collect();
    if places.len() == found.here.len() {
        say(&came_out(&found.evaluation, &places, &answers));
    }
    let missing = found.missing().map(|one| (one.path.clone(), NOT_THE_SAME.into()));
    now.evaluation.problems.extend(missing);
    write(files, &now, None, writing(args, common), output);
    finish(&now.evaluation, &[Row::of(&now.evaluation)], &[], common, output)
}
