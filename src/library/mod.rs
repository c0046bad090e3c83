//! Pictures on disk: folders, decoding, thumbnails, and the SQLite store of what was learnt about them.
//!
//! Originals are only ever read.

mod data_dir;
mod decode;
mod labels;
mod output;
mod samples;
mod scan;
mod store;
mod thumbnail;

pub use data_dir::{DATA_DIR_VARIABLE, data_dir};
pub use decode::{PictureError, decode};
pub use labels::{in_words, labels_of};
pub use output::{
    Inputs, OutputError, expect_ending, may_write, picture_format, same_file, write_output, write_picture,
};
pub use samples::unpack_samples;
pub use scan::{Found, Scan, Stamp, is_picture, scan, stamp};
pub use store::{CachedEmbedding, PictureRecord, Store, StoreError};
pub use thumbnail::{THUMBNAIL_SIDE, fitted, thumbnail_from_jpeg, thumbnail_to_jpeg};
