//! Which format a file is in, by what it starts with.

use std::collections::BTreeMap;
use std::io::Read;
use std::path::{Path, PathBuf};

use super::tensor_file::{Source, StoredTensor};
use super::{damaged, safetensors_file, torch_archive};
use crate::clip::Error;
use crate::clip::Result;
use crate::clip::checkpoint::mistaken::{START_BYTES, mistaken};

/// The start of a bare pickle: its protocol, and the first of PyTorch's magic numbers.
const OLD_PICKLE: &[u8] = b"\x80\x02\x8a\x0a";

/// Checks that files are not longer, together, than this machine's memory of `most` bytes, before anything of them is read:
/// a file can be long and hold nothing.
pub fn check_length(paths: &[PathBuf], most: Option<u64>) -> Result<()> {
    let length = |path: &PathBuf| std::fs::metadata(path).map_or(0, |metadata| metadata.len());
    let all = paths.iter().map(length).fold(0, u64::saturating_add);
    match (most, paths.first()) {
        (Some(most), Some(path)) if all > most => {
            let reason = format!(
                "the weights have {} MiB, which is more than the memory of this machine ({} MiB)",
                all >> 20,
                most >> 20
            );
            Err(damaged(path, reason))
        }
        _ => Ok(()),
    }
}

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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weights_that_no_memory_holds_are_refused() {
        let folder = tempfile::tempdir().unwrap();
        let paths: Vec<PathBuf> = ["a", "b"].map(|name| folder.path().join(name)).into();
        for path in &paths {
            std::fs::write(path, [0; 600_000]).unwrap();
        }
        check_length(&paths, Some(1_200_000)).unwrap();
        check_length(&paths, None).unwrap();
        let refused = check_length(&paths, Some(1_100_000)).unwrap_err();
        assert!(refused.to_string().contains("memory of this machine"), "{refused}");
    }
}
