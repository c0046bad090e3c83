//! `clipsight classify`: zero-shot predictions, best first.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use serde_json::json;

use super::args::ClassifyArgs;
use super::output::{Output, say};
use super::pictures::{embed_in_order, find, of_fair_length, session, shown, templates};
use super::{Common, Usage};
use crate::clip::Scoring;
use crate::escape::{visible, visible_path};
use crate::library::{MAX_LABELS_BYTES, read_text};
use crate::zero_shot::{BLOCK_ROWS, ClassEmbeddings, Label, Scores, merged, parse_labels, score};

/// How long a picture that is scored may wait for others.
const LONGEST_WAIT: Duration = Duration::from_millis(100);

const COLUMNS: [&str; 7] = [
    "path",
    "label",
    "probability",
    "cosine",
    "logit",
    "none_of_these_won",
    "none_of_these_score",
];

pub fn run(args: &ClassifyArgs, common: &Common, output: &mut Output) -> Result<()> {
    let labels = labels(args)?;
    let templates = templates(&args.templates)?;
    let mut session = session(common)?;
    let classes = session.classes(&labels, &templates)?;
    let scoring = session.loaded.model.info().scoring;
    let shown_labels = args.top_k.map_or(labels.len(), |k| labels.len().min(k as usize));
    let paths = find(&args.paths, output);
    output.expect_paths(&paths);
    let mut block = Block::default();
    let print_all = |output: &mut Output, block: &mut Block| {
        let each = block.scored(&classes, scoring);
        each.iter()
            .try_for_each(|(path, scores)| print(output, path, &labels, scores, scoring, shown_labels))
    };
    embed_in_order(&mut session, &paths, output, |output, path, embedding| {
        block.add(path, embedding.vector);
        if block.is_due() {
            print_all(output, &mut block)
        } else {
            Ok(())
        }
    })?;
    print_all(output, &mut block)
}

/// Pictures that are scored together, because a product of few rows costs as much as one of many.
struct Block {
    paths: Vec<PathBuf>,
    vectors: Vec<f32>,
    /// When the last ones were handed out.
    since: Instant,
}

impl Default for Block {
    fn default() -> Self {
        Self {
            paths: Vec::new(),
            vectors: Vec::new(),
            since: Instant::now(),
        }
    }
}

impl Block {
    fn add(&mut self, path: &Path, vector: Vec<f32>) {
        self.paths.push(path.to_path_buf());
        self.vectors.extend(vector);
    }

    /// Whether it is full, or somebody may be waiting: what is computed slowly is printed one by one.
    fn is_due(&self) -> bool {
        self.paths.len() >= BLOCK_ROWS || self.since.elapsed() >= LONGEST_WAIT
    }

    /// The scores of all that were added; from then on, it is empty.
    fn scored(&mut self, classes: &ClassEmbeddings, scoring: Scoring) -> Vec<(PathBuf, Scores)> {
        self.since = Instant::now();
        let (paths, vectors) = (std::mem::take(&mut self.paths), std::mem::take(&mut self.vectors));
        let cosines = classes.cosines(&vectors);
        let columns = cosines.len() / paths.len().max(1);
        let rows = cosines.chunks(columns.max(1)).map(|row| score(row, scoring, 0.0));
        paths.into_iter().zip(rows).collect()
    }
}

fn labels(args: &ClassifyArgs) -> Result<Vec<Label>> {
    let mut labels: Vec<Label> = args.labels.iter().map(Label::named).collect();
    if let Some(file) = &args.labels_file {
        let text = read_text(file, MAX_LABELS_BYTES).with_context(|| format!("cannot read {}", visible_path(file)))?;
        labels.extend(parse_labels(&text));
    }
    let labels = of_fair_length(labels)?;
    let (labels, repeated) = merged(labels);
    for name in repeated {
        say(&format!(
            "the label \"{}\" is there more than once; it counts once",
            visible(&name)
        ));
    }
    if labels.is_empty() {
        return Err(Usage("there are no labels: the labels file is empty".into()).into());
    }
    Ok(labels)
}

fn print(
    output: &mut Output,
    path: &Path,
    labels: &[Label],
    scores: &Scores,
    scoring: Scoring,
    top_k: usize,
) -> Result<()> {
    let mut order: Vec<usize> = (0..labels.len()).collect();
    order.sort_by(|&a, &b| scores.cosines[b].total_cmp(&scores.cosines[a]));
    order.truncate(top_k);
    let predictions: Vec<_> = order
        .iter()
        .map(|&i| {
            json!({
                "label": labels[i].name,
                "probability": scores.probability(i),
                "cosine": scores.cosines[i],
                "logit": scoring.logit(scores.cosines[i]),
            })
        })
        .collect();
    let line = json!({
        "predictions": predictions,
        "none_of_these": { "won": scores.none_won, "score": scores.none_score },
    });
    let rows = || {
        order
            .iter()
            .map(|&i| {
                vec![
                    shown(path),
                    labels[i].name.clone(),
                    scores.probability(i).to_string(),
                    scores.cosines[i].to_string(),
                    scoring.logit(scores.cosines[i]).to_string(),
                    scores.none_won.to_string(),
                    scores.none_score.to_string(),
                ]
            })
            .collect()
    };
    output.path_result(path, line, &COLUMNS, rows, || table(path, labels, scores, &order))
}

fn table(path: &Path, labels: &[Label], scores: &Scores, order: &[usize]) -> String {
    let mut text = visible_path(path);
    for &i in order {
        text += &format!(
            "\n  {:>6.1} %  cosine {:>6.3}  {}",
            100.0 * scores.probability(i),
            scores.cosines[i],
            visible(&labels[i].name)
        );
    }
    if scores.none_won {
        text += &format!(
            "\n  none of these fits (its cosine {:.3} is higher)",
            scores.none_cosine
        );
    }
    text
}
