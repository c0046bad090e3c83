//! Evaluations as others read them.

mod clip_benchmark;
mod parquet;
mod pictures;
mod report;
mod tables;

pub use clip_benchmark::clip_benchmark;
pub use parquet::parquet;
pub use pictures::{csv, json_lines};
pub use report::report;
pub use tables::{Row, latex, latex_of_all, markdown, markdown_of_all};
