//! `clipsight fine-tune`: teach a model from pictures.

use std::io::{IsTerminal, Write};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use anyhow::{Context as _, Result, anyhow};
use serde_json::json;

use super::args::FineTuneArgs;
use super::output::Output;
use super::pictures::{device, shown};
use super::preview;
use super::{Common, Format, Usage};
use crate::engine::ModelChoice;
use crate::engine::{Placement, place};
use crate::fine_tune::FineTuneMethod;
use crate::fine_tune::config::{Field, RunConfig};
use crate::fine_tune::k_shot::{KShot, base, k_shot_curve};
use crate::fine_tune::run::{self, Control, RunEvent, RunRecord, Runs, Start};
use crate::fine_tune::search::Choice;
use crate::library::{data_dir, unpack_samples};

/// Where runs of this machine are, what they compute on, and the samples.
pub struct Workshop {
    /// The runs.
    pub runs: Runs,
    placement: Placement,
    samples: Option<PathBuf>,
}

impl Workshop {
    /// Opens it; a GPU that is not there is said so.
    ///
    /// # Errors
    /// There is no folder for data.
    pub fn open(common: &Common) -> Result<Self> {
        let data_dir = data_dir().context("there is no folder for application data; set CLIPSIGHT_DATA_DIR")?;
        let mut placement = place(device(common), common.precision.unwrap_or_default());
        if let Some(warning) = placement.warning.take() {
            eprintln!("clipsight: {warning}");
        }
        // Without the samples there is no control set, and everything else goes on.
        let samples = unpack_samples(&data_dir).ok().map(|folder| folder.join("photos"));
        Ok(Self {
            runs: Runs::at(&data_dir),
            placement,
            samples,
        })
    }

    /// Where a run works.
    pub fn start(&self) -> Start<'_> {
        Start {
            device: self.placement.device(),
            device_name: &self.placement.info().name,
            has_half: self.placement.has_half,
            samples: self.samples.as_deref(),
        }
    }
}

/// Runs the command.
pub fn run(args: &FineTuneArgs, common: &Common, output: &mut Output) -> Result<()> {
    let config = config(args, common)?;
    if args.preview {
        return preview::run(&config, output);
    }
    let workshop = Workshop::open(common)?;
    if args.k_shot_curve {
        return curve(&config, &workshop, output);
    }
    if args.estimate {
        let estimate = run::estimate(&config, &workshop.start(), |_| true)?;
        let memory = estimate
            .memory_mb
            .map_or(String::new(), |mb| format!(", about {mb:.0} MB of memory"));
        let line = json!({ "steps": estimate.steps, "seconds": estimate.seconds, "memory_mb": estimate.memory_mb });
        let cells = [estimate.steps.to_string(), estimate.seconds.to_string()];
        return output.result(
            &line,
            &["steps", "seconds"],
            || vec![cells.to_vec()],
            || format!("{} steps, about {:.0} s{memory}", estimate.steps, estimate.seconds),
        );
    }
    let control = stop_on_interrupt();
    let mut printer = Printer::new(common.format);
    let mut written = Ok(());
    let record = run::run(&workshop.runs, &config, &workshop.start(), &control, &mut |event| {
        if written.is_ok() {
            written = printer.event(event, output);
        }
    });
    printer.end();
    written?;
    let mut record = record?;
    if let Some(name) = &args.name {
        record.name.clone_from(name);
        workshop.runs.find(&record.run)?.keep(&record)?;
    }
    printer.chosen(&record, output)
}

/// Ctrl-C stops the run and keeps what it learnt; a second one ends the program.
pub fn stop_on_interrupt() -> Arc<Control> {
    let control = Arc::new(Control::default());
    let told = Arc::clone(&control);
    let handler = move || {
        if told.stop.swap(true, Ordering::Relaxed) {
            std::process::exit(130);
        }
        eprintln!("\nclipsight: stopping; what was learnt is kept (Ctrl-C once more to end at once)");
    };
    if let Err(error) = ctrlc::set_handler(handler) {
        eprintln!("clipsight: Ctrl-C will end the run at once ({error}); it can be resumed from its last checkpoint");
    }
    control
}

fn config(args: &FineTuneArgs, common: &Common) -> Result<RunConfig> {
    let absolute = |path: &PathBuf| std::path::absolute(path).unwrap_or_else(|_| path.clone());
    let method = args.method.unwrap_or(FineTuneMethod::LinearProbe);
    let mut config = RunConfig::new(method, absolute(&args.folder));
    let model = ModelChoice::parse(common.model.as_deref().unwrap_or("starter")).map_err(Usage)?;
    config.base = match model {
        ModelChoice::Starter => None,
        ModelChoice::Path(path) => Some(absolute(&path)),
    };
    config.precision = common.precision.unwrap_or_default();
    config.shots = args.shots;
    config.seed = args.seed;
    config.control = args.control.as_ref().map(absolute);
    if !args.templates.is_empty() {
        config.templates.clone_from(&args.templates);
    }
    if let Some(epochs) = args.epochs {
        config.hyper.epochs = epochs;
    }
    if let Some(part) = args.part {
        config.hyper.part = part;
    }
    if let Some(architecture) = args.architecture {
        config.hyper.architecture = architecture;
    }
    if args.search {
        config.search = Choice::usual(method);
    }
    for setting in &args.settings {
        set(&mut config, setting)?;
    }
    config.check().map_err(|e| Usage(e.to_string()))?;
    Ok(config)
}

fn set(config: &mut RunConfig, setting: &str) -> Result<()> {
    let known = || {
        let fields = Field::of(config.method).map(|field| format!("  {:<14} {}", field.name, field.meaning));
        fields.collect::<Vec<_>>().join("\n")
    };
    let wrong = |why: &str| {
        let method = config.method.title();
        Usage(format!("--set {setting}: {why}. {method} has\n{}", known()))
    };
    let (name, value) = setting.split_once('=').ok_or_else(|| wrong("write it as NAME=VALUE"))?;
    let field = Field::of(config.method)
        .find(|field| field.name == name)
        .ok_or_else(|| wrong("no such setting"))?;
    let (low, high) = field.range;
    let number = |value: &str| {
        let value: f64 = value.trim().parse().map_err(|_| wrong("the value is no number"))?;
        if (low..=high).contains(&value) {
            Ok(value)
        } else {
            Err(wrong(&format!("it must lie from {low} to {high}")))
        }
    };
    let values = value.split(',').map(number).collect::<Result<Vec<f64>, Usage>>()?;
    config.search.retain(|choice| choice.name != name);
    match values[..] {
        [value] => field.set(&mut config.hyper, value),
        _ => config.search.push(Choice {
            name: name.into(),
            values,
        }),
    }
    Ok(())
}

fn curve(config: &RunConfig, workshop: &Workshop, output: &mut Output) -> Result<()> {
    let control = stop_on_interrupt();
    let terminal = std::io::stderr().is_terminal();
    let start = workshop.start();
    let mut written = Ok(());
    let open = || base(config.base.as_deref(), start.device);
    let wanted = |done: f32| {
        if terminal {
            eprint!("\r{:3.0} %\r", 100.0 * done);
        }
        !control.stop.load(Ordering::Relaxed)
    };
    k_shot_curve(config, open, wanted, |point| {
        if written.is_ok() {
            written = print_point(&point, output);
        }
    })?;
    written
}

fn print_point(point: &KShot, output: &mut Output) -> Result<()> {
    let method = point.method.map_or("zero-shot", FineTuneMethod::name);
    let KShot {
        shots, seed, accuracy, ..
    } = *point;
    let line = json!({ "event": "k-shot", "method": method, "shots": shots, "seed": seed, "accuracy": accuracy });
    let cells = || {
        vec![vec![
            method.into(),
            shots.to_string(),
            seed.to_string(),
            accuracy.to_string(),
        ]]
    };
    output.result(&line, &["method", "shots", "seed", "accuracy"], cells, || {
        format!("{method:<13} {shots:>2} shots, seed {seed}: {:.1} %", 100.0 * accuracy)
    })
}

/// Prints a run's events: JSON lines, or a line on the terminal that is written over and the result at the end.
pub struct Printer {
    format: Format,
    terminal: bool,
}

impl Printer {
    /// For a format.
    pub fn new(format: Format) -> Self {
        Self {
            format,
            terminal: std::io::stderr().is_terminal(),
        }
    }

    /// Prints an event.
    ///
    /// # Errors
    /// Whoever reads went away.
    pub fn event(&mut self, event: &RunEvent, output: &mut Output) -> Result<()> {
        if let RunEvent::Data { report, .. } = event {
            preview::say(report);
        }
        if self.format == Format::Json {
            let line = serde_json::to_value(event).map_err(|e| anyhow!(e))?;
            return output.result(&line, &[], Vec::new, String::new);
        }
        if let RunEvent::Done { .. } = event {
            self.end();
            return done(event, output);
        }
        if self.terminal
            && let Some(line) = progress(event)
        {
            let _ = write!(std::io::stderr(), "\r\x1b[K{line}");
        }
        Ok(())
    }

    /// Says what was chosen by validation; events do not.
    ///
    /// # Errors
    /// Whoever reads went away.
    pub fn chosen(&self, record: &RunRecord, output: &mut Output) -> Result<()> {
        if self.format != Format::Table || record.chosen.is_empty() {
            return Ok(());
        }
        let each = record.chosen.iter();
        let each: Vec<String> = each.map(|(name, value)| format!("{name} {}", *value as f32)).collect();
        output.result(&json!({}), &[], Vec::new, || {
            format!("  chosen by validation: {}", each.join(", "))
        })
    }

    /// Leaves the line that is written over.
    pub fn end(&mut self) {
        if std::mem::take(&mut self.terminal) {
            eprintln!();
        }
    }
}

fn progress(event: &RunEvent) -> Option<String> {
    Some(match event {
        RunEvent::Preparing { what, done, .. } => format!("{what}: {:.0} %", 100.0 * done),
        RunEvent::Step {
            step,
            steps,
            loss,
            pictures_per_s,
            seconds_left,
            ..
        } => {
            let filled = 20 * step / (*steps).max(1);
            let bar = format!("{}{}", "#".repeat(filled), "-".repeat(20 - filled));
            format!("[{bar}] {step}/{steps}  loss {loss:.4}  {pictures_per_s:.0} pictures/s  {seconds_left:.0} s left")
        }
        _ => return None,
    })
}

fn done(event: &RunEvent, output: &mut Output) -> Result<()> {
    let RunEvent::Done {
        run,
        model,
        zero_shot_accuracy,
        accuracy,
        n_train,
        n_test,
        control,
        stopped,
    } = event
    else {
        return Ok(());
    };
    let columns = ["run", "model", "zero_shot_accuracy", "accuracy", "n_train", "n_test"];
    let cells = || {
        vec![vec![
            run.clone(),
            shown(model),
            zero_shot_accuracy.to_string(),
            accuracy.to_string(),
            n_train.to_string(),
            n_test.to_string(),
        ]]
    };
    output.result(&json!({}), &columns, cells, || {
        let end = if *stopped { "stopped" } else { "done" };
        let forgotten = control.map_or(String::new(), |(before, after)| {
            format!("\n  control set: {:.1} % before, {:.1} % after", 100.0 * before, 100.0 * after)
        });
        format!(
            "{run}: {end}\n  accuracy on {n_test} pictures it never saw: {:.1} %, zero-shot {:.1} %{forgotten}\n  use it \
             with --model {run}",
            100.0 * accuracy,
            100.0 * zero_shot_accuracy
        )
    })
}
