//! Features and embeddings of pictures: from the cache where it has them, else computed, and kept there.
//!
//! Pictures go in batches, and a batch is taken from the cache only as a whole: so a run that is resumed computes in the same
//! batches as one that was never stopped, and comes to the same numbers.

use std::path::{Path, PathBuf};

use super::{Error, Result};
use crate::clip::{Embedding, Model, Pixels, on_cores};
use crate::library::{Computed, Content, Fact, ReadPicture, Store, stamp};

/// Features before the projection, and embeddings, one each a picture.
type FeaturesAndEmbeddings = (Vec<Embedding>, Vec<Embedding>);

/// One model beside a store.
pub struct Embedder<'a> {
    model: &'a Model,
    store: &'a mut Store,
    /// Under which names the cache has embeddings and features.
    embeddings: String,
    features: String,
    /// Pictures that the store had not.
    pub computed: usize,
}

impl<'a> Embedder<'a> {
    pub fn new(model: &'a Model, store: &'a mut Store) -> Self {
        let embeddings = model.info().identity.clone();
        Self {
            features: format!("{embeddings}/features"),
            embeddings,
            model,
            store,
            computed: 0,
        }
    }

    /// Of a batch of pictures, in their order.
    ///
    /// # Errors
    /// A picture that could be read when the run was prepared cannot be read any more; the device failed.
    pub fn batch(&mut self, paths: &[PathBuf]) -> Result<FeaturesAndEmbeddings> {
        let unchanged: Option<Vec<Content>> = paths.iter().map(|path| self.unchanged(path)).collect();
        if let Some(known) = unchanged.and_then(|contents| self.known(&contents)) {
            return Ok(known);
        }
        let read = on_cores(paths, |part| {
            part.iter().map(|path| read(path)).collect::<Result<Vec<_>>>()
        })?;
        let contents: Vec<Content> = read.iter().map(|one| one.content).collect();
        let known = self.known(&contents);
        let (features, embeddings) = match known.clone() {
            Some(known) => known,
            None => {
                let pixels = self.pixels(&read)?;
                self.computed += pixels.len();
                self.model.features_and_embeddings(&pixels)?
            }
        };
        for (place, path) in paths.iter().enumerate() {
            let path = std::path::absolute(path).unwrap_or_else(|_| path.clone());
            for (name, rows) in [(&self.features, &features), (&self.embeddings, &embeddings)] {
                let embedding = (name.clone(), rows[place].clone());
                self.store.keep(Fact {
                    path: path.clone(),
                    stamp: read[place].stamp,
                    computed: Computed {
                        embedding: Some(embedding).filter(|_| known.is_none()),
                        ..Computed::nothing(read[place].content)
                    },
                });
            }
        }
        self.store.flush();
        Ok((features, embeddings))
    }

    fn unchanged(&mut self, path: &Path) -> Option<Content> {
        let absolute = std::path::absolute(path).ok()?;
        self.store.content(&absolute, stamp(path).ok()?)
    }

    fn known(&mut self, contents: &[Content]) -> Option<FeaturesAndEmbeddings> {
        let dim = self.model.info().projection_dim;
        let of = |store: &mut Store, content: &Content| {
            let features = store.vector(*content, &self.features)?;
            Some((features, store.embedding(*content, &self.embeddings, dim)?))
        };
        contents.iter().map(|content| of(self.store, content)).collect()
    }

    fn pixels(&self, read: &[ReadPicture]) -> Result<Vec<Pixels>> {
        let of = |one: &ReadPicture| {
            let decoded = one.decode().map_err(|error| gone(one.path(), &error.to_string()))?;
            Ok(self.model.preprocessing().pixels(&decoded.picture)?)
        };
        on_cores(read, |part| part.iter().map(of).collect())
    }
}

fn read(path: &Path) -> Result<ReadPicture> {
    let read = ReadPicture::read(path).map_err(|error| gone(path, &error.to_string()))?;
    read.release();
    Ok(read)
}

/// The error of a picture that could be read when the run was prepared.
pub(super) fn gone(path: &Path, reason: &str) -> Error {
    Error::Data(format!("{} cannot be read any more: {reason}", path.display()))
}

#[cfg(test)]
mod tests {
    use burn::tensor::Device;

    use super::*;

    fn numbers(both: &FeaturesAndEmbeddings) -> Vec<u32> {
        let all = both.0.iter().chain(&both.1);
        all.flat_map(|one| one.vector.iter().chain([&one.norm]))
            .map(|value| value.to_bits())
            .collect()
    }

    #[test]
    fn what_the_cache_has_is_not_computed_again_and_comes_back_to_the_bit() {
        let folder = tempfile::tempdir().unwrap();
        let paths: Vec<PathBuf> = (0..3).map(|n| folder.path().join(format!("{n}.png"))).collect();
        for (n, path) in (0u8..).zip(&paths) {
            image::RgbImage::from_pixel(40, 40, image::Rgb([80 * n, 9, 200]))
                .save(path)
                .unwrap();
        }
        let model = Model::starter(&Device::flex()).unwrap();
        let data = folder.path().join("data");
        let embed = |paths: &[PathBuf]| {
            // As another process would.
            let mut store = Store::keeper(Some(&data));
            let mut embedder = Embedder::new(&model, &mut store);
            let both = embedder.batch(paths).unwrap();
            (embedder.computed, numbers(&both))
        };
        let (computed, first) = embed(&paths);
        assert_eq!(computed, 3);
        assert_eq!(embed(&paths), (0, first.clone()));
        std::fs::rename(&paths[1], folder.path().join("moved.png")).unwrap();
        let moved = [paths[0].clone(), folder.path().join("moved.png"), paths[2].clone()];
        assert_eq!(embed(&moved), (0, first));
        image::RgbImage::from_pixel(40, 40, image::Rgb([1, 2, 3]))
            .save(&paths[0])
            .unwrap();
        assert_eq!(embed(&moved).0, 3, "a batch is computed as a whole");
        assert!(
            Embedder::new(&model, &mut Store::keeper(None))
                .batch(&paths[1..2])
                .is_err()
        );
    }
}
