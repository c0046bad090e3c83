//! `clipsight heatmap`: where labels are found in a picture.

use std::path::Path;

use anyhow::{Context, Result};
use image::RgbImage;
use serde_json::json;

use super::args::HeatmapArgs;
use super::output::{Output, say};
use super::pictures::{model, of_fair_length, session, templates};
use super::{Common, Usage};
use crate::escape::{visible, visible_path};
use crate::heatmap::{
    HeatMap, HeatmapMethod, Overlay, Ramp, Scale, Style, heat_maps, raw_json, side_by_side, size_side_by_side,
};
use crate::library::{
    Inputs, OutputError, decode, expect_ending, fitted, may_write, picture_format, same_output, write_output,
    write_picture,
};
use crate::zero_shot::Label;

const OPACITY: f32 = 0.6;
const GAP: u32 = 8;
/// Longest side of the overlay, in pixels.
const MAX_SIDE: u32 = 2_048;

pub fn run(args: &HeatmapArgs, common: &Common, output: &mut Output) -> Result<()> {
    match (&args.evaluate, &args.image) {
        (Some(folder), _) => super::heatmap_trust::run(folder, args, common, output),
        (None, Some(image)) => draw(image, args, common, output),
        (None, None) => Err(Usage("name a picture, or a folder after --evaluate".into()).into()),
    }
}

fn draw(image: &Path, args: &HeatmapArgs, common: &Common, output: &mut Output) -> Result<()> {
    // Everything that can be refused is refused before the work.
    let templates = templates(&args.templates)?;
    if args.methods.len() > 1 {
        return Err(Usage("name one --method; several go with --evaluate".into()).into());
    }
    let labels = of_fair_length(args.labels.iter().map(Label::named).collect())?;
    check_outputs(image, args, common)?;
    let picture = decode(image).with_context(|| visible_path(image))?;
    let small = fitted(&picture, MAX_SIDE);
    if let Some(path) = &args.output {
        let (width, height) = size_side_by_side(small.dimensions(), args.labels.len(), GAP);
        picture_format(path, width, height).map_err(usage)?;
    }

    let mut session = session(common)?;
    let tower = session.loaded.model.info().tower;
    let method = args.methods.first().copied();
    let method = method.unwrap_or(HeatmapMethod::default_for(tower));
    let classes = session.classes(&labels, &templates)?;
    let seen = session.loaded.model.preprocessing().model_view(&picture)?;
    let (texts, _) = classes.label_values();
    let (maps, warning) = session
        .loaded
        .with_fallback(|model| heat_maps(model, method, &seen, texts))?;
    if let Some(warning) = warning {
        say(&warning);
    }

    if let Some(path) = &args.raw {
        let raw = raw_json(args.labels.iter().map(String::as_str).zip(&maps));
        write_output(path, &serde_json::to_vec(&raw)?, args.force)?;
    }
    if let Some(path) = &args.output {
        let preprocessing = session.loaded.model.preprocessing();
        let view = preprocessing.view_rect(picture.width(), picture.height());
        let overlay = overlay(&maps);
        let blended: Vec<RgbImage> = maps.iter().map(|map| overlay.blend(&small, view, map)).collect();
        write_picture(path, &side_by_side(&blended, GAP), args.force)?;
    }
    maps.iter()
        .zip(&args.labels)
        .try_for_each(|(map, label)| print(output, label, map))
}

/// How maps are drawn: tinted, all on one scale, so that they can be compared.
fn overlay(maps: &[HeatMap]) -> Overlay {
    Overlay {
        style: Style::Tint,
        signed: false,
        contour: None,
        ramp: Ramp::Viridis,
        opacity: OPACITY,
        range: Scale::Absolute.range(maps),
        smooth: true,
    }
}

/// Refuses outputs that cannot be written, or would replace what is read.
fn check_outputs(image: &Path, args: &HeatmapArgs, common: &Common) -> Result<()> {
    check_names(args)?;
    let inputs = Inputs {
        pictures: vec![image.to_path_buf()],
        model: model(common)?.files(),
        ..Inputs::default()
    };
    for path in args.output.iter().chain(&args.raw) {
        may_write(path, &inputs, args.force)?;
    }
    Ok(())
}

/// Whether the outputs' names say what can be written, and are two.
fn check_names(args: &HeatmapArgs) -> Result<()> {
    if let (Some(picture), Some(raw)) = (&args.output, &args.raw)
        && same_output(picture, raw)
    {
        return Err(Usage("--output and --raw name the same file".into()).into());
    }
    if let Some(picture) = &args.output {
        picture_format(picture, 0, 0).map_err(usage)?;
    }
    if let Some(raw) = &args.raw {
        expect_ending(raw, "json").map_err(usage)?;
    }
    Ok(())
}

fn usage(error: OutputError) -> Usage {
    Usage(visible(&error.to_string()))
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
            "{}: {method}, {} x {} cells, {low:.4} to {high:.4}",
            visible(label),
            map.rows,
            map.columns
        )
    })
}
