//! Accuracy, and recall, precision and F1 of each class.

use serde::{Deserialize, Serialize};

use super::answers::Answer;
use super::interval::{Interval, share_interval};

/// How often the truth is among so many answers.
const TOP: usize = 5;

/// How good answers are.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Measures {
    pub count: usize,
    /// The share that is answered correctly.
    pub top1: Interval,
    /// The share whose truth is among the five best.
    pub top5: Interval,
    /// The mean of the classes' recalls. Classes without a picture do not count, here and below.
    pub macro_recall: f64,
    /// The mean of the classes' precisions; one that is never answered has 0.
    pub macro_precision: f64,
    /// The mean of the classes' F1.
    pub macro_f1: f64,
    pub per_class: Vec<ClassMeasures>,
}

/// How well one class is told from the others.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct ClassMeasures {
    /// Pictures that show it.
    pub count: usize,
    /// Pictures for which it is answered.
    pub answered: usize,
    /// Pictures that show it and for which it is answered.
    pub right: usize,
    /// The share of its pictures that are answered correctly; none where it has none.
    pub recall: Option<Interval>,
    /// The share of its answers that are right; none where it is never answered.
    pub precision: Option<Interval>,
    /// The harmonic mean of both; 0 where nothing is right.
    pub f1: f64,
}

impl ClassMeasures {
    fn of(count: usize, answered: usize, right: usize) -> Self {
        let both = count + answered;
        Self {
            count,
            answered,
            right,
            recall: share_interval(right, count),
            precision: share_interval(right, answered),
            f1: if both == 0 {
                0.0
            } else {
                2.0 * right as f64 / both as f64
            },
        }
    }
}

impl Measures {
    /// The interval of the mean of the classes' recalls, from those of the classes (MOVER: Zou and Donner 2008); none where
    /// there is no class.
    pub fn macro_recall_interval(&self) -> Option<Interval> {
        let recalls: Vec<Interval> = self.per_class.iter().filter_map(|class| class.recall).collect();
        if recalls.is_empty() {
            return None;
        }
        let far = |of: fn(&Interval) -> f64| {
            let squares: f64 = recalls.iter().map(|recall| of(recall).powi(2)).sum();
            squares.sqrt() / recalls.len() as f64
        };
        let mean = self.macro_recall;
        Some(Interval {
            mean,
            low: mean - far(|recall| recall.mean - recall.low),
            high: mean + far(|recall| recall.high - recall.mean),
        })
    }

    /// Of nothing.
    pub fn none(classes: usize) -> Self {
        let nothing = Interval {
            mean: 0.0,
            low: 0.0,
            high: 1.0,
        };
        Self {
            count: 0,
            top1: nothing,
            top5: nothing,
            macro_recall: 0.0,
            macro_precision: 0.0,
            macro_f1: 0.0,
            per_class: vec![ClassMeasures::of(0, 0, 0); classes],
        }
    }

    /// Of answers among so many classes; none of none. Where pictures have captions there are no classes, and the shares
    /// are those of pictures that find a caption of theirs.
    pub fn of<'a>(answers: impl IntoIterator<Item = &'a Answer>, classes: usize) -> Option<Self> {
        let mut counts = vec![[0usize; 3]; classes];
        let (mut count, mut first, mut among) = (0, 0, 0);
        for answer in answers {
            count += 1;
            first += usize::from(answer.right());
            among += usize::from(answer.rank < TOP);
            if classes > 0 {
                counts[answer.truth][0] += 1;
                counts[answer.answered()][1] += 1;
                counts[answer.truth][2] += usize::from(answer.right());
            }
        }
        let per_class: Vec<ClassMeasures> = counts
            .into_iter()
            .map(|[n, of, right]| ClassMeasures::of(n, of, right))
            .collect();
        let shown: Vec<&ClassMeasures> = per_class.iter().filter(|class| class.count > 0).collect();
        let mean = |value: fn(&ClassMeasures) -> f64| {
            shown.iter().map(|class| value(class)).sum::<f64>() / shown.len().max(1) as f64
        };
        Some(Self {
            count,
            top1: share_interval(first, count)?,
            top5: share_interval(among, count)?,
            macro_recall: mean(|class| class.recall.map_or(0.0, |share| share.mean)),
            macro_precision: mean(|class| class.precision.map_or(0.0, |share| share.mean)),
            macro_f1: mean(|class| class.f1),
            per_class,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// So many classes of ten pictures each, seven of which are right.
    fn of_classes(count: usize) -> Measures {
        Measures {
            macro_recall: 0.7,
            per_class: vec![ClassMeasures::of(10, 10, 7); count],
            ..Measures::none(0)
        }
    }

    #[test]
    fn the_interval_of_mean_recall_is_that_of_one_class_and_narrows_with_their_number() {
        let alone = share_interval(7, 10).unwrap();
        let near = |a: f64, b: f64| assert!((a - b).abs() < 1e-12, "{a} is not {b}");
        for (count, narrower) in [(1, 1.0), (4, 2.0), (25, 5.0)] {
            let found = of_classes(count).macro_recall_interval().unwrap();
            near(0.7 - found.low, (0.7 - alone.low) / narrower);
            near(found.high - 0.7, (alone.high - 0.7) / narrower);
        }
        assert_eq!(of_classes(0).macro_recall_interval(), None);
    }
}
