//! Which new labels are refused, which read the same, and what colours they get.

use std::collections::HashSet;

use crate::app::command::Command;
use crate::app::settings::LabelRow;
use crate::app::shell::theme;
use crate::zero_shot::{Label, LabelId};

/// A message that names the labels that were refused.
pub fn refusal(refused: &[String]) -> Option<Command> {
    let first = refused.first()?;
    let more = refused.len() - 1;
    let rest = if more > 0 {
        format!(" ({more} more are too long)")
    } else {
        String::new()
    };
    Some(Command::Report(format!("Not taken: {first}{rest}")))
}

/// Picks colours for new labels: always one that the fewest labels have.
pub struct FreeColours(Vec<usize>);

impl FreeColours {
    /// Counts the colours of existing labels.
    pub fn beside(rows: &[LabelRow]) -> Self {
        let mut counts = vec![0; theme::label_colours()];
        rows.iter()
            .for_each(|row| counts[row.colour % theme::label_colours()] += 1);
        Self(counts)
    }

    /// Counts one more label of this colour.
    pub fn take(&mut self, colour: usize) {
        self.0[colour % theme::label_colours()] += 1;
    }

    /// Takes the first of the colours that the fewest labels have.
    pub fn next_free(&mut self) -> usize {
        let colour = (0..self.0.len()).min_by_key(|colour| self.0[*colour]).unwrap_or(0);
        self.take(colour);
        colour
    }
}

/// What a label is known by: names are names, `Polish` and `polish` are two.
pub(super) fn spelling(label: &Label) -> (String, Vec<String>) {
    (label.name.trim().to_owned(), label.descriptions.clone())
}

/// How a label reads to most models, which lower its letters.
fn reading(label: &Label) -> (String, Vec<String>) {
    (label.name.trim().to_lowercase(), label.descriptions.clone())
}

/// Whether a label could be English, judging by its letters.
pub(super) fn is_english(label: &Label) -> bool {
    let texts = std::iter::once(&label.name).chain(&label.descriptions);
    let foreign = |text: &String| text.chars().any(|c| c.is_alphabetic() && c as u32 >= 0x250);
    !texts.into_iter().any(foreign)
}

/// Labels that read the same as one above them. Classes that the model was `taught` are told apart by their spelling.
pub fn duplicate_labels(rows: &[LabelRow], taught: &[String]) -> HashSet<LabelId> {
    let mut seen = HashSet::new();
    let is_duplicate = |row: &&LabelRow| {
        let known = match taught.contains(&row.label.name) {
            true => spelling(&row.label),
            false => reading(&row.label),
        };
        !seen.insert(known)
    };
    rows.iter().filter(is_duplicate).map(|row| row.id).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::zero_shot::of_fair_length;

    #[test]
    fn new_labels_have_the_colours_that_the_fewest_have_however_many_there_are() {
        let mut colours = FreeColours::beside(&[]);
        let count = theme::label_colours();
        let given: Vec<usize> = (0..100_000).map(|_| colours.next_free()).collect();
        assert!(given.iter().enumerate().all(|(place, colour)| *colour == place % count));
        let rows = [
            LabelRow::new(Label::named("a"), 0),
            LabelRow::new(Label::named("b"), count + 1),
        ];
        assert_eq!(FreeColours::beside(&rows).next_free(), 2);
    }

    #[test]
    fn spellings_are_told_apart_where_they_were_taught_and_warned_of_where_they_read_the_same() {
        let rows = ["Polish", "polish", "Polish"].map(|name| LabelRow::new(Label::named(name), 0));
        let of = |taught: &[&str]| {
            let taught: Vec<String> = taught.iter().map(|&name| name.into()).collect();
            duplicate_labels(&rows, &taught)
        };
        assert_eq!(of(&[]), HashSet::from([rows[1].id, rows[2].id]));
        assert_eq!(of(&["Polish", "polish"]), HashSet::from([rows[2].id]));
    }

    #[test]
    fn labels_that_are_too_long_are_not_taken_and_the_first_is_named() {
        assert_eq!(refusal(&[]), None);
        let long = |letter: char| Label::named(letter.to_string().repeat(2_000));
        let (kept, refused) = of_fair_length(vec![Label::named("cat"), long('x'), long('y')]);
        assert_eq!(kept.len(), 1);
        let Some(Command::Report(text)) = refusal(&refused) else {
            panic!("nothing was said")
        };
        assert!(
            text.starts_with("Not taken: \"xxx") && text.contains("1 more"),
            "{text}"
        );
    }
}
