//! `clipsight search`: pictures ranked by a text or by a picture.

use std::ops::ControlFlow;

use anyhow::{Result, anyhow};
use serde_json::json;

use super::Common;
use super::args::SearchArgs;
use super::output::Output;
use super::pictures::{embed_in_order, find, session, shown};
use crate::engine::Session;
use crate::escape::visible_path;

/// Runs the command.
pub fn run(args: &SearchArgs, common: &Common, output: &mut Output) -> Result<()> {
    let mut session = session(common)?;
    let query = query(args, &mut session)?;
    let paths = find(&args.paths, output);
    output.expect_paths(&paths);
    let mut ranked = Vec::new();
    embed_in_order(&mut session, &paths, output, |_, path, embedding| {
        let cosine: f32 = embedding.vector.iter().zip(&query).map(|(a, b)| a * b).sum();
        ranked.push((path.to_path_buf(), cosine));
        Ok(())
    })?;
    ranked.sort_by(|(_, a), (_, b)| b.total_cmp(a));
    ranked.iter().try_for_each(|(path, cosine)| {
        output.path_result(
            path,
            json!({ "cosine": cosine }),
            &["path", "cosine"],
            || vec![vec![shown(path), cosine.to_string()]],
            || format!("{cosine:>7.4}  {}", visible_path(path)),
        )
    })
}

fn query(args: &SearchArgs, session: &mut Session) -> Result<Vec<f32>> {
    if let Some(text) = &args.text {
        let embeddings = session.embed_texts(std::slice::from_ref(text))?;
        let stretch = session.loaded.model.stretch();
        let embedding = embeddings.into_iter().next();
        let embedding = embedding.ok_or_else(|| anyhow!("the text has no embedding"))?;
        return Ok(embedding.vector.iter().map(|value| value * stretch).collect());
    }
    let image = args.image.clone().ok_or_else(|| anyhow!("give --text or --image"))?;
    let name = visible_path(&image);
    let mut found = None;
    session.embed_pictures(&[image], |_, embedded| {
        found = Some(embedded);
        ControlFlow::Continue(())
    })?;
    match found {
        Some(Ok(embedding)) => Ok(session.loaded.model.as_query(embedding.vector)),
        Some(Err(reason)) => Err(anyhow!("{name}: {reason}")),
        None => Err(anyhow!("{name}: it has no embedding")),
    }
}
