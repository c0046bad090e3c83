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

/// For each row, 1 where its highest value is at its label, else 0.
pub fn right(rows: &[Vec<f32>], labels: &[usize]) -> Vec<f64> {
    let hit = |(row, label): (&Vec<f32>, &usize)| f64::from(u8::from(best(row) == Some(*label)));
    rows.iter().zip(labels).map(hit).collect()
}

/// The mean of scores; none of none.
pub fn mean(scores: &[f64]) -> Option<f32> {
    let sum: f64 = scores.iter().sum();
    (!scores.is_empty()).then(|| (sum / scores.len() as f64) as f32)
}

/// The place of the highest value.
pub fn best(row: &[f32]) -> Option<usize> {
    let places = row.iter().enumerate();
    places.max_by(|(_, a), (_, b)| a.total_cmp(b)).map(|(place, _)| place)
}

/// For each pair, 1 where the picture's nearest text is one of its own, else 0; and the same for the text.
///
/// Rows are unit vectors of pairs; equal `keys` belong together.
pub fn found_at_1<K: PartialEq>(images: &[Vec<f32>], texts: &[Vec<f32>], keys: &[K]) -> (Vec<f64>, Vec<f64>) {
    let found = |from: &[Vec<f32>], to: &[Vec<f32>]| -> Vec<f64> {
        let hit = |(place, one): (usize, &Vec<f32>)| {
            let cosines: Vec<f32> = to.iter().map(|other| dot(one, other)).collect();
            f64::from(u8::from(best(&cosines).is_some_and(|found| keys[found] == keys[place])))
        };
        from.iter().enumerate().map(hit).collect()
    };
    (found(images, texts), found(texts, images))
}

/// The share of pictures whose nearest text is one of theirs, and of texts whose nearest picture is one of theirs.
pub fn recall_at_1<K: PartialEq>(images: &[Vec<f32>], texts: &[Vec<f32>], keys: &[K]) -> (f32, f32) {
    let share = |found: Vec<f64>| (found.iter().sum::<f64>() / found.len().max(1) as f64) as f32;
    let (to_texts, to_images) = found_at_1(images, texts, keys);
    (share(to_texts), share(to_images))
}

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
        assert_eq!(right(&rows, &[1, 0, 0]), [1.0, 1.0, 0.0]);
        assert_eq!((mean(&[]), mean(&[1.0, 0.0])), (None, Some(0.5)));
        let (a, b) = (vec![1.0, 0.0], vec![0.0, 1.0]);
        let right = recall_at_1(&[a.clone(), b.clone()], &[a.clone(), b.clone()], &[0, 1]);
        assert_eq!(right, (1.0, 1.0));
        assert_eq!(recall_at_1(&[a.clone(), b.clone()], &[b, a], &[0, 1]), (0.0, 0.0));
    }
}
