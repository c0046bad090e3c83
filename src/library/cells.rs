//! A picture as a grid of mean colours: where there is something to see, how two differ, and through which window one shows
//! the other.

use image::RgbImage;

/// The thumbnail's side, in cells.
const SIDE: usize = 32;
/// Cells differ from their neighbour by more than this where there is something to see, in levels.
const STRUCTURE: f32 = 4.0;
/// Fewer cells with something to see than this prove nothing.
const LEAST_CELLS: usize = 20;
/// What a crop takes off a side at most, in cells' hundredths of the side.
const MOST_CROPPED: usize = 10;

/// A window along one side: what is taken off at its start and at its end, in hundredths.
#[derive(Clone, Copy, Default, PartialEq)]
pub struct Span(usize, usize);

impl Span {
    pub fn share(self) -> f32 {
        1.0 - (self.0 + self.1) as f32 / 100.0
    }

    /// Where in the whole each cell of the window has its centre: the cell before it, and how far beyond.
    fn places(self) -> [(usize, f32); SIDE] {
        std::array::from_fn(|n| {
            let cell = self.0 as f32 / 100.0 * SIDE as f32 + (n as f32 + 0.5) * self.share() - 0.5;
            let cell = cell.clamp(0.0, (SIDE - 1) as f32);
            let before = (cell as usize).min(SIDE - 2);
            (before, cell - before as f32)
        })
    }
}

/// Rows and columns.
pub type Window = (Span, Span);

/// How cells differ where there is something to see.
#[derive(Clone, Copy)]
pub struct Difference {
    pub mean: f32,
    /// One cell in a hundred differs by more.
    pub spot: f32,
}

/// Mean colours of a grid over a picture, whatever its shape, row by row.
pub struct Cells {
    colours: Vec<[f32; 3]>,
    /// Cells that differ from a neighbour.
    structured: Vec<bool>,
}

type Grey = [f32; SIDE * SIDE];

impl Cells {
    pub fn of(picture: &RgbImage) -> Self {
        let (width, height) = (picture.width() as usize, picture.height() as usize);
        let mut rows = vec![[0.0; 3]; SIDE * height];
        let across = shares(width);
        for (y, row) in rows.chunks_exact_mut(SIDE).enumerate() {
            for (cell, parts) in row.iter_mut().zip(&across) {
                for &(x, share) in parts {
                    let pixel = picture.get_pixel(x as u32, y as u32).0;
                    (0..3).for_each(|c| cell[c] += share * f32::from(pixel[c]));
                }
            }
        }
        let mut cells = vec![[0.0; 3]; SIDE * SIDE];
        for (row, parts) in cells.chunks_exact_mut(SIDE).zip(&shares(height)) {
            for &(y, share) in parts {
                for (cell, part) in row.iter_mut().zip(&rows[SIDE * y..]) {
                    (0..3).for_each(|c| cell[c] += share * part[c]);
                }
            }
        }
        Self::new(cells)
    }

    fn new(colours: Vec<[f32; 3]>) -> Self {
        let steep = |a: [f32; 3], b: [f32; 3]| (0..3).any(|c| (a[c] - b[c]).abs() > STRUCTURE);
        let mut structured = vec![false; SIDE * SIDE];
        for place in 0..SIDE * SIDE {
            let right = (place % SIDE + 1 < SIDE).then_some(place + 1);
            let below = (place + SIDE < SIDE * SIDE).then_some(place + SIDE);
            for next in [right, below].into_iter().flatten() {
                if steep(colours[place], colours[next]) {
                    structured[place] = true;
                    structured[next] = true;
                }
            }
        }
        Self { colours, structured }
    }

    /// None where too little is to be seen in either.
    pub fn difference(&self, other: &Self) -> Option<Difference> {
        let seen = |place: &usize| self.structured[*place] || other.structured[*place];
        let places = (0..SIDE * SIDE).filter(seen);
        Difference::of(
            places
                .map(|place| apart(&self.colours[place], &other.colours[place]))
                .collect(),
        )
    }

    pub fn same(&self, other: &Self) -> bool {
        let cells = self.colours.iter().zip(&other.colours);
        cells
            .into_iter()
            .all(|(a, b)| (0..3).all(|c| (a[c] - b[c]).abs() < 0.5))
    }

    pub fn mean_apart(&self, other: &Self) -> f32 {
        let mean = |cells: &Self| -> [f32; 3] {
            std::array::from_fn(|c| cells.colours.iter().map(|cell| cell[c]).sum::<f32>() / (SIDE * SIDE) as f32)
        };
        apart(&mean(self), &mean(other))
    }

    /// The mean step from a cell to its right neighbour, where there is something to see.
    pub fn contrast(&self) -> f32 {
        let steps = (0..SIDE * SIDE).filter(|n| n % SIDE + 1 < SIDE && self.structured[*n]);
        let steps: Vec<f32> = steps.map(|n| apart(&self.colours[n], &self.colours[n + 1])).collect();
        steps.iter().sum::<f32>() / steps.len().max(1) as f32
    }

    pub fn through(&self, (rows, columns): Window) -> Self {
        let columns = columns.places();
        let cell = |row: usize, (x, far): (usize, f32)| {
            between(self.colours[row * SIDE + x], self.colours[row * SIDE + x + 1], far)
        };
        let row = |(y, far): (usize, f32)| columns.map(|place| between(cell(y, place), cell(y + 1, place), far));
        Self::new(rows.places().into_iter().flat_map(row).collect())
    }

    fn grey(&self) -> Grey {
        std::array::from_fn(|place| self.colours[place].iter().sum::<f32>() / 3.0)
    }

    /// The window through which this looks most like `other` in grey: along each side in turn, coarsely, then finely.
    pub fn best_window(&self, other: &Self) -> Window {
        let (mine, theirs) = (self.grey(), other.grey());
        let (mut rows, mut columns) = (Span::default(), Span::default());
        let coarse = |_: Span| pairs((0..=MOST_CROPPED).step_by(2)).collect::<Vec<_>>();
        let fine = |Span(start, end): Span| {
            let near = |n: usize| n.saturating_sub(1)..=n + 1;
            near(start)
                .flat_map(|start| near(end).map(move |end| (start, end)))
                .collect()
        };
        let steps: [&dyn Fn(Span) -> Vec<(usize, usize)>; 4] = [&coarse, &coarse, &fine, &fine];
        for spans in steps {
            let through_columns = resampled_across(&mine, columns);
            rows = best(spans(rows), |span| {
                error(&resampled_down(&through_columns, span), &theirs)
            });
            let through_rows = resampled_down(&mine, rows);
            columns = best(spans(columns), |span| {
                error(&resampled_across(&through_rows, span), &theirs)
            });
        }
        (rows, columns)
    }
}

fn between(a: [f32; 3], b: [f32; 3], far: f32) -> [f32; 3] {
    std::array::from_fn(|c| a[c] + far * (b[c] - a[c]))
}

fn resampled_across(grey: &Grey, span: Span) -> Grey {
    let places = span.places();
    std::array::from_fn(|cell| {
        let (x, far) = places[cell % SIDE];
        let start = cell / SIDE * SIDE + x;
        grey[start] + far * (grey[start + 1] - grey[start])
    })
}

fn resampled_down(grey: &Grey, span: Span) -> Grey {
    let places = span.places();
    std::array::from_fn(|cell| {
        let (y, far) = places[cell / SIDE];
        let start = y * SIDE + cell % SIDE;
        grey[start] + far * (grey[start + SIDE] - grey[start])
    })
}

fn error(a: &Grey, b: &Grey) -> f32 {
    a.iter().zip(b).map(|(a, b)| (a - b).abs()).sum()
}

fn best(spans: Vec<(usize, usize)>, error: impl Fn(Span) -> f32) -> Span {
    let each = spans
        .into_iter()
        .map(|(start, end)| Span(start, end))
        .map(|span| (error(span), span));
    each.min_by(|(a, _), (b, _)| a.total_cmp(b))
        .map_or(Span::default(), |(_, span)| span)
}

fn pairs(values: impl Iterator<Item = usize> + Clone) -> impl Iterator<Item = (usize, usize)> {
    values.clone().flat_map(move |a| values.clone().map(move |b| (a, b)))
}

fn apart(a: &[f32; 3], b: &[f32; 3]) -> f32 {
    (0..3).map(|c| (a[c] - b[c]).abs()).sum::<f32>() / 3.0
}

impl Difference {
    fn of(mut differences: Vec<f32>) -> Option<Self> {
        if differences.len() < LEAST_CELLS {
            return None;
        }
        let mean = differences.iter().sum::<f32>() / differences.len() as f32;
        let place = differences.len() - 1 - differences.len() / 100;
        let (_, spot, _) = differences.select_nth_unstable_by(place, f32::total_cmp);
        Some(Self { mean, spot: *spot })
    }
}

/// For each cell the pixels that it covers, with their share of it.
fn shares(length: usize) -> Vec<Vec<(usize, f32)>> {
    let cell = length as f64 / SIDE as f64;
    let of = |n: usize| {
        let (start, end) = (n as f64 * cell, (n + 1) as f64 * cell);
        let pixels = start as usize..(end.ceil() as usize).min(length);
        let covered = |pixel: usize| (end.min(pixel as f64 + 1.0) - start.max(pixel as f64)).max(0.0);
        pixels.map(|pixel| (pixel, (covered(pixel) / cell) as f32)).collect()
    };
    (0..SIDE).map(of).collect()
}
