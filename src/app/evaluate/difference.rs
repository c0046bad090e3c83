//! What changed between two confusion matrices of the same pictures: cell by cell, the second less the first.

use std::collections::BTreeSet;

use super::matrix::{Line, lines_of};
use crate::engine::evaluation::{Evaluation, SideBySide};

/// The difference, drawn a cell a pair of lines.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// From the top, and from the left: the classes that changed most, and all others as one.
    pub lines: Vec<Line>,
    /// `[lines, lines]`: a row a true class, a column an answer; how often before, and after.
    counts: Vec<[u32; 2]>,
}

/// What both answer to one picture, and what it shows.
struct Pair {
    place: usize,
    truth: usize,
    before: usize,
    after: usize,
}

impl Difference {
    /// Of two evaluations, the second of which is shown, with at most so many classes on lines of their own. None where it
    /// is not known what the first one answers.
    pub fn of(found: &SideBySide, shown: &Evaluation, titles: &[String], most: usize) -> Option<Self> {
        let pairs = pairs(found, shown)?;
        let mut moved = vec![0usize; titles.len()];
        for pair in pairs.iter().filter(|pair| pair.before != pair.after) {
            let touched = BTreeSet::from([pair.truth, pair.before, pair.after]);
            touched.into_iter().for_each(|class| moved[class] += 1);
        }
        let lines = lines(&moved, titles, most);
        let mut line_of = vec![0; titles.len()];
        for (n, line) in lines.iter().enumerate() {
            line.classes.iter().for_each(|class| line_of[*class] = n);
        }
        let mut counts = vec![[0; 2]; lines.len() * lines.len()];
        for pair in &pairs {
            let row = line_of[pair.truth] * lines.len();
            counts[row + line_of[pair.before]][0] += 1;
            counts[row + line_of[pair.after]][1] += 1;
        }
        Some(Self { lines, counts })
    }

    /// How often the column is answered for the row: before, and after.
    pub fn counts(&self, row: usize, column: usize) -> [u32; 2] {
        self.counts[row * self.lines.len() + column]
    }

    /// How much more often after than before.
    pub fn at(&self, row: usize, column: usize) -> i64 {
        let [before, after] = self.counts(row, column);
        i64::from(after) - i64::from(before)
    }

    /// The largest change of a cell, up or down; at least 1.
    pub fn most(&self) -> u64 {
        let changes = self
            .counts
            .iter()
            .map(|[before, after]| u64::from(before.abs_diff(*after)));
        changes.max().unwrap_or(1).max(1)
    }

    /// Whether a cell counts right answers alone: then more is better, and elsewhere fewer.
    pub fn is_right(&self, row: usize, column: usize) -> bool {
        row == column && self.lines[row].classes.len() == 1
    }

    /// Whether a cell may count right and wrong answers alike.
    pub fn is_mixed(&self, row: usize, column: usize) -> bool {
        row == column && self.lines[row].classes.len() > 1
    }

    /// What a cell counts, in words.
    pub fn words(&self, row: usize, column: usize) -> String {
        let (truth, answer) = (&self.lines[row].title, &self.lines[column].title);
        match self.is_right(row, column) {
            true => format!("{truth}, correct before or after"),
            false => format!("{truth} answered {answer} before or after"),
        }
    }

    /// The pictures that are in a cell before or after.
    pub fn places(&self, found: &SideBySide, shown: &Evaluation, row: usize, column: usize) -> Vec<usize> {
        let (truths, answers) = (&self.lines[row].classes, &self.lines[column].classes);
        let inside = |pair: &Pair| {
            truths.contains(&pair.truth) && (answers.contains(&pair.before) || answers.contains(&pair.after))
        };
        let pairs = pairs(found, shown).unwrap_or_default();
        let inside = pairs.into_iter().filter(inside);
        inside.map(|pair| pair.place).collect()
    }
}

/// What both answer, picture by picture.
fn pairs(found: &SideBySide, shown: &Evaluation) -> Option<Vec<Pair>> {
    if found.answered_before.len() != found.of.len() {
        return None;
    }
    let pair = |(place, before): (&usize, &usize)| {
        let answer = &shown.pictures.get(*place)?.answer;
        Some(Pair {
            place: *place,
            truth: answer.truth,
            before: *before,
            after: answer.answered(),
        })
    };
    found.of.iter().zip(&found.answered_before).map(pair).collect()
}

/// The classes that changed most, in the order of the classes, and the others as one.
fn lines(moved: &[usize], titles: &[String], most: usize) -> Vec<Line> {
    let mut order: Vec<usize> = (0..titles.len()).collect();
    order.sort_by_key(|class| (std::cmp::Reverse(moved[*class]), *class));
    let others = order.split_off(most.min(order.len()));
    order.sort_unstable();
    lines_of(order, others, titles)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::evaluation::made;

    /// Three classes: before, and after.
    fn compared() -> (SideBySide, Evaluation) {
        let before = [0, 1, 1, 1, 2, 2];
        let shown = made(3, [(0, 0), (0, 0), (0, 2), (1, 1), (2, 2), (1, 1)]);
        let truth: Vec<usize> = shown.answers().map(|answer| answer.truth).collect();
        let right = |answered: &[usize]| -> Vec<bool> {
            answered
                .iter()
                .zip(&truth)
                .map(|(answer, truth)| answer == truth)
                .collect()
        };
        let after: Vec<usize> = shown.answers().map(|answer| answer.answered()).collect();
        let alone: Vec<usize> = (0..6).collect();
        let mut found = SideBySide::of(&right(&before), &right(&after), &truth, &alone).unwrap();
        found.answered_before = before.to_vec();
        (found, shown)
    }

    #[test]
    fn each_cell_is_what_came_less_what_went_and_leads_to_both() {
        let (found, shown) = compared();
        let difference = Difference::of(&found, &shown, &shown.titles(), 12).unwrap();
        assert_eq!(difference.at(0, 0), 1, "one more of the first class is correct");
        assert_eq!((difference.counts(0, 1), difference.at(0, 1)), ([2, 0], -2));
        assert_eq!(difference.places(&found, &shown, 0, 1), [1, 2]);
        assert_eq!(difference.places(&found, &shown, 0, 0), [0, 1]);
        assert_eq!(difference.most(), 2);
        let whole: i64 = (0..3)
            .flat_map(|row| (0..3).map(move |column| (row, column)))
            .map(|(row, column)| difference.at(row, column))
            .sum();
        assert_eq!(whole, 0, "no picture is lost between both");
    }

    #[test]
    fn classes_that_changed_least_are_one_and_nothing_is_drawn_without_the_answers_before() {
        let (mut found, shown) = compared();
        let difference = Difference::of(&found, &shown, &shown.titles(), 1).unwrap();
        assert_eq!(difference.lines.len(), 2);
        assert_eq!(difference.lines[1].title, "(other)");
        assert!(difference.is_mixed(1, 1) && !difference.is_right(1, 1));
        found.answered_before.clear();
        assert_eq!(Difference::of(&found, &shown, &shown.titles(), 1), None);
    }
}
