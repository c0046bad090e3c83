//! The starter's vocabulary for a model whose end token is the one of the largest id.

use std::path::Path;

use serde_json::{Value, json};

use super::{END, VOCABULARY, write_json};
use crate::clip::{Error, Result, STARTER_TOKENIZER};

/// In OpenCLIP's layout the end token is the one of the largest id: the starter's vocabulary changes its last word's and
/// its end token's places.
pub(super) fn swap_end_token(folder: &Path) -> Result<()> {
    let path = folder.join("tokenizer.json");
    let damaged = |e: serde_json::Error| Error::Tokenizer(e.to_string());
    let mut tokenizer: Value = serde_json::from_slice(STARTER_TOKENIZER).map_err(damaged)?;
    let last = VOCABULARY - 1;
    let swapped = |id: u64| match id as usize {
        END => last,
        id if id == last => END,
        id => id,
    };
    if let Some(vocabulary) = tokenizer["model"]["vocab"].as_object_mut() {
        for id in vocabulary.values_mut() {
            *id = json!(swapped(id.as_u64().unwrap_or_default()));
        }
    }
    if let Some(added) = tokenizer["added_tokens"].as_array_mut() {
        for token in added {
            token["id"] = json!(swapped(token["id"].as_u64().unwrap_or_default()));
        }
    }
    swap_in_post_processor(&mut tokenizer["post_processor"], &swapped);
    write_json(&path, &tokenizer)
}

/// Ids in a template's special tokens: `"ids": [1]`, or `["</s>", 1]`.
fn swap_in_post_processor(value: &mut Value, swapped: &dyn Fn(u64) -> usize) {
    match value {
        Value::Object(fields) => {
            for (name, field) in fields {
                match (name.as_str(), field.as_array_mut()) {
                    ("ids", Some(ids)) => {
                        for id in ids {
                            *id = json!(swapped(id.as_u64().unwrap_or_default()));
                        }
                    }
                    _ => swap_in_post_processor(field, swapped),
                }
            }
        }
        Value::Array(items) => {
            if let [Value::String(_), Value::Number(id)] = items.as_slice() {
                let id = swapped(id.as_u64().unwrap_or_default());
                items[1] = json!(id);
                return;
            }
            items.iter_mut().for_each(|item| swap_in_post_processor(item, swapped));
        }
        _ => {}
    }
}
