//! Which class is taken for which.

use std::cmp::Reverse;

use serde::{Deserialize, Serialize};

use super::answers::Answer;

/// How often each class is answered for each.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Confusion {
    classes: usize,
    /// `[classes, classes]`: a row a true class, a column an answer.
    counts: Vec<u32>,
}

/// One cell beside the diagonal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Confused {
    /// The place of the class that is shown.
    pub truth: usize,
    /// The place of the class that is answered.
    pub answer: usize,
    pub count: u32,
}

/// The classes that are confused most, and all others as one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Folded {
    /// The classes that are there by themselves.
    pub classes: Vec<usize>,
    /// A row and a column for each of them, and last those of "(other)"; without others, that is zeros.
    pub counts: Vec<Vec<u32>>,
}

impl Confusion {
    /// Counts answers.
    pub fn of<'a>(answers: impl IntoIterator<Item = &'a Answer>, classes: usize) -> Self {
        let mut counts = vec![0; classes * classes];
        // Captions are no classes.
        let answers = answers.into_iter().filter(|_| classes > 0);
        for answer in answers {
            counts[answer.truth * classes + answer.answered()] += 1;
        }
        Self { classes, counts }
    }

    /// Whether it is one of so many classes: what comes from a file may be anything.
    pub fn is_of(&self, classes: usize) -> bool {
        self.classes == classes && classes.checked_mul(classes) == Some(self.counts.len())
    }

    /// How many answers were counted.
    pub fn total(&self) -> u64 {
        self.counts.iter().map(|count| u64::from(*count)).sum()
    }

    pub fn classes(&self) -> usize {
        self.classes
    }

    /// How often one is answered for the other.
    pub fn at(&self, truth: usize, answer: usize) -> u32 {
        self.counts[truth * self.classes + answer]
    }

    /// A class's row.
    pub fn row(&self, truth: usize) -> &[u32] {
        &self.counts[truth * self.classes..(truth + 1) * self.classes]
    }

    /// Pictures that show a class.
    pub fn shown(&self, class: usize) -> u32 {
        self.row(class).iter().sum()
    }

    /// The cells beside the diagonal, the fullest first.
    pub fn confused(&self, most: usize) -> Vec<Confused> {
        let cells = self.counts.iter().enumerate().filter(|(_, count)| **count > 0);
        let mut cells: Vec<Confused> = cells
            .map(|(place, count)| Confused {
                truth: place / self.classes,
                answer: place % self.classes,
                count: *count,
            })
            .filter(|cell| cell.truth != cell.answer)
            .collect();
        cells.sort_by_key(|cell| (Reverse(cell.count), cell.truth, cell.answer));
        cells.truncate(most);
        cells
    }

    /// The classes that have most part in confusions, in the order of the classes, and all others as one.
    pub fn folded(&self, most: usize) -> Folded {
        let mut part = vec![0u32; self.classes];
        for cell in self.confused(usize::MAX) {
            part[cell.truth] += cell.count;
            part[cell.answer] += cell.count;
        }
        let mut classes: Vec<usize> = (0..self.classes).collect();
        classes.sort_by_key(|class| (Reverse(part[*class]), *class));
        classes.truncate(most);
        classes.sort_unstable();
        let mut to = vec![classes.len(); self.classes];
        classes.iter().enumerate().for_each(|(n, class)| to[*class] = n);
        let mut counts = vec![vec![0; classes.len() + 1]; classes.len() + 1];
        for (place, count) in self.counts.iter().enumerate() {
            counts[to[place / self.classes]][to[place % self.classes]] += count;
        }
        Folded { classes, counts }
    }

    /// The classes by how they are taken for each other: each beside the one that it is confused with most, from the
    /// most confused pair on.
    pub fn by_likeness(&self) -> Vec<usize> {
        let mut order: Vec<usize> = Vec::with_capacity(self.classes);
        let mut there = vec![false; self.classes];
        let between = |a: usize, b: usize| self.at(a, b) + self.at(b, a);
        for start in self
            .confused(usize::MAX)
            .iter()
            .map(|cell| cell.truth)
            .chain(0..self.classes)
        {
            let mut next = Some(start).filter(|class| !there[*class]);
            while let Some(class) = next {
                there[class] = true;
                order.push(class);
                let others = (0..self.classes).filter(|other| !there[*other] && between(class, *other) > 0);
                next = others.max_by_key(|other| (between(class, *other), Reverse(*other)));
            }
        }
        order
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::evaluation::answers::answer;

    fn confusion(pairs: &[(usize, usize)], classes: usize) -> Confusion {
        let of = |(truth, answered): &(usize, usize)| {
            let mut cosines = vec![0.0; classes + 1];
            cosines[*answered] = 1.0;
            answer(*truth, &cosines, 10.0)
        };
        let answers: Vec<Answer> = pairs.iter().map(of).collect();
        Confusion::of(&answers, classes)
    }

    #[test]
    fn the_most_confused_classes_stay_and_the_others_are_one() {
        let found = confusion(&[(0, 0), (0, 1), (0, 1), (2, 3), (3, 3), (4, 4), (4, 0)], 5);
        assert_eq!((found.at(0, 1), found.shown(0), found.row(4)[0]), (2, 3, 1));
        let cells: Vec<_> = found
            .confused(2)
            .iter()
            .map(|cell| (cell.truth, cell.answer, cell.count))
            .collect();
        assert_eq!(cells, [(0, 1, 2), (2, 3, 1)]);
        let folded = found.folded(2);
        assert_eq!(folded.classes, [0, 1]);
        assert_eq!(folded.counts, [vec![1, 2, 0], vec![0, 0, 0], vec![1, 0, 3]]);
    }

    #[test]
    fn confused_classes_lie_beside_each_other() {
        let found = confusion(&[(0, 3), (0, 3), (3, 0), (1, 4), (2, 2)], 5);
        assert_eq!(found.by_likeness(), [0, 3, 1, 4, 2]);
    }
}
