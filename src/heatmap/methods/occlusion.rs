//! Occlusion (Zeiler and Fergus 2013, arXiv 1311.2901): cover a part, and see how far the score falls.
//!
//! A grey square, two cells wide, is centred on every cell of an 8 x 8 grid over what the model sees:
//! `map_i = cos(whole, t) - cos(with cell i covered, t)`. It asks the model itself and needs nothing of its inside.

use burn::tensor::{Tensor, TensorData};
use image::{Rgb, RgbImage};

use super::{Card, Cost, Evidence, Method, Neutral, Shows};
use crate::clip::{Model, Pixels, Result};

/// Cells along a side.
const GRID: usize = 8;
/// Side of the square that covers, in cells.
const COVER: f32 = 2.0;
/// What it is filled with.
const GREY: Rgb<u8> = Rgb([128; 3]);

pub struct Occlusion;

struct Covered {
    view: RgbImage,
    /// The whole picture's unit embedding, then that of every covered one so far.
    embeddings: Vec<Vec<f32>>,
}

impl Method for Occlusion {
    fn card(&self) -> Card {
        Card {
            title: "Occlusion",
            shows: Shows::Why,
            computes: "How far the cosine falls when a grey square covers each part.",
            cannot_tell: "What is there twice: covering one leaves the other. The square itself is something new to see. In \
                          half precision a fall below 0.001 is noise.",
            source: "Zeiler and Fergus 2013, arXiv 1311.2901",
            neutral: Neutral::Zero,
            cost: Cost::ManyPasses,
        }
    }

    fn look(&self, _model: &Model, view: &RgbImage) -> Result<Box<dyn Evidence>> {
        Ok(Box::new(Covered {
            view: view.clone(),
            embeddings: Vec::new(),
        }))
    }
}

impl Evidence for Covered {
    fn advance(&mut self, model: &Model, passes: usize) -> Result<f32> {
        let total = 1 + GRID * GRID;
        let first = self.embeddings.len();
        let batch: Vec<Pixels> = (first..total.min(first + passes))
            .map(|n| model.preprocessing().normalise(&covered(&self.view, n.checked_sub(1))))
            .collect();
        let embedded = model.embed_images(&batch)?;
        self.embeddings.extend(embedded.into_iter().map(|one| one.vector));
        Ok(self.embeddings.len() as f32 / total as f32)
    }

    /// Cells that were not covered yet are 0.
    fn maps(&self, model: &Model, texts: Tensor<2>) -> Tensor<2> {
        let [labels, dim] = texts.dims();
        let Some((whole, covered)) = self.embeddings.split_first() else {
            return Tensor::zeros([labels, GRID * GRID], model.device());
        };
        let mut falls = Vec::with_capacity(GRID * GRID * dim);
        for embedding in covered {
            falls.extend(whole.iter().zip(embedding).map(|(whole, covered)| whole - covered));
        }
        falls.resize(GRID * GRID * dim, 0.0);
        let falls = Tensor::<2>::from_data(TensorData::new(falls, [GRID * GRID, dim]), model.device());
        texts.matmul(falls.transpose())
    }

    fn grid(&self) -> [usize; 2] {
        [GRID; 2]
    }
}

/// The view with a cell covered, or as it is.
fn covered(view: &RgbImage, cell: Option<usize>) -> RgbImage {
    let mut out = view.clone();
    let Some(cell) = cell else { return out };
    let side = |length: u32, place: usize| {
        let size = length as f32 / GRID as f32;
        let start = (place as f32 + 0.5 - COVER / 2.0) * size;
        (
            start.round().max(0.0) as u32,
            ((start + COVER * size).round() as u32).min(length),
        )
    };
    let (left, right) = side(view.width(), cell % GRID);
    let (top, bottom) = side(view.height(), cell / GRID);
    for y in top..bottom {
        for x in left..right {
            out.put_pixel(x, y, GREY);
        }
    }
    out
}
