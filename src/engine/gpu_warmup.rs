//! Prepares a GPU in the background: the first passes compile kernels, which takes seconds.

use super::Events;
use super::device::{DeviceChoice, DeviceInfo, gpu};
use super::loaded::{GPU_BATCH, IMAGE_BATCH, Loaded};
use super::placement::place;
use super::protocol::{Event, Severity};
use crate::clip::kernels::gpu::{are_used, use_own};
use crate::clip::{Embedding, Precision};
use crate::engine::ModelChoice;
use crate::heatmap::HeatmapMethod;
use crate::heatmap::heat_maps;

/// A model on the GPU, its kernels compiled; nothing where there is no GPU and none was asked for, or where this is not
/// `wanted` any more. Half precision is used only if what the processor makes of the probe (`expected`, see
/// [`embed_probe`]) comes out of it as well.
///
/// # Errors
/// Why the GPU is not used, for the user.
pub fn warmed_up(
    choice: &ModelChoice,
    device: DeviceChoice,
    precision: Precision,
    expected: Option<&[Embedding]>,
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
    let is_half = loaded.model.info().precision == Precision::Half;
    if is_half && expected.is_none_or(|expected| !agree(embed_probe(&mut loaded).as_deref(), expected)) {
        let name = loaded.device.name.clone();
        loaded = Loaded::open(choice, place(device, Precision::Full)).map_err(failed)?;
        events.message(
            Severity::Warning,
            format!("{name} computes something else in half precision: going on in full"),
        );
    }
    let said = warm_up(&mut loaded).map_err(failed)?;
    if !loaded.device.gpu {
        return Err("The GPU failed while it was prepared: going on with the CPU".into());
    }
    for warning in said {
        events.message(Severity::Warning, warning);
    }
    Ok(Some(Box::new(loaded)))
}

/// How far an embedding by kernels of our own may turn from the one by Burn's operations, and one in half precision from
/// the processor's: the tolerance of `tests/model.rs`.
const MIN_COSINE: f32 = 0.999;

/// Compares kernels of our own with Burn's operations on this very card, whose driver compiles them, and leaves them where
/// they compute something else. A message for the user then.
fn own_kernels_differ(loaded: &mut Loaded) -> crate::clip::Result<Option<String>> {
    if !are_used() {
        return Ok(None);
    }
    let own = embed_probe(loaded);
    use_own(false);
    let chains = embed_probe(loaded);
    use_own(true);
    if agree(own.as_deref(), &chains?) {
        return Ok(None);
    }
    use_own(false);
    Ok(Some(format!(
        "{} computes something else with some of Clipsight's kernels: going on without them, more slowly. A newer driver \
         may help",
        loaded.device.name
    )))
}

/// Embeds a picture and a text that are the same everywhere, by which one way to compute is compared with another.
///
/// # Errors
/// The device failed.
pub fn embed_probe(loaded: &mut Loaded) -> crate::clip::Result<Vec<Embedding>> {
    let side = loaded.model.info().image_size as u32;
    let view = image::RgbImage::from_fn(side, side, |x, y| image::Rgb([x as u8, y as u8, (x ^ y) as u8]));
    let picture = [loaded.model.preprocessing().normalise(&view)];
    let text = [loaded.model.tokenize("a photo of a cat.")?];
    let (mut both, _) = loaded.embed_images(&picture)?;
    both.extend(loaded.embed_texts(&text)?.0);
    Ok(both)
}

/// Whether embeddings of the probe are the ones that are expected, up to rounding in half precision.
fn agree<E>(found: Result<&[Embedding], E>, expected: &[Embedding]) -> bool {
    let cosine = |(a, b): (&Embedding, &Embedding)| a.vector.iter().zip(&b.vector).map(|(a, b)| a * b).sum::<f32>();
    found.is_ok_and(|found| {
        found
            .iter()
            .zip(expected)
            .map(cosine)
            .all(|cosine| cosine >= MIN_COSINE)
    })
}

/// Texts in a pass, and words of each: one prompt, the prompts of many labels, long ones, and captions.
const TEXTS: [(usize, usize); 4] = [(1, 1), (32, 1), (32, 20), (32, 60)];

/// Runs every shape that the window needs once. What the user should know of the card: how few pictures it holds, say.
fn warm_up(loaded: &mut Loaded) -> crate::clip::Result<Vec<String>> {
    let mut said = Vec::new();
    let side = loaded.model.info().image_size;
    let view = image::RgbImage::new(side as u32, side as u32);
    let blank = loaded.model.preprocessing().normalise(&view);
    for batch in [1, IMAGE_BATCH, GPU_BATCH] {
        said.extend(loaded.embed_images(&vec![blank.clone(); batch])?.1);
    }
    for (texts, words) in TEXTS {
        let text = loaded.model.tokenize(&"cat ".repeat(words))?;
        said.extend(loaded.embed_texts(&vec![text; texts])?.1);
    }
    let (_, moved) = loaded.with_fallback(|model| {
        let texts = vec![0.0; model.info().projection_dim];
        let method = HeatmapMethod::default_for(model.info().tower);
        heat_maps(model, method, &view, &texts)
    })?;
    said.extend(moved);
    Ok(said)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_computes_something_else_does_not_agree_with_the_probe() {
        let mut loaded = Loaded::open(&ModelChoice::Starter, place(DeviceChoice::Cpu, Precision::Full)).unwrap();
        let expected = embed_probe(&mut loaded).unwrap();
        let again = embed_probe(&mut loaded);
        assert!(agree(again.as_deref(), &expected));
        let swapped: Vec<_> = expected.iter().rev().cloned().collect();
        assert!(!agree::<()>(Ok(&swapped), &expected));
        let mut broken = expected.clone();
        broken[0].vector[0] = f32::NAN;
        assert!(!agree::<()>(Ok(&broken), &expected));
        assert!(!agree(Err(()), &expected));
    }

    #[test]
    fn a_card_that_holds_few_pictures_says_so_once_while_it_is_prepared() {
        let mut loaded = Loaded::open(&ModelChoice::Starter, place(DeviceChoice::Cpu, Precision::Full)).unwrap();
        // As if the CPU were a GPU.
        loaded.device = DeviceInfo {
            name: "Card".into(),
            gpu: true,
        };
        loaded.hooks.memory = Some(30);
        let said = warm_up(&mut loaded).unwrap();
        assert_eq!(
            said,
            [
                "Card cannot hold so many pictures at once: going on with 16 at a time",
                "Card cannot hold so many texts at once: going on with 16 at a time"
            ]
        );
        assert!(loaded.device.gpu);
        assert_eq!(loaded.batch(), 16);
    }
}
