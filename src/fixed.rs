//! Numbers with so many digits after the point, of which no rounding leaves a minus before zero.

/// A number as text: `-0.0004` with three digits is `0.000`.
pub fn fixed(value: impl Into<f64>, digits: usize) -> String {
    let text = format!("{:.digits$}", value.into());
    match text.strip_prefix('-') {
        Some(rest) if is_zero(rest) => rest.into(),
        _ => text,
    }
}

/// The same with its sign, which is a plus for zero.
pub fn signed(value: impl Into<f64>, digits: usize) -> String {
    let text = fixed(value, digits);
    if text.starts_with('-') {
        text
    } else {
        format!("+{text}")
    }
}

/// A probability in percent with so many digits. No softmax is a certainty, whatever rounding makes of it: `>99.9 %` and
/// `<0.1 %` are the ends.
pub fn probability(share: impl Into<f64>, digits: usize) -> String {
    let share = share.into();
    let step = 10f64.powi(-(digits as i32));
    match 100.0 * share {
        percent if percent >= 100.0 - 0.5 * step => format!(">{:.digits$} %", 100.0 - step),
        percent if percent < 0.5 * step => format!("<{step:.digits$} %"),
        percent => format!("{} %", fixed(percent, digits)),
    }
}

/// Whether a number that is written so is nothing but zeros.
pub fn is_zero(text: &str) -> bool {
    text.chars().all(|c| c == '0' || c == '.')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_probability_is_rounded_to_nothing_or_to_a_certainty() {
        let tenths = [0.0, 0.000_4, 0.000_6, 0.5, 0.999_4, 0.999_6, 1.0].map(|share| probability(share, 1));
        let expected = ["<0.1 %", "<0.1 %", "0.1 %", "50.0 %", "99.9 %", ">99.9 %", ">99.9 %"];
        assert_eq!(tenths, expected);
        let whole = [0.0, 0.3, 0.994, 1.0].map(|share| probability(share, 0));
        assert_eq!(whole, ["<1 %", "30 %", "99 %", ">99 %"]);
    }

    #[test]
    fn no_zero_has_a_minus() {
        assert_eq!(
            [-0.04, 0.04, -0.06].map(|value| fixed(value, 1)),
            ["0.0", "0.0", "-0.1"]
        );
        assert_eq!(fixed(-0.0_f32, 3), "0.000");
        assert_eq!(fixed(-0.4, 0), "0");
        assert_eq!(
            [-0.000_4, 0.0, 0.002, -0.002].map(|value| signed(value, 3)),
            ["+0.000", "+0.000", "+0.002", "-0.002"]
        );
    }
}
