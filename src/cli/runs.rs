//! `clipsight runs`: what was taught.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::Result;
use serde_json::{Value, json};

use super::args::{RunsArgs, RunsCommand};
use super::figures;
use super::fine_tune::{Printer, Workshop, stop_on_interrupt};
use super::output::Output;
use super::pictures::shown;
use super::preview::reasons;
use super::progress::Bar;
use super::{Common, Format};
use crate::escape::{visible, visible_path};
use crate::evaluation::Comparison;
use crate::fine_tune::run::{self, BlendPoint, DamagedRun, RunEvent, RunFolder, RunRecord};

pub fn run(args: &RunsArgs, common: &Common, output: &mut Output) -> Result<()> {
    let workshop = Workshop::open(common)?;
    match &args.command {
        RunsCommand::List => {
            workshop.runs.list().iter().try_for_each(|record| row(record, output))?;
            workshop
                .runs
                .damaged()
                .iter()
                .try_for_each(|run| damaged_row(run, output))
        }
        RunsCommand::Show { run } => show(&workshop.runs.find(run)?, common, output),
        RunsCommand::Resume { run } => resume(&workshop.runs.find(run)?, &workshop, common, output),
        RunsCommand::Delete { run } => {
            workshop.runs.delete(run)?;
            workshop.runs.purge(run)?;
            let line = json!({ "run": run, "state": "deleted" });
            output.result(
                &line,
                &["run"],
                || vec![vec![run.clone()]],
                || format!("{run} is deleted"),
            )
        }
        RunsCommand::Export {
            run,
            output: target,
            force,
        } => export(&workshop.runs.find(run)?, &workshop, target, *force, output),
        RunsCommand::Blend { run, use_at } => blend(&workshop.runs.find(run)?, &workshop, *use_at, output),
    }
}

fn line(record: &RunRecord) -> Value {
    let mut line = json!({
        "run": record.run,
        "name": record.name,
        "note": record.note,
        "method": record.config.method.name(),
        "state": record.state,
        "base": record.base_name,
        "folder": shown(&record.config.folder),
        "shots": record.config.shots,
        "seed": record.config.seed,
        "settings": record.config.hyper,
        "precision": record.config.precision,
        "data_hash": record.data_hash,
        "device": record.device,
        "step": record.step,
        "steps": record.steps,
        "worked_s": record.worked_s,
        "classes": record.classes,
        "n_train": record.n_train,
        "n_test": record.n_test,
        "zero_shot_accuracy": record.zero_shot_accuracy,
        "accuracy": record.accuracy,
        "control": record.control,
        "blend": record.blend,
        "left_aside": record.data.left_aside,
        "near_duplicates": record.data.near_duplicates,
        "contradictions": record.data.contradictions,
        "files_left_aside": reasons(&record.data.files),
        "warnings": record.data.warnings,
        "search": record.config.search,
        "chosen": record.chosen.iter().cloned().collect::<BTreeMap<_, _>>(),
        "model": record.model.as_deref().map(shown),
        "error": record.error,
    });
    figures::add_interval(&mut line, "accuracy", record.accuracy_interval().as_ref());
    figures::add_interval(&mut line, "zero_shot", record.zero_shot_interval().as_ref());
    figures::add_difference(&mut line, "", record.compared.as_ref());
    figures::add_difference(&mut line, "control_", record.control_compared.as_ref());
    line
}

fn row(record: &RunRecord, output: &mut Output) -> Result<()> {
    let compared = record.compared.as_ref();
    let columns = ["run", "method", "state", "zero_shot_accuracy", "accuracy"];
    let columns = [&columns[..], &figures::COLUMNS].concat();
    let number = |share: Option<f32>| share.map_or(String::new(), |share| share.to_string());
    let cells = || {
        let mut cells = vec![
            record.run.clone(),
            record.config.method.name().into(),
            record.state.title().into(),
            number(record.zero_shot_accuracy),
            number(record.accuracy),
        ];
        cells.extend(figures::cells(record.accuracy_interval().as_ref(), compared));
        vec![cells]
    };
    output.result(&line(record), &columns, cells, || {
        let accuracy = figures::share(record.accuracy, record.accuracy_interval().as_ref());
        let before = figures::share(record.zero_shot_accuracy, record.zero_shot_interval().as_ref());
        let verdict = match (compared, record.accuracy) {
            (Some(compared), _) => compared.verdict().title(),
            (None, Some(_)) => "not compared picture by picture",
            (None, None) => "",
        };
        format!(
            "{:<18} {:<12} {accuracy:<24} zero-shot {before:<24} {verdict}  {}",
            visible(&record.run),
            record.state.title(),
            visible(&record.name)
        )
    })
}

/// What a run said, with its model's folder as text, whatever that is called.
fn event(event: &RunEvent) -> Result<Value> {
    let mut line = serde_json::to_value(event)?;
    if let RunEvent::Done { model, .. } = event {
        line["model"] = shown(model).into();
    }
    Ok(line)
}

fn damaged_row(damaged: &DamagedRun, output: &mut Output) -> Result<()> {
    let DamagedRun { run, reason } = damaged;
    let line = json!({ "run": run, "state": "damaged", "error": reason });
    let columns = ["run", "method", "state", "zero_shot_accuracy", "accuracy"];
    let columns = [&columns[..], &figures::COLUMNS].concat();
    let cells = || {
        let mut cells = vec![run.clone(), String::new(), "damaged".into()];
        cells.resize(columns.len(), String::new());
        vec![cells]
    };
    output.result(&line, &columns, cells, || {
        let (name, reason) = (visible(run), visible(reason));
        format!(
            "{name:<18} {:<12} {reason}; `clipsight runs delete {name}` removes it",
            "damaged"
        )
    })
}

fn show(folder: &RunFolder, common: &Common, output: &mut Output) -> Result<()> {
    let record = folder.record()?;
    if common.format == Format::Json {
        let mut line = line(&record);
        line["events"] = folder.events().iter().map(event).collect::<Result<_>>()?;
        return output.result(&line, &[], Vec::new, String::new);
    }
    row(&record, output)?;
    output.table(|| match (&record.compared, record.accuracy) {
        (Some(compared), _) => format!("  difference on {} test pictures: {}", compared.count, compared.words()),
        (None, Some(_)) => {
            "  this run is from before answers were kept picture by picture: its difference has no test".into()
        }
        (None, None) => "  nothing was measured yet".into(),
    })?;
    let settings = line(&record);
    for (name, value) in settings.as_object().into_iter().flatten() {
        output.table(|| format!("  {name:<20} {value}"))?;
    }
    Ok(())
}

fn resume(folder: &RunFolder, workshop: &Workshop, common: &Common, output: &mut Output) -> Result<()> {
    let control = stop_on_interrupt();
    let mut printer = Printer::new(common.format);
    let mut written = Ok(());
    let environment = workshop.environment();
    let resumed = run::resume(folder, folder.record()?, &environment, &control, &mut |event| {
        if written.is_ok() {
            written = printer.event(event, output);
        }
    });
    printer.end();
    written?;
    printer.chosen(&resumed?, output)
}

/// Writes the run's model, in standard files where it can be, and its curves.
fn export(folder: &RunFolder, workshop: &Workshop, target: &Path, replace: bool, output: &mut Output) -> Result<()> {
    let run = folder.name();
    let kind = run::export_run(folder, workshop.environment().device, target, replace)?.title();
    let result = json!({ "run": run, "kind": kind });
    let cells = || vec![vec![run.clone(), shown(target), kind.into()]];
    output.expect_paths(&[target.to_path_buf()]);
    output.path_result(target, result, &["run", "path", "kind"], cells, || {
        format!(
            "{run} is in {}: its {kind}, metrics.csv and run.json",
            visible_path(target)
        )
    })
}

fn blend(folder: &RunFolder, workshop: &Workshop, use_at: Option<f32>, output: &mut Output) -> Result<()> {
    let environment = workshop.environment();
    if let Some(blend) = use_at {
        let record = run::set_blend(folder, &environment, blend, &Bar::share("Measuring the blend"))?;
        return row(&record, output);
    }
    let progress = Bar::share("Measuring blends");
    for point in run::blend_curve(folder, environment.device, environment.samples, &progress)? {
        blend_point(&point, output)?;
    }
    Ok(())
}

fn blend_point(point: &BlendPoint, output: &mut Output) -> Result<()> {
    let control = point.control;
    let compared = point.compared.as_ref();
    let mut line =
        json!({ "blend": point.blend, "validation_accuracy": point.validation, "control_accuracy": control });
    figures::add_interval(&mut line, "accuracy", compared.map(|compared| &compared.after));
    figures::add_difference(&mut line, "", compared);
    figures::add_difference(&mut line, "control_", point.control_compared.as_ref());
    let columns = ["blend", "validation_accuracy", "control_accuracy"];
    let columns = [&columns[..], &figures::COLUMNS].concat();
    let number = |share: f32| {
        if share.is_finite() {
            share.to_string()
        } else {
            String::new()
        }
    };
    let cells = || {
        let mut cells = vec![
            point.blend.to_string(),
            point.validation.map_or(String::new(), number),
            control.map_or(String::new(), number),
        ];
        cells.extend(figures::cells(compared.map(|compared| &compared.after), compared));
        vec![cells]
    };
    output.result(&line, &columns, cells, || {
        let gain = |compared: &Option<Comparison>| match compared {
            Some(compared) if point.blend > 0.0 => format!(", {}", compared.words()),
            _ => String::new(),
        };
        let of = |compared: &Option<Comparison>| compared.map(|compared| compared.after);
        format!(
            "{:.2}  validation {}{}\n      control set {}{}",
            point.blend,
            figures::share(point.validation, of(&point.compared).as_ref()),
            gain(&point.compared),
            figures::share(control, of(&point.control_compared).as_ref()),
            gain(&point.control_compared)
        )
    })
}
