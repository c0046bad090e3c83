//! The predictions as a CSV table.

use crate::app::explore::numbers::Lens;
use crate::app::explore::picture::Pictures;
use crate::engine::protocol::{PictureId, Question};
use crate::escape::path_bytes;
use crate::table::Style;

/// The answers to a question as CSV, every label a column, under the name by which it was asked about. Where a path is not
/// UTF-8, a last column has the bytes of such paths.
pub fn csv(pictures: &Pictures, order: &[PictureId], question: &Question, lens: Lens, style: Style) -> String {
    let labels: Vec<&str> = question.labels.iter().map(|asked| asked.label.name.as_str()).collect();
    let mut each = order.iter().filter_map(|&id| pictures.get(id));
    let odd = each.any(|picture| picture.file.path.to_str().is_none());
    let header = ["path", "best", "none of these"].map(String::from).into_iter();
    let columns = labels
        .iter()
        .flat_map(|label| [format!("{label} (probability)"), format!("{label} (cosine)")]);
    let mut out = style.beginning().to_owned();
    out += &style.line(header.chain(columns).chain(odd.then(|| "path_bytes".into())));
    for picture in order.iter().filter_map(|&id| pictures.get(id)) {
        let Some(scores) = picture.scores.as_deref().filter(|s| s.cosines.len() == labels.len()) else {
            continue;
        };
        let best = lens
            .winner(scores)
            .map_or_else(|| "none of these".into(), |label| labels[label].to_owned());
        let start = [
            picture.file.path.display().to_string(),
            best,
            scores.none_score.to_string(),
        ];
        let numbers = scores.probabilities().zip(scores.cosines.iter());
        let bytes = odd.then(|| path_bytes(&picture.file.path).unwrap_or_default());
        let numbers = numbers.flat_map(|(p, c)| [p.to_string(), c.to_string()]);
        out += &style.line(start.into_iter().chain(numbers).chain(bytes));
    }
    out
}
