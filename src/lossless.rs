//! Paths in settings: text where they are text, and else what the system has, so that every path comes back as it was.

use std::ffi::OsString;
use std::path::PathBuf;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_with::{DeserializeAs, SerializeAs};

/// How a [`PathBuf`] is written.
pub struct Lossless;

impl SerializeAs<PathBuf> for Lossless {
    fn serialize_as<S: Serializer>(path: &PathBuf, serializer: S) -> Result<S::Ok, S::Error> {
        match path.to_str() {
            Some(text) => serializer.serialize_str(text),
            None => path.as_os_str().serialize(serializer),
        }
    }
}

impl<'de> DeserializeAs<'de, PathBuf> for Lossless {
    fn deserialize_as<D: Deserializer<'de>>(deserializer: D) -> Result<PathBuf, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum Written {
            Text(String),
            Other(OsString),
        }
        Ok(match Written::deserialize(deserializer)? {
            Written::Text(text) => text.into(),
            Written::Other(other) => other.into(),
        })
    }
}
