//! An evaluation without some of its pictures: what is written where marked pictures are left out of the numbers.

use std::collections::{BTreeMap, BTreeSet};

use super::calibration::{Calibration, Fitted};
use super::facts::Facts;
use super::prompts::PromptStudy;
use super::record::Evaluation;

impl Evaluation {
    /// The same without these pictures, to be written for others; none where nothing is left. Everything that answers alone
    /// tell is counted anew. What needs the model or other pictures (temperature, prompt study, negatives) stays that of all
    /// pictures, and a note says so. Captions stay as well, since answers name them by their places; of which picture each
    /// is says the whole evaluation alone.
    pub fn without(&self, left_out: &BTreeSet<usize>) -> Option<Self> {
        if left_out.is_empty() {
            return Some(self.clone());
        }
        let places: Vec<usize> = (0..self.pictures.len())
            .filter(|place| !left_out.contains(place))
            .collect();
        let found = self.remeasured(&places)?;
        let now: BTreeMap<usize, usize> = places.iter().enumerate().map(|(now, before)| (*before, now)).collect();
        let marks = self.marks.iter();
        let mut notes = self.notes.clone();
        notes.push(self.said_of(self.pictures.len() - places.len()));
        Some(Self {
            measures: found.measures,
            confusion: found.confusion,
            calibration: Calibration {
                all: found.reliability,
                fitted: self
                    .calibration
                    .fitted
                    .as_ref()
                    .map(|fitted| placed_fitted(fitted, &now)),
            },
            retrieval: found.retrieval,
            prompts: self.prompts.as_ref().map(|study| placed_study(study, &now)),
            pictures: places.iter().map(|place| self.pictures[*place].clone()).collect(),
            facts: placed_facts(&self.facts, &places),
            marks: marks
                .filter_map(|(place, mark)| Some((*now.get(place)?, mark.clone())))
                .collect(),
            notes,
            ..self.clone()
        })
    }

    /// How many pictures are left out, and of what they are not.
    fn said_of(&self, left_out: usize) -> String {
        let pictures = match left_out {
            1 => "1 marked picture is left out".to_string(),
            count => format!("{count} marked pictures are left out"),
        };
        let of_all = [
            (self.calibration.fitted.is_some(), "the fitted temperature"),
            (self.prompts.is_some(), "the prompt study"),
            (self.negatives.is_some(), "the negatives"),
        ];
        let of_all: Vec<&str> = of_all
            .iter()
            .filter(|(there, _)| *there)
            .map(|(_, what)| *what)
            .collect();
        match of_all.is_empty() {
            true => pictures,
            false => format!("{pictures}, but not of: {}", of_all.join(", ")),
        }
    }
}

fn placed_fitted(fitted: &Fitted, now: &BTreeMap<usize, usize>) -> Fitted {
    let each = fitted.after_each.iter();
    Fitted {
        after_each: each
            .filter_map(|(place, confidence)| Some((*now.get(place)?, *confidence)))
            .collect(),
        ..fitted.clone()
    }
}

fn placed_study(study: &PromptStudy, now: &BTreeMap<usize, usize>) -> PromptStudy {
    let mut study = study.clone();
    for row in &mut study.rows {
        row.wrong = row.wrong.iter().filter_map(|place| now.get(place).copied()).collect();
    }
    study
}

/// Of copies the first one that is left stands for the others.
fn placed_facts(facts: &[Facts], places: &[usize]) -> Vec<Facts> {
    let mut first: BTreeMap<usize, usize> = BTreeMap::new();
    let known = places.iter().filter_map(|place| facts.get(*place)).enumerate();
    known
        .map(|(now, facts)| Facts {
            group: *first.entry(facts.group).or_insert(now),
            ..facts.clone()
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::evaluation::checked::check;
    use crate::evaluation::tests::made;
    use crate::evaluation::{Mark, Marked};

    fn facts(groups: &[usize]) -> Vec<Facts> {
        let of_group = |group: &usize| Facts {
            content: String::new(),
            size: (1, 1),
            brightness: 0.5,
            sharpness: 0.5,
            group: *group,
        };
        groups.iter().map(of_group).collect()
    }

    #[test]
    fn what_is_left_is_counted_anew_and_lies_where_it_belongs() {
        let mut evaluation = made(&[0, 0, 1, 1, 2], &[0, 1, 1, 0, 2]);
        evaluation.facts = facts(&[0, 1, 1, 3, 1]);
        for place in [1, 3] {
            let mark = Mark::WrongLabel;
            let note = place.to_string();
            evaluation.marks.insert(place, Marked { mark, note });
        }
        let left = evaluation.without(&BTreeSet::from([1])).unwrap();
        assert_eq!(check(&left), Ok(()));
        assert_eq!((left.measures.count, left.measures.top1.mean), (4, 0.75));
        assert_eq!(left.confusion.total(), 4);
        let paths: Vec<_> = left.pictures.iter().map(|picture| picture.content.as_str()).collect();
        assert_eq!(paths, ["0", "2", "3", "4"]);
        assert_eq!((left.marks.len(), left.marks[&2].note.as_str()), (1, "3"));
        let groups: Vec<usize> = left.facts.iter().map(|facts| facts.group).collect();
        assert_eq!(
            groups,
            [0, 1, 2, 1],
            "what was a copy of the one that is gone is one of the next"
        );
        assert_eq!(left.notes, ["1 marked picture is left out"]);
        assert_eq!(evaluation.without(&(0..5).collect()), None);
        assert_eq!(evaluation.without(&BTreeSet::new()), Some(evaluation.clone()));
    }
}
