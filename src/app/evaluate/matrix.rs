//! The confusion matrix as it is looked at: classes in an order, the most confused ones alone, others as one.

use egui::{Color32, ColorImage};

use super::{MatrixLook, MatrixOrder};
use crate::engine::evaluation::{Confusion, Evaluation, Interval};
use crate::evaluation::share_interval;
use crate::heatmap::Ramp;

/// A row and a column: one class, or all that are not there by themselves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// What it is called; `(other)` where it is all that have no line of their own.
    pub title: String,
    /// The classes that it counts.
    pub classes: Vec<usize>,
}

/// The matrix, drawn a cell a pair of lines.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Grid {
    /// From the top, and from the left.
    pub lines: Vec<Line>,
    /// `[lines, lines]`: a row a true class, a column an answer.
    counts: Vec<u32>,
    /// The fullest cell's count.
    most: u32,
}

impl Grid {
    /// Of counts, as they are looked at.
    pub fn of(confusion: &Confusion, titles: &[String], look: MatrixLook) -> Self {
        let classes = confusion.classes();
        let mut order: Vec<usize> = match look.order {
            MatrixOrder::Name => {
                let mut order: Vec<usize> = (0..classes).collect();
                order.sort_by(|a, b| titles[*a].cmp(&titles[*b]).then(a.cmp(b)));
                order
            }
            MatrixOrder::Similarity => confusion.by_likeness(),
            MatrixOrder::Size => {
                let mut order: Vec<usize> = (0..classes).collect();
                order.sort_by_key(|class| (std::cmp::Reverse(confusion.shown(*class)), *class));
                order
            }
        };
        let mut others = Vec::new();
        if let Some(most) = look.most.filter(|most| *most < classes) {
            let kept = confusion.folded(most).classes;
            (order, others) = order.into_iter().partition(|class| kept.binary_search(class).is_ok());
        }
        let lines = lines_of(order, others, titles);
        let mut line_of = vec![0; classes];
        for (n, line) in lines.iter().enumerate() {
            line.classes.iter().for_each(|class| line_of[*class] = n);
        }
        let mut counts = vec![0; lines.len() * lines.len()];
        for truth in 0..classes {
            for (answer, count) in confusion.row(truth).iter().enumerate() {
                counts[line_of[truth] * lines.len() + line_of[answer]] += count;
            }
        }
        let most = counts.iter().copied().max().unwrap_or(1).max(1);
        Self { lines, counts, most }
    }

    /// How often the column is answered for the row.
    pub fn at(&self, row: usize, column: usize) -> u32 {
        self.counts[row * self.lines.len() + column]
    }

    /// The share of the row's pictures; 0 where it has none.
    pub fn rate(&self, row: usize, column: usize) -> f64 {
        self.share(row, column).map_or(0.0, |share| share.mean)
    }

    /// The same with its interval; none where the row has no picture.
    pub fn share(&self, row: usize, column: usize) -> Option<Interval> {
        let lines = self.lines.len();
        let all: u32 = self.counts[row * lines..(row + 1) * lines].iter().sum();
        share_interval(self.at(row, column) as usize, all as usize)
    }

    /// Whether a cell counts right answers alone: on the diagonal, unless its line is of several classes, which may be
    /// taken for each other.
    pub fn is_right(&self, row: usize, column: usize) -> bool {
        row == column && self.lines[row].classes.len() == 1
    }

    /// What a cell counts, in words.
    pub fn words(&self, row: usize, column: usize) -> String {
        let (truth, answer) = (&self.lines[row].title, &self.lines[column].title);
        if self.is_right(row, column) {
            format!("{truth}, answered correctly")
        } else {
            format!("{truth} answered {answer}")
        }
    }

    /// The pictures of a cell, the smallest margin first.
    pub fn places(&self, shown: &Evaluation, row: usize, column: usize) -> Vec<usize> {
        let (truths, answers) = (&self.lines[row].classes, &self.lines[column].classes);
        if let ([truth], [answer]) = (truths.as_slice(), answers.as_slice()) {
            return shown.cell(*truth, *answer);
        }
        let inside = |place: &usize| {
            let answer = &shown.pictures[*place].answer;
            truths.contains(&answer.truth) && answers.contains(&answer.answered())
        };
        let mut places: Vec<usize> = (0..shown.pictures.len()).filter(inside).collect();
        let margin = |place: usize| shown.pictures[place].answer.margin;
        places.sort_by(|a, b| margin(*a).total_cmp(&margin(*b)));
        places
    }

    /// A cell's colour: by the logarithm of the count, or the share of the row.
    pub fn colour(&self, row: usize, column: usize, rates: bool, empty: Color32) -> Color32 {
        let count = self.at(row, column);
        if count == 0 {
            return empty;
        }
        let value = if rates {
            self.rate(row, column)
        } else {
            (1.0 + f64::from(count)).ln() / (1.0 + f64::from(self.most)).ln()
        };
        let [red, green, blue] = Ramp::Viridis.colour((0.15 + 0.85 * value) as f32);
        Color32::from_rgb(red, green, blue)
    }

    /// A pixel a cell.
    pub fn image(&self, rates: bool, empty: Color32) -> ColorImage {
        let lines = self.lines.len();
        let pixels = (0..lines * lines)
            .map(|cell| self.colour(cell / lines, cell % lines, rates, empty))
            .collect();
        ColorImage::new([lines, lines], pixels)
    }
}

/// A line for each class of `order`, and one for all others where there are any.
pub fn lines_of(order: Vec<usize>, others: Vec<usize>, titles: &[String]) -> Vec<Line> {
    let single = |class: usize| Line {
        title: titles[class].clone(),
        classes: vec![class],
    };
    let folded = (!others.is_empty()).then(|| Line {
        title: "(other)".into(),
        classes: others,
    });
    order.into_iter().map(single).chain(folded).collect()
}

#[cfg(test)]
mod tests {
    use super::super::state::tests::evaluation;
    use super::*;

    #[test]
    fn a_cell_leads_to_exactly_the_pictures_that_it_counts_also_where_classes_are_folded() {
        let shown = evaluation(&[(0, 0), (0, 1), (0, 1), (1, 1), (1, 0)]);
        for look in [
            MatrixLook::default(),
            MatrixLook {
                most: Some(1),
                ..MatrixLook::default()
            },
            MatrixLook {
                order: MatrixOrder::Size,
                ..MatrixLook::default()
            },
            MatrixLook {
                order: MatrixOrder::Similarity,
                ..MatrixLook::default()
            },
        ] {
            let grid = Grid::of(&shown.confusion, &shown.titles(), look);
            let mut all = Vec::new();
            for row in 0..grid.lines.len() {
                for column in 0..grid.lines.len() {
                    let places = grid.places(&shown, row, column);
                    assert_eq!(places.len(), grid.at(row, column) as usize, "{look:?} {row} {column}");
                    all.extend(places);
                }
            }
            all.sort_unstable();
            assert_eq!(all, [0, 1, 2, 3, 4], "{look:?}");
        }
        let folded = Grid::of(
            &shown.confusion,
            &shown.titles(),
            MatrixLook {
                most: Some(1),
                ..MatrixLook::default()
            },
        );
        assert_eq!(folded.lines[1].title, "(other)");
    }

    #[test]
    fn what_is_folded_is_not_called_correct_and_its_pictures_come_by_their_margins() {
        let pairs = [(2, 2), (1, 2), (0, 0), (1, 2), (2, 1), (0, 1)];
        let mut shown = crate::evaluation::made(3, pairs);
        for (picture, margin) in shown.pictures.iter_mut().zip([0.4, 0.3, 0.1, 0.2, 0.5, 0.6]) {
            picture.answer.margin = margin;
        }
        let look = MatrixLook {
            most: Some(1),
            ..MatrixLook::default()
        };
        let grid = Grid::of(&shown.confusion, &shown.titles(), look);
        let (own, others) = (&grid.lines[0], &grid.lines[1]);
        assert_eq!(grid.words(0, 0), format!("{}, answered correctly", own.title));
        assert_eq!(grid.words(1, 1), "(other) answered (other)");
        let margins: Vec<f32> = grid
            .places(&shown, 1, 1)
            .iter()
            .map(|place| shown.pictures[*place].answer.margin)
            .collect();
        assert!(
            margins.len() > 1 && margins.is_sorted(),
            "{margins:?} of {:?}",
            others.classes
        );
    }
}
