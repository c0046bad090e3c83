//! The small files of a folder, and what fills the gaps in them.

use std::path::Path;

use serde_json::Value;

use super::TOKENIZER;
use crate::clip::{Error, Result};
use crate::files::{MAX_SMALL_BYTES, read_at_most};

/// A published list of 256,000 tokens takes 34 MB; all other small files are far below their limit.
const MAX_TOKENIZER_BYTES: u64 = 64 << 20;

pub fn layout_error(path: &Path, reason: &str) -> Error {
    Error::Layout {
        path: path.to_path_buf(),
        reason: reason.into(),
    }
}

pub fn read_optional(folder: &Path, name: &str) -> Result<Option<Vec<u8>>> {
    let path = folder.join(name);
    let most = match name {
        TOKENIZER => MAX_TOKENIZER_BYTES,
        _ => MAX_SMALL_BYTES,
    };
    match read_at_most(&path, most) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(source) => Err(Error::Read { path, source }),
    }
}

pub fn read_required(folder: &Path, name: &str) -> Result<Vec<u8>> {
    read_optional(folder, name)?.ok_or_else(|| layout_error(folder, &format!("{name} is missing")))
}

/// Sizes of pictures have several forms, one of which alone is meant: a default's form is no part of a file's.
const WHOLE: [&str; 2] = ["size", "crop_size"];

/// Fills what a file leaves out, object by object.
pub fn with_defaults(file: Value, defaults: Value) -> Value {
    match (file, defaults) {
        (Value::Object(mut file), Value::Object(defaults)) => {
            for (key, default) in defaults {
                let value = file.remove(&key).unwrap_or(Value::Null);
                let whole = WHOLE.contains(&key.as_str()) && !value.is_null();
                file.insert(key, if whole { value } else { with_defaults(value, default) });
            }
            Value::Object(file)
        }
        (Value::Null, default) => default,
        (file, _) => file,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn defaults_fill_only_what_is_left_out() {
        let filled = with_defaults(
            json!({"a": {"b": 1}, "c": null}),
            json!({"a": {"b": 2, "d": 3}, "c": 4}),
        );
        assert_eq!(filled, json!({"a": {"b": 1, "d": 3}, "c": 4}));
        let exact = json!({"size": {"height": 2, "width": 2}, "crop_size": null});
        let default = json!({"size": {"shortest_edge": 1}, "crop_size": {"height": 1, "width": 1}});
        assert_eq!(
            with_defaults(exact, default),
            json!({"size": {"height": 2, "width": 2}, "crop_size": {"height": 1, "width": 1}})
        );
    }
}
