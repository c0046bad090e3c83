//! The nearest neighbours of every row, exactly: by the product of all with all, in blocks.

use burn::tensor::{Device, Tensor, TensorData};
use rayon::prelude::*;

/// Rows that are multiplied together.
const BLOCK: usize = 256;

/// For each unit vector of `[count, dim]`, the places of its nearest others, the nearest first, with their cosines. None
/// where `watch` says no; it hears the share that is done.
pub fn neighbours(
    rows: &[f32],
    dim: usize,
    most: usize,
    mut watch: impl FnMut(f32) -> bool,
) -> Option<Vec<Vec<(usize, f32)>>> {
    let count = rows.len() / dim.max(1);
    let device = Device::flex();
    let all = Tensor::<2>::from_data(TensorData::new(rows.to_vec(), [count, dim]), &device).transpose();
    let mut found = Vec::with_capacity(count);
    for (n, block) in rows.chunks(BLOCK * dim.max(1)).enumerate() {
        if !watch((n * BLOCK) as f32 / count as f32) {
            return None;
        }
        let size = block.len() / dim;
        let block = Tensor::<2>::from_data(TensorData::new(block.to_vec(), [size, dim]), &device);
        let cosines: Vec<f32> = block.matmul(all.clone()).into_data().try_to_vec().unwrap_or_default();
        let nearest = |(row, cosines): (usize, &[f32])| nearest(cosines, n * BLOCK + row, most);
        found.par_extend(cosines.par_chunks(count).enumerate().map(nearest));
    }
    Some(found)
}

fn nearest(cosines: &[f32], own: usize, most: usize) -> Vec<(usize, f32)> {
    let mut others: Vec<(usize, f32)> = cosines
        .iter()
        .copied()
        .enumerate()
        .filter(|(place, _)| *place != own)
        .collect();
    let nearer = |a: &(usize, f32), b: &(usize, f32)| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0));
    if most < others.len() {
        others.select_nth_unstable_by(most, nearer);
        others.truncate(most);
    }
    others.sort_by(nearer);
    others
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_come_first_and_none_is_its_own_neighbour() {
        let unit = |angle: f32| [angle.cos(), angle.sin()];
        let rows: Vec<f32> = (0..300).flat_map(|n| unit(n as f32 * 0.01)).collect();
        let found = neighbours(&rows, 2, 3, |_| true).unwrap();
        assert_eq!(found.len(), 300);
        let mut near: Vec<usize> = found[150].iter().map(|(place, _)| *place).collect();
        near.sort_unstable();
        assert!(near == [148, 149, 151] || near == [149, 151, 152], "{near:?}");
        assert_eq!(found[0].iter().map(|(place, _)| *place).collect::<Vec<_>>(), [1, 2, 3]);
        assert_eq!(neighbours(&rows, 2, 3, |_| false), None);
    }
}
