//! `clipsight embed`: raw embeddings, normalised.

use anyhow::Result;
use serde_json::{Value, json};

use super::Common;
use super::args::EmbedArgs;
use super::output::Output;
use super::pictures::{embed_in_order, find, session, shown};
use crate::clip::Embedding;
use crate::escape::{visible, visible_path};

pub fn run(args: &EmbedArgs, common: &Common, output: &mut Output) -> Result<()> {
    let mut session = session(common)?;
    if args.texts.is_empty() {
        let paths = find(&args.paths, output);
        output.expect_paths(&paths);
        return embed_in_order(&mut session, &paths, output, |output, path, embedding| {
            let (line, rows) = (numbers(&embedding), || vec![row(shown(path), &embedding)]);
            output.path_result(path, line, &columns("path"), rows, || {
                table(&visible_path(path), &embedding)
            })
        });
    }
    let embeddings = session.embed_texts(&args.texts)?;
    args.texts.iter().zip(&embeddings).try_for_each(|(text, embedding)| {
        let mut line = numbers(embedding);
        line["text"] = json!(text);
        let rows = || vec![row(text.clone(), embedding)];
        output.result(&line, &columns("text"), rows, || table(&visible(text), embedding))
    })
}

fn columns(kind: &str) -> [&str; 3] {
    [kind, "norm", "embedding"]
}

fn numbers(embedding: &Embedding) -> Value {
    json!({ "embedding": embedding.vector, "norm": embedding.norm })
}

fn row(name: String, embedding: &Embedding) -> Vec<String> {
    let values: Vec<String> = embedding.vector.iter().map(ToString::to_string).collect();
    vec![name, embedding.norm.to_string(), values.join(" ")]
}

fn table(name: &str, embedding: &Embedding) -> String {
    let first: Vec<String> = embedding.vector.iter().take(6).map(|v| format!("{v:+.4}")).collect();
    let more = embedding.vector.len().saturating_sub(6);
    format!(
        "{name}\n  norm {:.4}  [{} and {more} more]",
        embedding.norm,
        first.join(" ")
    )
}
