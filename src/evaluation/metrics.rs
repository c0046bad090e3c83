//! How good answers are.

/// The share of rows whose highest value is at its label.
pub fn accuracy(rows: &[Vec<f32>], labels: &[usize]) -> f32 {
    if labels.is_empty() {
        return f32::NAN;
    }
    let right = rows
        .iter()
        .zip(labels)
        .filter(|(row, label)| best(row) == Some(**label));
    right.count() as f32 / labels.len() as f32
}

/// The place of the highest value.
pub fn best(row: &[f32]) -> Option<usize> {
    let places = row.iter().enumerate();
    places.max_by(|(_, a), (_, b)| a.total_cmp(b)).map(|(place, _)| place)
}

/// The share of pictures whose nearest text is one of theirs, and of texts whose nearest picture is one of theirs.
///
/// Rows are unit vectors of pairs; equal `keys` belong together.
pub fn recall_at_1<K: PartialEq>(images: &[Vec<f32>], texts: &[Vec<f32>], keys: &[K]) -> (f32, f32) {
    let recall = |from: &[Vec<f32>], to: &[Vec<f32>]| {
        let hits = from.iter().enumerate().filter(|(place, one)| {
            let cosines: Vec<f32> = to.iter().map(|other| dot(one, other)).collect();
            best(&cosines).is_some_and(|found| keys[found] == keys[*place])
        });
        hits.count() as f32 / from.len().max(1) as f32
    };
    (recall(images, texts), recall(texts, images))
}

/// The dot product.
pub fn dot(a: &[f32], b: &[f32]) -> f32 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_are_counted() {
        let rows = [vec![0.1, 0.9], vec![0.8, 0.2], vec![0.3, 0.7]];
        assert!((accuracy(&rows, &[1, 0, 0]) - 2.0 / 3.0).abs() < 1e-6);
        assert!(accuracy(&[], &[]).is_nan());
        let (a, b) = (vec![1.0, 0.0], vec![0.0, 1.0]);
        let right = recall_at_1(&[a.clone(), b.clone()], &[a.clone(), b.clone()], &[0, 1]);
        assert_eq!(right, (1.0, 1.0));
        assert_eq!(recall_at_1(&[a.clone(), b.clone()], &[b, a], &[0, 1]), (0.0, 0.0));
    }
}
