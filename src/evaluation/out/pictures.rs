//! What was answered to each picture, a line each.

use std::path::Path;

use serde_json::json;

use crate::escape::path_bytes;
use crate::evaluation::{Evaluation, Judged};
use crate::table::Style;

const COLUMNS: [&str; 10] = [
    "file_name",
    "label",
    "answer",
    "right",
    "confidence",
    "probability_of_label",
    "rank_of_label",
    "margin",
    "split",
    "mark",
];

/// The column, and the field, for paths that are not UTF-8.
const PATH_BYTES: &str = "path_bytes";

/// A table, with paths below the folder and with `/`. Where one is not UTF-8, a last column has the bytes of such paths.
pub fn csv(evaluation: &Evaluation, style: Style) -> String {
    let titles = evaluation.titles();
    let odd = evaluation
        .pictures
        .iter()
        .any(|picture| picture.path.to_str().is_none());
    let columns = COLUMNS.into_iter().chain(odd.then_some(PATH_BYTES));
    let mut text = style.beginning().to_string() + &style.line(columns);
    for (place, picture) in evaluation.pictures.iter().enumerate() {
        let answer = &picture.answer;
        let cells = [
            relative(picture, &evaluation.setup.folder),
            titles[answer.truth].clone(),
            titles[answer.answered()].clone(),
            answer.right().to_string(),
            answer.confidence().to_string(),
            answer.of_truth.probability.to_string(),
            answer.rank.to_string(),
            answer.margin.to_string(),
            side(picture).to_string(),
            evaluation
                .marks
                .get(&place)
                .map_or(String::new(), |marked| marked.mark.title().into()),
        ];
        let bytes = odd.then(|| path_bytes(&picture.path).unwrap_or_default());
        text += &style.line(cells.into_iter().chain(bytes));
    }
    text
}

/// An object a line, with the five best answers.
pub fn json_lines(evaluation: &Evaluation) -> String {
    let titles = evaluation.titles();
    let title = |answer: usize| &titles[answer];
    let line = |(place, picture): (usize, &Judged)| {
        let answer = &picture.answer;
        let best: Vec<_> = answer
            .best
            .iter()
            .map(|best| json!({ "label": title(best.class), "probability": best.probability, "cosine": best.cosine }))
            .collect();
        let marked = evaluation.marks.get(&place);
        let mut line = json!({
            "file_name": relative(picture, &evaluation.setup.folder), "sha256": picture.content,
            "label": title(answer.truth), "answer": title(answer.answered()), "right": answer.right(),
            "rank_of_label": answer.rank, "probability_of_label": answer.of_truth.probability, "margin": answer.margin,
            "entropy": answer.entropy, "predictions": best, "split": side(picture),
            "mark": marked.map(|marked| marked.mark.title()), "note": marked.map(|marked| &marked.note),
        });
        if let Some(bytes) = path_bytes(&picture.path) {
            line[PATH_BYTES] = json!(bytes);
        }
        line.to_string() + "\n"
    };
    evaluation.pictures.iter().enumerate().map(line).collect()
}

/// The path below the folder, with `/` on every system.
pub fn relative(picture: &Judged, folder: &Path) -> String {
    let folder = if folder.is_file() {
        folder.parent().unwrap_or(folder)
    } else {
        folder
    };
    let inside = picture.path.strip_prefix(folder).unwrap_or(&picture.path);
    let parts: Vec<_> = inside.iter().map(|part| part.to_string_lossy()).collect();
    parts.join("/").replace("//", "/")
}

fn side(picture: &Judged) -> &'static str {
    picture.side.map_or("", |side| side.name())
}
