//! What a run is asked to be, by the arguments.

use std::path::PathBuf;

use anyhow::Result;

use crate::cli::args::FineTuneArgs;
use crate::cli::pictures::model as chosen_model;
use crate::cli::{Common, Usage};
use crate::engine::ModelChoice;
use crate::escape::visible;
use crate::fine_tune::FineTuneMethod;
use crate::fine_tune::config::{Field, RunConfig};
use crate::fine_tune::search::Choice;

/// A run as it is asked for, checked.
pub fn config(args: &FineTuneArgs, common: &Common) -> Result<RunConfig> {
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

/// Takes `NAME=VALUE`, or `NAME=A,B,C` as values to try.
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
