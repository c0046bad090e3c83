//! Grad-CAM (Selvaraju et al. 2016, arXiv 1610.02391) on a ResNet's last stage.
//!
//! With `F` the last stage's cells: `a_c` = mean over the cells of `d cos / d F_c`, and `map = ReLU(sum_c a_c F_c)`.

use burn::tensor::Tensor;
use image::RgbImage;

use super::gradient::{of_cosines, raising};
use super::{Card, Cost, Evidence, Method, Neutral, Shows, does_not_fit, pixels_of, resnet};
use crate::clip::{Model, ModifiedResNet, Result, full};
use crate::heatmap::HeatmapMethod;

pub struct GradCam;

struct LastStage {
    tower: ModifiedResNet,
    /// `[1, channels, rows, columns]`.
    cells: Tensor<4>,
}

impl Method for GradCam {
    fn card(&self) -> Card {
        Card {
            title: "Grad-CAM",
            shows: Shows::Why,
            computes: "The channels that raise the score, weighted by how much, where they are active.",
            cannot_tell: "What lowered the score; and all cells share one weight a channel, so parts run together.",
            source: "Selvaraju et al. 2016, arXiv 1610.02391",
            neutral: Neutral::Zero,
            cost: Cost::OnePass,
        }
    }

    fn look(&self, model: &Model, view: &RgbImage) -> Result<Box<dyn Evidence>> {
        let tower = resnet(model).ok_or_else(|| does_not_fit(model, HeatmapMethod::GradCam))?;
        let cells = full(tower.cells(pixels_of(model, view)));
        Ok(Box::new(LastStage { tower, cells }))
    }
}

impl Evidence for LastStage {
    fn maps(&self, _model: &Model, texts: Tensor<2>) -> Tensor<2> {
        let labels = texts.dims()[0];
        let [_, channels, rows, columns] = self.cells.dims();
        let start = self.cells.clone().expand([labels, channels, rows, columns]);
        let gradient = of_cosines(start, texts, |cells| self.tower.embed_cells(cells));
        // [labels, channels, rows, columns] -> [labels, channels]
        let weights = gradient.flatten::<3>(2, 3).mean_dim(2).reshape([labels, channels]);
        // [labels, channels] x [channels, cells]
        raising(weights.matmul(self.cells.clone().reshape([channels, rows * columns])))
    }

    fn grid(&self) -> [usize; 2] {
        let [_, _, rows, columns] = self.cells.dims();
        [rows, columns]
    }
}
