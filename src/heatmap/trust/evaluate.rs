//! Both tests over labelled pictures, with baselines: for comparing methods and models.

use image::RgbImage;

use super::baselines::{blobs, moved};
use super::deletion::{Curve, Curves, Direction, Order};
use super::mosaic::{TILES, mosaic, share, share_in_tile};
use crate::clip::{Model, Result};
use crate::evaluation::{Interval, mean_interval};
use crate::heatmap::HeatmapMethod;
use crate::heatmap::{HeatMap, PASSES, heat_maps};
use crate::progress::Progress;

/// A picture of which is known what it shows.
pub struct Labelled {
    pub picture: RgbImage,
    pub label: usize,
}

#[derive(Debug, Clone, PartialEq)]
pub struct TestResult {
    /// `mosaic`, `deletion` or `insertion`.
    pub test: &'static str,
    /// The mean over pictures, with its interval; none where no picture could be measured.
    pub value: Option<Interval>,
    /// The mean of the strongest baseline.
    pub baseline: f32,
    /// How far the value lies above that baseline, picture by picture.
    pub difference: Option<Interval>,
    /// The means of all baselines by name.
    pub baselines: Vec<(&'static str, f32)>,
    /// Values in the mean.
    pub count: usize,
}

/// What a map is measured against, in the order of a [`Measured`]'s rows after the map's own.
///
/// `moved` and `blobs` have the map's shape and are elsewhere; `centre` is where things mostly are; `wrong-label` is the
/// map of a label that the picture does not show.
const BASELINES: [&str; 4] = ["moved", "blobs", "centre", "wrong-label"];
/// Maps moved, and blobs, of which the mean counts for a picture.
const DRAWS: usize = 2;

/// One value a picture: of the map, then of each baseline.
#[derive(Default)]
struct Measured([Vec<f32>; 1 + BASELINES.len()]);

impl Measured {
    fn push(&mut self, values: [f32; 1 + BASELINES.len()]) {
        self.0.iter_mut().zip(values).for_each(|(all, value)| all.push(value));
    }

    /// `more` says whether more is better, which decides which baseline is the strongest.
    fn result(&self, test: &'static str, more: bool) -> TestResult {
        let [own, others @ ..] = &self.0;
        let means = others.each_ref().map(|values| mean(values.iter().copied()));
        let ranked = |place: &usize| if more { means[*place] } else { -means[*place] };
        let strongest = (0..means.len())
            .max_by(|a, b| ranked(a).total_cmp(&ranked(b)))
            .unwrap_or(0);
        let differences: Vec<f32> = own
            .iter()
            .zip(&others[strongest])
            .map(|(own, other)| own - other)
            .collect();
        TestResult {
            test,
            value: interval(own),
            baseline: means[strongest],
            difference: interval(&differences),
            baselines: BASELINES.into_iter().zip(means).collect(),
            count: own.len(),
        }
    }
}

fn interval(values: &[f32]) -> Option<Interval> {
    let values: Vec<f64> = values.iter().map(|value| f64::from(*value)).collect();
    mean_interval(&values)
}

fn mean(values: impl ExactSizeIterator<Item = f32>) -> f32 {
    let count = values.len() as f32;
    values.sum::<f32>() / count
}

/// The mosaic test: the share of the positive mass in the right tile; more is better.
///
/// Mosaics of four labels are drawn by a fixed seed, `count` of them. The wrong label is one that is not in the mosaic.
///
/// `texts` are the labels' unit vectors, `[labels, dim]` row by row. Called off, it ends
/// with what is there.
///
/// # Errors
/// The method does not fit, or the device failed.
pub fn mosaic_test(
    model: &Model,
    method: HeatmapMethod,
    pictures: &[Labelled],
    texts: &[f32],
    count: usize,
    progress: &dyn Progress,
) -> Result<TestResult> {
    let mut random = fastrand::Rng::with_seed(0);
    let mut measured = Measured::default();
    for n in 0..count {
        if !progress.counted(n, count) {
            break;
        }
        let Some((tiles, absent)) = draw(pictures, texts.len() / dim(model), &mut random) else {
            break;
        };
        let view = model
            .preprocessing()
            .model_view(&mosaic(model, tiles.map(|tile| &pictures[tile].picture))?)?;
        let labels = tiles.map(|tile| pictures[tile].label);
        let maps = heat_maps(
            model,
            method,
            &view,
            &rows(texts, dim(model), labels.into_iter().chain([absent])),
        )?;
        let mut of_mosaic = [0.0; 1 + BASELINES.len()];
        for tile in 0..TILES {
            let map = &maps[tile];
            let mut drawn = |draw: fn(&HeatMap, &mut fastrand::Rng) -> HeatMap| {
                mean((0..DRAWS).map(|_| share_in_tile(&draw(map, &mut random), tile)))
            };
            let found = [
                share_in_tile(map, tile),
                drawn(moved),
                drawn(blobs),
                share(&centre(map), map, tile),
                share_in_tile(&maps[TILES], tile),
            ];
            of_mosaic
                .iter_mut()
                .zip(found)
                .for_each(|(sum, share)| *sum += share / TILES as f32);
        }
        measured.push(of_mosaic);
    }
    Ok(measured.result("mosaic", true))
}

/// The deletion and insertion tests: the area under the curve of the cosine; less is better for deletion, more for
/// insertion. The wrong label is the one that fits the picture least.
///
/// # Errors
/// The method does not fit, or the device failed.
pub fn deletion_tests(
    model: &Model,
    method: HeatmapMethod,
    pictures: &[Labelled],
    texts: &[f32],
    progress: &dyn Progress,
) -> Result<[TestResult; 2]> {
    let mut random = fastrand::Rng::with_seed(0);
    let mut measured = [Measured::default(), Measured::default()];
    for (n, one) in pictures.iter().enumerate() {
        if !progress.counted(n, pictures.len()) {
            break;
        }
        let view = model.preprocessing().model_view(&one.picture)?;
        let unrelated = least_like(model, &view, texts)?;
        let maps = heat_maps(model, method, &view, &rows(texts, dim(model), [one.label, unrelated]))?;
        let orders = orders(&maps, &mut random);
        let ways = [Direction::Deletion, Direction::Insertion]
            .into_iter()
            .flat_map(|direction| orders.iter().map(move |order| (direction, order.clone())));
        let mut curves = Curves::new(one.picture.clone(), ways.collect());
        while curves.advance(model, PASSES)? < 1.0 {}
        let found = curves.curves(&rows(texts, dim(model), [one.label]));
        for (measured, curves) in measured.iter_mut().zip(found.chunks(orders.len())) {
            let areas: Vec<f32> = curves.iter().map(Curve::area).collect();
            let drawn = |first: usize| mean(areas[first..first + DRAWS].iter().copied());
            let after = 1 + 2 * DRAWS;
            measured.push([areas[0], drawn(1), drawn(1 + DRAWS), areas[after], areas[after + 1]]);
        }
    }
    let [deletion, insertion] = &measured;
    Ok([deletion.result("deletion", false), insertion.result("insertion", true)])
}

/// The map's own order, and those of its baselines, the drawn ones [`DRAWS`] times each.
fn orders(maps: &[HeatMap], random: &mut fastrand::Rng) -> Vec<Order> {
    let own = Order::of(&maps[0]);
    let mut orders = vec![own.clone()];
    orders.extend((0..DRAWS).map(|_| Order::of(&moved(&maps[0], random))));
    orders.extend((0..DRAWS).map(|_| Order::of(&blobs(&maps[0], random))));
    orders.extend([own.from_centre(), Order::of(&maps[1])]);
    orders
}

fn dim(model: &Model) -> usize {
    model.info().projection_dim
}

/// Rows of `[labels, dim]`.
fn rows(texts: &[f32], dim: usize, labels: impl IntoIterator<Item = usize>) -> Vec<f32> {
    let row = |label: usize| texts[label * dim..(label + 1) * dim].iter().copied();
    labels.into_iter().flat_map(row).collect()
}

/// Four pictures of different labels, and a label that none of them has (one of them where there are only four).
fn draw(pictures: &[Labelled], labels: usize, random: &mut fastrand::Rng) -> Option<([usize; TILES], usize)> {
    let mut places: Vec<usize> = (0..pictures.len()).collect();
    random.shuffle(&mut places);
    let mut tiles: Vec<usize> = Vec::new();
    for place in places {
        if tiles.iter().all(|&tile| pictures[tile].label != pictures[place].label) {
            tiles.push(place);
        }
    }
    let tiles: [usize; TILES] = tiles.get(..TILES)?.try_into().ok()?;
    let absent: Vec<usize> = (0..labels)
        .filter(|label| tiles.iter().all(|&tile| pictures[tile].label != *label))
        .collect();
    let wrong = random.choice(absent).unwrap_or(pictures[tiles[0]].label);
    Some((tiles, wrong))
}

/// A bump in the middle, as of a map that always marks the centre.
fn centre(map: &HeatMap) -> Vec<f32> {
    let off = |place: usize, cells: usize| (place as f32 + 0.5) / cells as f32 * map.covers - 0.5;
    (0..map.values.len())
        .map(|i| {
            let (x, y) = (off(i % map.columns, map.columns), off(i / map.columns, map.rows));
            (-(x * x + y * y) / 0.1).exp()
        })
        .collect()
}

/// The label that fits a picture least.
fn least_like(model: &Model, view: &RgbImage, texts: &[f32]) -> Result<usize> {
    let embedding = &model.embed_images(&[model.preprocessing().normalise(view)])?[0];
    let cosine = |text: &[f32]| -> f32 { text.iter().zip(&embedding.vector).map(|(a, b)| a * b).sum() };
    let cosines = texts.chunks_exact(dim(model)).map(cosine).enumerate();
    Ok(cosines
        .min_by(|(_, a), (_, b)| a.total_cmp(b))
        .map_or(0, |(label, _)| label))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_strongest_baseline_is_taken_away_picture_by_picture() {
        let mut measured = Measured::default();
        for n in 0..20 {
            let hard = n as f32;
            measured.push([hard + 0.5, hard - 3.0, hard, hard - 1.0, hard - 2.0]);
        }
        let more = measured.result("insertion", true);
        assert_eq!((more.baseline, more.count), (9.5, 20));
        assert_eq!(more.baselines[1], ("blobs", 9.5));
        // The pictures differ by far more than the map and its baseline, which differ by the same on each.
        let value = more.value.unwrap();
        assert!(value.high - value.low > 3.0);
        let difference = more.difference.unwrap();
        assert_eq!((difference.low, difference.mean, difference.high), (0.5, 0.5, 0.5));
        let less = measured.result("deletion", false);
        assert_eq!((less.baseline, less.difference.unwrap().mean), (6.5, 3.5));
    }
}
