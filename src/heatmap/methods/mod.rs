//! The methods, one file each.
//!
//! A new method is a file here, and a variant and a row in [`super::HeatmapMethod`].

mod class_activation;
mod clearclip;
mod grad_cam;
mod grad_eclip;
mod gradient;
mod legrad;
mod naclip;
mod occlusion;
mod patch;
mod similarity;
mod value_attention;

pub(super) use class_activation::ClassActivation;
pub(super) use clearclip::ClearClip;
pub(super) use grad_cam::GradCam;
pub(super) use grad_eclip::GradEclip;
pub(super) use legrad::LeGrad;
pub(super) use naclip::NaClip;
pub(super) use occlusion::Occlusion;
pub(super) use patch::Patch;
pub(super) use value_attention::ValueAttention;

use burn::tensor::Tensor;
use image::RgbImage;

use crate::clip::{Error, Model, ModifiedResNet, Pixels, Result, VisionTransformer};
use crate::heatmap::HeatmapMethod;

/// A way to show where or why a score comes about.
pub trait Method: Sync {
    /// What it computes and what it cannot tell.
    fn card(&self) -> Card;

    /// Looks at what the model sees of a picture: `view` has the sides of the model's input.
    ///
    /// # Errors
    /// The tower is none that the method fits.
    fn look(&self, model: &Model, view: &RgbImage) -> Result<Box<dyn Evidence>>;
}

/// What a method keeps of a picture, so that the map of any text can be made from it.
pub trait Evidence: Send {
    /// Goes on with looking, by at most so many passes; the share that is done. Most methods are done at once.
    ///
    /// # Errors
    /// The device failed.
    fn advance(&mut self, _model: &Model, _passes: usize) -> Result<f32> {
        Ok(1.0)
    }

    /// Unit texts `[texts, dim]` to maps `[texts, rows * columns]`.
    fn maps(&self, model: &Model, texts: Tensor<2>) -> Tensor<2>;

    /// Rows and columns.
    fn grid(&self) -> [usize; 2];
}

/// A method, told to people.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Card {
    pub title: &'static str,
    pub shows: Shows,
    /// What its numbers are.
    pub computes: &'static str,
    pub cannot_tell: &'static str,
    /// Where it was published.
    pub source: &'static str,
    /// Where its numbers are neutral.
    pub neutral: Neutral,
    pub cost: Cost,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shows {
    /// Where something like the text is.
    Where,
    /// Why the score is as it is.
    Why,
    /// A method of the past, kept to compare with.
    Historical,
}

/// Where the numbers of a map are neutral.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Neutral {
    Zero,
    /// At the map's mean: cosines of pictures and texts have no zero of their own.
    Mean,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cost {
    /// One pass for all labels.
    OnePass,
    /// One pass, and the end of it once more for every label.
    PassPerLabel,
    /// Dozens of passes, for all labels together.
    ManyPasses,
}

impl Shows {
    /// In one word.
    pub fn title(self) -> &'static str {
        match self {
            Self::Where => "where",
            Self::Why => "why",
            Self::Historical => "historical",
        }
    }
}

fn pixels_of(model: &Model, view: &RgbImage) -> Tensor<4> {
    let pixels: Pixels = model.preprocessing().normalise(view);
    model.pixel_tensor(&[pixels])
}

/// The model's Vision Transformer, its end in f32.
fn vit(model: &Model) -> Option<VisionTransformer> {
    match model.image_tower() {
        crate::clip::ImageTower::Vit(tower) => Some(tower.open_in_full()),
        _ => None,
    }
}

/// The model's ResNet, its attention pool in f32.
fn resnet(model: &Model) -> Option<ModifiedResNet> {
    match model.image_tower() {
        crate::clip::ImageTower::ModifiedResNet(tower) => Some(tower.open_in_full()),
        _ => None,
    }
}

/// Why a method cannot look at a model.
pub fn does_not_fit(model: &Model, method: HeatmapMethod) -> Error {
    let reason = method.fits(model.info().tower).err().unwrap_or("it does not fit");
    Error::Method(format!("{} does not fit this model: {reason}", method.name()))
}
