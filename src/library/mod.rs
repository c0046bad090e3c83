//! Pictures on disk: folders, decoding, thumbnails, and the SQLite store of what was learnt about them.
//!
//! Originals are only ever read.

mod cells;
mod data_dir;
mod decode;
mod duplicates;
mod exif;
mod fingerprint;
mod kinds;
pub mod labelled;
mod labels;
mod output;
mod rescue;
mod samples;
mod scan;
mod store;
mod text;
mod thumbnail;

pub use data_dir::{DATA_DIR_VARIABLE, data_dir};
pub use decode::{Decoded, PictureError, decode, decode_with_notes};
pub use duplicates::{Copies, find_copies};
pub use fingerprint::Fingerprint;
pub use kinds::{Looks, UnreadKind, is_picture, looks};
pub use labels::{in_words, labels_of};
pub use output::{
    Inputs, OutputError, expect_ending, may_write, picture_format, same_file, write_output, write_picture,
};
pub use samples::unpack_samples;
pub use scan::{Found, Scan, Stamp, is_system_folder, scan, stamp, walk};
pub use store::{CachedEmbedding, PictureRecord, Store, StoreError};
pub use text::{TextError, read_text, text_of};
pub use thumbnail::{THUMBNAIL_SIDE, fitted, thumbnail_from_jpeg, thumbnail_to_jpeg};
