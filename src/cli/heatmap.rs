//! `clipsight heatmap`: where labels are found in a picture.

use std::path::Path;

use anyhow::{Context, Result};
use image::RgbImage;
use serde_json::json;

use super::args::HeatmapArgs;
use super::output::Output;
use super::pictures::{session, shown, templates};
use super::{Common, Usage};
use crate::heatmap::HeatmapMethod;
use crate::heatmap::{HeatMap, Overlay, Ramp, Scale, heat_maps, raw_json, side_by_side};
use crate::library::{decode, fitted};
use crate::zero_shot::Label;

const OPACITY: f32 = 0.6;
const GAP: u32 = 8;
/// Longest side of the overlay, in pixels.
const MAX_SIDE: u32 = 2_048;

/// Runs the command.
pub fn run(args: &HeatmapArgs, common: &Common, output: &mut Output) -> Result<()> {
    match (&args.evaluate, &args.image) {
        (Some(folder), _) => super::heatmap_trust::run(folder, args, common, output),
        (None, Some(image)) => draw(image, args, common, output),
        (None, None) => Err(Usage("name a picture, or a folder after --evaluate".into()).into()),
    }
}

fn draw(image: &Path, args: &HeatmapArgs, common: &Common, output: &mut Output) -> Result<()> {
    let templates = templates(&args.templates)?;
    let mut session = session(common)?;
    let tower = session.loaded.model.info().tower;
    let method = match args.methods.as_slice() {
        [] => HeatmapMethod::default_for(tower),
        [one] => *one,
        _ => return Err(Usage("name one --method; several go with --evaluate".into()).into()),
    };

    let labels: Vec<Label> = args.labels.iter().map(Label::named).collect();
    let classes = session.classes(&labels, &templates)?;
    let picture = decode(image).with_context(|| shown(image))?;
    let seen = session.loaded.model.preprocessing().model_view(&picture)?;
    let (texts, _) = classes.label_values();
    let (maps, warning) = session
        .loaded
        .with_fallback(|model| heat_maps(model, method, &seen, texts))?;
    if let Some(warning) = warning {
        eprintln!("clipsight: {warning}");
    }

    if let Some(path) = &args.raw {
        write_raw(path, &args.labels, &maps)?;
    }
    if let Some(path) = &args.output {
        let preprocessing = session.loaded.model.preprocessing();
        let view = preprocessing.view_rect(picture.width(), picture.height());
        let small = fitted(&picture, MAX_SIDE);
        let overlay = Overlay {
            ramp: Ramp::Viridis,
            opacity: OPACITY,
            range: Scale::Absolute.range(&maps),
            smooth: true,
        };
        let blended: Vec<RgbImage> = maps.iter().map(|map| overlay.blend(&small, view, map)).collect();
        side_by_side(&blended, GAP)
            .save(path)
            .with_context(|| format!("cannot write {}", path.display()))?;
    }
    maps.iter()
        .zip(&args.labels)
        .try_for_each(|(map, label)| print(output, label, map))
}

fn write_raw(path: &Path, labels: &[String], maps: &[HeatMap]) -> Result<()> {
    let raw = raw_json(labels.iter().map(String::as_str).zip(maps));
    std::fs::write(path, serde_json::to_vec(&raw)?).with_context(|| format!("cannot write {}", path.display()))
}

fn print(output: &mut Output, label: &str, map: &HeatMap) -> Result<()> {
    let (low, high) = map.range();
    let method = map.method.name();
    let line =
        json!({ "label": label, "method": method, "rows": map.rows, "cols": map.columns, "low": low, "high": high });
    let rows = || {
        let cells = [map.rows.to_string(), map.columns.to_string()];
        vec![
            [label.to_string(), method.to_string()]
                .into_iter()
                .chain(cells)
                .chain([low.to_string(), high.to_string()])
                .collect(),
        ]
    };
    output.result(&line, &["label", "method", "rows", "cols", "low", "high"], rows, || {
        format!(
            "{label}: {method}, {} x {} cells, {low:.4} to {high:.4}",
            map.rows, map.columns
        )
    })
}
