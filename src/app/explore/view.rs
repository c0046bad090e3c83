//! What the gallery shows, and in which order; and the predictions as a table.

use std::cmp::Ordering;
use std::collections::HashMap;

use super::picture::{Filter, Picture, Pictures};
use crate::app::settings::{Measure, Settings, Sort};
use crate::engine::protocol::{LabelId, PictureId, Question, Scores, Scoring};
use crate::table;

/// The number shown for a label.
pub fn value(scores: &Scores, label: usize, measure: Measure, scoring: Scoring) -> f32 {
    match measure {
        Measure::Probability => scores.probability(label),
        Measure::Cosine => scores.cosines[label],
        Measure::Logit => scoring.logit(scores.cosines[label]),
    }
}

/// The number shown for "none of these".
pub fn none_value(scores: &Scores, measure: Measure, scoring: Scoring) -> f32 {
    match measure {
        Measure::Probability => scores.none_score,
        Measure::Cosine => scores.none_cosine,
        Measure::Logit => scoring.logit(scores.none_cosine),
    }
}

/// A number as it is written.
pub fn shown(value: f32, measure: Measure) -> String {
    match measure {
        Measure::Probability => format!("{:.1} %", 100.0 * value),
        Measure::Cosine => format!("{value:.3}"),
        Measure::Logit => format!("{value:.2}"),
    }
}

/// The best answer: a label, or `None` for "none of these".
pub fn winner(scores: &Scores) -> Option<usize> {
    scores.best.filter(|_| !scores.none_won)
}

/// How many pictures each label wins, and "none of these", by the answers to a question.
pub fn wins(pictures: &[Picture], question: Option<&Question>) -> (HashMap<LabelId, usize>, usize) {
    let mut wins = HashMap::new();
    let mut none = 0;
    for scores in pictures.iter().filter_map(|picture| picture.scores.as_deref()) {
        match winner(scores).and_then(|place| question?.id(place)) {
            Some(label) => *wins.entry(label).or_default() += 1,
            None => none += usize::from(scores.none_won),
        }
    }
    (wins, none)
}

/// Pictures that pass the filter, sorted; skipped ones are left out. Their scores answer the question.
pub fn order(
    pictures: &[Picture],
    question: Option<&Question>,
    filter: &Filter,
    settings: &Settings,
) -> Vec<PictureId> {
    let label = filter
        .label
        .map(|label| label.map(|label| question.and_then(|question| question.place(label))));
    let mut order: Vec<&Picture> = pictures
        .iter()
        .filter(|picture| passes(picture, label, filter, settings.measure))
        .collect();
    let by = |key: fn(&Scores) -> f32, descending: bool| {
        move |a: &&Picture, b: &&Picture| match (a.scores.as_deref(), b.scores.as_deref()) {
            (Some(a), Some(b)) if descending => key(b).total_cmp(&key(a)),
            (Some(a), Some(b)) => key(a).total_cmp(&key(b)),
            (a, b) => b.is_some().cmp(&a.is_some()),
        }
    };
    match settings.sort {
        // The list is sorted by path as it comes.
        Sort::Name => {}
        Sort::Score => order.sort_by(by(best_cosine, true)),
        Sort::Margin => order.sort_by(by(|scores| scores.margin, false)),
        Sort::Label => order.sort_by(|a, b| by_label(a.scores.as_deref(), b.scores.as_deref())),
    }
    order.into_iter().map(|picture| picture.file.id).collect()
}

fn best_cosine(scores: &Scores) -> f32 {
    scores.best.map_or(f32::MIN, |best| scores.cosines[best])
}

/// By the winning label, surest first, "none of these" after the labels, unscored pictures last.
fn by_label(a: Option<&Scores>, b: Option<&Scores>) -> Ordering {
    let rank = |scores: Option<&Scores>| scores.map_or(usize::MAX, |s| winner(s).unwrap_or(usize::MAX - 1));
    let sureness = |scores: Option<&Scores>| scores.map_or(f32::MIN, best_cosine);
    rank(a).cmp(&rank(b)).then(sureness(b).total_cmp(&sureness(a)))
}

/// `label` is the place of the label that is to win: none where every label may, `Some(None)` for "none of these", and
/// `Some(Some(None))` for a label that was not asked about yet, which no picture has won.
fn passes(picture: &Picture, label: Option<Option<Option<usize>>>, filter: &Filter, measure: Measure) -> bool {
    if picture.skipped.is_some() {
        return false;
    }
    let path = || picture.file.path.to_string_lossy().to_lowercase();
    if !filter.name.is_empty() && !path().contains(&filter.name) {
        return false;
    }
    if label.is_none() && filter.score <= 0.0 {
        return true;
    }
    let Some(scores) = &picture.scores else { return false };
    let label_passes = label.is_none_or(|wanted| match wanted {
        None => winner(scores).is_none(),
        Some(place) => place.is_some() && winner(scores) == place,
    });
    let score = scores.best.map_or(0.0, |best| match measure {
        Measure::Probability => scores.probability(best),
        Measure::Cosine | Measure::Logit => scores.cosines[best],
    });
    label_passes && score >= filter.score
}

/// The answers to a question as CSV, every label a column, under the name by which it was asked about.
pub fn csv(pictures: &Pictures, order: &[PictureId], question: &Question) -> String {
    let labels: Vec<&str> = question.labels.iter().map(|asked| asked.label.name.as_str()).collect();
    let header = ["path", "best", "none of these"].map(String::from).into_iter();
    let columns = labels
        .iter()
        .flat_map(|label| [format!("{label} (probability)"), format!("{label} (cosine)")]);
    let mut out = table::line(header.chain(columns));
    for picture in order.iter().filter_map(|&id| pictures.get(id)) {
        let Some(scores) = picture.scores.as_deref().filter(|s| s.cosines.len() == labels.len()) else {
            continue;
        };
        let best = winner(scores).map_or_else(|| "none of these".into(), |label| labels[label].to_owned());
        let start = [
            picture.file.path.display().to_string(),
            best,
            scores.none_score.to_string(),
        ];
        let numbers = scores.probabilities().zip(scores.cosines.iter());
        out += &table::line(
            start
                .into_iter()
                .chain(numbers.flat_map(|(p, c)| [p.to_string(), c.to_string()])),
        );
    }
    out
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::engine::protocol::{AskedLabel, Label, PictureFile, TemplateSet};
    use crate::zero_shot::score;

    const SCORING: Scoring = Scoring {
        logit_scale: 100.0,
        logit_bias: None,
    };

    const A: PictureId = 70;
    const B: PictureId = 8;
    const C: PictureId = -9;

    fn pictures() -> Pictures {
        let mut pictures = Pictures::default();
        let scored = [
            (A, "a.jpg", [0.30, 0.10, 0.05]),
            (B, "b.jpg", [0.20, 0.21, 0.05]),
            (C, "c.jpg", [0.10, 0.12, 0.50]),
        ];
        for (id, path, cosines) in scored {
            let path = path.into();
            pictures.add(vec![PictureFile { id, path }]);
            if let Some(picture) = pictures.get_mut(id) {
                picture.scores = Some(Arc::new(score(&cosines, SCORING, 0.0)));
            }
        }
        pictures
    }

    fn question() -> Question {
        let label = |(number, name): (u64, &str)| AskedLabel {
            id: LabelId::known(number),
            label: Label::named(name),
        };
        Question {
            generation: 1,
            labels: [(7, "cat, black"), (5, "dog")].map(label).into(),
            templates: TemplateSet::One,
            none_bias: 0.0,
            model: None,
        }
    }

    fn sorted(sort: Sort, filter: &Filter) -> Vec<PictureId> {
        let settings = Settings {
            sort,
            ..Settings::default()
        };
        order(&pictures(), Some(&question()), filter, &settings)
    }

    #[test]
    fn every_order_puts_the_right_picture_first() {
        let all = Filter::default();
        assert_eq!(sorted(Sort::Name, &all), [A, B, C]);
        assert_eq!(sorted(Sort::Score, &all), [A, B, C]);
        assert_eq!(sorted(Sort::Margin, &all), [B, C, A]);
        assert_eq!(sorted(Sort::Label, &all), [A, B, C]);
    }

    #[test]
    fn filters_keep_what_was_asked_for() {
        let none = Filter {
            label: Some(None),
            ..Filter::default()
        };
        assert_eq!(sorted(Sort::Name, &none), [C]);
        let second = Filter {
            label: Some(Some(LabelId::known(5))),
            ..Filter::default()
        };
        assert_eq!(sorted(Sort::Name, &second), [B]);
        let unasked = Filter {
            label: Some(Some(LabelId::known(6))),
            ..Filter::default()
        };
        assert!(sorted(Sort::Name, &unasked).is_empty());
        let named = Filter {
            name: "a.j".into(),
            ..Filter::default()
        };
        assert_eq!(sorted(Sort::Name, &named), [A]);
        let sure = Filter {
            score: 0.9,
            ..Filter::default()
        };
        assert_eq!(sorted(Sort::Name, &sure), [A]);
    }

    #[test]
    fn csv_has_a_line_a_picture_and_quotes_commas() {
        let text = csv(&pictures(), &[A, C], &question());
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines.len(), 3);
        assert!(lines[0].contains("\"cat, black (probability)\""));
        assert!(lines[1].starts_with("a.jpg,\"cat, black\","));
        assert!(lines[2].starts_with("c.jpg,none of these,"));
    }
}
