//! Pictures and texts through a model, as many in a pass as the device's memory holds.

use super::Loaded;
use super::can_add;
use crate::clip::{Embedding, Error, PendingEmbeddings, Pixels, Result, TEXT_BATCH, TokenizedText};

/// Pictures in one pass where the processor computes: more make it no faster.
pub const IMAGE_BATCH: usize = 8;
/// The same on a GPU, which fewer do not fill.
pub const GPU_BATCH: usize = 64;

/// As many at once as a GPU's memory was found to hold.
pub(super) struct Most {
    pictures: usize,
    texts: usize,
}

impl Default for Most {
    fn default() -> Self {
        Self {
            pictures: usize::MAX,
            texts: usize::MAX,
        }
    }
}

/// What is embedded many at a time.
#[derive(Clone, Copy)]
enum Kind {
    Pictures,
    Texts,
}

impl Kind {
    fn name(self) -> &'static str {
        match self {
            Self::Pictures => "pictures",
            Self::Texts => "texts",
        }
    }

    /// As many as a model takes in one pass itself, however many it is given.
    fn pass(self) -> usize {
        match self {
            Self::Pictures => usize::MAX,
            Self::Texts => TEXT_BATCH,
        }
    }
}

impl Most {
    fn of(&mut self, kind: Kind) -> &mut usize {
        match kind {
            Kind::Pictures => &mut self.pictures,
            Kind::Texts => &mut self.texts,
        }
    }
}

impl Loaded {
    /// Pictures in one pass, where many wait.
    pub fn batch(&self) -> usize {
        let usual = if self.device.gpu { GPU_BATCH } else { IMAGE_BATCH };
        usual.min(self.most.pictures)
    }

    /// Embeds pictures; with fewer at once on a GPU whose memory does not hold them all, and on the CPU, to which the model
    /// moves, where the GPU is lost. What the user should know of that comes with them.
    ///
    /// # Errors
    /// The CPU failed as well, or the model cannot be read again.
    pub fn embed_images(&mut self, pictures: &[Pixels]) -> Result<(Vec<Embedding>, Option<String>)> {
        self.embed(Kind::Pictures, pictures, |loaded, pictures| {
            #[cfg(test)]
            pictures.iter().try_for_each(loaded.hooks.fault.unwrap_or(|_| Ok(())))?;
            loaded.model.embed_images(pictures)
        })
    }

    /// The same with texts.
    ///
    /// # Errors
    /// The CPU failed as well, or the model cannot be read again.
    pub fn embed_texts(&mut self, texts: &[TokenizedText]) -> Result<(Vec<Embedding>, Option<String>)> {
        self.embed(Kind::Texts, texts, |loaded, texts| loaded.model.embed_texts(texts))
    }

    fn embed<T>(
        &mut self,
        kind: Kind,
        all: &[T],
        work: impl Fn(&Self, &[T]) -> Result<Vec<Embedding>>,
    ) -> Result<(Vec<Embedding>, Option<String>)> {
        let (mut embedded, mut said) = (Vec::new(), None);
        while embedded.len() < all.len() {
            let left = &all[embedded.len()..];
            let now = &left[..left.len().min(*self.most.of(kind))];
            let pass = || {
                #[cfg(test)]
                self.hooks.hold(now.len().min(kind.pass()));
                work(self, now)
            };
            match self.guarded(|_| pass()) {
                Ok(more) => embedded.extend(more),
                Err(Error::Device(reason)) if self.holds_fewer_than(now.len(), &reason) => {
                    // Once for a model: from now on it is asked for no more than that.
                    let name = kind.name();
                    said.get_or_insert_with(|| format!("{} cannot hold so many {name} at once", self.device.name));
                    *self.most.of(kind) = now.len().min(kind.pass()) / 2;
                }
                Err(Error::Device(reason)) if self.device.gpu => {
                    said = Some(self.move_to_cpu(&reason)?);
                    embedded.clear();
                }
                Err(error) => return Err(error),
            }
        }
        Ok((embedded, said.map(|said| self.with_most(kind, said))))
    }

    /// A message, and what the most at once are where they are few.
    fn with_most(&mut self, kind: Kind, said: String) -> String {
        match self.device.gpu {
            true => format!("{said}: going on with {} at a time", self.most.of(kind)),
            false => said,
        }
    }

    /// Whether a device failed of having too little memory for so many at once, and would do for fewer.
    fn holds_fewer_than(&self, count: usize, reason: &str) -> bool {
        self.device.gpu && count > 1 && is_memory(reason) && can_add(self.model.device())
    }

    /// Has a GPU begin to embed pictures; none where it cannot, or where the processor computes: then embed them.
    pub fn begin(&self, pictures: &[Pixels]) -> Option<PendingEmbeddings> {
        if !self.device.gpu || pictures.len() > self.most.pictures {
            return None;
        }
        #[cfg(test)]
        self.hooks.order.borrow_mut().push("begun");
        self.guarded(|model| Ok(model.begin(pictures))).ok().flatten()
    }

    /// Waits for embeddings that were begun.
    ///
    /// # Errors
    /// They could not be computed: embed the pictures anew, which finds out why.
    pub fn finish(&self, begun: PendingEmbeddings) -> Result<Vec<Embedding>> {
        #[cfg(test)]
        self.hooks.order.borrow_mut().push("waited for");
        self.guarded(|model| model.finish(begun))
    }
}

/// What tests have a device do.
#[cfg(test)]
#[derive(Default)]
pub struct Hooks {
    /// Refuses a picture.
    pub fault: Option<fn(&Pixels) -> Result<()>>,
    /// As many as it holds at once.
    pub memory: Option<usize>,
    /// What became of batches, in order.
    pub order: std::cell::RefCell<Vec<&'static str>>,
}

#[cfg(test)]
impl Hooks {
    /// Fails as a device does whose memory does not hold so many.
    fn hold(&self, count: usize) {
        assert!(self.memory.is_none_or(|most| count <= most), "Out of memory");
    }
}

/// Whether a device says that its memory is full.
pub(super) fn is_memory(reason: &str) -> bool {
    reason.to_lowercase().contains("memory")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clip::Precision;
    use crate::engine::ModelChoice;
    use crate::engine::device::{DeviceChoice, DeviceInfo};
    use crate::engine::placement::place;

    /// The starter on the CPU as if that were a GPU.
    fn on_a_card() -> Loaded {
        let mut loaded = Loaded::open(&ModelChoice::Starter, place(DeviceChoice::Cpu, Precision::Full)).unwrap();
        loaded.device = DeviceInfo {
            name: "Card".into(),
            gpu: true,
        };
        loaded
    }

    fn same(embedded: &[Embedding], expected: &[Embedding]) {
        assert_eq!(embedded.len(), expected.len());
        for (ours, theirs) in embedded.iter().zip(expected) {
            let cosine: f32 = ours.vector.iter().zip(&theirs.vector).map(|(a, b)| a * b).sum();
            assert!(cosine > 0.9999, "{cosine}");
        }
    }

    #[test]
    fn a_batch_that_the_memory_does_not_hold_is_halved_until_it_does_which_is_said_once() {
        let mut loaded = on_a_card();
        let view = image::RgbImage::from_fn(64, 64, |x, y| image::Rgb([x as u8, y as u8, 7]));
        let pictures = vec![loaded.model.preprocessing().pixels(&view).unwrap(); 9];
        let (expected, none) = loaded.embed_images(&pictures).unwrap();
        assert!(none.is_none() && loaded.batch() == GPU_BATCH);
        loaded.hooks.memory = Some(3);
        let (embedded, said) = loaded.embed_images(&pictures).unwrap();
        assert_eq!(
            said.as_deref(),
            Some("Card cannot hold so many pictures at once: going on with 2 at a time")
        );
        assert!(loaded.device.gpu && loaded.batch() == 2, "it stays where it is");
        same(&embedded, &expected);
        let (_, said) = loaded.embed_images(&pictures).unwrap();
        assert_eq!(said, None, "it is asked for no more than it holds");
        loaded.hooks.memory = Some(0);
        let (embedded, said) = loaded.embed_images(&pictures).unwrap();
        assert!(said.is_some_and(|said| said.contains("Card was lost")) && embedded.len() == 9);
        assert!(!loaded.device.gpu, "a GPU that does not even hold one is no use");
        assert_eq!(loaded.batch(), IMAGE_BATCH);
    }

    #[test]
    fn texts_that_the_memory_does_not_hold_are_fewer_at_once_too() {
        let mut loaded = on_a_card();
        let texts: Vec<TokenizedText> = (0..3 * TEXT_BATCH)
            .map(|n| loaded.model.tokenize(&format!("a photo of {n} cats")).unwrap())
            .collect();
        let (expected, none) = loaded.embed_texts(&texts).unwrap();
        assert_eq!(none, None);
        loaded.hooks.memory = Some(12);
        let (embedded, said) = loaded.embed_texts(&texts).unwrap();
        assert_eq!(
            said.as_deref(),
            Some("Card cannot hold so many texts at once: going on with 8 at a time")
        );
        assert!(
            loaded.device.gpu && loaded.batch() == GPU_BATCH,
            "pictures are another matter"
        );
        same(&embedded, &expected);
        let (_, said) = loaded.embed_texts(&texts).unwrap();
        assert_eq!(said, None);
        loaded.hooks.memory = Some(0);
        let (embedded, said) = loaded.embed_texts(&texts[..3]).unwrap();
        assert!(said.is_some_and(|said| said.contains("Card was lost")) && embedded.len() == 3);
        assert!(!loaded.device.gpu);
    }
}
