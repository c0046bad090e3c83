//! Class activation for a tower whose embedding is a mixture of class embeddings.
//!
//! With `z_i` the class logits at cell i, `z'` their mean over the cells, `p = softmax(z')`, `e_c` the class embeddings
//! and `t` the text: `map_i = t . sum_c p_c (z_ic - z'_c) e_c`. It is how much the evidence of cell i, in excess of
//! the average cell's, moves the mixture towards the text (to first order).

use burn::tensor::Tensor;
use burn::tensor::activation::softmax;

/// Logits `[1, rows, columns, classes]`, class embeddings `[classes, dim]` and unit texts `[texts, dim]` to
/// `[texts, rows * columns]`.
pub fn maps(logits: Tensor<4>, class_embeddings: Tensor<2>, temperature: f64, texts: Tensor<2>) -> Tensor<2> {
    let [_, rows, columns, classes] = logits.dims();
    let cells = logits.reshape([rows * columns, classes]).div_scalar(temperature);
    let mean = cells.clone().mean_dim(0);
    let evidence = softmax(mean.clone(), 1) * (cells - mean);
    // [texts, dim] x [dim, classes] x [classes, cells]
    texts.matmul(class_embeddings.transpose()).matmul(evidence.transpose())
}
