//! Pictures on disk: folders, decoding, thumbnails, and the two stores: the catalog of what people made and the cache of
//! what was computed.
//!
//! Originals are only ever read.

mod budget;
mod cache;
mod catalog;
mod cells;
mod checksum;
mod content;
mod data_dir;
mod database;
mod decode;
mod duplicates;
mod exif;
mod fingerprint;
mod housekeeping;
mod kept_aside;
mod kinds;
pub mod labelled;
mod labels;
mod legacy;
mod output;
mod rescue;
mod retry;
mod rgb;
mod samples;
mod scan;
mod stamp;
mod store;
mod text;
mod thumbnail;

pub use budget::{PICTURE_BUDGET, Room};
pub use cache::{Computed, Thumbnail};
pub use catalog::{PictureId, Registered, SettingChange, Sighting, Stored as StoredSetting};
pub use content::{Content, ReadPicture};
pub use data_dir::{DATA_DIR_VARIABLE, data_dir, make_data_dir, make_private, make_private_folder};
pub use database::StoreError;
pub use decode::{Decoded, PictureError, decode, decode_fitted, decode_with_notes, is_unread_tiff};
pub use duplicates::{Copies, find_copies};
pub use fingerprint::Fingerprint;
pub use housekeeping::Holdings;
pub use kinds::{Looks, UnreadKind, is_picture, looks};
pub use labels::{in_words, labels_by_name};
pub use output::{
    Inputs, OutputError, expect_ending, may_write, picture_format, same_file, same_output, write_output, write_picture,
};
pub use samples::{SAMPLES_FOLDER, unpack_samples};
pub use scan::{Found, Scan, is_system_folder, scan, walk};
pub use stamp::{Stamp, stamp};
pub use store::{Fact, Store};
pub use text::{MAX_LABELS_BYTES, MAX_LIST_BYTES, TextError, read_text, read_text_noting, text_of};
pub use thumbnail::{THUMBNAIL_SIDE, fitted, thumbnail_from_jpeg, thumbnail_to_jpeg};
