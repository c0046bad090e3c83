//! Prepares a GPU in the background: the first passes compile kernels, which takes seconds.

use super::Events;
use super::device::{DeviceChoice, DeviceInfo, gpu};
use super::loaded::{GPU_BATCH, IMAGE_BATCH, Loaded, place};
use super::protocol::{Event, Severity};
use crate::clip::kernels::gpu::{are_used, use_own};
use crate::clip::{Embedding, Precision};
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
    if let Some(warning) = own_kernels_differ(&mut loaded).map_err(failed)? {
        events.message(Severity::Warning, warning);
    }
    warm_up(&mut loaded).map_err(failed)?;
    if loaded.device.gpu {
        Ok(Some(Box::new(loaded)))
    } else {
        Err("The GPU failed while it was prepared: going on with the CPU".into())
    }
}

/// How far a picture's embedding by kernels of our own may turn from the one by Burn's operations, in either precision.
const MIN_COSINE: f32 = 0.999;

/// Compares kernels of our own with Burn's operations on this very card, whose driver compiles them, and leaves them where
/// they compute something else. A message for the user then.
fn own_kernels_differ(loaded: &mut Loaded) -> crate::clip::Result<Option<String>> {
    if !are_used() {
        return Ok(None);
    }
    let side = loaded.model.info().image_size as u32;
    let view = image::RgbImage::from_fn(side, side, |x, y| image::Rgb([x as u8, y as u8, (x ^ y) as u8]));
    let picture = [loaded.model.preprocessing().normalise(&view)];
    let text = [loaded.model.tokenize("a photo of a cat.")?];
    let mut embed = || -> crate::clip::Result<Vec<Embedding>> {
        let (mut both, _) = loaded.embed_images(&picture)?;
        both.extend(loaded.embed_texts(&text)?.0);
        Ok(both)
    };
    let own = embed();
    use_own(false);
    let chains = embed();
    use_own(true);
    let chains = chains?;
    let cosine = |(a, b): (&Embedding, &Embedding)| a.vector.iter().zip(&b.vector).map(|(a, b)| a * b).sum::<f32>();
    if own.is_ok_and(|own| own.iter().zip(&chains).map(cosine).all(|cosine| cosine >= MIN_COSINE)) {
        return Ok(None);
    }
    use_own(false);
    Ok(Some(format!(
        "{} computes something else with some of Clipsight's kernels: going on without them, more slowly. A newer driver \
         may help",
        loaded.device.name
    )))
}

/// Runs every shape that the window needs once.
fn warm_up(loaded: &mut Loaded) -> crate::clip::Result<()> {
    let side = loaded.model.info().image_size;
    let view = image::RgbImage::new(side as u32, side as u32);
    let blank = loaded.model.preprocessing().normalise(&view);
    for batch in [1, IMAGE_BATCH, GPU_BATCH] {
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
