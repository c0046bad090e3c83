//! The header of a safetensors file.

use std::collections::BTreeMap;

use safetensors::Dtype;
use safetensors::tensor::Metadata;

use super::tensor_file::{Source, StoredTensor, StoredType};

/// A hundred times the header of any published model; the format itself allows 100 MB, which would take a gigabyte to read.
const MAX_HEADER_BYTES: u64 = 16 << 20;
const LENGTH_BYTES: u64 = 8;

/// Every tensor of a file of `length` bytes.
///
/// # Errors
/// The file is truncated, its header is damaged, or tensors overlap; in words.
pub fn read_header(
    source: &mut Source,
    length: u64,
    file: usize,
) -> std::result::Result<BTreeMap<String, StoredTensor>, String> {
    if length < LENGTH_BYTES {
        return Err(format!("{length} bytes are too few for a safetensors file"));
    }
    let prefix = source.read(0, LENGTH_BYTES as usize).map_err(|e| e.to_string())?;
    let header_bytes = u64::from_le_bytes(prefix.try_into().map_err(|_| "no header")?);
    if header_bytes > MAX_HEADER_BYTES || header_bytes > length - LENGTH_BYTES {
        return Err(format!(
            "the header claims {header_bytes} bytes of a file of {length}: this is no safetensors file, or it is cut"
        ));
    }
    let header = source
        .read(LENGTH_BYTES, header_bytes as usize)
        .map_err(|e| e.to_string())?;
    let metadata: Metadata = serde_json::from_slice(&header).map_err(|e| format!("the header is damaged: {e}"))?;
    let data_start = LENGTH_BYTES + header_bytes;
    let expected = data_start + metadata.data_len() as u64;
    if expected != length {
        return Err(format!(
            "the file has {length} bytes, but its header describes {expected}: the download or copy broke off"
        ));
    }
    let tensors = metadata.tensors().into_iter().map(|(name, info)| {
        let tensor = StoredTensor {
            file,
            start: data_start + info.data_offsets.0 as u64,
            stored_type: stored_type(info.dtype),
            shape: info.shape.clone(),
            strides: None,
        };
        (name, tensor)
    });
    Ok(tensors.collect())
}

fn stored_type(dtype: Dtype) -> StoredType {
    let name = match dtype {
        Dtype::F32 => return StoredType::F32,
        Dtype::F16 => return StoredType::F16,
        Dtype::BF16 => return StoredType::BF16,
        Dtype::F64 => "f64",
        Dtype::F8_E4M3 => "fp8 (e4m3)",
        Dtype::F8_E5M2 => "fp8 (e5m2)",
        Dtype::F8_E8M0 => "fp8 (e8m0)",
        Dtype::F4 | Dtype::F6_E2M3 | Dtype::F6_E3M2 => "floats of four or six bits",
        Dtype::I8 => "int8",
        Dtype::U8 => "uint8",
        Dtype::I16 => "int16",
        Dtype::U16 => "uint16",
        Dtype::I32 => "int32",
        Dtype::U32 => "uint32",
        Dtype::I64 => "int64",
        Dtype::U64 => "uint64",
        Dtype::BOOL => "bool",
        _ => "a type that is newer than this program",
    };
    StoredType::Other(name, dtype.bitsize().div_ceil(8))
}
