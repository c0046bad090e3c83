//! One picture as an image tower sees it: bytes, and what makes numbers of them.

/// One picture as an image tower sees it. It stays in bytes for as long as possible: they are a quarter of the numbers.
#[derive(Debug, Clone)]
pub struct Pixels {
    /// Red, green and blue of each pixel, row by row.
    pub bytes: Vec<u8>,
    /// What makes the tower's numbers of them.
    pub normalisation: Normalisation,
    /// Columns: the input square's side, or what a picture of its aspect ratio has.
    pub width: usize,
    /// Rows.
    pub height: usize,
}

/// From a byte to a number: `(byte * rescale_factor - mean) / std`, for each channel.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Normalisation {
    /// What a byte is multiplied by.
    pub rescale_factor: f32,
    pub mean: [f32; 3],
    pub std: [f32; 3],
}

impl Pixels {
    /// The tower's numbers, `[3, height, width]`: channel by channel, row by row.
    pub fn values(&self) -> Vec<f32> {
        let Normalisation {
            rescale_factor,
            mean,
            std,
        } = self.normalisation;
        let area = self.width * self.height;
        let mut values = vec![0.0; 3 * area];
        let (red, others) = values.split_at_mut(area);
        let (green, blue) = others.split_at_mut(area);
        let pixels = self.bytes.as_chunks::<3>().0.iter();
        for (((pixel, red), green), blue) in pixels.zip(red).zip(green).zip(blue) {
            *red = (f32::from(pixel[0]) * rescale_factor - mean[0]) / std[0];
            *green = (f32::from(pixel[1]) * rescale_factor - mean[1]) / std[1];
            *blue = (f32::from(pixel[2]) * rescale_factor - mean[2]) / std[2];
        }
        values
    }
}
