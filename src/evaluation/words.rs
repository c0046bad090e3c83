//! Accuracies and differences in words, the same in the window and on the command line.

use super::interval::Interval;
use super::paired::{Comparison, Verdict};

impl Interval {
    /// A share: `83.3 % (68.1 to 92.1)`.
    pub fn share_words(&self) -> String {
        let [mean, low, high] = [self.mean, self.low, self.high].map(|share| 100.0 * share);
        format!("{mean:.1} % ({low:.1} to {high:.1})")
    }

    /// A difference of shares, in percentage points: `+5.6 points (-2.0 to +13.2)`.
    pub fn difference_words(&self) -> String {
        let [mean, low, high] = [self.mean, self.low, self.high].map(signed);
        format!("{mean} points ({low} to {high})")
    }
}

/// Percentage points with their sign; never -0.0.
fn signed(share: f64) -> String {
    let text = format!("{:+.1}", 100.0 * share);
    if text.trim_start_matches(['+', '-']) == "0.0" {
        "0.0".into()
    } else {
        text
    }
}

impl Verdict {
    /// As it is called in the window and in reports.
    pub fn title(self) -> &'static str {
        match self {
            Self::Improved => "improved",
            Self::Worsened => "worsened",
            Self::NoDifferenceShown => "no difference shown",
        }
    }
}

impl Comparison {
    /// The difference, its test and what can be said: `+5.6 points (-2.0 to +13.2), p = 0.23: no difference shown`.
    pub fn words(&self) -> String {
        let p = self.p.map_or(String::new(), |p| format!(", {}", p_words(p)));
        format!("{}{p}: {}", self.difference.difference_words(), self.verdict().title())
    }
}

/// A p value in as many digits as mean something.
pub fn p_words(p: f64) -> String {
    match p {
        p if p < 0.001 => "p < 0.001".into(),
        p if p < 0.1 => format!("p = {p:.3}"),
        p => format!("p = {p:.2}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn differences_have_a_sign_and_zero_has_none() {
        let interval = Interval {
            mean: 0.056,
            low: -0.000_4,
            high: 0.132,
        };
        assert_eq!(interval.difference_words(), "+5.6 points (0.0 to +13.2)");
        let share = Interval {
            mean: 0.833_3,
            low: 0.681,
            high: 0.921_4,
        };
        assert_eq!(share.share_words(), "83.3 % (68.1 to 92.1)");
        assert_eq!(
            [0.000_4, 0.031, 0.5, 1.0].map(p_words),
            ["p < 0.001", "p = 0.031", "p = 0.50", "p = 1.00"]
        );
        let none = Comparison::of(&[1.0, 0.0, 0.0], &[1.0, 1.0, 0.0]).unwrap();
        assert!(
            none.words().ends_with("p = 1.00: no difference shown"),
            "{}",
            none.words()
        );
        assert!(none.words().starts_with("+33.3 points (0.0 to +"), "{}", none.words());
    }
}
