//! What `build.rs` packs into the binary.

use std::io::{Read, Result};

use flate2::read::ZlibDecoder;

/// The window's font.
pub static INTER_REGULAR: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/regular.z"));
/// The same for headings.
pub static INTER_SEMI_BOLD: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/semi_bold.z"));

/// Unpacks it.
///
/// # Errors
/// Only if the binary is damaged.
pub fn unpacked(packed: &[u8]) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    ZlibDecoder::new(packed).read_to_end(&mut bytes)?;
    Ok(bytes)
}
