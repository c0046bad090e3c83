//! Walks through a JPEG's entropy-coded data, sequential or progressive, to see whether every coefficient is there
//! (ITU-T T.81, annexes F and G). Nothing is decoded but what says how far it reaches.

mod band;
mod huffman;

use super::{END_OF_IMAGE, START_OF_SCAN, next_marker, segment};
use band::Band;
use huffman::{Reader, Table};

const FRAMES: std::ops::RangeInclusive<u8> = 0xC0..=0xC2;
const OTHER_FRAMES: [u8; 10] = [0xC3, 0xC5, 0xC6, 0xC7, 0xC9, 0xCA, 0xCB, 0xCD, 0xCE, 0xCF];
const HUFFMAN: u8 = 0xC4;
const RESTART_INTERVAL: u8 = 0xDD;
/// No bit of a coefficient is known yet.
const UNSEEN: u8 = u8::MAX;
/// More blocks than the largest picture that is read has, in all its colours.
const MAX_BLOCKS: usize = 1 << 24;
/// Cyan, magenta, yellow and black.
const MAX_COLOURS: usize = 4;

/// Where the last scan ends, if the scans hold the whole picture; none where something is missing, or where it is coded
/// in a way that nobody uses.
pub fn end_of_last_scan(bytes: &[u8]) -> Option<usize> {
    let mut picture = Picture::default();
    let mut at = 2;
    loop {
        let (marker, after) = next_marker(bytes, at)?;
        let (content, end) = segment(bytes, marker, after)?;
        match marker {
            END_OF_IMAGE => return None,
            HUFFMAN => picture.tables(content)?,
            RESTART_INTERVAL => {
                picture.restart = usize::from(u16::from_be_bytes([*content.first()?, *content.get(1)?]))
            }
            marker if FRAMES.contains(&marker) => picture.frame(content, marker == 0xC2)?,
            marker if OTHER_FRAMES.contains(&marker) => return None,
            START_OF_SCAN => {
                at = picture.scan(content, bytes, end)?;
                if picture.is_complete() {
                    return Some(at);
                }
                continue;
            }
            _ => {}
        }
        at = end;
    }
}

#[derive(Default)]
struct Component {
    id: u8,
    across: usize,
    down: usize,
    /// Blocks in a row of the padded picture, and blocks that show something.
    row: usize,
    columns: usize,
    rows: usize,
    /// A bit for each coefficient of each block that is not zero so far.
    known: Vec<u64>,
    /// The lowest bit that is known of each coefficient.
    lowest: Vec<u8>,
}

#[derive(Default)]
struct Picture {
    progressive: bool,
    units_across: usize,
    units_down: usize,
    components: Vec<Component>,
    /// Tables of direct and of alternating coefficients.
    tables: [[Option<Table>; 4]; 2],
    restart: usize,
}

impl Picture {
    fn frame(&mut self, content: &[u8], progressive: bool) -> Option<()> {
        let number = |at: usize| {
            Some(usize::from(u16::from_be_bytes([
                *content.get(at)?,
                *content.get(at + 1)?,
            ])))
        };
        let (height, width) = (number(1)?, number(3)?);
        let parts: Vec<&[u8]> = content
            .get(6..)?
            .chunks_exact(3)
            .take(usize::from(*content.get(5)?))
            .collect();
        let factors = |part: &[u8]| (usize::from(part[1] >> 4), usize::from(part[1] & 15));
        let most_across = parts.iter().map(|part| factors(part).0).max()?;
        let most_down = parts.iter().map(|part| factors(part).1).max()?;
        if height == 0
            || width == 0
            || parts.len() > MAX_COLOURS
            || parts.iter().any(|part| factors(part).0 == 0 || factors(part).1 == 0)
        {
            return None;
        }
        self.progressive = progressive;
        self.units_across = width.div_ceil(8 * most_across);
        self.units_down = height.div_ceil(8 * most_down);
        self.components.clear();
        let mut all_blocks = 0;
        for part in parts {
            let (across, down) = factors(part);
            let blocks = self.units_across * across * self.units_down * down;
            all_blocks += blocks;
            if all_blocks > MAX_BLOCKS {
                return None;
            }
            self.components.push(Component {
                id: part[0],
                across,
                down,
                row: self.units_across * across,
                columns: (width * across).div_ceil(8 * most_across),
                rows: (height * down).div_ceil(8 * most_down),
                known: if progressive { vec![0; blocks] } else { Vec::new() },
                lowest: vec![UNSEEN; 64],
            });
        }
        Some(())
    }

    fn tables(&mut self, mut content: &[u8]) -> Option<()> {
        while !content.is_empty() {
            let (kind, counts) = (*content.first()?, content.get(1..17)?);
            let symbols = counts.iter().map(|count| usize::from(*count)).sum::<usize>();
            let slot = self
                .tables
                .get_mut(usize::from(kind >> 4))?
                .get_mut(usize::from(kind & 15))?;
            *slot = Some(Table::new(counts, content.get(17..17 + symbols)?));
            content = content.get(17 + symbols..)?;
        }
        Some(())
    }

    fn is_complete(&self) -> bool {
        let all = |component: &Component| component.lowest.iter().all(|bit| *bit == 0);
        !self.components.is_empty() && self.components.iter().all(all)
    }

    /// Walks through a scan whose data begins at `start`; where it ends.
    fn scan(&mut self, header: &[u8], bytes: &[u8], start: usize) -> Option<usize> {
        let count = usize::from(*header.first()?);
        let mut chosen = Vec::new();
        for part in header.get(1..1 + 2 * count)?.chunks_exact(2) {
            let place = self.components.iter().position(|component| component.id == part[0])?;
            chosen.push((place, usize::from(part[1] >> 4), usize::from(part[1] & 15)));
        }
        let [first, last, bits] = *header.get(1 + 2 * count..4 + 2 * count)? else {
            return None;
        };
        let band = if self.progressive {
            Band {
                first: usize::from(first),
                last: usize::from(last).min(63),
                refines: bits >> 4 != 0,
                progressive: true,
            }
        } else {
            Band::all()
        };
        let mut reader = Reader::new(bytes, start);
        let units = match chosen[..] {
            [(place, ..)] => self.components[place].columns * self.components[place].rows,
            _ => self.units_across * self.units_down,
        };
        let mut rest_of_band = 0;
        for unit in 0..units {
            if self.restart > 0 && unit > 0 && unit.is_multiple_of(self.restart) {
                reader.restart()?;
                rest_of_band = 0;
            }
            for &(place, direct, alternating) in &chosen {
                let tables = (
                    self.tables[0].get(direct)?.as_ref(),
                    self.tables[1].get(alternating)?.as_ref(),
                );
                let component = &mut self.components[place];
                let blocks = component.blocks_of(unit, chosen.len() == 1, self.units_across);
                for block in blocks {
                    let mut spare = 0;
                    let known = component.known.get_mut(block).unwrap_or(&mut spare);
                    band.block(&mut reader, tables, known, &mut rest_of_band)?;
                }
            }
        }
        let lowest = if self.progressive { bits & 15 } else { 0 };
        for (place, ..) in chosen {
            self.components[place].lowest[band.first..=band.last].fill(lowest);
        }
        Some(reader.end())
    }
}

impl Component {
    /// The blocks of a unit: one in a scan of one component, else a rectangle.
    fn blocks_of(&self, unit: usize, alone: bool, units_across: usize) -> Vec<usize> {
        if alone {
            return vec![unit / self.columns * self.row + unit % self.columns];
        }
        let (x, y) = (unit % units_across * self.across, unit / units_across * self.down);
        let places = (0..self.down).flat_map(|down| (0..self.across).map(move |across| (across, down)));
        places
            .map(|(across, down)| (y + down) * self.row + x + across)
            .collect()
    }
}
