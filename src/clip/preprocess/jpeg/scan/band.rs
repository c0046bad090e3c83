//! What one scan says of each block: a band of coefficients, or more of their bits.

use super::huffman::{Reader, Table};

/// What a scan says of each block.
pub struct Band {
    pub first: usize,
    pub last: usize,
    pub refines: bool,
    pub progressive: bool,
}

type Tables<'a> = (Option<&'a Table>, Option<&'a Table>);

impl Band {
    pub fn all() -> Self {
        Self {
            first: 0,
            last: 63,
            refines: false,
            progressive: false,
        }
    }

    /// Walks over one block. `rest` counts the blocks that follow without anything in this band.
    pub fn block(&self, reader: &mut Reader, tables: Tables, known: &mut u64, rest: &mut usize) -> Option<()> {
        if self.first == 0 {
            if self.refines {
                reader.bits(1)?;
            } else {
                let size = tables.0?.symbol(reader)?;
                reader.bits(usize::from(size))?;
            }
        }
        match (self.progressive, self.refines) {
            (false, _) => sequential(reader, tables.1?),
            (true, _) if self.first == 0 => Some(()),
            (true, false) => self.first_bits(reader, tables.1?, known, rest),
            (true, true) => self.next_bits(reader, tables.1?, known, rest),
        }
    }

    fn first_bits(&self, reader: &mut Reader, table: &Table, known: &mut u64, rest: &mut usize) -> Option<()> {
        if *rest > 0 {
            *rest -= 1;
            return Some(());
        }
        let mut at = self.first;
        while at <= self.last {
            let symbol = table.symbol(reader)?;
            let (run, size) = (usize::from(symbol >> 4), usize::from(symbol & 15));
            if size == 0 && run < 15 {
                *rest = (1 << run) - 1 + reader.bits(run)?;
                return Some(());
            }
            at += run;
            if size > 0 {
                reader.bits(size)?;
                *known |= 1 << (at <= 63).then_some(at)?;
            }
            at += 1;
        }
        Some(())
    }

    fn next_bits(&self, reader: &mut Reader, table: &Table, known: &mut u64, rest: &mut usize) -> Option<()> {
        let mut at = self.first;
        while *rest == 0 && at <= self.last {
            let symbol = table.symbol(reader)?;
            let (mut run, size) = (usize::from(symbol >> 4), symbol & 15);
            if size == 0 && run < 15 {
                *rest = (1 << run) + reader.bits(run)?;
                break;
            }
            if size > 0 {
                reader.bits(1)?;
            }
            while at <= self.last {
                if *known >> at & 1 == 1 {
                    reader.bits(1)?;
                } else if run == 0 {
                    break;
                } else {
                    run -= 1;
                }
                at += 1;
            }
            if size > 0 {
                *known |= 1 << (at <= self.last).then_some(at)?;
            }
            at += 1;
        }
        if *rest > 0 {
            let corrected = (at..=self.last).filter(|at| *known >> at & 1 == 1).count();
            (0..corrected).try_for_each(|_| reader.bits(1).map(drop))?;
            *rest -= 1;
        }
        Some(())
    }
}

fn sequential(reader: &mut Reader, table: &Table) -> Option<()> {
    let mut at = 1;
    while at <= 63 {
        let symbol = table.symbol(reader)?;
        let (run, size) = (usize::from(symbol >> 4), usize::from(symbol & 15));
        if size == 0 && run < 15 {
            return Some(());
        }
        reader.bits(size)?;
        at += run + 1;
    }
    Some(())
}
