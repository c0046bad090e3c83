//! Which format a file is in, by what it starts with.

use std::collections::BTreeMap;
use std::io::Read;
use std::path::Path;

use super::tensor_file::{Source, StoredTensor};
use super::{damaged, safetensors_file, torch_archive};
use crate::clip::Error;
use crate::clip::Result;
use crate::clip::checkpoint::mistaken::{START_BYTES, mistaken};

/// The start of a bare pickle: its protocol, and the first of PyTorch's magic numbers.
const OLD_PICKLE: &[u8] = b"\x80\x02\x8a\x0a";

/// What a file says it holds, by what it starts with and not by its name.
pub fn open_file(path: &Path, number: usize) -> Result<(Source, BTreeMap<String, StoredTensor>)> {
    let read_error = |source| Error::Read {
        path: path.to_path_buf(),
        source,
    };
    let mut file = crate::files::open_file(path).map_err(read_error)?;
    let length = file.metadata().map_err(read_error)?.len();
    let mut start = Vec::new();
    let most = START_BYTES as u64;
    file.by_ref().take(most).read_to_end(&mut start).map_err(read_error)?;
    if length == 0 {
        return Err(damaged(path, "it is empty: download or copy it anew".into()));
    }
    if let Some(what) = mistaken(&start) {
        return Err(damaged(path, what));
    }
    if start.starts_with(torch_archive::MAGIC) {
        let tensors = torch_archive::read_tensors(&file, number).map_err(|reason| damaged(path, reason))?;
        return Ok((Source::File(file), tensors));
    }
    if start.starts_with(OLD_PICKLE) {
        let reason = "it is in PyTorch's format from before 2020; open it in PyTorch and save it again";
        return Err(damaged(path, reason.into()));
    }
    let mut source = Source::File(file);
    let tensors = safetensors_file::read_header(&mut source, length, number).map_err(|reason| damaged(path, reason))?;
    Ok((source, tensors))
}
