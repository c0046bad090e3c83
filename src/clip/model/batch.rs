//! Prepared pictures as one tensor.

use std::borrow::Borrow;
use std::collections::BTreeMap;

use burn::tensor::{DType, Device, Int, Tensor, TensorData};

use super::Model;
use crate::clip::kernels::gpu;
use crate::clip::{Pixels, Precision};

impl Model {
    /// Prepared pictures of one shape as the image tower takes them, `[pictures, 3, height, width]`.
    pub fn pixel_tensor<P: Borrow<Pixels>>(&self, pictures: &[P]) -> Tensor<4> {
        let pictures: Vec<&Pixels> = pictures.iter().map(P::borrow).collect();
        let (width, height) = pictures.first().map_or((1, 1), |first| (first.width, first.height));
        if let Some(pixels) = self.pixels_by_kernel(&pictures, [height, width]) {
            return pixels;
        }
        let mut values = Vec::with_capacity(pictures.len() * 3 * width * height);
        for picture in &pictures {
            values.extend(picture.values());
        }
        let pixels = Tensor::from_data(
            TensorData::new(values, [pictures.len(), 3, height, width]),
            &self.device,
        );
        self.towers.input(pixels)
    }

    /// The same on a GPU, where bytes are made numbers; none elsewhere.
    fn pixels_by_kernel(&self, pictures: &[&Pixels], [height, width]: [usize; 2]) -> Option<Tensor<4>> {
        let how = pictures.first()?.normalisation;
        if self.device == Device::flex() || pictures.iter().any(|picture| picture.normalisation != how) {
            return None;
        }
        let mut bytes = Vec::with_capacity(pictures.len() * 3 * width * height + 4);
        for picture in pictures {
            bytes.extend_from_slice(&picture.bytes);
        }
        let dtype = match self.info.precision {
            Precision::Full => DType::F32,
            Precision::Half => DType::F16,
        };
        gpu::pixels::pixels(bytes, [pictures.len(), height, width], &how, dtype, &self.device)
    }

    /// One row a picture, in their order, from what makes rows of pictures of one shape: a model that keeps their aspect
    /// ratio gets pictures of several.
    pub fn by_shape(&self, pictures: &[Pixels], rows: impl Fn(Tensor<4>) -> Tensor<2>) -> Tensor<2> {
        let mut shapes: BTreeMap<(usize, usize), Vec<usize>> = BTreeMap::new();
        for (place, picture) in pictures.iter().enumerate() {
            shapes.entry((picture.width, picture.height)).or_default().push(place);
        }
        if shapes.len() <= 1 {
            return rows(self.pixel_tensor(pictures));
        }
        let of = |places: &Vec<usize>| {
            let alike: Vec<&Pixels> = places.iter().map(|&place| &pictures[place]).collect();
            rows(self.pixel_tensor(&alike))
        };
        let found = Tensor::cat(shapes.values().map(of).collect(), 0);
        let mut order = vec![0i64; pictures.len()];
        for (row, &place) in shapes.values().flatten().enumerate() {
            order[place] = row as i64;
        }
        let order: Tensor<1, Int> = Tensor::from_data(TensorData::new(order, [pictures.len()]), &found.device());
        found.select(0, order)
    }
}
