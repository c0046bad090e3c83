//! Losses: how far a batch of pictures and texts is from being told apart.
//!
//! All take unit embeddings, `[pictures, dim]` and `[texts, dim]`.

use burn::tensor::activation::{log_sigmoid, log_softmax};
use burn::tensor::{Device, Tensor, TensorData};

/// Which texts fit which pictures.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Positives {
    /// Row by row, `[pictures, texts]`.
    fits: Vec<bool>,
    texts: usize,
}

impl Positives {
    /// Each picture fits the text of its own place, and every text that is the same or of the same class.
    pub fn by_key<K: PartialEq>(keys: &[K]) -> Self {
        let fits = keys.iter().flat_map(|a| keys.iter().map(move |b| a == b));
        Self {
            fits: fits.collect(),
            texts: keys.len(),
        }
    }

    /// Each picture fits the text of its class.
    pub fn by_class(classes: &[usize], texts: usize) -> Self {
        let fits = classes
            .iter()
            .flat_map(|class| (0..texts).map(move |text| *class == text));
        Self {
            fits: fits.collect(),
            texts,
        }
    }

    fn pictures(&self) -> usize {
        self.fits.len() / self.texts.max(1)
    }

    /// `[pictures, texts]`: 1 where they fit and `otherwise` elsewhere.
    fn matrix(&self, otherwise: f32, device: &Device) -> Tensor<2> {
        let values: Vec<f32> = self
            .fits
            .iter()
            .map(|fits| if *fits { 1.0 } else { otherwise })
            .collect();
        Tensor::from_data(TensorData::new(values, [self.pictures(), self.texts]), device)
    }
}

/// CLIP's loss (paper, figure 3): the mean of the cross-entropies from pictures to texts and from texts to pictures, with
/// logits `scale * cosine`. Where several texts fit a picture, they share its target evenly: a text that is the same as
/// another is no false negative.
pub fn info_nce(images: Tensor<2>, texts: Tensor<2>, scale: Tensor<1>, positives: &Positives) -> Tensor<1> {
    let fits = positives.matrix(0.0, &images.device());
    let logits = images.matmul(texts.transpose()) * scale.unsqueeze();
    let to_texts = -(log_softmax(logits.clone(), 1) * share(fits.clone(), 1))
        .sum_dim(1)
        .mean();
    let to_images = -(log_softmax(logits, 0) * share(fits, 0)).sum_dim(0).mean();
    (to_texts + to_images) / 2.0
}

/// Cross-entropy from pictures to class texts alone.
pub fn cross_entropy(images: Tensor<2>, texts: Tensor<2>, scale: Tensor<1>, positives: &Positives) -> Tensor<1> {
    let fits = positives.matrix(0.0, &images.device());
    let logits = images.matmul(texts.transpose()) * scale.unsqueeze();
    -(log_softmax(logits, 1) * share(fits, 1)).sum_dim(1).mean()
}

/// SigLIP's loss (Zhai et al. 2023, arXiv 2303.15343): every pair by itself, `-log sigmoid(+-(scale * cosine + bias))`,
/// summed over pairs and divided by the number of pictures.
pub fn sigmoid(
    images: Tensor<2>,
    texts: Tensor<2>,
    scale: Tensor<1>,
    bias: Tensor<1>,
    positives: &Positives,
) -> Tensor<1> {
    let signs = positives.matrix(-1.0, &images.device());
    let pictures = positives.pictures() as f64;
    let logits = images.matmul(texts.transpose()) * scale.unsqueeze() + bias.unsqueeze();
    -log_sigmoid(logits * signs).sum().div_scalar(pictures)
}

/// Rows (or columns) that sum to 1.
fn share(fits: Tensor<2>, dim: usize) -> Tensor<2> {
    let sums = fits.clone().sum_dim(dim).clamp_min(1.0);
    fits / sums
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clip::numbers;

    fn value(tensor: Tensor<1>) -> f32 {
        numbers(tensor).unwrap()[0]
    }

    fn unit(rows: [[f32; 2]; 2]) -> Tensor<2> {
        Tensor::from_data(rows, &Device::flex())
    }

    fn scale(value: f32) -> Tensor<1> {
        Tensor::from_data([value], &Device::flex())
    }

    #[test]
    fn the_right_diagonal_costs_nothing_and_the_wrong_one_the_scale() {
        let (a, b) = (unit([[1.0, 0.0], [0.0, 1.0]]), unit([[0.0, 1.0], [1.0, 0.0]]));
        let apart = Positives::by_key(&[0, 1]);
        assert!(value(info_nce(a.clone(), a.clone(), scale(50.0), &apart)) < 1e-6);
        assert!((value(info_nce(a.clone(), b, scale(50.0), &apart)) - 50.0).abs() < 1e-3);
        let uniform = value(info_nce(a.clone(), a, scale(0.0), &apart));
        assert!((uniform - 2.0f32.ln()).abs() < 1e-6);
    }

    #[test]
    fn the_same_caption_twice_is_no_false_negative() {
        let same = unit([[1.0, 0.0], [1.0, 0.0]]);
        let loss = |positives: &Positives| value(info_nce(same.clone(), same.clone(), scale(50.0), positives));
        // Nothing can tell equals apart: an even share is the best there is, and it is not told to do better.
        assert!((loss(&Positives::by_key(&["cat", "cat"])) - 2.0f32.ln()).abs() < 1e-6);
        let gradient_free = Positives::by_key(&["cat", "cat"]);
        assert_eq!(gradient_free.fits, [true; 4]);
    }

    #[test]
    fn classes_and_pairs_by_themselves() {
        let (images, texts) = (unit([[1.0, 0.0], [0.0, 1.0]]), unit([[1.0, 0.0], [0.0, 1.0]]));
        let right = Positives::by_class(&[0, 1], 2);
        assert!(value(cross_entropy(images.clone(), texts.clone(), scale(50.0), &right)) < 1e-6);
        let bias = Tensor::from_data([-10.0f32], &Device::flex());
        let loss = value(sigmoid(images, texts, scale(20.0), bias, &right));
        // Four pairs, each 10 on the right side of zero.
        let expected = 4.0 * (1.0f32 + (-10.0f32).exp()).ln() / 2.0;
        assert!((loss - expected).abs() < 1e-6, "{loss}");
    }
}
