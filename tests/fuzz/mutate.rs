//! A small mutator: what is sound is broken in the ways in which files break, and in which strangers break them.

/// Random numbers that repeat for ever: SplitMix64 (Steele, Lea and Flood 2014).
pub struct Random(u64);

impl Random {
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub fn draw(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// A number below `end`; 0 where there is none.
    pub fn below(&mut self, end: usize) -> usize {
        if end == 0 {
            0
        } else {
            (self.draw() % end as u64) as usize
        }
    }

    /// A number that is small more often than large, below 2 to this power.
    pub fn few(&mut self, power: usize) -> usize {
        let end = 1 << self.below(power);
        self.below(end)
    }

    pub fn pick<'a, T>(&mut self, items: &'a [T]) -> &'a T {
        &items[self.below(items.len())]
    }
}

/// Numbers at which readers stumble, as bytes of either order.
const NUMBERS: [u64; 12] = [
    0,
    1,
    0x7f,
    0x80,
    0xff,
    0x7fff,
    0xffff,
    0x7fff_ffff,
    0x8000_0000,
    0xffff_ffff,
    0x7fff_ffff_ffff_ffff,
    u64::MAX,
];

/// The same in text.
const WORDS: [&str; 30] = [
    "0",
    "-1",
    "1e308",
    "1e-308",
    "-0",
    "0.5",
    "18446744073709551615",
    "-9223372036854775808",
    "4294967296",
    "1e400",
    "null",
    "true",
    "[]",
    "{}",
    "\"\"",
    "[[[[[[[[",
    "}}}}",
    "\"\\u0000\"",
    "\"\\ud800\"",
    "NaN",
    "Infinity",
    "\u{0}",
    "\u{feff}",
    "\u{202e}",
    "\"",
    "\\",
    "\n\n",
    "\t\t",
    ",,,,,,",
    "🎩é\u{301}",
];

/// A changed copy of one of the seeds.
pub fn mutated(random: &mut Random, seeds: &[Vec<u8>], text: bool) -> Vec<u8> {
    let mut bytes = random.pick(seeds).clone();
    let changes = 1 + random.few(5);
    for _ in 0..changes {
        change(random, &mut bytes, seeds, text);
    }
    bytes.truncate(4 << 20);
    bytes
}

fn change(random: &mut Random, bytes: &mut Vec<u8>, seeds: &[Vec<u8>], text: bool) {
    let length = bytes.len();
    let at = random.below(length);
    // Most formats say everything that matters at their start.
    let at = if random.below(2) == 0 {
        at.min(random.below(256))
    } else {
        at
    };
    match random.below(11) {
        0 if length > 0 => bytes[at] ^= 1 << random.below(8),
        1 if length > 0 => bytes[at] = random.draw() as u8,
        2 => bytes.truncate(at),
        3 => {
            let end = (at + random.below(64)).min(length);
            bytes.drain(at.min(end)..end);
        }
        4 => {
            let end = (at + random.below(256)).min(length);
            let again = bytes[at.min(end)..end].to_vec();
            let times = 1 + random.few(8);
            insert(bytes, at, &again.repeat(times));
        }
        5 => {
            let other = random.pick(seeds).clone();
            let from = random.below(other.len());
            let end = (from + random.below(4_096)).min(other.len());
            insert(bytes, at, &other[from..end]);
        }
        6 if !text => {
            let number = *random.pick(&NUMBERS);
            let width = *random.pick(&[1, 2, 4, 8]);
            let mut written = number.to_le_bytes()[..width].to_vec();
            if random.below(2) == 0 {
                written.reverse();
            }
            let end = (at + width).min(length);
            bytes.splice(at.min(end)..end, written);
        }
        7 if text => insert(bytes, at, random.pick(&WORDS).as_bytes()),
        8 if text => replace_value(random, bytes, at),
        9 => {
            let run = vec![*random.pick(b"\0\xffaA1 [{\"(}t."); 1 + random.few(14)];
            insert(bytes, at, &run);
        }
        _ if length > 1 => {
            let other = random.below(length);
            bytes.swap(at, other);
        }
        _ => bytes.push(random.draw() as u8),
    }
}

fn insert(bytes: &mut Vec<u8>, at: usize, what: &[u8]) {
    let at = at.min(bytes.len());
    bytes.splice(at..at, what.iter().copied());
}

/// Puts a word in the place of the number or text that begins at or after a place.
fn replace_value(random: &mut Random, bytes: &mut Vec<u8>, at: usize) {
    let is_start = |byte: &u8| byte.is_ascii_digit() || *byte == b'"' || *byte == b'-';
    let Some(start) = bytes[at.min(bytes.len())..].iter().position(is_start) else {
        return;
    };
    let start = at + start;
    let quoted = bytes[start] == b'"';
    let ends = |byte: &u8| {
        if quoted {
            *byte == b'"'
        } else {
            b",]} \n\t".contains(byte)
        }
    };
    let end = bytes[start + 1..]
        .iter()
        .position(ends)
        .map_or(bytes.len(), |n| start + 1 + n);
    let end = (end + usize::from(quoted)).min(bytes.len());
    let word = random.pick(&WORDS).as_bytes().to_vec();
    bytes.splice(start..end, word);
}
