//! Huffman codes and the bits that they are read from.

use crate::clip::preprocess::jpeg::{MARKER, RESTARTS, next_marker};

/// A Huffman table: for each length the first code, how many there are, and where their symbols begin.
pub struct Table {
    lengths: [(i32, i32, usize); 16],
    symbols: Vec<u8>,
}

impl Table {
    pub fn new(counts: &[u8], symbols: &[u8]) -> Self {
        let (mut code, mut place) = (0, 0);
        let mut lengths = [(0, 0, 0); 16];
        for (length, count) in lengths.iter_mut().zip(counts) {
            *length = (code, i32::from(*count), place);
            code = (code + i32::from(*count)) << 1;
            place += usize::from(*count);
        }
        Self {
            lengths,
            symbols: symbols.to_vec(),
        }
    }

    pub fn symbol(&self, reader: &mut Reader) -> Option<u8> {
        let mut code = 0;
        for (first, count, place) in self.lengths {
            code = code << 1 | reader.bits(1)? as i32;
            if code - first < count {
                return self.symbols.get(place + usize::try_from(code - first).ok()?).copied();
            }
        }
        None
    }
}

/// Bits of entropy-coded data, up to the next marker or the end of the file.
pub struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
    held: u8,
    left: u32,
}

impl<'a> Reader<'a> {
    pub fn new(bytes: &'a [u8], at: usize) -> Self {
        Self {
            bytes,
            at,
            held: 0,
            left: 0,
        }
    }

    pub fn bits(&mut self, count: usize) -> Option<usize> {
        let mut value = 0;
        for _ in 0..count {
            if self.left == 0 {
                self.held = *self.bytes.get(self.at)?;
                self.at += 1;
                if self.held == MARKER {
                    if *self.bytes.get(self.at)? != 0 {
                        return None;
                    }
                    self.at += 1;
                }
                self.left = 8;
            }
            self.left -= 1;
            value = value << 1 | usize::from(self.held >> self.left & 1);
        }
        Some(value)
    }

    /// Leaves what is left of the last byte and steps over a restart marker.
    pub fn restart(&mut self) -> Option<()> {
        let (marker, after) = next_marker(self.bytes, self.at)?;
        self.at = RESTARTS.contains(&marker).then_some(after)?;
        self.left = 0;
        Some(())
    }

    pub fn end(&self) -> usize {
        self.at
    }
}
