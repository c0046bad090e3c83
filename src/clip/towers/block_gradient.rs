//! How scores of a block's output depend on its attention, in closed form: what a pass back through the block would find,
//! for many scores at once.
//!
//! With `u = x + W_o A v` the residual stream after the attention, `n` its norm and `h = W_1 n(u)` (biases left out), the
//! block's output is `z = u + W_2 f(h)`. A gradient `g` by `z` becomes, token by token,
//! `g_u = g + J^T W_1^T (f'(h) * W_2^T g)` by `u`, with `J` the norm's Jacobian, and `(W_o^T g_u[i]) . v[j]` by `A[i, j]`,
//! head by head. A score of the tokens' mean has the same `g` for every token: then `W_2^T g` is one row a score, and of
//! the feed-forward network's products only that with `W_1` is left for each token. Nothing of it is computed by autodiff.

use burn::tensor::Tensor;

use super::attention::{AttentionParts, by_weights, merge_heads};
use super::block::Block;
use crate::clip::kernels::derivative::derivative;

/// A block's way from its attention to its output, for one picture.
pub struct BlockGradient {
    /// `f'(h)`, `[tokens, hidden]`.
    slope: Tensor<2>,
    /// The stream in standard units, `[tokens, width]`.
    standardised: Tensor<2>,
    /// The stream's deviations, `[tokens, 1]`.
    deviation: Tensor<2>,
    /// What the norm multiplies by, `[width]`.
    gamma: Tensor<1>,
    /// `W_1^T`, `[hidden, width]`.
    mlp_in: Tensor<2>,
    /// `W_2^T`, `[width, hidden]`.
    mlp_out: Tensor<2>,
    /// `W_o^T`, `[width, width]`.
    output: Tensor<2>,
    /// The attention's values, `[1, heads, tokens, head_dim]`.
    value: Tensor<4>,
}

impl BlockGradient {
    /// Of a block, its input `[1, tokens, width]` and what its attention did with it; all in f32.
    pub(super) fn new(block: &Block, input: Tensor<3>, attention: AttentionParts) -> Self {
        let [_, tokens, width] = input.dims();
        let gathered = merge_heads(attention.weights.matmul(attention.value.clone()));
        let stream = (input + block.attention.project(gathered)).reshape([tokens, width]);
        let fed = &block.feed_forward;
        let hidden = fed.mlp_in.forward(block.norm_2.forward(stream.clone()));
        let [standardised, deviation] = block.norm_2.standardised(stream);
        Self {
            slope: derivative(hidden, fed.activation),
            standardised,
            deviation,
            gamma: block.norm_2.gamma(),
            mlp_in: fed.mlp_in.transposed(),
            mlp_out: fed.mlp_out.transposed(),
            output: block.attention.output.transposed(),
            value: attention.value,
        }
    }

    /// The gradients of scores by the attention weights, `[heads, scores, asking, tokens]`, from those by the mean of the
    /// block's output tokens, `[scores, width]`.
    pub fn by_weights(&self, by_mean: Tensor<2>) -> Tensor<4> {
        let [scores, width] = by_mean.dims();
        let [tokens, hidden] = self.slope.dims();
        let by_token = by_mean.div_scalar(tokens as f64);
        // [scores, 1, hidden] times [1, tokens, hidden]
        let by_activated = by_token.clone().matmul(self.mlp_out.clone());
        let by_hidden = by_activated.unsqueeze_dim::<3>(1) * self.slope.clone().unsqueeze::<3>();
        let by_normed = by_hidden
            .reshape([scores * tokens, hidden])
            .matmul(self.mlp_in.clone())
            .reshape([scores, tokens, width]);
        let by_stream = self.through_norm(by_normed) + by_token.unsqueeze_dim::<3>(1);
        let by_gathered = by_stream
            .reshape([scores * tokens, width])
            .matmul(self.output.clone())
            .reshape([scores, tokens, width]);
        by_weights(by_gathered, self.value.clone())
    }

    /// From the gradient by the norm's output to that by its input, `[scores, tokens, width]`.
    fn through_norm(&self, by_normed: Tensor<3>) -> Tensor<3> {
        let standardised = self.standardised.clone().unsqueeze::<3>();
        let by_standardised = by_normed * self.gamma.clone().unsqueeze::<3>();
        let mean = by_standardised.clone().mean_dim(2);
        let along = (by_standardised.clone() * standardised.clone()).mean_dim(2);
        (by_standardised - mean - standardised * along) / self.deviation.clone().unsqueeze::<3>()
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use burn::tensor::{Device, Distribution};

    use super::*;
    use crate::clip::{ImageTower, Model};

    /// The same by a pass back through the block.
    fn by_autodiff(block: &Block, input: Tensor<3>, attention: AttentionParts, by_mean: Tensor<2>) -> Tensor<4> {
        let [scores, width] = by_mean.dims();
        let [_, heads, tokens, head_dim] = attention.value.dims();
        let weights = attention.weights.expand([scores, heads, tokens, tokens]);
        let weights = weights.autodiff().require_grad();
        let value = attention.value.expand([scores, heads, tokens, head_dim]);
        let gathered = merge_heads(weights.clone().matmul(value));
        let output = block.after_attention(input.expand([scores, tokens, width]), gathered);
        let mean = output.mean_dim(1).reshape([scores, width]);
        let gradients = (mean * by_mean).sum().backward();
        weights.grad(&gradients).unwrap().swap_dims(0, 1)
    }

    #[test]
    fn the_closed_form_is_the_pass_back() {
        const TOLERANCE: f32 = 5e-5;
        let device = Device::flex();
        device.seed(5);
        // Quick GELU, GELU and its tanh approximation.
        for name in ["clip-f32", "clip-f16", "siglip"] {
            let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures").join(name);
            let open = || Model::open(&path, &device).unwrap();
            for model in [open(), open().laid_out()] {
                let ImageTower::Vit(tower) = model.image_tower() else {
                    panic!("{name} has a Vision Transformer")
                };
                let side = model.info().image_size;
                let pixels = Tensor::random([1, 3, side, side], Distribution::Normal(0.0, 1.0), &device);
                let dense = tower.forward_dense(pixels);
                for number in 0..dense.inputs.len() {
                    let (block, input) = (tower.open_block(&dense, number), dense.inputs[number].clone());
                    let width = input.dims()[2];
                    let by_mean = Tensor::random([3, width], Distribution::Normal(0.0, 1.0), &device);
                    let found = tower.open_gradient(&dense, number).by_weights(by_mean.clone());
                    let expected = by_autodiff(block, input.clone(), block.parts(input), by_mean);
                    assert_eq!(found.dims(), expected.dims());
                    let largest = expected.clone().abs().max().into_scalar::<f32>();
                    let difference = (found - expected).abs().max().into_scalar::<f32>();
                    assert!(largest > 0.0, "{name}, block {number}: nothing to compare");
                    assert!(
                        difference <= TOLERANCE * largest,
                        "{name}, block {number}: {difference} of {largest}"
                    );
                }
            }
        }
    }
}
