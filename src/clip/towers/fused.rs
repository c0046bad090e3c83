//! Blocks one after the other on a GPU, eight launches each: four products, and a kernel of our own after each of them.

use burn::tensor::Tensor;

use super::block::Block;
use super::norm::Norm;
use crate::clip::kernels::gpu::add_norm::add_norm;
use crate::clip::kernels::gpu::attention::{Attending, attend};
use crate::clip::kernels::gpu::bias_activation::bias_activation;

/// How tokens go through blocks.
#[derive(Debug, Clone, Copy)]
pub struct Way {
    /// Sequences.
    pub batch: usize,
    /// Whether later tokens are hidden.
    pub causal: bool,
    /// Whether the last block is for the first token of each sequence alone.
    pub only_first: bool,
}

/// Tokens `[1, batch * tokens, width]` through blocks, and through `norm` at the end: the same shape, or `[1, batch, width]`
/// of the first tokens. None where the kernels do not take them.
pub fn through(blocks: &[&Block], tokens: Tensor<3>, way: Way, norm: &Norm) -> Option<Tensor<3>> {
    let [_, all, width] = tokens.dims();
    let length = all / way.batch;
    let first = blocks.first()?;
    let pieces = first.attention.together()?.pieces(all);
    let [mut stream, mut normed] = add_norm(&tokens, None, &first.norm_1.scale()?, pieces)?;
    for (number, block) in blocks.iter().enumerate() {
        let next = blocks.get(number + 1);
        let who = Attending {
            batch: way.batch,
            tokens: length,
            asking: if way.only_first && next.is_none() { 1 } else { length },
            heads: block.attention.heads,
            causal: way.causal,
        };
        let rows = who.batch * who.asking;
        if who.asking < length {
            let of_each = stream.reshape([way.batch, length, width]);
            stream = of_each.narrow(1, 0, who.asking).reshape([1, rows, width]);
        }
        let (output, fed) = (&block.attention.output, &block.feed_forward);
        let qkv = block.attention.together()?.parts(normed);
        let gathered = output.parts(attend(&qkv, who, output.pieces(rows))?);
        let pieces = fed.mlp_in.pieces(rows);
        [stream, normed] = add_norm(&stream, Some(&gathered), &block.norm_2.scale()?, pieces)?;
        let hidden = bias_activation(&fed.mlp_in.parts(normed), fed.activation, fed.mlp_out.pieces(rows))?;
        let (norm, pieces) = match next {
            Some(next) => (&next.norm_1, next.attention.together()?.pieces(rows)),
            None => (norm, 1),
        };
        [stream, normed] = add_norm(&stream, Some(&fed.mlp_out.parts(hidden)), &norm.scale()?, pieces)?;
    }
    Some(normed)
}
