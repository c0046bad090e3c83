//! `clipsight evaluate`: answers against ground truth, in numbers.

mod again;
mod classes;
mod files;
mod found;
mod lines;
mod request;

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use anyhow::{Context, Result};

use super::args::EvaluateArgs;
use super::interrupt::on_interrupt;
use super::output::{Output, say};
use super::pictures::{of_fair_length, session_of};
use super::progress::Bar;
use super::{Common, Format, Usage};
use crate::engine::evaluation::{
    Appraised, EvaluationConfig, Source, against_negatives, appraise, check_prompts_are_read, ground_truth,
    side_by_side, study_prompts,
};
use crate::engine::{ModelChoice, Session};
use crate::escape::visible;
use crate::evaluation::out::{Row, latex, markdown};
use crate::evaluation::{Evaluation, GroundTruth, SideBySide, facts};
use crate::library::{MAX_LABELS_BYTES, read_text};
use crate::zero_shot::{TemplateSet, parse_labels};
use again::again;
use files::{files, write, writing};
use found::say_found;
pub use request::part;
use request::{config, refuse_of_captions};

/// With fewer pictures, any measure says little.
const FEW: usize = 10;

pub fn run(args: &EvaluateArgs, common: &Common, output: &mut Output) -> Result<()> {
    let config = config(args, common)?;
    let other = args.compare.as_deref().map(ModelChoice::parse);
    let other = other.transpose().map_err(Usage)?;
    let files = files(args, &config, other.as_ref())?;
    if let Some(file) = &args.again {
        return again(file, args, common, &files, output);
    }
    let labels_file = labels_file(args)?;
    let (truth, templates) = ground_truth(&config, labels_file.as_deref())?;
    say_found(&truth, args);
    if truth.source == Source::Captions {
        refuse_of_captions(args)?;
    }
    let bar = stoppable();
    // The other model first: then only the vectors of the one that is asked more are kept.
    let other = match other {
        Some(model) => {
            let (truth, templates) = (quiet(&truth), templates.clone());
            Some(evaluated(model, &config, truth, templates, common, &bar)?)
        }
        None => None,
    };
    let mut session = session_of(&config.model, common)?;
    if args.prompt_study {
        check_prompts_are_read(&session, &truth.classes)?;
    }
    let mut appraised = appraise(&mut session, &config, truth, templates, &bar)?;
    let mut rows = vec![Row::of(&appraised.evaluation)];
    let mut against = None;
    if let Some(other) = &other {
        against = Some(compare(args, other, &mut appraised, output, &bar)?);
        rows.push(Row::of(other));
    }
    extras(args, &mut session, &mut appraised, output, &bar)?;
    drop(bar);
    let against = against.as_ref().map(|(name, compared)| (name.as_str(), compared));
    write(&files, &appraised, against, writing(args, common), output);
    let found: Vec<String> = against
        .iter()
        .map(|(name, compared)| difference(name, compared, &rows[0]))
        .collect();
    finish(&appraised.evaluation, &rows, &found, common, output)
}

/// What a table has under two accuracies that stand beside each other: their difference, with its interval and its test.
fn difference(other: &str, compared: &SideBySide, first: &Row) -> String {
    format!(
        "{} against {}: {}",
        visible(other),
        visible(&first.model),
        compared.overall.words()
    )
}

/// The text of --labels-file, with no name and no description that is too long.
fn labels_file(args: &EvaluateArgs) -> Result<Option<String>> {
    let Some(file) = &args.labels_file else { return Ok(None) };
    let text = read_text(file, MAX_LABELS_BYTES).with_context(|| format!("cannot read {}", file.display()))?;
    of_fair_length(parse_labels(&text))?;
    Ok(Some(text))
}

/// What another model fixes and breaks, over groups of copies; with its name.
fn compare(
    args: &EvaluateArgs,
    other: &Evaluation,
    appraised: &mut Appraised,
    output: &mut Output,
    progress: &Bar,
) -> Result<(String, SideBySide)> {
    look_for_copies(appraised, progress);
    let compared = side_by_side(&appraised.evaluation, other, &BTreeSet::new()).map_err(anyhow::Error::msg)?;
    let name = args
        .compare
        .as_deref()
        .unwrap_or_default()
        .to_string_lossy()
        .into_owned();
    lines::compare(output, &name, &compared, &appraised.evaluation)?;
    Ok((name, compared))
}

/// What another model answers to the same pictures.
fn evaluated(
    model: ModelChoice,
    config: &EvaluationConfig,
    truth: GroundTruth,
    templates: TemplateSet,
    common: &Common,
    progress: &Bar,
) -> Result<Evaluation> {
    let mut session = session_of(&model, common)?;
    let config = EvaluationConfig {
        model,
        ..config.clone()
    };
    Ok(appraise(&mut session, &config, truth, templates, progress)?.evaluation)
}

/// The prompt study and the negatives, where they were asked for.
fn extras(
    args: &EvaluateArgs,
    session: &mut Session,
    appraised: &mut Appraised,
    output: &mut Output,
    progress: &Bar,
) -> Result<()> {
    if args.prompt_study {
        let study = study_prompts(session, &appraised.evaluation, &appraised.vectors, progress)?;
        lines::prompts(output, &study, appraised.evaluation.measures.count)?;
        appraised.evaluation.prompts = Some(study);
    }
    if let Some(folder) = &args.negatives {
        let (found, problems) = against_negatives(session, &appraised.vectors, folder, progress)?;
        for (path, reason) in problems {
            output.path_failure(&path, &reason);
        }
        lines::negatives(output, &found)?;
        appraised.evaluation.negatives = Some(found);
    }
    Ok(())
}

/// Names what failed, and prints the last line.
fn finish(evaluation: &Evaluation, rows: &[Row], found: &[String], common: &Common, output: &mut Output) -> Result<()> {
    for (path, reason) in &evaluation.problems {
        output.path_failure(path, reason);
    }
    let count = evaluation.measures.count;
    if count < FEW {
        say(&format!(
            "{count} pictures say little: the accuracy may lie anywhere in its interval"
        ));
    }
    match common.format {
        Format::Latex => output.text(&latex(rows, found)),
        Format::Markdown => output.text(&markdown(rows, found)),
        _ => lines::last(output, evaluation),
    }
}

/// The same without what was already said of it.
fn quiet(truth: &GroundTruth) -> GroundTruth {
    GroundTruth {
        problems: Vec::new(),
        notes: Vec::new(),
        ..truth.clone()
    }
}

fn look_for_copies(appraised: &mut Appraised, progress: &Bar) {
    let pictures = &appraised.evaluation.pictures;
    if pictures.is_empty() {
        return;
    }
    let paths: Vec<&Path> = pictures.iter().map(|picture| picture.path.as_path()).collect();
    appraised.evaluation.facts = facts(&paths, progress).unwrap_or_default();
}

/// A bar on a terminal, until Ctrl-C.
fn stoppable() -> Bar {
    let stop = Arc::new(AtomicBool::new(false));
    let told = stop.clone();
    on_interrupt("what is embedded is kept", move || told.swap(true, Ordering::Relaxed));
    Bar::share("").while_wanted(move || !stop.load(Ordering::Relaxed))
}
