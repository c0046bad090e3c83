use burn::nn::PaddingConfig2d;
use burn::nn::conv::Conv2dConfig;
use burn::tensor::Distribution;
use burn::tensor::activation::relu;

use super::*;

fn layer() -> Conv2d {
    let device = Device::flex();
    let mut layer = Conv2dConfig::new([5, 6], [3, 3])
        .with_padding(PaddingConfig2d::Explicit(1, 1, 1, 1))
        .init(&device);
    layer.bias = layer
        .bias
        .map(|bias| bias.map(|bias| bias.random_like(Distribution::Default) - 0.5));
    layer
}

fn laid_out(layer: &Conv2d) -> Conv2d {
    let [output, input, _, _] = layer.weight.dims();
    let kernels = layer.weight.val().into_data().try_to_vec().unwrap();
    let kernels = Tensor::<4>::from_data(transformed(kernels, output, input), &Device::flex());
    let mut layer = layer.clone();
    layer.weight = layer.weight.map(|_| kernels.clone().swap_dims(0, 2).swap_dims(1, 3));
    layer
}

#[test]
fn it_computes_what_burn_computes() {
    let device = Device::flex();
    device.seed(1);
    let layer = layer();
    let transformed = laid_out(&layer);
    assert!(is_laid_out(&transformed) && !is_laid_out(&layer));
    // More pictures than one product takes; odd sides; a single cell.
    for [batch, height, width] in [[3, 8, 10], [70, 7, 7], [2, 5, 14], [1, 1, 1], [1, 2, 1]] {
        let x = Tensor::<4>::random([batch, 5, height, width], Distribution::Default, &device);
        let (found, expected) = (convolve_3_by_3(&transformed, x.clone()), relu(layer.forward(x)));
        assert_eq!(found.dims(), expected.dims());
        let difference = (found - expected).abs().max().into_scalar::<f32>();
        assert!(difference < 2e-6, "{batch} of {height} x {width}: {difference}");
    }
}

#[test]
fn kernels_come_back_as_they_were() {
    Device::flex().seed(2);
    let layer = layer();
    let transformed = laid_out(&layer);
    let back = as_loaded(&transformed).weight.val();
    assert!((back - layer.weight.val()).abs().max().into_scalar::<f32>() < 1e-6);
}
