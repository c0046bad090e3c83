//! `clipsight runs`: what was taught.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::Result;
use serde_json::{Value, json};

use super::args::{RunsArgs, RunsCommand};
use super::fine_tune::{Printer, Workshop, stop_on_interrupt};
use super::output::Output;
use super::pictures::shown;
use super::preview::reasons;
use super::{Common, Format};
use crate::fine_tune::run::{self, RunFolder, RunRecord};

/// Runs the command.
pub fn run(args: &RunsArgs, common: &Common, output: &mut Output) -> Result<()> {
    let workshop = Workshop::open(common)?;
    match &args.command {
        RunsCommand::List => workshop.runs.list().iter().try_for_each(|record| row(record, output)),
        RunsCommand::Show { run } => show(&workshop.runs.find(run)?, common, output),
        RunsCommand::Resume { run } => resume(&workshop.runs.find(run)?, &workshop, common, output),
        RunsCommand::Delete { run } => {
            workshop.runs.delete(run)?;
            workshop.runs.empty_trash();
            let line = json!({ "run": run, "state": "deleted" });
            output.result(
                &line,
                &["run"],
                || vec![vec![run.clone()]],
                || format!("{run} is deleted"),
            )
        }
        RunsCommand::Export { run, output: target } => export(&workshop.runs.find(run)?, &workshop, target, output),
        RunsCommand::Blend { run, use_at } => blend(&workshop.runs.find(run)?, &workshop, *use_at, output),
    }
}

fn line(record: &RunRecord) -> Value {
    json!({
        "run": record.run,
        "name": record.name,
        "note": record.note,
        "method": record.config.method.name(),
        "state": record.state,
        "base": record.base_name,
        "folder": record.config.folder,
        "shots": record.config.shots,
        "seed": record.config.seed,
        "settings": record.config.hyper,
        "precision": record.config.precision,
        "data_hash": record.data_hash,
        "device": record.device,
        "step": record.step,
        "steps": record.steps,
        "worked_s": record.worked_s,
        "n_train": record.n_train,
        "n_test": record.n_test,
        "zero_shot_accuracy": record.zero_shot_accuracy,
        "accuracy": record.accuracy,
        "control": record.control,
        "left_aside": record.data.left_aside,
        "near_duplicates": record.data.near_duplicates,
        "contradictions": record.data.contradictions,
        "files_left_aside": reasons(&record.data.files),
        "search": record.config.search,
        "chosen": record.chosen.iter().cloned().collect::<BTreeMap<_, _>>(),
        "model": record.model,
        "error": record.error,
    })
}

fn row(record: &RunRecord, output: &mut Output) -> Result<()> {
    let percent = |share: Option<f32>| share.map_or("-".into(), |share| format!("{:.1} %", 100.0 * share));
    let columns = ["run", "method", "state", "zero_shot_accuracy", "accuracy"];
    let number = |share: Option<f32>| share.map_or(String::new(), |share| share.to_string());
    let cells = || {
        vec![vec![
            record.run.clone(),
            record.config.method.name().into(),
            record.state.title().into(),
            number(record.zero_shot_accuracy),
            number(record.accuracy),
        ]]
    };
    output.result(&line(record), &columns, cells, || {
        format!(
            "{:<18} {:<12} {:>8} (zero-shot {:>7})  {}",
            record.run,
            record.state.title(),
            percent(record.accuracy),
            percent(record.zero_shot_accuracy),
            record.name
        )
    })
}

fn show(folder: &RunFolder, common: &Common, output: &mut Output) -> Result<()> {
    let record = folder.record()?;
    if common.format == Format::Json {
        let mut line = line(&record);
        line["events"] = serde_json::to_value(folder.events())?;
        return output.result(&line, &[], Vec::new, String::new);
    }
    row(&record, output)?;
    if common.format == Format::Table {
        let settings = line(&record);
        for (name, value) in settings.as_object().into_iter().flatten() {
            println!("  {name:<20} {value}");
        }
    }
    Ok(())
}

fn resume(folder: &RunFolder, workshop: &Workshop, common: &Common, output: &mut Output) -> Result<()> {
    let control = stop_on_interrupt();
    let mut printer = Printer::new(common.format);
    let mut written = Ok(());
    let resumed = run::resume(folder, folder.record()?, &workshop.start(), &control, &mut |event| {
        if written.is_ok() {
            written = printer.event(event, output);
        }
    });
    printer.end();
    written?;
    printer.chosen(&resumed?, output)
}

/// Writes the run's model, in standard files where it can be, and its curves.
fn export(folder: &RunFolder, workshop: &Workshop, target: &Path, output: &mut Output) -> Result<()> {
    let run = folder.name();
    let kind = run::export_run(folder, workshop.start().device, target)?.title();
    let result = json!({ "run": run, "path": target, "kind": kind });
    let cells = || vec![vec![run.clone(), shown(target), kind.into()]];
    output.result(&result, &["run", "path", "kind"], cells, || {
        format!("{run} is in {}: its {kind}, metrics.csv and run.json", shown(target))
    })
}

fn blend(folder: &RunFolder, workshop: &Workshop, use_at: Option<f32>, output: &mut Output) -> Result<()> {
    let start = workshop.start();
    if let Some(blend) = use_at {
        let record = run::set_blend(folder, start.device, blend)?;
        return row(&record, output);
    }
    for point in run::blend_curve(folder, start.device, start.samples, |_| true)? {
        let control = point.control;
        let line =
            json!({ "blend": point.blend, "validation_accuracy": point.validation, "control_accuracy": control });
        let shown = control.map_or("-".into(), |share| format!("{:.1} %", 100.0 * share));
        let cells = || {
            vec![vec![
                point.blend.to_string(),
                point.validation.to_string(),
                shown.clone(),
            ]]
        };
        output.result(
            &line,
            &["blend", "validation_accuracy", "control_accuracy"],
            cells,
            || {
                format!(
                    "{:.2}  task {:.1} %  control {shown}",
                    point.blend,
                    100.0 * point.validation
                )
            },
        )?;
    }
    Ok(())
}
