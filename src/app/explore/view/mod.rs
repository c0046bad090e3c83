//! What the gallery shows, and in which order.

mod predictions;
mod sorting;
mod spread;

use std::collections::HashMap;

use super::numbers::Lens;
use super::picture::{Filter, Picture, Pictures};
use crate::app::settings::Sort;
use crate::engine::protocol::{LabelId, PictureId, Question, Scores};

use sorting::by_key;
use spread::spread;

pub use predictions::csv;
pub use spread::{BINS, Spread};

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
    pub question: Option<&'a Question>,
    pub filter: &'a Filter,
    pub sort: Sort,
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
            let number = self.number(picture);
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
    fn number(&self, picture: &Picture) -> Option<f32> {
        if let Some(alike) = self.alike {
            return alike.get(&picture.file.id).copied();
        }
        let scores = picture.scores.as_deref()?;
        match self.sort {
            Sort::Margin => self.lens.lead(self.question?, scores),
            Sort::Name | Sort::Score | Sort::Label => self.lens.best(scores),
        }
    }

    fn is_within_bound(&self, number: Option<f32>) -> bool {
        let Some(bound) = self.filter.bound else { return true };
        number.is_some_and(|number| match self.sort {
            Sort::Margin if self.alike.is_none() => number <= bound,
            _ => number >= bound,
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

#[cfg(test)]
mod tests;
