//! Both tests over labelled pictures, with baselines: for comparing methods and models.

use image::RgbImage;

use super::deletion::{Curves, Direction, Order};
use super::mosaic::{TILES, mosaic, share, share_in_tile};
use crate::clip::{Model, Result};
use crate::evaluation::{Interval, mean_interval};
use crate::heatmap::HeatmapMethod;
use crate::heatmap::{HeatMap, heat_maps};

/// A picture of which is known what it shows.
pub struct Labelled {
    /// The picture.
    pub picture: RgbImage,
    /// Which of the labels.
    pub label: usize,
}

/// One test of one method.
#[derive(Debug, Clone, PartialEq)]
pub struct TestResult {
    /// `mosaic`, `deletion` or `insertion`.
    pub test: &'static str,
    /// The mean over pictures, with its interval; none where no picture could be measured.
    pub value: Option<Interval>,
    /// The strongest baseline.
    pub baseline: f32,
    /// All baselines by name.
    pub baselines: Vec<(&'static str, f32)>,
    /// Values in the mean.
    pub count: usize,
}

/// The mosaic test: the share of the positive mass in the right tile; more is better.
///
/// Mosaics of four labels are drawn by a fixed seed, `count` of them. The baselines: a map that marks the centre, a random
/// map, and the map of a label that is not in the mosaic.
///
/// `texts` are the labels' unit vectors, `[labels, dim]` row by row. `watch` hears the share that is done; false gives up
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
    mut watch: impl FnMut(f32) -> bool,
) -> Result<TestResult> {
    let mut random = fastrand::Rng::with_seed(0);
    let mut shares = [const { Vec::new() }; 4];
    for n in 0..count {
        if !watch(n as f32 / count as f32) {
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
        let mut of_mosaic = [0.0; 4];
        for tile in 0..TILES {
            let map = &maps[tile];
            let noise: Vec<f32> = map.values.iter().map(|_| random.f32()).collect();
            let grid = |values: &[f32]| share(values, map.rows, map.columns, tile);
            let found = [
                share_in_tile(map, tile),
                grid(&centre(map)),
                grid(&noise),
                share_in_tile(&maps[TILES], tile),
            ];
            of_mosaic
                .iter_mut()
                .zip(found)
                .for_each(|(sum, share)| *sum += share / TILES as f32);
        }
        shares
            .iter_mut()
            .zip(of_mosaic)
            .for_each(|(all, share)| all.push(share));
    }
    let [own, centre, noise, wrong] = shares;
    let means = [("centre", &centre), ("random", &noise), ("wrong-label", &wrong)];
    let baselines: Vec<(&str, f32)> = means.map(|(name, values)| (name, mean(values))).to_vec();
    Ok(TestResult {
        test: "mosaic",
        count: own.len(),
        value: interval(&own),
        baseline: strongest(&baselines, f32::max),
        baselines,
    })
}

/// The deletion and insertion tests: the area under the curve of the cosine; less is better for deletion, more for
/// insertion. The baselines: cells at random, from the centre, and by the map of the label that fits least.
///
/// # Errors
/// The method does not fit, or the device failed.
pub fn deletion_tests(
    model: &Model,
    method: HeatmapMethod,
    pictures: &[Labelled],
    texts: &[f32],
    mut watch: impl FnMut(f32) -> bool,
) -> Result<[TestResult; 2]> {
    let mut random = fastrand::Rng::with_seed(0);
    // Of each direction and each order, one area a picture.
    let mut areas = [const { [const { Vec::new() }; 4] }; 2];
    for (n, one) in pictures.iter().enumerate() {
        if !watch(n as f32 / pictures.len() as f32) {
            break;
        }
        let view = model.preprocessing().model_view(&one.picture)?;
        let unrelated = least_like(model, &view, texts)?;
        let maps = heat_maps(model, method, &view, &rows(texts, dim(model), [one.label, unrelated]))?;
        let own = Order::of(&maps[0]);
        let orders = [
            own.clone(),
            own.shuffled(&mut random),
            own.from_centre(),
            Order::of(&maps[1]),
        ];
        let ways = [Direction::Deletion, Direction::Insertion]
            .into_iter()
            .flat_map(|direction| orders.iter().map(move |order| (direction, order.clone())));
        let mut curves = Curves::new(one.picture.clone(), ways.collect());
        while curves.advance(model)? < 1.0 {}
        let found = curves.curves(&rows(texts, dim(model), [one.label]));
        for (way, curve) in found.iter().enumerate() {
            areas[way / orders.len()][way % orders.len()].push(curve.area());
        }
    }
    let result = |test, [own, random, centre, wrong]: &[Vec<f32>; 4], best: fn(f32, f32) -> f32| {
        let means = [("random", random), ("centre", centre), ("wrong-label", wrong)];
        let baselines: Vec<(&str, f32)> = means.map(|(name, values)| (name, mean(values))).to_vec();
        TestResult {
            test,
            count: own.len(),
            value: interval(own),
            baseline: strongest(&baselines, best),
            baselines,
        }
    };
    Ok([
        result("deletion", &areas[0], f32::min),
        result("insertion", &areas[1], f32::max),
    ])
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
    let off = |place: usize, cells: usize| (place as f32 + 0.5) / cells as f32 - 0.5;
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

fn interval(values: &[f32]) -> Option<Interval> {
    let values: Vec<f64> = values.iter().map(|value| f64::from(*value)).collect();
    mean_interval(&values)
}

fn mean(values: &[f32]) -> f32 {
    let sum: f64 = values.iter().map(|value| f64::from(*value)).sum();
    (sum / values.len() as f64) as f32
}

fn strongest(baselines: &[(&'static str, f32)], best: fn(f32, f32) -> f32) -> f32 {
    baselines.iter().map(|(_, value)| *value).fold(f32::NAN, best)
}
