//! What the gradient methods share: scores whose gradients are wanted, and which way back to go.

use burn::tensor::Tensor;

use crate::clip::unit;

/// What raises the score, without what lowers it. Unlike a ReLU it keeps what is no number, so that it is seen.
pub fn raising<const D: usize>(gradient: Tensor<D>) -> Tensor<D> {
    let lowering = gradient.clone().lower_elem(0.0);
    gradient.mask_fill(lowering, 0.0)
}

/// The gradient of each label's cosine by its own copy of `start`.
///
/// `start` holds one copy a label along its first dimension, and `embed` takes it to embeddings `[labels, dim]`, each
/// from its own copy alone; `texts` are unit vectors `[labels, dim]`. Since no copy touches another label's cosine, the
/// gradient of the sum holds all of them: one pass back for all labels.
pub fn of_cosines<const D: usize>(
    start: Tensor<D>,
    texts: Tensor<2>,
    embed: impl FnOnce(Tensor<D>) -> Tensor<2>,
) -> Tensor<D> {
    let start = start.autodiff().require_grad();
    let cosines = (unit(embed(start.clone())) * texts).sum_dim(1);
    let gradients = cosines.sum().backward();
    match start.grad(&gradients) {
        Some(gradient) => gradient,
        // An embedding that does not depend on `start` has no gradient by it.
        None => start.without_autodiff().zeros_like(),
    }
}
