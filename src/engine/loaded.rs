//! A model on a device, and what to do when the device fails.

use std::panic::{AssertUnwindSafe, catch_unwind};

use burn::tensor::{Device, Tensor};

use super::device::{DeviceChoice, DeviceInfo};
use super::placement::{Placement, place};
use crate::clip::{Embedding, Error, Model, PendingEmbeddings, Pixels, Result, TokenizedText, numbers};
use crate::engine::ModelChoice;
use crate::logging::{panic_text, place as log_place};

/// A loaded model with the place where it computes.
pub struct Loaded {
    /// The model.
    pub model: Model,
    /// Where it computes.
    pub device: DeviceInfo,
    choice: ModelChoice,
    /// As many pictures at once as its memory was found to hold.
    most: usize,
    #[cfg(test)]
    pub fault: Option<fn(&Pixels) -> Result<()>>,
    #[cfg(test)]
    pub memory: Option<usize>,
}

/// Pictures in one pass where the processor computes: more make it no faster.
pub const IMAGE_BATCH: usize = 8;
/// The same on a GPU, which fewer do not fill.
pub const GPU_BATCH: usize = 64;

/// How work on a device ended.
pub enum Tried<T> {
    /// Well.
    Done(T),
    /// The GPU was lost; the model is on the CPU now. A message for the user.
    Moved(String),
}

impl Loaded {
    /// Loads a model onto a device.
    ///
    /// # Errors
    /// The model's files are missing, damaged or do not fit; a GPU that fails while loading is an error, too.
    pub fn open(choice: &ModelChoice, placement: Placement) -> Result<Self> {
        let (device, precision) = (placement.device(), placement.precision());
        let opened = catch_unwind(AssertUnwindSafe(|| {
            let model = match choice {
                ModelChoice::Starter => Model::starter_in(device, precision),
                ModelChoice::Path(path) => Model::open_in(path, device, precision),
            };
            Ok(model?.laid_out())
        }));
        let model = opened.unwrap_or_else(|panic| {
            Err(Error::Computation {
                model: choice.title(),
                reason: told(&panic_text(panic.as_ref())),
            })
        })?;
        Ok(Self {
            model,
            device: placement.info().clone(),
            choice: choice.clone(),
            most: usize::MAX,
            #[cfg(test)]
            fault: None,
            #[cfg(test)]
            memory: None,
        })
    }

    /// Pictures in one pass, where many wait.
    pub fn batch(&self) -> usize {
        let usual = if self.device.gpu { GPU_BATCH } else { IMAGE_BATCH };
        usual.min(self.most)
    }

    /// Embeds pictures; with fewer at once on a GPU whose memory does not hold them all, and on the CPU, to which the model
    /// moves, where the GPU is lost.
    ///
    /// # Errors
    /// The CPU failed as well, or the model cannot be read again.
    pub fn embed_images(&mut self, pictures: &[Pixels]) -> Result<(Vec<Embedding>, Option<String>)> {
        let (mut embedded, mut said) = (Vec::new(), None);
        while embedded.len() < pictures.len() {
            let left = &pictures[embedded.len()..];
            let now = &left[..left.len().min(self.most)];
            match self.guarded(|model| self.embed_with(model, now)) {
                Ok(more) => embedded.extend(more),
                Err(Error::Device(reason)) if self.holds_fewer_than(now.len(), &reason) => {
                    // Once for a model: from now on it is asked for no more than that.
                    said.get_or_insert_with(|| format!("{} cannot hold so many pictures at once", self.device.name));
                    self.most = now.len() / 2;
                }
                Err(Error::Device(reason)) if self.device.gpu => {
                    said = Some(self.move_to_cpu(&reason)?);
                    embedded.clear();
                }
                Err(error) => return Err(error),
            }
        }
        Ok((embedded, said.map(|said| self.with_most(said))))
    }

    /// A message, and what the most pictures at once are where they are few.
    fn with_most(&self, said: String) -> String {
        match self.device.gpu {
            true => format!("{said}: going on with {} at a time", self.most),
            false => said,
        }
    }

    /// Whether a device failed of having too little memory for so many pictures, and would do for fewer.
    fn holds_fewer_than(&self, pictures: usize, reason: &str) -> bool {
        self.device.gpu && pictures > 1 && is_memory(reason) && can_add(self.model.device())
    }

    fn embed_with(&self, model: &Model, pictures: &[Pixels]) -> Result<Vec<Embedding>> {
        #[cfg(test)]
        {
            pictures.iter().try_for_each(self.fault.unwrap_or(|_| Ok(())))?;
            assert!(self.memory.is_none_or(|most| pictures.len() <= most), "Out of memory");
        }
        model.embed_images(pictures)
    }

    /// Has a GPU begin to embed pictures; none where it cannot, or where the processor computes: then embed them.
    pub fn begin(&self, pictures: &[Pixels]) -> Option<PendingEmbeddings> {
        if !self.device.gpu || pictures.len() > self.most {
            return None;
        }
        self.guarded(|model| Ok(model.begin(pictures))).ok().flatten()
    }

    /// Waits for embeddings that were begun.
    ///
    /// # Errors
    /// They could not be computed: embed the pictures anew, which finds out why.
    pub fn finish(&self, begun: PendingEmbeddings) -> Result<Vec<Embedding>> {
        self.guarded(|model| model.finish(begun))
    }

    /// Embeds texts; on a lost GPU, moves to the CPU and embeds them there.
    ///
    /// # Errors
    /// The CPU failed as well, or the model cannot be read again.
    pub fn embed_texts(&mut self, texts: &[TokenizedText]) -> Result<(Vec<Embedding>, Option<String>)> {
        self.with_fallback(|model| model.embed_texts(texts))
    }

    /// Runs `work` on the model; on a lost GPU, moves to the CPU, says so, and runs it there.
    ///
    /// # Errors
    /// The CPU failed as well, or the model cannot be read again.
    pub fn with_fallback<T>(&mut self, work: impl Fn(&Model) -> Result<T>) -> Result<(T, Option<String>)> {
        match self.try_on(&work)? {
            Tried::Done(value) => Ok((value, None)),
            Tried::Moved(message) => Ok((self.guarded(&work)?, Some(message))),
        }
    }

    /// Runs `work` on the model; on a lost GPU, moves to the CPU and leaves it to the caller to start again.
    ///
    /// # Errors
    /// The CPU failed, or the model cannot be read again.
    pub fn try_on<T>(&mut self, work: impl FnOnce(&Model) -> Result<T>) -> Result<Tried<T>> {
        match self.guarded(work) {
            Err(Error::Device(reason)) if self.device.gpu => Ok(Tried::Moved(self.move_to_cpu(&reason)?)),
            done => done.map(Tried::Done),
        }
    }

    /// Loads the model onto the CPU; what to tell the user.
    fn move_to_cpu(&mut self, reason: &str) -> Result<String> {
        let message = format!("{} was lost ({reason}): going on with the CPU", self.device.name);
        *self = Self::open(&self.choice, place(DeviceChoice::Cpu, None))?;
        Ok(message)
    }

    /// Burn reports some failures of a device by panicking, and our own mistakes panic as well. It was the device if that
    /// has no memory left, or cannot add any more; else it is the model that cannot compute this.
    fn guarded<T>(&self, work: impl FnOnce(&Model) -> Result<T>) -> Result<T> {
        catch_unwind(AssertUnwindSafe(|| work(&self.model))).unwrap_or_else(|panic| {
            let reason = panic_text(panic.as_ref());
            if self.device.gpu && (is_memory(&reason) || !can_add(self.model.device())) {
                return Err(Error::Device(reason));
            }
            Err(Error::Computation {
                model: self.model.info().name.clone(),
                reason: told(&reason),
            })
        })
    }
}

/// A panic's words, and where there are more.
fn told(reason: &str) -> String {
    format!("{reason} ({})", log_place())
}

/// Whether a device says that its memory is full.
fn is_memory(reason: &str) -> bool {
    reason.to_lowercase().contains("memory")
}

/// Whether a device still computes.
fn can_add(device: &Device) -> bool {
    let sum = catch_unwind(AssertUnwindSafe(|| {
        numbers(Tensor::<1>::ones([8], device) + Tensor::ones([8], device))
    }));
    matches!(sum, Ok(Ok(sum)) if sum == [2.0; 8])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn starter() -> Loaded {
        Loaded::open(&ModelChoice::Starter, place(DeviceChoice::Cpu, None)).unwrap()
    }

    #[test]
    fn only_a_device_error_moves_a_model_and_a_mistake_names_it() {
        let mut loaded = starter();
        // As if the CPU, which is well, were a GPU.
        loaded.device = DeviceInfo {
            name: "Card".into(),
            gpu: true,
        };
        let failed = loaded.try_on(|_| -> Result<()> { panic!("a matrix of 3 columns times one of 4 rows") });
        let Err(error @ Error::Computation { .. }) = failed else {
            panic!("a mistake is no lost device")
        };
        let text = error.to_string();
        assert!(text.contains("Starter") && text.contains("3 columns"), "{text}");
        assert!(loaded.device.gpu, "it is where it was");

        let memory = loaded.try_on(|_| -> Result<()> { panic!("Out of memory") });
        assert!(matches!(memory, Ok(Tried::Moved(text)) if text.contains("Card was lost")));
        assert!(!loaded.device.gpu);
        let on_cpu = loaded.try_on(|_| -> Result<()> { Err(Error::Device("gone".into())) });
        assert!(matches!(on_cpu, Err(Error::Device(_))), "there is nowhere else to go");
    }

    #[test]
    fn a_batch_that_the_memory_does_not_hold_is_halved_until_it_does_which_is_said_once() {
        let mut loaded = starter();
        loaded.device = DeviceInfo {
            name: "Card".into(),
            gpu: true,
        };
        let view = image::RgbImage::from_fn(64, 64, |x, y| image::Rgb([x as u8, y as u8, 7]));
        let pictures = vec![loaded.model.preprocessing().pixels(&view).unwrap(); 9];
        let (expected, none) = loaded.embed_images(&pictures).unwrap();
        assert!(none.is_none() && loaded.batch() == GPU_BATCH);
        loaded.memory = Some(3);
        let (embedded, said) = loaded.embed_images(&pictures).unwrap();
        assert_eq!(
            said.as_deref(),
            Some("Card cannot hold so many pictures at once: going on with 2 at a time")
        );
        assert!(loaded.device.gpu && loaded.batch() == 2, "it stays where it is");
        assert_eq!(embedded.len(), 9);
        for (ours, theirs) in embedded.iter().zip(&expected) {
            let cosine: f32 = ours.vector.iter().zip(&theirs.vector).map(|(a, b)| a * b).sum();
            assert!(cosine > 0.9999, "{cosine}");
        }
        let (_, said) = loaded.embed_images(&pictures).unwrap();
        assert_eq!(said, None, "it is asked for no more than it holds");
        loaded.memory = Some(0);
        let (embedded, said) = loaded.embed_images(&pictures).unwrap();
        assert!(said.is_some_and(|said| said.contains("Card was lost")) && embedded.len() == 9);
        assert!(!loaded.device.gpu, "a GPU that does not even hold one is no use");
        assert_eq!(loaded.batch(), IMAGE_BATCH);
    }
}
