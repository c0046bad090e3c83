//! The numbers that are shown. All scores are read here, so that what is shown is what is sorted, filtered and counted.

use crate::app::settings::{Measure, Settings};
use crate::engine::protocol::{PictureId, Question, Scores, Scoring};
use crate::fixed::{fixed, is_zero, probability, signed};

/// The number of each picture that the gallery is bounded by.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Quantity {
    /// The cosine with this picture.
    Likeness(PictureId),
    /// How far the answer leads the next one.
    Lead,
    /// The score of the answer.
    Score(Measure),
}

/// How the window reads scores: in which measure, and with "none of these" or without.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Lens {
    /// The number that is shown.
    pub measure: Measure,
    /// From cosine to logit.
    pub scoring: Scoring,
    /// Whether "none of these" competes.
    pub none: bool,
    /// Whether there is only one label: then every picture has its number, even if "none of these" wins.
    pub alone: bool,
}

impl Lens {
    /// As the settings ask, for this many labels. The softmax over a single label says nothing, so its cosine is shown
    /// instead.
    pub fn new(settings: &Settings, scoring: Scoring, labels: usize) -> Self {
        let alone = labels == 1 && scoring.logit_bias.is_none();
        let measure = match settings.measure {
            Measure::Probability if alone => Measure::Cosine,
            measure => measure,
        };
        Self {
            measure,
            scoring,
            none: settings.show_none,
            alone: labels == 1,
        }
    }

    /// A label's number.
    pub fn value(&self, scores: &Scores, place: usize) -> f32 {
        match self.measure {
            Measure::Probability => scores.probability(place),
            Measure::Cosine => scores.cosines[place],
            Measure::Logit => self.scoring.logit(scores.cosines[place]),
        }
    }

    /// The number of "none of these"; its probability is against all labels together.
    pub fn none_value(&self, scores: &Scores) -> f32 {
        match self.measure {
            Measure::Probability => scores.none_score,
            Measure::Cosine => scores.none_cosine,
            Measure::Logit => self.scoring.logit(scores.none_cosine),
        }
    }

    /// How far a label's bar reaches, 0 to 1: cosines and logits from 0 to a cosine of 1.
    pub fn share(&self, scores: &Scores, place: usize) -> f32 {
        match self.measure {
            Measure::Probability => scores.probability(place),
            Measure::Cosine | Measure::Logit => scores.cosines[place],
        }
    }

    /// The same for "none of these".
    pub fn none_share(&self, scores: &Scores) -> f32 {
        match self.measure {
            Measure::Probability => scores.none_score,
            Measure::Cosine | Measure::Logit => scores.none_cosine,
        }
    }

    /// The index of the label that is the answer; none if "none of these" is the answer, or there is none.
    pub fn winner(&self, scores: &Scores) -> Option<usize> {
        scores.best.filter(|_| !self.none_wins(scores))
    }

    /// Whether "none of these" is the answer.
    pub fn none_wins(&self, scores: &Scores) -> bool {
        self.none && scores.none_won
    }

    /// The index of the label whose number stands for the picture: the answer, if that is a label; a single one always.
    pub fn told(&self, scores: &Scores) -> Option<usize> {
        if self.alone { scores.best } else { self.winner(scores) }
    }

    /// That label's number.
    pub fn best(&self, scores: &Scores) -> Option<f32> {
        Some(self.value(scores, self.told(scores)?))
    }

    /// The number of the best label, even if "none of these" is the answer.
    pub fn nearest(&self, scores: &Scores) -> f32 {
        scores.best.map_or(f32::MIN, |best| self.value(scores, best))
    }

    /// How far the answer leads the next one, in cosine, "none of these" counted in where it competes; none where there
    /// is nothing to lead.
    pub fn lead(&self, question: &Question, scores: &Scores) -> Option<f32> {
        let best = scores.cosines[scores.best?];
        let others = (scores.cosines.len() > 1).then_some(scores.margin);
        if !self.none {
            return others;
        }
        let over_none = best - (scores.none_cosine + question.none_bias);
        Some(match others {
            _ if over_none < 0.0 => -over_none,
            Some(others) => others.min(over_none),
            None => over_none,
        })
    }

    /// A number as text.
    pub fn text(&self, value: f32) -> String {
        shown(value, self.measure)
    }

    /// The labels' indices, best first.
    pub fn ranked(&self, scores: &Scores) -> Vec<usize> {
        let mut places: Vec<usize> = (0..scores.cosines.len()).collect();
        places.sort_by(|&a, &b| scores.cosines[b].total_cmp(&scores.cosines[a]));
        places
    }
}

/// A number as text: no probability is rounded to 0 % or 100 %, and no rounding leaves a minus before zero.
pub fn shown(value: f32, measure: Measure) -> String {
    match measure {
        Measure::Probability => probability(value, 1),
        Measure::Cosine => fixed(value, 3),
        Measure::Logit => fixed(value, 2),
    }
}

/// A lead as text.
pub fn lead_text(lead: f32) -> String {
    signed(lead, 3)
}

/// How far a number moved, as text: sign, amount and unit; none if the change rounds to nothing.
pub fn moved(by: f32, measure: Measure) -> Option<String> {
    let (amount, unit) = match measure {
        Measure::Probability => (fixed(100.0 * by.abs(), 1), " points"),
        Measure::Cosine => (fixed(by.abs(), 3), ""),
        Measure::Logit => (fixed(by.abs(), 2), ""),
    };
    let sign = if by < 0.0 { '\u{2212}' } else { '+' };
    (!is_zero(&amount)).then(|| format!("{sign}{amount}{unit}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::protocol::TemplateSet;
    use crate::zero_shot::score;

    const SCORING: Scoring = Scoring {
        logit_scale: 100.0,
        logit_bias: None,
    };

    fn lens(none: bool, labels: usize) -> Lens {
        let settings = Settings {
            show_none: none,
            ..Settings::default()
        };
        Lens::new(&settings, SCORING, labels)
    }

    fn question(none_bias: f32) -> Question {
        Question {
            generation: 1,
            labels: Vec::new(),
            templates: TemplateSet::One,
            none_bias,
            model: None,
        }
    }

    #[test]
    fn no_number_is_whole_nothing_or_less_than_zero_by_rounding() {
        let told = [0.0, 0.000_4, 0.000_6, 0.5, 0.999_4, 0.999_6, 1.0].map(|v| shown(v, Measure::Probability));
        assert_eq!(
            told,
            ["<0.1 %", "<0.1 %", "0.1 %", "50.0 %", "99.9 %", ">99.9 %", ">99.9 %"]
        );
        assert_eq!(shown(-0.000_1, Measure::Cosine), "0.000");
        assert_eq!(shown(-0.2, Measure::Logit), "-0.20");
    }

    #[test]
    fn a_lead_of_many_logits_is_no_certainty() {
        let scores = score(&[0.9, 0.1, 0.2], SCORING, 0.0);
        let told = |place| shown(lens(true, 2).value(&scores, place), Measure::Probability);
        assert_eq!((told(0).as_str(), told(1).as_str()), (">99.9 %", "<0.1 %"));
    }

    #[test]
    fn what_moved_has_a_sign_and_a_unit_and_what_did_not_is_not_written() {
        assert_eq!(moved(0.123, Measure::Probability).unwrap(), "+12.3 points");
        assert_eq!(moved(-0.123, Measure::Cosine).unwrap(), "\u{2212}0.123");
        assert_eq!(moved(-0.000_1, Measure::Probability), None);
    }

    #[test]
    fn one_label_alone_is_read_by_its_cosine() {
        assert_eq!(lens(true, 1).measure, Measure::Cosine);
        assert_eq!(lens(true, 2).measure, Measure::Probability);
        let alone = score(&[0.21, 0.3], SCORING, 0.0);
        assert_eq!(lens(false, 1).best(&alone), Some(0.21));
        // "None of these" wins, and the number is the label's: beside it stands the label.
        assert_eq!(
            (lens(true, 1).winner(&alone), lens(true, 1).told(&alone)),
            (None, Some(0))
        );
        assert_eq!(lens(true, 2).told(&score(&[0.1, 0.2, 0.5], SCORING, 0.0)), None);
        assert_eq!(
            lens(true, 1).best(&alone),
            Some(0.21),
            "also where \"none of these\" wins"
        );
    }

    #[test]
    fn the_closest_call_counts_none_of_these_in_while_it_competes() {
        // Far ahead of the other label, and hardly ahead of "none of these".
        let scores = score(&[0.30, 0.10, 0.29], SCORING, 0.0);
        let lead = |none, bias| lens(none, 2).lead(&question(bias), &scores).unwrap();
        assert!((lead(true, 0.0) - 0.01).abs() < 1e-6);
        assert!((lead(true, 0.05) - 0.04).abs() < 1e-6);
        assert!((lead(false, 0.0) - 0.20).abs() < 1e-6);
    }

    #[test]
    fn none_of_these_is_no_answer_where_it_is_hidden() {
        let scores = score(&[0.1, 0.2, 0.5], SCORING, 0.0);
        assert_eq!(
            (lens(true, 2).winner(&scores), lens(true, 2).none_wins(&scores)),
            (None, true)
        );
        assert_eq!(
            (lens(false, 2).winner(&scores), lens(false, 2).none_wins(&scores)),
            (Some(1), false)
        );
    }
}
