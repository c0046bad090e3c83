//! Accuracies with their intervals, and two of them beside each other, as they are printed.

use serde_json::{Value, json};

use crate::evaluation::{Comparison, Interval};

/// The columns of [`cells`].
pub const COLUMNS: [&str; 7] = [
    "accuracy_low",
    "accuracy_high",
    "difference",
    "difference_low",
    "difference_high",
    "p",
    "verdict",
];

/// Adds `NAME_low` and `NAME_high`.
pub fn add_interval(line: &mut Value, name: &str, interval: Option<&Interval>) {
    line[format!("{name}_low")] = json!(interval.map(|interval| interval.low));
    line[format!("{name}_high")] = json!(interval.map(|interval| interval.high));
}

/// Adds `difference`, `difference_low`, `difference_high`, `p`, `fixed`, `broken` and `verdict`, each behind a prefix.
pub fn add_difference(line: &mut Value, prefix: &str, compared: Option<&Comparison>) {
    let mut put = |name: &str, value: Value| line[format!("{prefix}{name}")] = value;
    let difference = compared.map(|compared| compared.difference);
    put("difference", json!(difference.map(|difference| difference.mean)));
    put("difference_low", json!(difference.map(|difference| difference.low)));
    put("difference_high", json!(difference.map(|difference| difference.high)));
    put("p", json!(compared.and_then(|compared| compared.p)));
    put("fixed", json!(compared.map(|compared| compared.fixed)));
    put("broken", json!(compared.map(|compared| compared.broken)));
    put("verdict", json!(compared.map(|compared| compared.verdict().title())));
}

/// The same for a row of CSV; `interval` is that of the accuracy.
pub fn cells(interval: Option<&Interval>, compared: Option<&Comparison>) -> Vec<String> {
    let number = |value: Option<f64>| value.map_or(String::new(), |value| value.to_string());
    let difference = compared.map(|compared| compared.difference);
    vec![
        number(interval.map(|interval| interval.low)),
        number(interval.map(|interval| interval.high)),
        number(difference.map(|difference| difference.mean)),
        number(difference.map(|difference| difference.low)),
        number(difference.map(|difference| difference.high)),
        number(compared.and_then(|compared| compared.p)),
        compared.map_or(String::new(), |compared| compared.verdict().title().into()),
    ]
}

/// A share with its interval where there is one; a dash where nothing was measured.
pub fn share(share: Option<f32>, interval: Option<&Interval>) -> String {
    match (share.filter(|share| share.is_finite()), interval) {
        (_, Some(interval)) => interval.share_words(),
        (Some(share), None) => format!("{:.1} %", 100.0 * share),
        (None, None) => "-".into(),
    }
}
