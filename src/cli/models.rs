//! `clipsight models`: the catalogue, what is on this machine, and all about a model.

use std::ffi::OsStr;

use anyhow::{Context, Result};
use burn::tensor::Device;
use serde_json::{Value, json};

use super::args::{ModelsArgs, ModelsCommand};
use super::output::Output;
use super::pictures::session;
use super::progress::Bar;
use super::{Common, Usage};
use crate::clip::{Model, ModelInfo};
use crate::engine::ModelChoice;
use crate::escape::visible;
use crate::heatmap::HeatmapMethod;
use crate::hub::{Cache, Hub, catalogue, pull};

const MEGABYTE: f64 = 1e6;

pub fn run(args: &ModelsArgs, common: &Common, output: &mut Output) -> Result<()> {
    match &args.command {
        ModelsCommand::List => list(output),
        ModelsCommand::Info { name } => info(name.as_deref(), common, output),
        ModelsCommand::Pull { name, revision } => fetch(name, revision, output),
        ModelsCommand::Remove { name } => remove(name, output),
    }
}

fn cache() -> Result<Cache> {
    Cache::of_this_machine().context("there is no home folder: set HF_HOME to where models shall lie")
}

fn list(output: &mut Output) -> Result<()> {
    // Only what it is is asked: no GPU is waited for.
    let starter = Model::starter(&Device::flex())?;
    let starter = starter.info();
    let note = "built in, works offline; no CLIP";
    row(
        output,
        "starter",
        Some(starter.parameters),
        Some(starter.size_bytes),
        true,
        note,
    )?;
    let here = Cache::of_this_machine().map(|cache| cache.models()).unwrap_or_default();
    for entry in catalogue() {
        let local = here.iter().find(|model| model.name == entry.name);
        let note = format!(
            "{}; ImageNet {:.1} % ({}), {}, {}, {}",
            entry.good_for,
            entry.imagenet_top1,
            entry.source,
            entry.languages,
            entry.speed.title(),
            entry.licence
        );
        let bytes = local.map_or(entry.bytes(), |model| model.bytes);
        row(
            output,
            &entry.name,
            Some(entry.parameters),
            Some(bytes),
            local.is_some(),
            &note,
        )?;
    }
    let known = |name: &str| catalogue().iter().any(|entry| entry.name == name);
    for model in here.iter().filter(|model| !known(&model.name)) {
        row(
            output,
            &model.name,
            None,
            Some(model.bytes),
            true,
            "in the Hugging Face cache",
        )?;
    }
    Ok(())
}

fn fetch(name: &str, revision: &str, output: &mut Output) -> Result<()> {
    let pulled = pull(&Hub::from_environment(), &cache()?, name, revision, &Bar::bytes())?;
    let folder = pulled.folder.display().to_string();
    let line = json!({ "name": name, "bytes": pulled.bytes, "local": true, "path": folder });
    let rows = || {
        vec![vec![
            name.into(),
            pulled.bytes.to_string(),
            "true".into(),
            folder.clone(),
        ]]
    };
    output.result(&line, &["name", "bytes", "local", "path"], rows, || {
        format!("{name} is here, verified: use it with --model {name}")
    })
}

fn remove(name: &str, output: &mut Output) -> Result<()> {
    let bytes = cache()?.remove(name)?;
    let line = json!({ "name": name, "bytes": bytes, "local": false });
    let rows = || vec![vec![name.into(), bytes.to_string(), "false".into()]];
    output.result(&line, &["name", "bytes", "local"], rows, || {
        format!("{name} is removed; {:.1} MB are free again", bytes as f64 / MEGABYTE)
    })
}

fn row(
    output: &mut Output,
    name: &str,
    parameters: Option<usize>,
    bytes: Option<u64>,
    local: bool,
    note: &str,
) -> Result<()> {
    let line = json!({ "name": name, "parameters": parameters, "bytes": bytes, "local": local, "note": note });
    let rows = || {
        let bytes = bytes.map_or(String::new(), |b| b.to_string());
        vec![vec![
            name.into(),
            parameters.map_or(String::new(), |p| p.to_string()),
            bytes,
            local.to_string(),
            note.into(),
        ]]
    };
    output.result(&line, &["name", "parameters", "bytes", "local", "note"], rows, || {
        let here = if local { "here" } else { "-" };
        let millions = parameters.map_or("?".into(), |p| (p / 1_000_000).to_string());
        format!("{here:<5} {millions:>5} M  {}  ({})", visible(name), visible(note))
    })
}

fn info(name: Option<&OsStr>, common: &Common, output: &mut Output) -> Result<()> {
    let name = name.or(common.model.as_deref()).unwrap_or(OsStr::new("starter"));
    ModelChoice::parse(name).map_err(Usage)?;
    let session = session(&Common {
        model: Some(name.to_os_string()),
        ..common.clone()
    })?;
    let line = describe(&name.to_string_lossy(), session.loaded.model.info());
    let fields: Vec<(String, String)> = line
        .as_object()
        .into_iter()
        .flatten()
        .map(|(key, value)| (key.clone(), plain(value)))
        .collect();
    let columns: Vec<&str> = fields.iter().map(|(key, _)| key.as_str()).collect();
    let rows = || vec![fields.iter().map(|(_, value)| value.clone()).collect()];
    output.result(&line, &columns, rows, || {
        let lines: Vec<String> = fields
            .iter()
            .map(|(key, value)| format!("{key:<16} {}", visible(value)))
            .collect();
        lines.join("\n")
    })
}

fn describe(name: &str, info: &ModelInfo) -> Value {
    let methods: Vec<&str> = HeatmapMethod::all()
        .filter(|method| method.fits(info.tower).is_ok())
        .map(HeatmapMethod::name)
        .collect();
    json!({
        "name": name,
        "layout": info.layout.title(),
        "architecture": info.tower.title(),
        "image_tower": info.image_tower,
        "text_tower": info.text_tower,
        "parameters": info.parameters,
        "bytes": info.size_bytes,
        "local": true,
        "dtype": info.dtype,
        "image_size": info.image_size,
        "sees": info.sees,
        "context_length": info.context_length,
        "embedding_dim": info.projection_dim,
        "logit_scale": info.scoring.logit_scale,
        "logit_bias": info.scoring.logit_bias,
        "heatmap_methods": methods,
        "notes": info.notes,
        "files": info.files.iter().map(|file| json!({ "name": file.name, "sha256": file.sha256 })).collect::<Vec<_>>(),
        "identity": info.identity,
    })
}

fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Array(values) => values.iter().map(plain).collect::<Vec<_>>().join(", "),
        other => other.to_string(),
    }
}
