//! Where a tensor lies in a file, and how its bytes become numbers.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom};

use half::slice::HalfFloatSliceExt;
use half::{bf16, f16};

/// A number's type on disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StoredType {
    /// 32-bit floats.
    F32,
    /// 16-bit floats of IEEE 754.
    F16,
    /// 16-bit floats with the exponent of 32-bit ones.
    BF16,
    /// Anything else, by name: buffers, never weights.
    Other(&'static str, usize),
}

impl StoredType {
    /// Its name in messages.
    pub fn name(self) -> &'static str {
        match self {
            Self::F32 => "f32",
            Self::F16 => "f16",
            Self::BF16 => "bf16",
            Self::Other(name, _) => name,
        }
    }

    /// Bytes a number takes.
    pub fn bytes(self) -> usize {
        match self {
            Self::F32 => 4,
            Self::F16 | Self::BF16 => 2,
            Self::Other(_, bytes) => bytes,
        }
    }

    /// Whether it can hold weights.
    pub fn is_float(self) -> bool {
        !matches!(self, Self::Other(..))
    }

    fn to_f32(self, bytes: &[u8]) -> std::io::Result<Vec<f32>> {
        let mut values = reserved(bytes.len() / self.bytes())?;
        match self {
            Self::F16 => {
                let halves: Vec<f16> = bytes.as_chunks().0.iter().map(|b| f16::from_le_bytes(*b)).collect();
                values.resize(halves.len(), 0.0);
                halves.convert_to_f32_slice(&mut values);
            }
            Self::BF16 => {
                let halves: Vec<bf16> = bytes.as_chunks().0.iter().map(|b| bf16::from_le_bytes(*b)).collect();
                values.resize(halves.len(), 0.0);
                halves.convert_to_f32_slice(&mut values);
            }
            Self::F32 | Self::Other(..) => values.extend(bytes.as_chunks().0.iter().map(|b| f32::from_le_bytes(*b))),
        }
        Ok(values)
    }
}

/// An empty list with room for so many values: what a file claims may be more than any machine has.
fn reserved<T>(count: usize) -> std::io::Result<Vec<T>> {
    let mut values = Vec::new();
    match values.try_reserve_exact(count) {
        Ok(()) => Ok(values),
        Err(_) => Err(std::io::ErrorKind::OutOfMemory.into()),
    }
}

/// A tensor that was found in a file and not read yet.
#[derive(Debug, Clone)]
pub struct StoredTensor {
    /// Which of the files.
    pub file: usize,
    /// First byte in that file.
    pub start: u64,
    pub stored_type: StoredType,
    /// Its shape, outermost dimension first.
    pub shape: Vec<usize>,
    /// Numbers from one index to the next, a dimension each; none where they lie row by row.
    pub strides: Option<Vec<usize>>,
}

impl StoredTensor {
    /// Numbers in it; `None` where no machine could hold them.
    pub fn count(&self) -> Option<usize> {
        self.shape
            .iter()
            .try_fold(1usize, |count, &size| count.checked_mul(size))
    }

    /// Numbers from its first to its last in the file, gaps included.
    pub fn span(&self) -> Option<usize> {
        match &self.strides {
            None => self.count(),
            Some(_) if self.shape.contains(&0) => Some(0),
            Some(strides) => self
                .shape
                .iter()
                .zip(strides)
                .try_fold(1usize, |span, (&size, &stride)| {
                    span.checked_add((size - 1).checked_mul(stride)?)
                }),
        }
    }

    /// Reads `rows` of the outermost dimension (all of them for a scalar), row by row, as f32.
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn read_rows(&self, source: &mut Source, rows: std::ops::Range<usize>) -> std::io::Result<Vec<f32>> {
        let bytes = self.stored_type.bytes();
        if self.strides.is_some() {
            let span = self.span().unwrap_or(0);
            let values = self.stored_type.to_f32(&source.read(self.start, span * bytes)?)?;
            let row = self.shape.iter().skip(1).product::<usize>();
            return Ok(self.gathered(&values)[rows.start * row..rows.end * row].to_vec());
        }
        let row = self.shape.iter().skip(1).product::<usize>() * bytes;
        let start = self.start + (rows.start * row) as u64;
        self.stored_type.to_f32(&source.read(start, rows.len() * row)?)
    }

    /// Numbers that lie apart, brought row by row.
    fn gathered(&self, values: &[f32]) -> Vec<f32> {
        let strides = self.strides.as_deref().unwrap_or_default();
        let count = self.count().unwrap_or(0);
        let mut index = vec![0; self.shape.len()];
        let mut out = Vec::with_capacity(count);
        for _ in 0..count {
            out.push(values[index.iter().zip(strides).map(|(i, stride)| i * stride).sum::<usize>()]);
            for dimension in (0..index.len()).rev() {
                index[dimension] += 1;
                if index[dimension] < self.shape[dimension] {
                    break;
                }
                index[dimension] = 0;
            }
        }
        out
    }
}

/// The bytes of one weights file.
pub enum Source {
    Bytes(Vec<u8>),
    File(File),
}

impl Source {
    /// Reads `length` bytes from `start`.
    ///
    /// # Errors
    /// They are not there, or there is no memory for them.
    pub fn read(&mut self, start: u64, length: usize) -> std::io::Result<Vec<u8>> {
        match self {
            Self::Bytes(bytes) => (start as usize)
                .checked_add(length)
                .and_then(|end| bytes.get(start as usize..end))
                .map(<[u8]>::to_vec)
                .ok_or_else(|| std::io::ErrorKind::UnexpectedEof.into()),
            Self::File(file) => {
                file.seek(SeekFrom::Start(start))?;
                let mut buffer = reserved(length)?;
                file.take(length as u64).read_to_end(&mut buffer)?;
                if buffer.len() < length {
                    return Err(std::io::ErrorKind::UnexpectedEof.into());
                }
                Ok(buffer)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tensor(strides: Option<Vec<usize>>) -> StoredTensor {
        StoredTensor {
            file: 0,
            start: 0,
            stored_type: StoredType::F32,
            shape: vec![2, 3],
            strides,
        }
    }

    #[test]
    fn a_transposed_tensor_is_gathered_row_by_row() {
        let numbers = (0..6).flat_map(|number| (number as f32).to_le_bytes());
        let mut source = Source::Bytes(numbers.collect());
        let rows = tensor(Some(vec![1, 2])).read_rows(&mut source, 0..2).unwrap();
        assert_eq!(rows, [0.0, 2.0, 4.0, 1.0, 3.0, 5.0]);
        let last = tensor(None).read_rows(&mut source, 1..2).unwrap();
        assert_eq!(last, [3.0, 4.0, 5.0]);
    }

    #[test]
    fn what_no_memory_holds_is_an_error() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("model.safetensors");
        std::fs::write(&path, [1; 8]).unwrap();
        let mut source = Source::File(File::open(&path).unwrap());
        let mut kind = |length: usize| source.read(4, length).unwrap_err().kind();
        assert_eq!(kind(isize::MAX as usize), std::io::ErrorKind::OutOfMemory);
        assert_eq!(kind(5), std::io::ErrorKind::UnexpectedEof);
        assert_eq!(source.read(4, 4).unwrap(), [1; 4]);
    }

    #[test]
    fn a_size_beyond_the_machine_is_no_number() {
        let mut huge = tensor(None);
        huge.shape = vec![usize::MAX, 2];
        assert_eq!(huge.count(), None);
        huge.strides = Some(vec![usize::MAX, 1]);
        assert_eq!(huge.span(), None);
    }
}
