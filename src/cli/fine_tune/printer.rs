//! What a run prints while it works, and at its end.

use anyhow::{Result, anyhow};
use serde_json::{Value, json};

use crate::cli::output::{Output, say};
use crate::cli::pictures::shown;
use crate::cli::progress::Bar;
use crate::cli::{Format, figures, preview};
use crate::escape::visible;
use crate::evaluation::Comparison;
use crate::fine_tune::run::{RunEvent, RunRecord};
use crate::progress::{Progress, Step};

/// Prints a run's events: JSON lines, or a bar on the terminal and the result at the end.
pub struct Printer {
    format: Format,
    bar: Option<Bar>,
}

impl Printer {
    pub fn new(format: Format) -> Self {
        Self { format, bar: None }
    }

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

    /// Takes the bar away, before anything else is printed.
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
        model,
        compared,
        control_compared,
        ..
    } = event
    else {
        return;
    };
    line["model"] = shown(model).into();
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
        let measured = measured_words(*n_test, compared.as_deref());
        let forgotten = forgotten_words(*control, control_compared.as_deref());
        let names: Vec<String> = classes.iter().map(|class| visible(class)).collect();
        let taught = match names.is_empty() {
            true => String::new(),
            false => format!("\n  taught: {}", names.join(", ")),
        };
        format!("{run}: {end}\n  {measured}{forgotten}{taught}\n  use it with --model {run}")
    })
}

/// The accuracy on the test pictures beside zero-shot.
fn measured_words(n_test: usize, compared: Option<&Comparison>) -> String {
    match compared {
        Some(compared) => format!(
            "accuracy on {n_test} test pictures: {}, zero-shot {}\n  difference: {}",
            compared.after.share_words(),
            compared.before.share_words(),
            compared.words()
        ),
        None => "no picture was left to test with: nothing was measured".into(),
    }
}

/// What became of the control set, which the run never learnt from.
fn forgotten_words(control: Option<(f32, f32)>, compared: Option<&Comparison>) -> String {
    let Some((before, after)) = control else {
        return String::new();
    };
    let words = compared.map_or(String::new(), |compared| format!(": {}", compared.words()));
    let (before, after) = (100.0 * before, 100.0 * after);
    format!("\n  control set: {before:.1} % before, {after:.1} % after{words}")
}
