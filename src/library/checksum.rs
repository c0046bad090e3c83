//! A checksum a row: what a disk, or another program, changed in it shows.

/// CRC-32 over parts and their lengths.
pub(super) fn checksum(parts: &[&[u8]]) -> i64 {
    let mut hasher = crc32fast::Hasher::new();
    for part in parts {
        hasher.update(&(part.len() as u64).to_le_bytes());
        hasher.update(part);
    }
    i64::from(hasher.finalize())
}
