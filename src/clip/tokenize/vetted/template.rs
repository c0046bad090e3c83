//! What is put around the tokens of a text.

use serde_json::Value;

use super::items;

/// Tokens around a text; published tokenizers have two.
const MAX_TEMPLATE_TOKENS: usize = 64;

/// Checks a post-processor, and all that are inside it.
///
/// # Errors
/// It puts more around a text than any tokenizer needs, or names what it does not give; in words.
pub fn check(post_processor: &Value) -> Result<(), String> {
    processor(post_processor, &mut 0)
}

fn processor(step: &Value, tokens: &mut usize) -> Result<(), String> {
    *tokens += 1;
    if *tokens > MAX_TEMPLATE_TOKENS {
        return Err(format!(
            "it puts more than {MAX_TEMPLATE_TOKENS} tokens around every text"
        ));
    }
    items(step, "processors").try_for_each(|step| processor(step, tokens))?;
    template(step, tokens)
}

fn template(step: &Value, tokens: &mut usize) -> Result<(), String> {
    let special = &step["special_tokens"];
    for (form, sequences) in [("single", &["A"][..]), ("pair", &["A", "B"])] {
        for piece in items(step, form) {
            *tokens += 1;
            if let Some(id) = piece["Sequence"]["id"].as_str()
                && !sequences.contains(&id)
            {
                return Err(format!(
                    "its template for a {form} names a text {id:?}, which there is not"
                ));
            }
            if let Some(name) = piece["SpecialToken"]["id"].as_str() {
                let ids = special[name]["ids"].as_array();
                let ids = ids.ok_or_else(|| format!("its template names a token {name:?}, which it does not give"))?;
                *tokens += ids.len();
            }
            if *tokens > MAX_TEMPLATE_TOKENS {
                return Err(format!(
                    "it puts more than {MAX_TEMPLATE_TOKENS} tokens around every text"
                ));
            }
        }
    }
    Ok(())
}
