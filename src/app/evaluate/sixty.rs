//! The accuracy on a folder without labels, from some sixty pictures that somebody confirms or corrects.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::engine::evaluation::{ActiveTest, Guess, Guessed, Interval};
use crate::engine::protocol::ScreenImage;
use crate::table::Style;

/// Clicks after which an estimate is good for most things.
pub const ENOUGH: usize = 60;
/// Asks about the same pictures in the same order, so that nobody picks the seed that flatters.
const SEED: u64 = 60;

/// The picture that is asked about, as sharp as it is shown.
#[derive(Debug, Clone)]
pub struct Sharp {
    path: PathBuf,
    /// Its longest side at most, in pixels.
    side: u32,
    /// None until it is decoded, and where it cannot be: the small picture stays.
    pub image: Option<ScreenImage>,
}

impl Sharp {
    /// Of this file, not decoded yet.
    pub fn of(path: PathBuf, side: u32) -> Self {
        let image = None;
        Self { path, side, image }
    }

    /// Whether it is of this file, and as sharp as this.
    pub fn is_of(&self, path: &Path, side: u32) -> bool {
        self.path == path && self.side == side
    }
}

/// What somebody said of a picture.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Said {
    place: usize,
    /// The label; none where it is none of them.
    label: Option<usize>,
}

/// A test that goes on with each answer.
#[derive(Debug, Clone)]
pub struct Sixty {
    guessed: Arc<Guessed>,
    test: ActiveTest,
    said: Vec<Said>,
    /// The estimate after each answer.
    estimates: Vec<Option<Interval>>,
}

impl Sixty {
    /// Of what was answered to a folder.
    pub fn new(guessed: Arc<Guessed>) -> Self {
        let confidences: Vec<f32> = guessed.pictures.iter().map(Guess::confidence).collect();
        Self {
            test: ActiveTest::new(&confidences, SEED),
            guessed,
            said: Vec::new(),
            estimates: Vec::new(),
        }
    }

    /// What was answered.
    pub fn guessed(&self) -> &Guessed {
        &self.guessed
    }

    /// The picture that is asked about; none where all were.
    pub fn wanted(&self) -> Option<&Guess> {
        self.guessed.pictures.get(self.test.wanted()?)
    }

    /// Says what the picture shows: one of the labels, or none of them.
    pub fn say(&mut self, label: Option<usize>) {
        let Some(place) = self.test.wanted() else { return };
        let answered = self.guessed.pictures[place].answered();
        self.test.answer(label.is_some() && label == answered);
        self.said.push(Said { place, label });
        self.estimates.push(self.test.estimate());
    }

    /// Says that the model is right.
    pub fn confirm(&mut self) {
        let answered = self.wanted().and_then(Guess::answered);
        self.say(answered);
    }

    /// Takes the last answer back.
    pub fn take_back(&mut self) {
        if let Some(last) = self.said.pop() {
            self.test.take_back(last.place);
            self.estimates.pop();
        }
    }

    /// Pictures that were asked about.
    pub fn asked(&self) -> usize {
        self.said.len()
    }

    /// The accuracy, as far as can be said.
    pub fn estimate(&self) -> Option<Interval> {
        self.test.estimate()
    }

    /// The estimates on the way, each with the number of answers.
    pub fn way(&self) -> impl Iterator<Item = (usize, Interval)> {
        let each = self.estimates.iter().enumerate();
        each.filter_map(|(n, estimate)| Some((n + 1, (*estimate)?)))
    }

    /// What was said, as a list that can be evaluated on: a picture and its label a line. Pictures of none of the labels
    /// have no line.
    pub fn labels_csv(&self, style: Style) -> String {
        let mut text = style.beginning().to_owned() + &style.line(["file_name", "label"]);
        for said in &self.said {
            if let Some(label) = said.label {
                let path = self.guessed.pictures[said.place].path.display().to_string();
                text += &style.line([path.as_str(), &self.guessed.labels[label]]);
            }
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A hundred pictures that are answered with the first of two labels, surer and surer.
    fn guessed() -> Arc<Guessed> {
        let guess = |n: usize| {
            let sure = 0.5 + n as f32 / 200.0;
            Guess {
                path: format!("/photos/{n}.jpg").into(),
                best: vec![(0, sure), (1, 1.0 - sure)],
            }
        };
        Arc::new(Guessed {
            folder: "/photos".into(),
            labels: vec!["cat".into(), "dog, or so".into()],
            pictures: (0..100).map(guess).collect(),
            unreadable: 0,
        })
    }

    #[test]
    fn every_click_narrows_the_estimate_and_is_a_label() {
        let mut sixty = Sixty::new(guessed());
        assert_eq!((sixty.estimate(), sixty.asked()), (None, 0));
        for click in 0..ENOUGH {
            match click % 4 {
                0 => sixty.say(Some(1)),
                _ => sixty.confirm(),
            }
        }
        let found = sixty.estimate().unwrap();
        assert!(found.holds(0.75), "{found:?}");
        let widths: Vec<f64> = sixty.way().map(|(_, found)| found.high - found.low).collect();
        assert!(widths.last() < widths.first(), "{widths:?}");
        let csv = sixty.labels_csv(Style::default());
        assert_eq!(csv.lines().count(), ENOUGH + 1);
        assert!(
            csv.starts_with("file_name,label\r\n/photos/") && csv.contains(",\"dog, or so\""),
            "{csv}"
        );
    }

    #[test]
    fn what_is_none_of_the_labels_is_a_mistake_without_a_label_and_can_be_taken_back() {
        let mut sixty = Sixty::new(guessed());
        let first = sixty.wanted().unwrap().path.clone();
        sixty.say(None);
        assert_eq!(
            (sixty.asked(), sixty.labels_csv(Style::default()).lines().count()),
            (1, 1)
        );
        sixty.take_back();
        assert_eq!((sixty.asked(), &sixty.wanted().unwrap().path), (0, &first));
        sixty.take_back();
        (0..200).for_each(|_| sixty.confirm());
        assert_eq!((sixty.asked(), sixty.wanted()), (100, None));
        assert!((sixty.estimate().unwrap().mean - 1.0).abs() < 1e-9);
    }
}
