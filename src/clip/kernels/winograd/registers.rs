//! The transforms of tiles, register by register.

use pulp::{Simd, WithSimd};

use crate::clip::kernels::elementwise::{Biased, Each, Relu};

/// Transforms the tiles of one channel.
pub(super) struct IntoPlaces<'a> {
    /// Four planes, a line each.
    pub(super) planes: &'a [f32],
    /// Numbers in a plane.
    pub(super) plane: usize,
    /// From a row of tiles to the next.
    pub(super) stride: usize,
    /// Where each place of the tiles goes.
    pub(super) places: Vec<&'a mut [f32]>,
}

impl WithSimd for IntoPlaces<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let (plane, stride) = (self.plane, self.stride);
        let count = self.places[0].len();
        let mut from = [[&[] as &[S::f32s]; 4]; 4];
        for (row, from) in from.iter_mut().enumerate() {
            for (column, from) in from.iter_mut().enumerate() {
                let start = (2 * (row % 2) + column % 2) * plane + row / 2 * stride + column / 2;
                *from = S::as_simd_f32s(&self.planes[start..][..count]).0;
            }
        }
        let mut places = self.places;
        let mut places: Vec<&mut [S::f32s]> = places.iter_mut().map(|place| S::as_mut_simd_f32s(place).0).collect();
        // In so many words: arrays that loops fill are kept in the memory.
        for register in 0..from[0][0].len() {
            let a = into_places(simd, column_of(&from, 0, register));
            let b = into_places(simd, column_of(&from, 1, register));
            let c = into_places(simd, column_of(&from, 2, register));
            let d = into_places(simd, column_of(&from, 3, register));
            put(&mut places[..4], register, into_places(simd, [a[0], b[0], c[0], d[0]]));
            put(&mut places[4..8], register, into_places(simd, [a[1], b[1], c[1], d[1]]));
            put(
                &mut places[8..12],
                register,
                into_places(simd, [a[2], b[2], c[2], d[2]]),
            );
            put(&mut places[12..], register, into_places(simd, [a[3], b[3], c[3], d[3]]));
        }
    }
}

#[inline(always)]
fn column_of<T: Copy>(rows: &[[&[T]; 4]; 4], column: usize, register: usize) -> [T; 4] {
    [
        rows[0][column][register],
        rows[1][column][register],
        rows[2][column][register],
        rows[3][column][register],
    ]
}

#[inline(always)]
fn put<T>(places: &mut [&mut [T]], register: usize, [a, b, c, d]: [T; 4]) {
    places[0][register] = a;
    places[1][register] = b;
    places[2][register] = c;
    places[3][register] = d;
}

/// Four cells in a line, transformed.
#[inline(always)]
fn into_places<S: Simd>(simd: S, [a, b, c, d]: [S::f32s; 4]) -> [S::f32s; 4] {
    [
        simd.sub_f32s(a, c),
        simd.add_f32s(b, c),
        simd.sub_f32s(c, b),
        simd.sub_f32s(b, d),
    ]
}

/// Turns the products of one channel's places into its cells, and finishes them.
pub(super) struct FromPlaces<'a> {
    /// The products of each place.
    pub(super) places: Vec<&'a [f32]>,
    /// The channel's bias.
    pub(super) bias: f32,
    /// Four planes.
    pub(super) cells: &'a mut [f32],
}

impl WithSimd for FromPlaces<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let mut from = [[&[] as &[S::f32s]; 4]; 4];
        for (place, numbers) in self.places.iter().enumerate() {
            from[place / 4][place % 4] = S::as_simd_f32s(numbers).0;
        }
        let cells = S::as_mut_simd_f32s(self.cells).0;
        let mut cells: Vec<&mut [S::f32s]> = cells.chunks_exact_mut(from[0][0].len()).collect();
        for register in 0..from[0][0].len() {
            let a = from_places(simd, column_of(&from, 0, register));
            let b = from_places(simd, column_of(&from, 1, register));
            let c = from_places(simd, column_of(&from, 2, register));
            let d = from_places(simd, column_of(&from, 3, register));
            let above = from_places(simd, [a[0], b[0], c[0], d[0]]);
            let below = from_places(simd, [a[1], b[1], c[1], d[1]]);
            let function = Biased {
                bias: self.bias,
                function: Relu,
            };
            let finished = [
                function.each(simd, above[0]),
                function.each(simd, above[1]),
                function.each(simd, below[0]),
                function.each(simd, below[1]),
            ];
            put(&mut cells, register, finished);
        }
    }
}

/// Four places in a line to two cells.
#[inline(always)]
fn from_places<S: Simd>(simd: S, [a, b, c, d]: [S::f32s; 4]) -> [S::f32s; 2] {
    [
        simd.add_f32s(simd.add_f32s(a, b), c),
        simd.sub_f32s(simd.sub_f32s(b, c), d),
    ]
}
