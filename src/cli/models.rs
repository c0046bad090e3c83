//! `clipsight models`: the catalogue, and all about a model.

use anyhow::Result;
use serde_json::{Value, json};

use super::args::{ModelsArgs, ModelsCommand};
use super::output::Output;
use super::pictures::session;
use super::{Common, Usage};
use crate::clip::{HeatmapMethod, ModelInfo};
use crate::hub::{ModelChoice, catalogue, local_folder};

/// Runs the command.
pub fn run(args: &ModelsArgs, common: &Common, output: &mut Output) -> Result<()> {
    match &args.command {
        ModelsCommand::List => list(common, output),
        ModelsCommand::Info { name } => info(name.as_deref(), common, output),
    }
}

fn list(common: &Common, output: &mut Output) -> Result<()> {
    let starter = session(&Common {
        model: None,
        ..common.clone()
    })?;
    let starter = starter.loaded.model.info();
    let note = "built in, works offline; no CLIP";
    row(
        output,
        "starter",
        starter.parameters,
        Some(starter.size_bytes),
        true,
        note,
    )?;
    for entry in catalogue() {
        let folder = local_folder(&entry.name);
        let bytes = folder
            .as_ref()
            .and_then(|folder| Some(std::fs::metadata(folder.join("model.safetensors")).ok()?.len()));
        let note = format!(
            "{}; ImageNet {:.1} %, {}",
            entry.good_for, entry.imagenet_top1, entry.licence
        );
        row(output, &entry.name, entry.parameters, bytes, folder.is_some(), &note)?;
    }
    Ok(())
}

fn row(output: &mut Output, name: &str, parameters: usize, bytes: Option<u64>, local: bool, note: &str) -> Result<()> {
    let line = json!({ "name": name, "parameters": parameters, "bytes": bytes, "local": local, "note": note });
    let rows = || {
        let bytes = bytes.map_or(String::new(), |b| b.to_string());
        vec![vec![
            name.into(),
            parameters.to_string(),
            bytes,
            local.to_string(),
            note.into(),
        ]]
    };
    output.result(&line, &["name", "parameters", "bytes", "local", "note"], rows, || {
        let here = if local { "here" } else { "-" };
        format!("{here:<5} {:>5} M  {name}  ({note})", parameters / 1_000_000)
    })
}

fn info(name: Option<&str>, common: &Common, output: &mut Output) -> Result<()> {
    let name = name.or(common.model.as_deref()).unwrap_or("starter").to_string();
    ModelChoice::parse(&name).map_err(Usage)?;
    let session = session(&Common {
        model: Some(name.clone()),
        ..common.clone()
    })?;
    let line = describe(&name, session.loaded.model.info());
    let fields: Vec<(String, String)> = line
        .as_object()
        .into_iter()
        .flatten()
        .map(|(key, value)| (key.clone(), plain(value)))
        .collect();
    let columns: Vec<&str> = fields.iter().map(|(key, _)| key.as_str()).collect();
    let rows = || vec![fields.iter().map(|(_, value)| value.clone()).collect()];
    output.result(&line, &columns, rows, || {
        let lines: Vec<String> = fields.iter().map(|(key, value)| format!("{key:<16} {value}")).collect();
        lines.join("\n")
    })
}

fn describe(name: &str, info: &ModelInfo) -> Value {
    let methods: Vec<&str> = HeatmapMethod::ALL
        .into_iter()
        .filter(|method| info.tower.supports(*method).is_ok())
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
        "context_length": info.context_length,
        "embedding_dim": info.projection_dim,
        "logit_scale": info.scoring.logit_scale,
        "logit_bias": info.scoring.logit_bias,
        "heatmap_methods": methods,
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
