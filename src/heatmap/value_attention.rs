//! Value attention (CLIP Surgery, Li et al. 2023, arXiv 2304.05653), for a ResNet's attention pool.
//!
//! Every cell attends to the cells whose values resemble its own, `softmax(V V^T / sqrt(d)) V` per head, and goes through
//! the pool's output projection: `map_i = cos(c_proj(A V)_i, t)`. The tower computes the tokens; the cosine is
//! [`super::clearclip::maps`].

use burn::tensor::Tensor;

/// Tokens `[1, 1 + cells, dim]`, the first of which is the mean's, and unit texts `[texts, dim]` to cosines
/// `[texts, cells]`.
pub fn maps(tokens: Tensor<3>, texts: Tensor<2>) -> Tensor<2> {
    let cells = tokens.dims()[1] - 1;
    super::clearclip::maps(tokens.narrow(1, 1, cells), texts)
}
