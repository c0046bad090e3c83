//! `clipsight fine-tune`: teach a model from pictures.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use anyhow::{Context as _, Result, anyhow};
use serde_json::{Value, json};

use super::args::FineTuneArgs;
use super::figures;
use super::interrupt::on_interrupt;
use super::output::{Output, say};
use super::pictures::{device, model as chosen_model, shown};
use super::preview;
use super::progress::Bar;
use super::{Common, Format, Usage};
use crate::engine::ModelChoice;
use crate::engine::{Placement, place};
use crate::escape::visible;
use crate::fine_tune::FineTuneMethod;
use crate::fine_tune::config::{Field, RunConfig};
use crate::fine_tune::k_shot::{Found, KShot, bands, base, k_shot_curve};
use crate::fine_tune::run::{self, Control, DataReport, RunEvent, RunRecord, Runs, Start};
use crate::fine_tune::search::Choice;
use crate::library::{data_dir, unpack_samples};
use crate::progress::{Progress, Step};

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
            say(&warning);
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
        return curve(&config, &workshop, common, output);
    }
    if args.estimate {
        let bar = Bar::share("Trying one step");
        let mut written = Ok(());
        let estimate = run::estimate(&config, &workshop.start(), &bar, |report| {
            written = data(report, common, output);
        })?;
        written?;
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
    if config.hyper.steps_a_shot > 0 && common.format == Format::Table {
        say(&format!(
            "{} takes {} steps for each picture of a class, as published; --epochs goes by passes instead",
            config.method.title(),
            config.hyper.steps_a_shot
        ));
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
    let record = record?;
    if let Some(name) = &args.name {
        let folder = workshop.runs.find(&record.run)?;
        folder.describe(name.clone(), record.note.clone())?;
    }
    printer.chosen(&record, output)
}

/// Ctrl-C stops the run and keeps what it learnt; a second one ends the program.
pub fn stop_on_interrupt() -> Arc<Control> {
    let control = Arc::new(Control::default());
    let told = Arc::clone(&control);
    on_interrupt("what was learnt is kept", move || {
        told.stop.swap(true, Ordering::Relaxed)
    });
    control
}

fn config(args: &FineTuneArgs, common: &Common) -> Result<RunConfig> {
    let absolute = |path: &PathBuf| std::path::absolute(path).unwrap_or_else(|_| path.clone());
    let method = args.method.unwrap_or(FineTuneMethod::LinearProbe);
    let mut config = RunConfig::new(method, absolute(&args.folder));
    let model = chosen_model(common)?;
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
        config.hyper.steps_a_shot = 0;
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
    config.check().map_err(|e| Usage(visible(&e.to_string())))?;
    Ok(config)
}

fn set(config: &mut RunConfig, setting: &str) -> Result<()> {
    let known = || {
        let fields =
            Field::of(config.method).map(|field| format!("  {:<14} {}", field.name, field.meaning_for(config.method)));
        fields.collect::<Vec<_>>().join("\n")
    };
    let wrong = |why: &str| {
        let method = config.method.title();
        Usage(format!("--set {}: {why}. {method} has\n{}", visible(setting), known()))
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

/// What would be learnt from, and what not: for people in words, for programs as the event of a run.
fn data(report: &DataReport, common: &Common, output: &mut Output) -> Result<()> {
    preview::say(report);
    if common.format != Format::Json || report.is_empty() {
        return Ok(());
    }
    let mut line = serde_json::to_value(report).map_err(|e| anyhow!(e))?;
    line["event"] = "data".into();
    line["files"] = preview::pairs(&report.files);
    output.result(&line, &[], Vec::new, String::new)
}

fn curve(config: &RunConfig, workshop: &Workshop, common: &Common, output: &mut Output) -> Result<()> {
    let control = stop_on_interrupt();
    let start = workshop.start();
    let mut written = Ok(());
    let open = || base(config.base.as_deref(), start.device);
    let bar = Bar::share("Measuring shots").while_wanted(move || !control.stop.load(Ordering::Relaxed));
    let mut points = Vec::new();
    k_shot_curve(config, open, &bar, |found| {
        if written.is_ok() {
            written = match found {
                Found::Data(report) => data(&report, common, output),
                Found::Point(point) => {
                    points.push(point);
                    print_point(&point, output)
                }
            };
        }
    })?;
    written?;
    print_bands(&points, output)
}

const SHOT_COLUMNS: [&str; 4] = ["method", "shots", "seed", "accuracy"];

fn method_name(method: Option<FineTuneMethod>) -> &'static str {
    method.map_or("zero-shot", FineTuneMethod::name)
}

fn print_point(point: &KShot, output: &mut Output) -> Result<()> {
    let method = method_name(point.method);
    let (shots, seed) = (point.shots, point.seed);
    let mut line = json!({
        "event": "k-shot", "method": method, "shots": shots, "seed": seed, "accuracy": point.accuracy,
        "examples": point.examples,
    });
    figures::add_interval(&mut line, "accuracy", point.interval.as_ref());
    figures::add_difference(&mut line, "", point.compared.as_ref());
    let columns = [&SHOT_COLUMNS[..], &figures::COLUMNS, &["examples"]].concat();
    let cells = || {
        let mut cells = vec![
            method.into(),
            shots.to_string(),
            seed.to_string(),
            point.accuracy.to_string(),
        ];
        cells.extend(figures::cells(point.interval.as_ref(), point.compared.as_ref()));
        cells.push(point.examples.to_string());
        vec![cells]
    };
    output.result(&line, &columns, cells, || {
        let accuracy = figures::share(Some(point.accuracy), point.interval.as_ref());
        let gain = point
            .compared
            .map_or(String::new(), |compared| format!(", {}", compared.words()));
        let fewer = if point.examples < shots {
            format!(" (no class has more than {})", point.examples)
        } else {
            String::new()
        };
        format!("{method:<13} {shots:>2} shots{fewer}, seed {seed}: {accuracy}{gain}")
    })
}

/// For people, what the seeds made of each number of shots.
fn print_bands(points: &[KShot], output: &mut Output) -> Result<()> {
    for band in bands(points) {
        let method = method_name(band.method);
        output.table(|| {
            let [low, mean, high] = [band.low, band.mean, band.high].map(|share| 100.0 * share);
            let shown = if band.method.is_none() {
                String::new()
            } else {
                format!("; better than zero-shot in {} of {}", band.improved, band.seeds)
            };
            let (examples, seeds) = (band.examples, band.seeds);
            format!(
                "{method:<13} {examples:>2} examples: {mean:.1} % ({low:.1} to {high:.1} over {seeds} splits){shown}"
            )
        })?;
    }
    Ok(())
}

/// Prints a run's events: JSON lines, or a bar on the terminal and the result at the end.
pub struct Printer {
    format: Format,
    bar: Option<Bar>,
}

impl Printer {
    /// For a format.
    pub fn new(format: Format) -> Self {
        Self { format, bar: None }
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
            let mut line = serde_json::to_value(event).map_err(|e| anyhow!(e))?;
            spread(&mut line, event);
            return output.result(&line, &[], Vec::new, String::new);
        }
        if let RunEvent::Done { .. } = event {
            self.end();
            return done(event, output);
        }
        if let RunEvent::Started { n_validation: 0, .. } = event {
            say("no picture is left for validation: nothing is chosen by it, and the defaults stand");
        }
        self.progress(event);
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

    fn progress(&mut self, event: &RunEvent) {
        let bar = || Bar::share("");
        match event {
            RunEvent::Preparing { what, done, .. } => self.bar.get_or_insert_with(bar).report(Step {
                what,
                done: f64::from(*done),
                total: 1.0,
            }),
            RunEvent::Step {
                step,
                steps,
                loss,
                pictures_per_s,
                ..
            } => {
                let bar = self.bar.get_or_insert_with(bar);
                bar.say(&format!(
                    "Step {step}/{steps}, loss {loss:.4}, {pictures_per_s:.0} pictures/s"
                ));
                bar.counted(*step, *steps);
            }
            _ => {}
        }
    }

    /// Takes the bar away.
    pub fn end(&mut self) {
        self.bar = None;
    }
}

/// What a run's end compares becomes fields of its line.
fn spread(line: &mut Value, event: &RunEvent) {
    if let RunEvent::Data { report, .. } = event {
        line["files"] = preview::pairs(&report.files);
    }
    let RunEvent::Done {
        compared,
        control_compared,
        ..
    } = event
    else {
        return;
    };
    if let Some(fields) = line.as_object_mut() {
        fields.remove("compared");
        fields.remove("control_compared");
    }
    figures::add_interval(line, "accuracy", compared.as_ref().map(|compared| &compared.after));
    figures::add_interval(line, "zero_shot", compared.as_ref().map(|compared| &compared.before));
    figures::add_difference(line, "", compared.as_deref());
    figures::add_difference(line, "control_", control_compared.as_deref());
}

fn done(event: &RunEvent, output: &mut Output) -> Result<()> {
    let RunEvent::Done {
        run,
        model,
        zero_shot_accuracy,
        accuracy,
        compared,
        n_train,
        n_test,
        control,
        control_compared,
        stopped,
        classes,
    } = event
    else {
        return Ok(());
    };
    let columns = ["run", "model", "zero_shot_accuracy", "accuracy", "n_train", "n_test"];
    let columns = [&columns[..], &figures::COLUMNS].concat();
    let number = |share: &Option<f32>| share.map_or(String::new(), |share| share.to_string());
    let cells = || {
        let mut cells = vec![
            run.clone(),
            shown(model),
            number(zero_shot_accuracy),
            number(accuracy),
            n_train.to_string(),
            n_test.to_string(),
        ];
        cells.extend(figures::cells(
            compared.as_ref().map(|compared| &compared.after),
            compared.as_deref(),
        ));
        vec![cells]
    };
    output.result(&json!({}), &columns, cells, || {
        let end = if *stopped { "stopped" } else { "done" };
        let measured = match compared {
            Some(compared) => format!(
                "accuracy on {n_test} test pictures: {}, zero-shot {}\n  difference: {}",
                compared.after.share_words(),
                compared.before.share_words(),
                compared.words()
            ),
            None => "no picture was left to test with: nothing was measured".into(),
        };
        let forgotten = control.map_or(String::new(), |(before, after)| {
            let words = control_compared
                .as_ref()
                .map_or(String::new(), |compared| format!(": {}", compared.words()));
            format!(
                "\n  control set: {:.1} % before, {:.1} % after{words}",
                100.0 * before,
                100.0 * after
            )
        });
        let taught = if classes.is_empty() {
            String::new()
        } else {
            format!(
                "\n  taught: {}",
                classes
                    .iter()
                    .map(|class| visible(class))
                    .collect::<Vec<_>>()
                    .join(", ")
            )
        };
        format!("{run}: {end}\n  {measured}{forgotten}{taught}\n  use it with --model {run}")
    })
}
