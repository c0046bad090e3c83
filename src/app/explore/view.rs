//! What the gallery shows, and in which order; and the predictions as a table.

use std::cmp::Ordering;
use std::collections::HashMap;

use super::numbers::Lens;
use super::picture::{Filter, Picture, Pictures};
use crate::app::settings::Sort;
use crate::engine::protocol::{LabelId, PictureId, Question, Scores};
use crate::escape::path_bytes;
use crate::table;

/// Columns of the histogram above the slider.
pub const BINS: usize = 32;

/// The numbers of the answers that pass the other filters: between what the slider goes, and what is where.
#[derive(Debug, Clone, PartialEq)]
pub struct Spread {
    /// The least and the greatest.
    pub range: (f32, f32),
    /// How many are where between them.
    pub bins: [u32; BINS],
}

/// The gallery as it is shown.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Arranged {
    /// Pictures that pass the filter, sorted.
    pub order: Vec<PictureId>,
    /// Pictures that each label wins.
    pub wins: HashMap<LabelId, usize>,
    /// Pictures that "none of these" wins.
    pub none_wins: usize,
    /// Of the numbers.
    pub spread: Option<Spread>,
    /// Where one label is alone: the rank of every picture that has a number, 1 first.
    pub ranks: HashMap<PictureId, u32>,
}

/// What decides which pictures are shown, and in which order.
#[derive(Clone, Copy)]
pub struct Arranging<'a> {
    /// The list. Its scores answer the question.
    pub pictures: &'a Pictures,
    /// The question.
    pub question: Option<&'a Question>,
    /// Which pictures pass.
    pub filter: &'a Filter,
    /// The order.
    pub sort: Sort,
    /// How scores are read.
    pub lens: Lens,
    /// How like each picture is to one of them, where the gallery is sorted by that.
    pub alike: Option<&'a HashMap<PictureId, f32>>,
}

impl Arranging<'_> {
    /// Sorts and counts; skipped pictures are left out.
    pub fn arrange(&self) -> Arranged {
        let mut numbers = Vec::new();
        let mut order = Vec::new();
        for picture in self.pictures.iter() {
            if !self.passes_name_and_label(picture) {
                continue;
            }
            let number = picture.scores.as_deref().and_then(|scores| self.number(scores));
            numbers.extend(number);
            if self.is_within_bound(number) {
                order.push(picture.file.id);
            }
        }
        let (wins, none_wins) = self.wins();
        let ranks = self.ranks();
        Arranged {
            order: self.sorted(order),
            wins,
            none_wins,
            spread: spread(&numbers),
            ranks,
        }
    }

    /// What the slider bounds: what is sorted by, where that is a number, else that of the answer.
    fn number(&self, scores: &Scores) -> Option<f32> {
        match self.sort {
            Sort::Margin => self.lens.lead(self.question?, scores),
            Sort::Name | Sort::Score | Sort::Label => self.lens.best(scores),
        }
    }

    fn is_within_bound(&self, number: Option<f32>) -> bool {
        let Some(bound) = self.filter.bound else { return true };
        number.is_some_and(|number| match self.sort {
            Sort::Margin => number <= bound,
            Sort::Name | Sort::Score | Sort::Label => number >= bound,
        })
    }

    fn scores(&self, id: PictureId) -> Option<&Scores> {
        self.pictures.get(id)?.scores.as_deref()
    }

    /// Pictures without what they are sorted by come last.
    fn sorted(&self, order: Vec<PictureId>) -> Vec<PictureId> {
        if let Some(alike) = self.alike {
            return by_key(order, |id| alike.get(&id).map(|likeness| -likeness));
        }
        let question = self.question;
        match self.sort {
            // The list is sorted by path as it comes.
            Sort::Name => order,
            // What has no number, since "none of these" wins it, follows by how near it came to one.
            Sort::Score => by_key(order, |id| {
                let scores = self.scores(id)?;
                Some((self.lens.best(scores).is_none(), -self.lens.nearest(scores)))
            }),
            Sort::Margin => by_key(order, |id| self.lens.lead(question?, self.scores(id)?)),
            Sort::Label => by_key(order, |id| {
                let scores = self.scores(id)?;
                let place = self.lens.winner(scores).unwrap_or(usize::MAX);
                Some((place, -self.lens.nearest(scores)))
            }),
        }
    }

    fn passes_name_and_label(&self, picture: &Picture) -> bool {
        if picture.skipped.is_some() || !picture.matches(&self.filter.name) {
            return false;
        }
        let Some(wanted) = self.filter.label else { return true };
        let Some(scores) = picture.scores.as_deref() else {
            return false;
        };
        match wanted {
            None => self.lens.none_wins(scores),
            Some(label) => {
                let winner = self.lens.winner(scores);
                winner.and_then(|place| self.question?.id(place)) == Some(label)
            }
        }
    }

    /// How many pictures each label wins, and "none of these".
    fn wins(&self) -> (HashMap<LabelId, usize>, usize) {
        let mut places = vec![0; self.question.map_or(0, |question| question.labels.len())];
        let mut none = 0;
        for scores in self.pictures.iter().filter_map(|picture| picture.scores.as_deref()) {
            match self.lens.winner(scores) {
                Some(place) if place < places.len() => places[place] += 1,
                _ => none += usize::from(self.lens.none_wins(scores)),
            }
        }
        let labels = self.question.iter().flat_map(|question| &question.labels);
        (labels.map(|asked| asked.id).zip(places).collect(), none)
    }

    fn ranks(&self) -> HashMap<PictureId, u32> {
        if self.question.is_none_or(|question| question.labels.len() != 1) {
            return HashMap::new();
        }
        let scored = self.pictures.iter().filter(|picture| picture.scores.is_some());
        let all = scored.map(|picture| picture.file.id).collect();
        by_key(all, |id| Some(-self.lens.nearest(self.scores(id)?)))
            .into_iter()
            .zip(1..)
            .collect()
    }
}

/// Compared as sort keys are: numbers in their total order.
trait Key {
    fn order(&self, other: &Self) -> Ordering;
}

impl Key for f32 {
    fn order(&self, other: &Self) -> Ordering {
        self.total_cmp(other)
    }
}

impl<T: Ord> Key for (T, f32) {
    fn order(&self, other: &Self) -> Ordering {
        self.0.cmp(&other.0).then(self.1.total_cmp(&other.1))
    }
}

/// Sorted by a key that is computed once a picture, those without one last.
fn by_key<K: Key>(order: Vec<PictureId>, key: impl Fn(PictureId) -> Option<K>) -> Vec<PictureId> {
    let mut keyed: Vec<(Option<K>, PictureId)> = order.into_iter().map(|id| (key(id), id)).collect();
    keyed.sort_by(|(a, _), (b, _)| match (a, b) {
        (Some(a), Some(b)) => a.order(b),
        (a, b) => b.is_some().cmp(&a.is_some()),
    });
    keyed.into_iter().map(|(_, id)| id).collect()
}

fn spread(numbers: &[f32]) -> Option<Spread> {
    let ends = (f32::INFINITY, f32::NEG_INFINITY);
    let range = numbers.iter().fold(ends, |(low, high), &n| (low.min(n), high.max(n)));
    let span = range.1 - range.0;
    if span.is_nan() || span <= 0.0 || !span.is_finite() {
        return None;
    }
    let mut bins = [0; BINS];
    for number in numbers {
        let bin = ((number - range.0) / span * BINS as f32) as usize;
        bins[bin.min(BINS - 1)] += 1;
    }
    Some(Spread { range, bins })
}

/// The answers to a question as CSV, every label a column, under the name by which it was asked about. Where a path is not
/// UTF-8, a last column has the bytes of such paths.
pub fn csv(pictures: &Pictures, order: &[PictureId], question: &Question, lens: Lens) -> String {
    let labels: Vec<&str> = question.labels.iter().map(|asked| asked.label.name.as_str()).collect();
    let mut each = order.iter().filter_map(|&id| pictures.get(id));
    let odd = each.any(|picture| picture.file.path.to_str().is_none());
    let header = ["path", "best", "none of these"].map(String::from).into_iter();
    let columns = labels
        .iter()
        .flat_map(|label| [format!("{label} (probability)"), format!("{label} (cosine)")]);
    let mut out = table::line(header.chain(columns).chain(odd.then(|| "path_bytes".into())));
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
        out += &table::line(start.into_iter().chain(numbers).chain(bytes));
    }
    out
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::app::settings::Measure;
    use crate::engine::protocol::{AskedLabel, Label, PictureFile, Scoring, TemplateSet};
    use crate::zero_shot::score;

    const SCORING: Scoring = Scoring {
        logit_scale: 100.0,
        logit_bias: None,
    };

    const A: PictureId = 70;
    const B: PictureId = 8;
    const C: PictureId = -9;

    fn of(scored: &[(PictureId, &str, [f32; 3])]) -> Pictures {
        let mut pictures = Pictures::default();
        for (id, path, cosines) in scored {
            let file = PictureFile {
                id: *id,
                path: path.into(),
            };
            let mut picture = Picture::new(file, &[]);
            picture.scores = Some(Arc::new(score(cosines, SCORING, 0.0)));
            pictures.push(picture);
        }
        pictures
    }

    fn pictures() -> Pictures {
        of(&[
            (A, "a.jpg", [0.30, 0.10, 0.05]),
            (B, "b.jpg", [0.20, 0.21, 0.05]),
            (C, "c.jpg", [0.10, 0.12, 0.50]),
        ])
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

    const LENS: Lens = Lens {
        measure: Measure::Probability,
        scoring: SCORING,
        none: true,
        alone: false,
    };

    fn arranged(sort: Sort, filter: &Filter, lens: Lens) -> Arranged {
        let (pictures, question) = (pictures(), question());
        let arranging = Arranging {
            pictures: &pictures,
            question: Some(&question),
            filter,
            sort,
            lens,
            alike: None,
        };
        arranging.arrange()
    }

    fn sorted(sort: Sort, filter: &Filter) -> Vec<PictureId> {
        arranged(sort, filter, LENS).order
    }

    #[test]
    fn every_order_puts_the_right_picture_first() {
        let all = Filter::default();
        assert_eq!(sorted(Sort::Name, &all), [A, B, C]);
        assert_eq!(sorted(Sort::Score, &all), [A, B, C]);
        assert_eq!(sorted(Sort::Margin, &all), [B, A, C]);
        assert_eq!(sorted(Sort::Label, &all), [A, B, C]);
    }

    #[test]
    fn the_order_is_that_of_the_numbers_that_are_shown() {
        // The first has the higher cosine, the second the higher share.
        let pictures = of(&[(A, "a.jpg", [0.50, 0.49, 0.05]), (B, "b.jpg", [0.30, 0.10, 0.05])]);
        let question = question();
        let first = |measure| {
            let arranging = Arranging {
                pictures: &pictures,
                question: Some(&question),
                filter: &Filter::default(),
                sort: Sort::Score,
                lens: Lens { measure, ..LENS },
                alike: None,
            };
            arranging.arrange().order[0]
        };
        assert_eq!(first(Measure::Probability), B);
        assert_eq!((first(Measure::Cosine), first(Measure::Logit)), (A, A));
    }

    #[test]
    fn pictures_of_one_label_alone_stand_in_the_order_of_their_ranks_whoever_wins_them() {
        // "None of these" wins the second, whose cosine is the highest.
        let mut pictures = Pictures::default();
        for (id, path, cosines) in [
            (A, "a.jpg", [0.30, 0.1]),
            (B, "b.jpg", [0.40, 0.5]),
            (C, "c.jpg", [0.20, 0.1]),
        ] {
            let file = PictureFile { id, path: path.into() };
            let mut picture = Picture::new(file, &[]);
            picture.scores = Some(Arc::new(score(&cosines, SCORING, 0.0)));
            pictures.push(picture);
        }
        let question = Question {
            labels: question().labels[..1].into(),
            ..question()
        };
        let arranging = Arranging {
            pictures: &pictures,
            question: Some(&question),
            filter: &Filter::default(),
            sort: Sort::Score,
            lens: Lens {
                measure: Measure::Cosine,
                alone: true,
                ..LENS
            },
            alike: None,
        };
        let arranged = arranging.arrange();
        assert_eq!(arranged.order, [B, A, C]);
        assert!(
            arranged
                .order
                .iter()
                .zip(1..)
                .all(|(id, rank)| arranged.ranks[id] == rank)
        );
        assert_eq!(arranged.spread.map(|spread| spread.range), Some((0.2, 0.4)));
    }

    #[test]
    fn the_closest_calls_are_bounded_by_their_lead() {
        let close = Filter {
            bound: Some(0.05),
            ..Filter::default()
        };
        assert_eq!(sorted(Sort::Margin, &close), [B]);
        let spread = arranged(Sort::Margin, &Filter::default(), LENS).spread.unwrap();
        assert!(
            (spread.range.0 - 0.01).abs() < 1e-6 && spread.range.1 > 0.1,
            "{spread:?}"
        );
    }

    #[test]
    fn what_none_of_these_wins_is_counted_apart_and_not_at_all_where_it_is_hidden() {
        let all = Filter::default();
        let shown = arranged(Sort::Name, &all, LENS);
        assert_eq!(
            (
                shown.wins[&LabelId::known(7)],
                shown.wins[&LabelId::known(5)],
                shown.none_wins
            ),
            (1, 1, 1)
        );
        let hidden = arranged(Sort::Name, &all, Lens { none: false, ..LENS });
        assert_eq!((hidden.wins[&LabelId::known(5)], hidden.none_wins), (2, 0));
    }

    #[test]
    fn the_slider_goes_as_far_as_the_numbers_do() {
        let cosine = Lens {
            measure: Measure::Cosine,
            ..LENS
        };
        let spread = arranged(Sort::Name, &Filter::default(), cosine).spread.unwrap();
        assert_eq!(spread.range, (0.21, 0.30));
        assert_eq!((spread.bins[0], spread.bins[BINS - 1]), (1, 1));
        assert_eq!(spread.bins.iter().sum::<u32>(), 2);
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
            bound: Some(0.9),
            ..Filter::default()
        };
        assert_eq!(sorted(Sort::Name, &sure), [A]);
        // "None of these" wins the third, which has no number, whatever the slider says.
        let any = Filter {
            bound: Some(0.0),
            ..Filter::default()
        };
        assert_eq!(sorted(Sort::Name, &any), [A, B]);
    }

    #[test]
    fn csv_has_a_line_a_picture_and_quotes_commas() {
        let text = csv(&pictures(), &[A, C], &question(), LENS);
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines.len(), 3);
        assert!(lines[0].contains("\"cat, black (probability)\""));
        assert!(lines[1].starts_with("a.jpg,\"cat, black\","));
        assert!(lines[2].starts_with("c.jpg,none of these,"));
    }
}
