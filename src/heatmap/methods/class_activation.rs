//! Class activation for a tower whose embedding is a mixture of class embeddings.
//!
//! With `z_i` the class logits at cell i, `z'` their mean over the cells, `p = softmax(z')`, `e_c` the class embeddings,
//! `e = sum_c p_c e_c` the picture's mixture, and `t` the text: `map_i = t . sum_c p_c (z_ic - z'_c) (e_c - e)`. It is
//! how much the evidence of cell i, in excess of the average cell's, moves the mixture towards the text, exactly to first
//! order: the derivative of the softmax takes `e` from each `e_c`. Without that, a cell in which every class rises
//! (something is there, whatever it is) speaks for every label, and the map points hardly better than at random
//! (benches/RESULTS.md).

use burn::tensor::Tensor;
use burn::tensor::activation::softmax;
use image::RgbImage;

use super::{Card, Cost, Evidence, Method, Neutral, Shows, does_not_fit, pixels_of};
use crate::clip::{ImageTower, Model, Result, full};
use crate::heatmap::HeatmapMethod;

pub struct ClassActivation;

/// What each cell adds to the mixture.
struct Contributions {
    /// `[cells, dim]`.
    moved: Tensor<2>,
    grid: [usize; 2],
}

impl Method for ClassActivation {
    fn card(&self) -> Card {
        Card {
            title: "Class activation",
            shows: Shows::Where,
            computes: "How much each cell's evidence moves the picture towards the label, or away from it.",
            cannot_tell: "It knows 1,000 classes; what none of them resembles stays blank.",
            source: "class activation (Zhou et al. 2016, arXiv 1512.04150) for a mixture of class embeddings",
            neutral: Neutral::Zero,
            cost: Cost::OnePass,
        }
    }

    fn look(&self, model: &Model, view: &RgbImage) -> Result<Box<dyn Evidence>> {
        let ImageTower::EfficientNetLite(tower) = model.image_tower() else {
            return Err(does_not_fit(model, HeatmapMethod::ClassActivation));
        };
        let dense = tower.forward_dense(pixels_of(model, view));
        let [_, rows, columns, count] = dense.logits.dims();
        let logits = full(dense.logits)
            .reshape([rows * columns, count])
            .div_scalar(tower.softmax_temperature());
        let mean = logits.clone().mean_dim(0);
        let shares = softmax(mean.clone(), 1);
        let evidence = shares.clone() * (logits - mean);
        let classes = full(tower.class_embeddings());
        let mixture = shares.matmul(classes.clone());
        Ok(Box::new(Contributions {
            // [cells, classes] x [classes, dim]
            moved: evidence.matmul(classes - mixture),
            grid: [rows, columns],
        }))
    }
}

impl Evidence for Contributions {
    fn maps(&self, _model: &Model, texts: Tensor<2>) -> Tensor<2> {
        texts.matmul(self.moved.clone().transpose())
    }

    fn grid(&self) -> [usize; 2] {
        self.grid
    }
}
