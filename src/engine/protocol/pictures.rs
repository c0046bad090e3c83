//! Pictures of the list, and pixels for the screen.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::SystemTime;

use image::RgbImage;

use super::{PictureId, ViewRect};

/// A picture of the list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PictureFile {
    pub id: PictureId,
    /// Where it is, as found.
    pub path: PathBuf,
}

/// Pixels for the screen.
#[derive(Clone, PartialEq, Eq)]
pub struct ScreenImage {
    /// Width in pixels.
    pub width: usize,
    /// Height in pixels.
    pub height: usize,
    /// `width * height * 3` bytes, RGB.
    pub rgb: Vec<u8>,
}

impl ScreenImage {
    /// Stands for a picture that cannot be shown.
    pub fn grey() -> Self {
        Self {
            width: 1,
            height: 1,
            rgb: vec![128; 3],
        }
    }
}

impl std::fmt::Debug for ScreenImage {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "ScreenImage({} x {})", self.width, self.height)
    }
}

#[derive(Debug, Clone, PartialEq)]
pub struct InspectedPicture {
    /// Upright, scaled to fit a screen.
    pub image: ScreenImage,
    /// Width and height of the original, upright, in pixels.
    pub original_size: (u32, u32),
    /// The original itself, where that is larger than what is scaled to fit a screen: the heatmaps' own.
    pub original: Option<Arc<RgbImage>>,
    /// The file's size in bytes, and when it was last changed; none where the system does not say.
    pub file: Option<(u64, SystemTime)>,
    /// The part that the model sees.
    pub view: ViewRect,
    /// Exactly what the model sees.
    pub model_view: ScreenImage,
    /// The part that a second model sees, where there is one.
    pub compared_view: Option<ViewRect>,
}
