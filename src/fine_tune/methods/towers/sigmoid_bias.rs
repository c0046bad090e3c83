//! The bias of a model with a sigmoid after training that knows none.

/// The bias of a model with a sigmoid (SigLIP) after training by a softmax, which moves its logits and knows no bias: the
/// one with which the probabilities of a picture's classes, each by itself, add up to the one class that is right, on
/// average. `now` where there is nothing to tell it by.
pub(super) fn sigmoid_bias(rows: &[Vec<f32>], now: f32) -> f32 {
    let logits: Vec<f64> = rows.iter().flatten().map(|logit| f64::from(*logit)).collect();
    let highest = logits.iter().fold(0.0f64, |highest, logit| highest.max(logit.abs()));
    if rows.first().is_none_or(|row| row.len() < 2) || !highest.is_finite() {
        return now;
    }
    let surplus = |bias: f64| {
        let sum: f64 = logits.iter().map(|logit| 1.0 / (1.0 + (-logit - bias).exp())).sum();
        sum - rows.len() as f64
    };
    let (mut low, mut high) = (-highest - 100.0, highest + 100.0);
    for _ in 0..100 {
        let middle = (low + high) / 2.0;
        if surplus(middle) > 0.0 {
            high = middle
        } else {
            low = middle
        }
    }
    low.midpoint(high) as f32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sigmoid_is_right_on_average_after_training_by_a_softmax() {
        let rows = vec![vec![30.0, 22.0, 21.0], vec![20.0, 29.0, 22.0], vec![21.0, 20.0, 30.0]];
        let bias = sigmoid_bias(&rows, -10.0);
        let probability = |logit: f32| 1.0 / (1.0 + (-logit - bias).exp());
        assert!(probability(29.0) > 0.9 && probability(22.0) < 0.1, "{bias}");
        let sum: f32 = rows.iter().flatten().map(|logit| probability(*logit)).sum();
        assert!((sum - 3.0).abs() < 1e-3);
        assert_eq!(sigmoid_bias(&[], -10.0), -10.0);
    }
}
