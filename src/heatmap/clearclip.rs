//! ClearCLIP (Lan et al. 2024, arXiv 2407.12442): cosine of each patch's query-query token with the text.

use burn::tensor::Tensor;

/// Tokens of the patches `[1, cells, dim]` and unit texts `[texts, dim]` to cosines `[texts, cells]`.
pub fn maps(tokens: Tensor<3>, texts: Tensor<2>) -> Tensor<2> {
    let [_, cells, dim] = tokens.dims();
    let patches = tokens.reshape([cells, dim]);
    let norms = patches
        .clone()
        .powi_scalar(2)
        .sum_dim(1)
        .sqrt()
        .clamp_min(f32::MIN_POSITIVE);
    // [texts, dim] x [dim, cells]
    texts.matmul((patches / norms).transpose())
}
