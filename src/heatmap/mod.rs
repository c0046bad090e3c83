//! Heatmaps: where and why a score comes about, and how far to trust them.
//!
//! [`methods`] has one file a method; [`trust`] tests maps against the model itself; [`Overlay`] draws them.

mod erase;
mod map;
mod method;
pub mod methods;
mod overlay;
mod picture;
mod ramp;
pub mod trust;
mod writing;

use burn::tensor::{Tensor, TensorData};
use image::RgbImage;

use crate::clip::{Model, Result, all_finite, numbers};

pub use erase::{Dab, Fill, erase};
pub use map::HeatMap;
pub use method::HeatmapMethod;
pub use methods::{Card, Cost, Neutral, Shows};
pub use overlay::{Overlay, Scale, Style, side_by_side, size_side_by_side};
pub use picture::{HeatmapPicture, LabelledMap, raw_json, short, write_line};
pub use ramp::Ramp;
pub use writing::looks_like_writing;

/// What a method is told to people.
pub fn card(method: HeatmapMethod) -> Card {
    method.method().card()
}

/// Passes that are made together where nobody waits for anything else.
pub const PASSES: usize = 8;

/// A method that looks at one picture.
pub struct Look {
    method: HeatmapMethod,
    evidence: Box<dyn methods::Evidence>,
    done: f32,
}

impl Look {
    /// Starts looking at what the model sees of a picture.
    ///
    /// # Errors
    /// The method does not fit the model's image tower.
    pub fn new(model: &Model, method: HeatmapMethod, view: &RgbImage) -> Result<Self> {
        method
            .fits(model.info().tower)
            .map_err(|_| methods::does_not_fit(model, method))?;
        Ok(Self {
            method,
            evidence: method.method().look(model, view)?,
            done: 0.0,
        })
    }

    /// Goes on by at most so many passes; the share that is done.
    ///
    /// # Errors
    /// The device failed.
    pub fn advance(&mut self, model: &Model, passes: usize) -> Result<f32> {
        self.done = self.evidence.advance(model, passes)?;
        Ok(self.done)
    }

    /// Whether there is nothing left to look at.
    pub fn is_done(&self) -> bool {
        self.done >= 1.0
    }

    pub fn method(&self) -> HeatmapMethod {
        self.method
    }

    /// One map a text. `texts` are unit vectors, `[texts, dim]` row by row.
    ///
    /// # Errors
    /// The device failed, or a map is not all numbers.
    pub fn maps(&self, model: &Model, texts: &[f32], dim: usize) -> Result<Vec<HeatMap>> {
        let count = texts.len() / dim.max(1);
        if count == 0 {
            return Ok(Vec::new());
        }
        let texts = Tensor::from_data(TensorData::new(texts.to_vec(), [count, dim]), model.device());
        let [rows, columns] = self.evidence.grid();
        let values = numbers(self.evidence.maps(model, texts))?;
        if !all_finite(&values) {
            return Err(model.not_finite(format!("a heatmap by {} holds", self.method.name())));
        }
        let covers = if self.method.shows_patches() {
            model.config().vision.patches_cover()
        } else {
            1.0
        };
        Ok(values
            .chunks_exact(rows * columns)
            .map(|values| HeatMap {
                method: self.method,
                rows,
                columns,
                covers,
                values: values.to_vec(),
            })
            .collect())
    }
}

/// One map a text for what the model sees of a picture, from start to end.
///
/// `texts` are unit vectors, `[texts, dim]` row by row.
///
/// # Errors
/// The method does not fit, or the device failed.
pub fn heat_maps(model: &Model, method: HeatmapMethod, view: &RgbImage, texts: &[f32]) -> Result<Vec<HeatMap>> {
    let mut look = Look::new(model, method, view)?;
    while look.advance(model, PASSES)? < 1.0 {}
    look.maps(model, texts, model.info().projection_dim)
}
