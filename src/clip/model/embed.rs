//! Pictures and texts to embeddings, with the answers of a classifier on top.

use burn::tensor::{Device, Tensor, TensorData};

use super::Model;
use crate::clip::embedding::{Embedding, to_embeddings, to_embeddings_of};
use crate::clip::head::Head;
use crate::clip::kernels::cores::on_cores;
use crate::clip::{Pixels, Result, TokenizedText};

/// Embeddings that a GPU is computing.
pub struct PendingEmbeddings(Tensor<2>);

impl Model {
    fn check_finite(&self, embeddings: &[Embedding], what: &str) -> Result<()> {
        if embeddings.iter().all(Embedding::is_finite) {
            Ok(())
        } else {
            Err(self.not_finite(what))
        }
    }

    /// Embeds pictures in one pass.
    ///
    /// # Errors
    /// The device failed, or what it gives are no numbers.
    pub fn embed_images(&self, pictures: &[Pixels]) -> Result<Vec<Embedding>> {
        if pictures.is_empty() {
            return Ok(Vec::new());
        }
        if self.head.is_some() {
            return Ok(self.features_and_embeddings(pictures)?.1);
        }
        let embeddings = self.in_parts(pictures, |pictures| to_embeddings(self.launch(pictures)))?;
        self.check_finite(&embeddings, "the image tower gives")?;
        Ok(embeddings)
    }

    /// Begins to embed pictures, without waiting for the end where a GPU computes; none where a classifier on top needs
    /// more than the embeddings.
    pub fn begin(&self, pictures: &[Pixels]) -> Option<PendingEmbeddings> {
        let apart = self.head.is_none() && !pictures.is_empty();
        apart.then(|| PendingEmbeddings(self.launch(pictures)))
    }

    /// Waits for embeddings that were [begun](Self::begin).
    ///
    /// # Errors
    /// The device failed, or what it gives are no numbers.
    pub fn finish(&self, begun: PendingEmbeddings) -> Result<Vec<Embedding>> {
        let embeddings = to_embeddings(begun.0)?;
        self.check_finite(&embeddings, "the image tower gives")?;
        Ok(embeddings)
    }

    fn launch(&self, pictures: &[Pixels]) -> Tensor<2> {
        self.by_shape(pictures, |pixels| self.towers.image.forward(pixels))
    }

    /// Features before the projection (as unit vectors with their former lengths, too), with the embeddings.
    ///
    /// # Errors
    /// The device failed, or what it gives are no numbers.
    pub fn features_and_embeddings(&self, pictures: &[Pixels]) -> Result<(Vec<Embedding>, Vec<Embedding>)> {
        let each = self.in_parts(pictures, |pictures| {
            let features = self.by_shape(pictures, |pixels| self.towers.image.features(pixels));
            let embeddings = self.towers.image.project(features.clone());
            // Together, so that a GPU is waited for once.
            let width = features.dims()[1];
            let [features, embeddings] = to_embeddings_of(Tensor::cat(vec![features, embeddings], 1), width)?;
            Ok(features.into_iter().zip(embeddings).collect())
        })?;
        let (features, embeddings): (Vec<Embedding>, Vec<Embedding>) = each.into_iter().unzip();
        self.check_finite(&features, "the image tower gives")?;
        self.check_finite(&embeddings, "the image tower gives")?;
        let Some(head) = &self.head else {
            return Ok((features, embeddings));
        };
        let extended = self.extended(head, &features, embeddings)?;
        self.check_finite(&extended, "the taught classifier gives")?;
        Ok((features, extended))
    }

    /// Does a batch in parts, one a core, where the processor computes: its backend does much of what lies between
    /// products of matrices on one.
    fn in_parts<T: Sync, R: Send>(&self, batch: &[T], work: impl Fn(&[T]) -> Result<Vec<R>> + Sync) -> Result<Vec<R>> {
        if self.device == Device::flex() {
            on_cores(batch, work)
        } else {
            work(batch)
        }
    }

    /// Embeddings with the head's answers in them.
    fn extended(&self, head: &Head, features: &[Embedding], embeddings: Vec<Embedding>) -> Result<Vec<Embedding>> {
        let device = Device::flex();
        let matrix = |rows: &[Embedding]| {
            let width = rows.first().map_or(0, |row| row.vector.len());
            let values: Vec<f32> = rows.iter().flat_map(|row| row.vector.iter().copied()).collect();
            Tensor::<2>::from_data(TensorData::new(values, [rows.len(), width]), &device)
        };
        let answers = head.answers(matrix(features), matrix(&embeddings))?;
        let extended = embeddings
            .into_iter()
            .zip(answers)
            .map(|(embedding, answers)| Embedding {
                vector: head.extend(&embedding.vector, &answers),
                norm: embedding.norm,
            });
        Ok(extended.collect())
    }

    /// The vector of a class that the model was taught, if there is one of this name.
    pub fn class_vector(&self, name: &str) -> Option<Vec<f32>> {
        let head = self.head.as_ref()?;
        let dim = self.info.projection_dim - head.extended_dim(0);
        head.class_vector(name, dim)
    }

    /// What a product of a picture's embedding and a text's is multiplied by to be a cosine; 1 but for taught classes,
    /// whose answers share the length of a picture's embedding.
    pub fn stretch(&self) -> f32 {
        self.head.as_ref().map_or(1.0, Head::stretch)
    }

    /// A picture's embedding as what other pictures are compared with: products with it are cosines of the embeddings
    /// alone, without what was answered for taught classes.
    pub fn as_query(&self, mut embedding: Vec<f32>) -> Vec<f32> {
        if let Some(head) = &self.head {
            let dim = self.info.projection_dim - head.extended_dim(0);
            let square = head.stretch().powi(2);
            embedding.truncate(dim);
            embedding.iter_mut().for_each(|value| *value *= square);
            embedding.resize(self.info.projection_dim, 0.0);
        }
        embedding
    }

    /// Embeds tokenized texts, in batches of similar length; the order is kept.
    ///
    /// # Errors
    /// The device failed, or what it gives are no numbers.
    pub fn embed_texts(&self, texts: &[TokenizedText]) -> Result<Vec<Embedding>> {
        let all: Vec<&[u32]> = texts.iter().map(|text| text.ids.as_slice()).collect();
        let mut embedded: Vec<Option<Embedding>> = vec![None; texts.len()];
        for chunk in self.towers.text.batches(&all) {
            let ids: Vec<&[u32]> = chunk.iter().map(|&i| all[i]).collect();
            let embedded_ids = self.in_parts(&ids, |ids| to_embeddings(self.towers.text.forward(ids)))?;
            self.check_finite(&embedded_ids, "the text tower gives")?;
            for (&i, mut embedding) in chunk.iter().zip(embedded_ids) {
                if let Some(head) = &self.head {
                    embedding.vector = head.extend_text(&embedding.vector);
                }
                embedded[i] = Some(embedding);
            }
        }
        Ok(embedded.into_iter().flatten().collect())
    }
}
