//! The accuracy on a folder without labels, from some sixty pictures that somebody confirms or corrects.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::engine::evaluation::{ActiveTest, EvaluationRequest, GivenLabel, Guess, Guessed, Interval};
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
    /// What was said before of pictures that are not asked about yet: another model asks about others first.
    known: HashMap<PathBuf, Option<usize>>,
    /// Answers that were there before.
    pub resumed: usize,
    /// Whether it is being asked if all answers shall be forgotten.
    pub asks_anew: bool,
}

impl Sixty {
    /// Of what was answered to a folder; goes on with what was said of it before.
    pub fn new(guessed: Arc<Guessed>) -> Self {
        let mut sixty = Self::anew(guessed);
        let place = |name: &String| sixty.guessed.labels.iter().position(|label| label == name);
        let known = sixty.guessed.given.iter().filter_map(|given| match &given.label {
            Some(name) => Some((given.path.clone(), Some(place(name)?))),
            None => Some((given.path.clone(), None)),
        });
        sixty.known = known.collect();
        while let Some(label) = sixty.known_of_wanted() {
            sixty.say(label);
        }
        sixty.resumed = sixty.asked();
        sixty
    }

    /// The same with nothing said.
    pub fn anew(guessed: Arc<Guessed>) -> Self {
        let confidences: Vec<f32> = guessed.pictures.iter().map(Guess::confidence).collect();
        Self {
            test: ActiveTest::new(&confidences, SEED),
            guessed,
            said: Vec::new(),
            estimates: Vec::new(),
            known: HashMap::new(),
            resumed: 0,
            asks_anew: false,
        }
    }

    fn known_of_wanted(&self) -> Option<Option<usize>> {
        self.known.get(&self.wanted()?.path).copied()
    }

    /// All that was said so far, to be kept.
    pub fn kept(&self) -> EvaluationRequest {
        let guessed = &self.guessed;
        let given = |path: &Path, label: Option<usize>| GivenLabel {
            path: path.to_path_buf(),
            label: label.map(|label| guessed.labels[label].clone()),
        };
        let said = self
            .said
            .iter()
            .map(|said| given(&guessed.pictures[said.place].path, said.label));
        let mut others: Vec<(&PathBuf, &Option<usize>)> = self.known.iter().collect();
        others.sort();
        let others = others.into_iter().map(|(path, label)| given(path, *label));
        EvaluationRequest::KeepGiven {
            folder: guessed.folder.clone(),
            labels: guessed.labels.clone(),
            given: said.chain(others).collect(),
        }
    }

    /// What was answered to the folder, for a test that begins anew.
    pub fn shared(&self) -> Arc<Guessed> {
        self.guessed.clone()
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
        let guess = &self.guessed.pictures[place];
        let answered = guess.answered();
        self.known.remove(&guess.path);
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
    /// have no line. Labels stand as they are, whatever the style says of formulas: with an apostrophe before it, a label is
    /// another class when the list is read.
    pub fn labels_csv(&self, style: Style) -> String {
        let style = Style { safe: false, ..style };
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
    use crate::library::labelled::Dataset;

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
            given: Vec::new(),
        })
    }

    #[test]
    fn what_was_said_before_is_gone_on_with_also_where_another_model_asks_in_another_order() {
        let mut first = Sixty::new(guessed());
        (0..10).for_each(|n| first.say([Some(0), Some(1), None][n % 3]));
        let EvaluationRequest::KeepGiven { given, .. } = first.kept() else {
            panic!("all that was said is kept");
        };
        assert_eq!(given.len(), 10);
        let mut again = Guessed::clone(&guessed());
        again.given = given.clone();
        let resumed = Sixty::new(Arc::new(again.clone()));
        assert_eq!((resumed.asked(), resumed.resumed), (10, 10));
        assert_eq!(resumed.estimate(), first.estimate());
        assert_eq!(resumed.kept(), first.kept());
        // Another model is unsure of other pictures; what it does not ask about yet stays kept.
        for (n, guess) in again.pictures.iter_mut().enumerate() {
            let sure = 0.5 + (n * 37 % 100) as f32 / 200.0;
            guess.best = vec![(0, sure), (1, 1.0 - sure)];
        }
        let other = Sixty::new(Arc::new(again));
        let EvaluationRequest::KeepGiven { given: kept, .. } = other.kept() else {
            panic!("all that was said is kept");
        };
        let sorted = |mut given: Vec<GivenLabel>| {
            given.sort_by(|a, b| a.path.cmp(&b.path));
            given
        };
        assert_eq!(sorted(kept), sorted(given));
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
    fn a_label_that_looks_like_a_formula_is_read_back_as_it_is() {
        let folder = tempfile::tempdir().unwrap();
        let pictures = (0..4).map(|n| {
            let path = folder.path().join(format!("{n}.png"));
            image::RgbImage::new(8, 8).save(&path).unwrap();
            Guess {
                path,
                best: vec![(n % 2, 0.9), (1 - n % 2, 0.1)],
            }
        });
        let mut sixty = Sixty::new(Arc::new(Guessed {
            folder: folder.path().into(),
            labels: vec!["-x".into(), "=dog, or so".into()],
            pictures: pictures.collect(),
            given: Vec::new(),
            unreadable: 0,
        }));
        (0..4).for_each(|_| sixty.confirm());
        for bom in [false, true] {
            let list = folder.path().join("labels.csv");
            std::fs::write(&list, sixty.labels_csv(Style { bom, safe: true })).unwrap();
            let read = Dataset::read(&list).unwrap();
            assert_eq!(read.classes, ["-x", "=dog, or so"]);
            assert_eq!(read.examples.len(), 4);
        }
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
