//! Prepares a GPU in the background: the first passes compile kernels, which takes seconds.

use super::Events;
use super::device::{DeviceChoice, DeviceInfo, gpu};
use super::loaded::{Loaded, place};
use super::protocol::{Event, Severity};
use super::session::IMAGE_BATCH;
use crate::clip::Precision;
use crate::engine::ModelChoice;
use crate::heatmap::HeatmapMethod;
use crate::heatmap::heat_maps;

/// A model on the GPU, its kernels compiled; nothing where there is no GPU and none was asked for, or where this is not
/// `wanted` any more.
///
/// # Errors
/// Why the GPU is not used, for the user.
pub fn warmed_up(
    choice: &ModelChoice,
    device: DeviceChoice,
    precision: Precision,
    events: &Events,
    wanted: impl Fn() -> bool,
) -> Result<Option<Box<Loaded>>, String> {
    let mut placement = place(device, precision);
    if !placement.is_gpu() {
        return placement.warning.take().map_or(Ok(None), Err);
    }
    if let Some(warning) = placement.warning.take() {
        events.message(Severity::Warning, warning);
    }
    if !wanted() {
        return Ok(None);
    }
    if let Ok(Some((_, info))) = gpu() {
        events.send(Event::Device {
            info: DeviceInfo::cpu(),
            preparing: Some(info.name),
        });
    }
    let failed = |e: crate::clip::Error| format!("The GPU could not be prepared ({e}): going on with the CPU");
    let mut loaded = Loaded::open(choice, placement).map_err(failed)?;
    if !wanted() {
        return Ok(None);
    }
    warm_up(&mut loaded).map_err(failed)?;
    if loaded.device.gpu {
        Ok(Some(Box::new(loaded)))
    } else {
        Err("The GPU failed while it was prepared: going on with the CPU".into())
    }
}

/// Runs every shape that the window needs once.
fn warm_up(loaded: &mut Loaded) -> crate::clip::Result<()> {
    let side = loaded.model.info().image_size;
    let view = image::RgbImage::new(side as u32, side as u32);
    let blank = loaded.model.preprocessing().normalise(&view);
    for batch in [1, IMAGE_BATCH] {
        loaded.embed_images(&vec![blank.clone(); batch])?;
    }
    let text = loaded.model.tokenize("a photo of a cat.")?;
    loaded.embed_texts(std::slice::from_ref(&text))?;
    loaded.with_fallback(|model| {
        let texts = vec![0.0; model.info().projection_dim];
        let method = HeatmapMethod::default_for(model.info().tower);
        heat_maps(model, method, &view, &texts)
    })?;
    Ok(())
}
