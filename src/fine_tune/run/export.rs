//! A run for elsewhere: its model, its settings, its curves.

use std::path::Path;

use burn::tensor::Device;

use super::blend::export_to;
use super::events::RunEvent;
use super::folder::{LEARNT, RunFolder};
use crate::clip::{Adapter, AdapterKind, write_whole};
use crate::fine_tune::{Error, Result};

/// What was exported.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exported {
    /// A whole model, in standard files.
    Model,
    /// A classifier, as an adapter.
    Adapter,
}

impl Exported {
    /// For people.
    pub fn title(self) -> &'static str {
        match self {
            Self::Model => "model",
            Self::Adapter => "adapter",
        }
    }
}

/// Writes the run's model into a folder, in standard files where it can be, with `metrics.csv` and `run.json`.
///
/// # Errors
/// The run has learnt nothing yet, its base is gone, or a file cannot be written.
pub fn export_run(folder: &RunFolder, device: &Device, target: &Path) -> Result<Exported> {
    let record = folder.record()?;
    let nothing = |_| Error::Run("the run has learnt nothing yet: resume it first".into());
    let adapter = Adapter::read(&folder.file(LEARNT)).map_err(nothing)?;
    let classifier = matches!(
        adapter.config.kind,
        AdapterKind::Linear { .. } | AdapterKind::Cache { .. }
    );
    if classifier {
        adapter.write(target)?;
    } else {
        export_to(folder, &record, device, &adapter, target)?;
    }
    write_whole(&target.join("metrics.csv"), curves(&folder.events()).as_bytes())?;
    let json = serde_json::to_vec_pretty(&record).map_err(|e| Error::Run(e.to_string()))?;
    write_whole(&target.join("run.json"), &json)?;
    Ok(if classifier { Exported::Adapter } else { Exported::Model })
}

/// A run's curves as a table: one line a step.
fn curves(events: &[RunEvent]) -> String {
    let mut table =
        String::from("step,loss,learning_rate,logit_scale,validation_loss,validation_accuracy,control_accuracy\r\n");
    let number = |value: Option<f64>| value.map_or(String::new(), |value| value.to_string());
    for event in events {
        let cells = match event {
            RunEvent::Step {
                step,
                loss,
                learning_rate,
                logit_scale,
                ..
            } => [
                step.to_string(),
                loss.to_string(),
                number(*learning_rate),
                number(logit_scale.map(f64::from)),
                String::new(),
                String::new(),
                String::new(),
            ],
            RunEvent::Validation {
                step,
                loss,
                accuracy,
                control,
                ..
            } => [
                step.to_string(),
                String::new(),
                String::new(),
                String::new(),
                number(loss.map(f64::from)),
                number(accuracy.map(f64::from)),
                number(control.map(f64::from)),
            ],
            _ => continue,
        };
        table += &crate::table::line(&cells);
    }
    table
}
