//! What is put around the tokens of a text.

use serde_json::Value;

use super::{MAX_TOKEN_BYTES, items};

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
    // The library copies each with every text.
    if let Some(text) = texts(step).find(|text| text.len() > MAX_TOKEN_BYTES) {
        return Err(format!(
            "it puts a token of {} bytes around every text; at most {MAX_TOKEN_BYTES} are read",
            text.len()
        ));
    }
    template(step, tokens)
}

/// What the tokens are called that are put around a text.
fn texts(step: &Value) -> impl Iterator<Item = &str> {
    let special = step["special_tokens"].as_object().into_iter().flatten();
    let named = special.flat_map(|(name, token)| {
        let own = items(token, "tokens").filter_map(Value::as_str);
        own.chain([name.as_str()]).chain(token["id"].as_str())
    });
    // BERT's and RoBERTa's: a name and a number each.
    let pairs = ["sep", "cls"].into_iter().filter_map(move |key| step[key][0].as_str());
    named.chain(pairs)
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
