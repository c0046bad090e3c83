//! `clipsight evaluate`: answers against ground truth, in numbers.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use anyhow::{Context, Result};

use super::args::EvaluateArgs;
use super::evaluate_lines as lines;
use super::interrupt::on_interrupt;
use super::output::{Output, say};
use super::pictures::{model, of_fair_length, session_of};
use super::progress::Bar;
use super::{Common, Format, Usage};
use crate::engine::evaluation::{
    Appraised, EvaluationConfig, ExportKind, NOT_THE_SAME, Part, Source, Wanted, Writing, against_negatives, appraise,
    appraise_again, came_out, export, found_here, ground_truth, model_of, read_for, side_by_side, study_prompts,
};
use crate::engine::{ModelChoice, Session};
use crate::escape::{visible, visible_path};
use crate::evaluation::out::{Row, latex, markdown};
use crate::evaluation::{Answer, Evaluation, GroundTruth, Preset, Purpose, Side, SideBySide, facts, read_evaluation};
use crate::library::{Inputs, MAX_LABELS_BYTES, may_write, read_text, same_output, scan};
use crate::progress::Unheard;
use crate::zero_shot::{TemplateSet, parse_labels};

/// Files that people are told of; JSON has all.
const NAMED: usize = 20;
/// With fewer pictures, any measure says little.
const FEW: usize = 10;

/// Runs the command.
pub fn run(args: &EvaluateArgs, common: &Common, output: &mut Output) -> Result<()> {
    let config = config(args, common)?;
    let rival = args
        .compare
        .as_deref()
        .map(|name| ModelChoice::parse(name).map_err(Usage));
    let rival = rival.transpose()?;
    let files = files(args, &config, rival.as_ref())?;
    let writing = writing(args, common);
    if let Some(file) = &args.again {
        return again(file, args, common, &files, output);
    }
    let labels_file = args.labels_file.as_deref().map(|file| {
        let text = read_text(file, MAX_LABELS_BYTES);
        text.with_context(|| format!("cannot read {}", file.display()))
    });
    let labels_file = labels_file.transpose()?;
    of_fair_length(labels_file.as_deref().map_or(Vec::new(), parse_labels))?;
    let (truth, templates) = ground_truth(&config, labels_file.as_deref())?;
    say_found(&truth, args);
    if truth.source == Source::Captions {
        refuse_of_captions(args)?;
    }
    let bar = stoppable();
    let progress = &bar;
    // The other model first: then only the vectors of the one that is asked more are kept.
    let rival = match rival {
        Some(model) => {
            let (truth, templates) = (quiet(&truth), templates.clone());
            Some(rival_of(model, &config, truth, templates, common, progress)?)
        }
        None => None,
    };
    let mut session = session_of(&config.model, common)?;
    let mut appraised = appraise(&mut session, &config, truth, templates, progress)?;
    let mut rows = vec![Row::of(&appraised.evaluation)];
    let mut against = None;
    if let Some(rival) = &rival {
        look_for_copies(&mut appraised, progress);
        let compared = side_by_side(&appraised.evaluation, rival, &BTreeSet::new()).map_err(anyhow::Error::msg)?;
        let name = args
            .compare
            .as_deref()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        lines::compare(output, &name, &compared, &appraised.evaluation)?;
        rows.push(Row::of(rival));
        against = Some((name, compared));
    }
    extras(args, &mut session, &mut appraised, output, progress)?;
    drop(bar);
    let against = against.as_ref();
    let against = against.map(|(name, compared): &(String, SideBySide)| (name.as_str(), compared));
    write(&files, &appraised, against, writing, output);
    finish(&appraised.evaluation, &rows, common, output)
}

fn writing(args: &EvaluateArgs, common: &Common) -> Writing {
    Writing {
        replace: args.force,
        style: common.csv_style(),
    }
}

/// Writes the files that were asked for.
fn write(
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

/// What another model answers to the same pictures.
fn rival_of(
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
fn finish(evaluation: &Evaluation, rows: &[Row], common: &Common, output: &mut Output) -> Result<()> {
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
        Format::Latex => output.text(&latex(rows)),
        Format::Markdown => output.text(&markdown(rows)),
        _ => lines::last(output, evaluation),
    }
}

/// Opens an evaluation from a file: its pictures by their content below the folder, its numbers anew, by the model that it
/// names or the one of --model.
fn again(
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
    finish(&now.evaluation, &[Row::of(&now.evaluation)], common, output)
}

/// The files that are to be written, and as what. What cannot be written there is refused before the work.
fn files<'a>(
    args: &'a EvaluateArgs,
    config: &EvaluationConfig,
    rival: Option<&ModelChoice>,
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
        true => inputs(args, config, rival),
        false => Inputs::default(),
    };
    for (_, path) in &files {
        may_write(path, &inputs, args.force)?;
    }
    Ok(files)
}

/// What needs classes.
fn refuse_of_captions(args: &EvaluateArgs) -> Result<()> {
    let wanted = [
        (args.prompt_study, "--prompt-study"),
        (args.negatives.is_some(), "--negatives"),
        (args.labels_file.is_some(), "--labels-file"),
    ];
    match wanted.into_iter().find(|(wanted, _)| *wanted) {
        Some((_, name)) => Err(Usage(format!(
            "{name} needs classes, and these pictures have captions: leave it out, or name the classes' list with --truth labels"
        ))
        .into()),
        None => Ok(()),
    }
}

/// Whatever this evaluation reads.
fn inputs(args: &EvaluateArgs, config: &EvaluationConfig, rival: Option<&ModelChoice>) -> Inputs {
    let mut inputs = read_for(&config.folder, &config.wanted);
    if let Some(folder) = &args.negatives {
        let found = scan(folder, &Unheard);
        inputs
            .pictures
            .extend(found.pictures.into_iter().map(|found| found.path));
    }
    inputs.model = config.model.files();
    inputs.model.extend(rival.map_or(Vec::new(), ModelChoice::files));
    inputs
        .others
        .extend(args.labels_file.iter().chain(&args.again).cloned());
    inputs
}

/// What can be refused before the work is.
fn config(args: &EvaluateArgs, common: &Common) -> Result<EvaluationConfig> {
    if let Some(name) = args.preset.as_deref().filter(|name| Preset::named(name).is_none()) {
        return Err(Usage(format!(
            "there is no preset {name}; there are {}",
            Preset::all().join(", ")
        ))
        .into());
    }
    let templates: Vec<String> = args
        .templates
        .iter()
        .map(|template| template.replace("{c}", "{}"))
        .collect();
    let templates = match templates.is_empty() {
        true => None,
        false => Some(TemplateSet::own(templates).map_err(|error| Usage(visible(&error.to_string())))?),
    };
    Ok(EvaluationConfig {
        folder: args.folder.clone(),
        wanted: Wanted {
            purpose: Purpose::Measure,
            source: args.truth,
            file_column: args.path_column.clone(),
            label_column: args.label_column.clone(),
            level: args.level,
        },
        part: args.split,
        templates,
        preset: args.preset.clone(),
        model: model(common)?,
        ..EvaluationConfig::default()
    })
}

/// Says on standard error what was found, so that it can be corrected.
fn say_found(truth: &GroundTruth, args: &EvaluateArgs) {
    let by = match truth.source {
        Source::Folders => format!("folders (level {})", args.level),
        Source::Labels | Source::Captions => {
            let of = |columns: &crate::evaluation::Columns| {
                let said = columns.said.as_deref().unwrap_or("?");
                format!("{} (columns {} and {said})", visible_path(&columns.list), columns.file)
            };
            let lists: Vec<String> = truth.columns.iter().map(of).collect();
            if lists.is_empty() {
                "texts beside pictures".into()
            } else {
                lists.join(", ")
            }
        }
    };
    let sides: Vec<String> = truth
        .sides()
        .into_iter()
        .filter_map(|(side, count)| Some(format!("{count} {}", side?.name())))
        .collect();
    let sides = if sides.is_empty() {
        String::new()
    } else {
        format!(" ({})", sides.join(", "))
    };
    let classes = match truth.source {
        Source::Captions => String::new(),
        _ => format!(" of {} classes", truth.classes.len()),
    };
    say(&format!("{} pictures{classes}{sides}, by {by}", truth.pictures.len()));
    for note in &truth.notes {
        say(note);
    }
    for (path, reason) in truth.left_aside.iter().take(NAMED) {
        say(&format!("left aside: {}: {reason}", visible_path(path)));
    }
    let more = truth.left_aside.len().saturating_sub(NAMED);
    if more > 0 {
        say(&format!("left aside: {more} more"));
    }
    if args.preset.is_none()
        && let Some(preset) = Preset::recognised(&truth.classes)
    {
        say(&format!(
            "the folders are called like the classes of {0}: --preset {0} uses its names and templates",
            preset.name
        ));
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

/// How a part is called on the command line.
pub fn part(text: &str) -> Result<Part, String> {
    match text {
        "held-out" => Ok(Part::HeldOut),
        "all" => Ok(Part::All),
        side => Side::of_folder(side)
            .map(Part::Side)
            .ok_or_else(|| "there are held-out, all, train, validation and test".into()),
    }
}
