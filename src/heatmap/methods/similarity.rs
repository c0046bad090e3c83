//! Cosines of dense tokens and texts: the last step of every method that says where.

use burn::tensor::Tensor;

use super::Evidence;
use crate::clip::{Model, unit};

/// One token a cell, in the shared space.
pub struct CellTokens {
    /// `[cells, dim]`, row by row.
    tokens: Tensor<2>,
    grid: [usize; 2],
}

impl CellTokens {
    /// From tokens `[1, cells, dim]` of a grid.
    pub fn new(tokens: Tensor<3>, grid: [usize; 2]) -> Self {
        Self {
            tokens: unit(tokens.squeeze_dim(0)),
            grid,
        }
    }
}

impl Evidence for CellTokens {
    fn maps(&self, _model: &Model, texts: Tensor<2>) -> Tensor<2> {
        // [texts, dim] x [dim, cells]
        texts.matmul(self.tokens.clone().transpose())
    }

    fn grid(&self) -> [usize; 2] {
        self.grid
    }
}
