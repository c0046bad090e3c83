//! t-SNE (van der Maaten and Hinton 2008; by interpolation, Linderman et al. 2019), from exact neighbours.

use bhtsne::Neighbor;

use super::neighbours::neighbours;

const PERPLEXITY: f32 = 30.0;
/// Epochs between two looks at whether the map is still wanted.
const STEP: usize = 100;
const EPOCHS: usize = 800;
/// Attraction is exaggerated so long, so that groups find together.
const EXAGGERATED: usize = 200;
/// The share of the work that finding neighbours is called.
const SEARCH: f32 = 0.3;
/// With fewer rows there is nothing to arrange.
const LEAST: usize = 4;
/// How far the start reaches: a map that starts small unfolds best.
const START: f32 = 1e-4;

/// Places of unit vectors `[count, dim]`, from `start` on. `show` hears of places on the way with the share that is done,
/// and ends the work by saying no: then there is nothing.
pub fn tsne(
    rows: &[f32],
    dim: usize,
    start: &[[f32; 2]],
    mut show: impl FnMut(Vec<[f32; 2]>, f32) -> bool,
) -> Option<()> {
    let count = start.len();
    if count < LEAST {
        return show(start.to_vec(), 1.0).then_some(());
    }
    let perplexity = PERPLEXITY.min((count - 1) as f32 / 3.0);
    let most = ((3.0 * perplexity) as usize).clamp(1, count - 1);
    let mut last = 0.0;
    let near = neighbours(rows, dim, most, |done| {
        // Nothing new is to be seen yet; ten times is enough to hear whether it is wanted.
        let told = done - last < 0.1 || show(start.to_vec(), SEARCH * done);
        if done - last >= 0.1 {
            last = done;
        }
        told
    })?;
    let distance = |cosine: f32| (2.0 - 2.0 * cosine).max(0.0).sqrt();
    let near: Vec<Vec<Neighbor<f32>>> = near
        .into_iter()
        .map(|row| {
            let neighbour = |(index, cosine)| Neighbor {
                index,
                distance: distance(cosine),
            };
            row.into_iter().map(neighbour).collect()
        })
        .collect();
    let samples = vec![0u8; count];
    let mut places: Vec<f32> = start.iter().flatten().map(|value| START * value).collect();
    for done in (0..EPOCHS).step_by(STEP) {
        let mut fit = bhtsne::tSNE::<f32, u8, 2>::new(&samples);
        fit.perplexity(perplexity)
            .epochs(STEP)
            .stop_lying_epoch(EXAGGERATED.saturating_sub(done).min(STEP))
            .momentum_switch_epoch(EXAGGERATED.saturating_sub(done).min(STEP))
            .initial_embedding(places)
            .fit_sne_with_neighbors(&near);
        places = fit.embedding();
        let pairs = places.chunks_exact(2).map(|place| [place[0], place[1]]).collect();
        let share = SEARCH + (1.0 - SEARCH) * (done + STEP) as f32 / EPOCHS as f32;
        if !show(pairs, share) {
            return None;
        }
    }
    Some(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::evaluation::Random;

    #[test]
    fn groups_stay_groups() {
        let mut random = Random::seeded(4);
        let mut uniform = || random.number() as f32 / u64::MAX as f32 - 0.5;
        let dim = 16;
        let mut rows = Vec::new();
        for n in 0..240 {
            let mut row: Vec<f32> = (0..dim).map(|_| 0.2 * uniform()).collect();
            row[n % 3] += 1.0;
            let norm = row.iter().map(|value| value * value).sum::<f32>().sqrt();
            rows.extend(row.into_iter().map(|value| value / norm));
        }
        let start: Vec<[f32; 2]> = (0..240).map(|_| [uniform(), uniform()]).collect();
        let (mut last, mut shares) = (Vec::new(), Vec::new());
        tsne(&rows, dim, &start, |places, done| {
            last = places;
            shares.push(done);
            true
        })
        .unwrap();
        assert!(shares.windows(2).all(|pair| pair[0] <= pair[1]) && *shares.last().unwrap() > 0.999);
        let apart = |a: [f32; 2], b: [f32; 2]| (a[0] - b[0]).hypot(a[1] - b[1]);
        // Nearly every picture's nearest on the map is of its own group.
        let own = (0..240).filter(|&n| {
            let others = (0..240).filter(|&other| other != n);
            let nearest = others.min_by(|&a, &b| apart(last[n], last[a]).total_cmp(&apart(last[n], last[b])));
            nearest.unwrap() % 3 == n % 3
        });
        assert!(own.count() > 230);
        assert_eq!(tsne(&rows, dim, &start, |_, _| false), None);
    }
}
