//! `clipsight embed`: raw embeddings, normalised.

use anyhow::Result;
use serde_json::json;

use super::Common;
use super::args::EmbedArgs;
use super::output::Output;
use super::pictures::{embed_in_order, find, session, shown};
use crate::clip::Embedding;

/// Runs the command.
pub fn run(args: &EmbedArgs, common: &Common, output: &mut Output) -> Result<()> {
    let mut session = session(common)?;
    if args.texts.is_empty() {
        let paths = find(&args.paths, output);
        return embed_in_order(&mut session, &paths, output, |output, path, embedding| {
            print(output, "path", &shown(path), &embedding)
        });
    }
    let embeddings = session.embed_texts(&args.texts)?;
    args.texts
        .iter()
        .zip(&embeddings)
        .try_for_each(|(text, embedding)| print(output, "text", text, embedding))
}

fn print(output: &mut Output, kind: &str, name: &str, embedding: &Embedding) -> Result<()> {
    let line = json!({ kind: name, "embedding": embedding.vector, "norm": embedding.norm });
    let values = || {
        let values: Vec<String> = embedding.vector.iter().map(ToString::to_string).collect();
        values.join(" ")
    };
    let rows = || vec![vec![name.into(), embedding.norm.to_string(), values()]];
    output.result(&line, &[kind, "norm", "embedding"], rows, || {
        let first: Vec<String> = embedding.vector.iter().take(6).map(|v| format!("{v:+.4}")).collect();
        let more = embedding.vector.len().saturating_sub(6);
        format!(
            "{name}\n  norm {:.4}  [{} and {more} more]",
            embedding.norm,
            first.join(" ")
        )
    })
}
