//! `clipsight search`: pictures ranked by a text or by a picture.

use std::ops::ControlFlow;

use anyhow::{Result, anyhow};
use serde_json::json;

use super::Common;
use super::args::SearchArgs;
use super::output::Output;
use super::pictures::{embed_in_order, find, session, shown, templates};
use crate::engine::Session;
use crate::escape::visible_path;
use crate::zero_shot::Label;

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
        // A class that the model was taught is that class; any other text stands as it is.
        let plain = templates(&["{}".into()])?;
        let classes = session.classes(&[Label::named(text)], &plain)?;
        return Ok(classes.row(0).to_vec());
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
