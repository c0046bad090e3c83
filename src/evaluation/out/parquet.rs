//! Tables in Parquet, as data frames and Embedding Atlas read them: uncompressed, every column required, in one page each.
//!
//! Written here, and not by the crate, since that one turns on features of the hash maps that the whole window is built
//! with. The format: https://parquet.apache.org/docs/file-format/ and its `parquet.thrift`, in Thrift's compact protocol.

use crate::evaluation::{Evaluation, Projection};

use super::pictures::relative;

const MAGIC: &[u8; 4] = b"PAR1";
/// Encodings: values as they are; levels, of which there are none.
const PLAIN: i64 = 0;
const RLE: i64 = 3;
const UTF8: i64 = 0;

/// The values of a column.
pub enum Values {
    Text(Vec<String>),
    Number(Vec<f32>),
    Whole(Vec<i64>),
    Flag(Vec<bool>),
}

impl Values {
    fn len(&self) -> usize {
        match self {
            Self::Text(values) => values.len(),
            Self::Number(values) => values.len(),
            Self::Whole(values) => values.len(),
            Self::Flag(values) => values.len(),
        }
    }

    /// The format's number for the type.
    fn kind(&self) -> i64 {
        match self {
            Self::Flag(_) => 0,
            Self::Whole(_) => 2,
            Self::Number(_) => 4,
            Self::Text(_) => 6,
        }
    }

    fn bytes(&self) -> Vec<u8> {
        match self {
            Self::Text(values) => values
                .iter()
                .flat_map(|value| [&(value.len() as u32).to_le_bytes()[..], value.as_bytes()].concat())
                .collect(),
            Self::Number(values) => values.iter().flat_map(|value| value.to_le_bytes()).collect(),
            Self::Whole(values) => values.iter().flat_map(|value| value.to_le_bytes()).collect(),
            Self::Flag(values) => values
                .chunks(8)
                .map(|eight| eight.iter().enumerate().map(|(n, value)| u8::from(*value) << n).sum())
                .collect(),
        }
    }
}

/// A row a picture, with its place on the map; the model and its hash among the file's own facts.
pub fn parquet(evaluation: &Evaluation, map: &Projection) -> Vec<u8> {
    let titles = evaluation.titles();
    let folder = &evaluation.setup.folder;
    let each = || evaluation.pictures.iter();
    let number =
        |of: fn(&crate::evaluation::Answer) -> f32| Values::Number(each().map(|one| of(&one.answer)).collect());
    let axis = |axis: usize| Values::Number(map.pictures.iter().map(|place| place[axis]).collect());
    let columns = [
        (
            "file_name",
            Values::Text(each().map(|one| relative(one, folder)).collect()),
        ),
        (
            "label",
            Values::Text(each().map(|one| titles[one.answer.truth].clone()).collect()),
        ),
        (
            "answer",
            Values::Text(each().map(|one| titles[one.answer.answered()].clone()).collect()),
        ),
        ("right", Values::Flag(each().map(|one| one.answer.right()).collect())),
        ("confidence", number(crate::evaluation::Answer::confidence)),
        ("margin", number(|answer| answer.margin)),
        (
            "rank_of_label",
            Values::Whole(each().map(|one| one.answer.rank as i64).collect()),
        ),
        ("projection_x", axis(0)),
        ("projection_y", axis(1)),
    ];
    let facts = [
        ("model", evaluation.setup.model.name.as_str()),
        ("model_identity", &evaluation.setup.model.identity),
        ("data", &evaluation.setup.data),
    ];
    table(&columns, &facts)
}

/// A file of columns of the same length.
pub fn table(columns: &[(&str, Values)], facts: &[(&str, &str)]) -> Vec<u8> {
    let rows = columns.first().map_or(0, |(_, values)| values.len()) as i64;
    let mut file = MAGIC.to_vec();
    let mut chunks = Vec::new();
    for (name, values) in columns {
        let (start, bytes) = (file.len() as i64, values.bytes());
        file.extend(page_header(bytes.len() as i64, rows));
        file.extend(bytes);
        chunks.push(chunk(name, values, start, file.len() as i64 - start));
    }
    let size = file.len() as i64 - MAGIC.len() as i64;
    let group = Struct::default()
        .list(1, STRUCT, chunks)
        .whole(2, size)
        .whole(3, rows)
        .end();
    let footer = Struct::default()
        .int(1, 1)
        .list(2, STRUCT, schema(columns))
        .whole(3, rows)
        .list(4, STRUCT, vec![group])
        .list(
            5,
            STRUCT,
            facts
                .iter()
                .map(|(key, value)| Struct::default().text(1, key).text(2, value).end())
                .collect(),
        )
        .text(6, concat!("clipsight ", env!("CARGO_PKG_VERSION")))
        .end();
    file.extend(&footer);
    file.extend((footer.len() as u32).to_le_bytes());
    file.extend(MAGIC);
    file
}

fn page_header(size: i64, rows: i64) -> Vec<u8> {
    let data = Struct::default()
        .int(1, rows)
        .int(2, PLAIN)
        .int(3, RLE)
        .int(4, RLE)
        .end();
    Struct::default()
        .int(1, 0)
        .int(2, size)
        .int(3, size)
        .nested(5, data)
        .end()
}

fn chunk(name: &str, values: &Values, start: i64, size: i64) -> Vec<u8> {
    let mut path = Vec::new();
    text(&mut path, name);
    let mut encoding = Vec::new();
    number(&mut encoding, PLAIN);
    let facts = Struct::default()
        .int(1, values.kind())
        .list(2, INT, vec![encoding])
        .list(3, TEXT, vec![path])
        .int(4, 0)
        .whole(5, values.len() as i64)
        .whole(6, size)
        .whole(7, size)
        .whole(9, start)
        .end();
    Struct::default().whole(2, start).nested(3, facts).end()
}

fn schema(columns: &[(&str, Values)]) -> Vec<Vec<u8>> {
    let root = Struct::default().text(4, "schema").int(5, columns.len() as i64).end();
    let leaf = |(name, values): &(&str, Values)| {
        let leaf = Struct::default().int(1, values.kind()).int(3, 0).text(4, name);
        match values {
            Values::Text(_) => leaf.int(6, UTF8).end(),
            _ => leaf.end(),
        }
    };
    std::iter::once(root).chain(columns.iter().map(leaf)).collect()
}

const INT: u8 = 5;
const WHOLE: u8 = 6;
const TEXT: u8 = 8;
const LIST: u8 = 9;
const STRUCT: u8 = 12;

/// A struct of Thrift's compact protocol; fields come in rising order.
#[derive(Default)]
struct Struct {
    bytes: Vec<u8>,
    last: u8,
}

impl Struct {
    fn field(mut self, id: u8, kind: u8) -> Self {
        self.bytes.push((id - self.last) << 4 | kind);
        self.last = id;
        self
    }

    fn int(self, id: u8, value: i64) -> Self {
        let mut this = self.field(id, INT);
        number(&mut this.bytes, value);
        this
    }

    fn whole(self, id: u8, value: i64) -> Self {
        let mut this = self.field(id, WHOLE);
        number(&mut this.bytes, value);
        this
    }

    fn text(self, id: u8, value: &str) -> Self {
        let mut this = self.field(id, TEXT);
        text(&mut this.bytes, value);
        this
    }

    fn nested(self, id: u8, value: Vec<u8>) -> Self {
        let mut this = self.field(id, STRUCT);
        this.bytes.extend(value);
        this
    }

    fn list(self, id: u8, kind: u8, values: Vec<Vec<u8>>) -> Self {
        let mut this = self.field(id, LIST);
        if values.len() < 15 {
            this.bytes.push((values.len() as u8) << 4 | kind);
        } else {
            this.bytes.push(0xf0 | kind);
            plain(&mut this.bytes, values.len() as u64);
        }
        this.bytes.extend(values.into_iter().flatten());
        this
    }

    fn end(mut self) -> Vec<u8> {
        self.bytes.push(0);
        self.bytes
    }
}

/// Seven bits a byte, the lowest first.
fn plain(bytes: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        bytes.push(value as u8 | 0x80);
        value >>= 7;
    }
    bytes.push(value as u8);
}

fn number(bytes: &mut Vec<u8>, value: i64) {
    plain(bytes, ((value << 1) ^ (value >> 63)) as u64);
}

fn text(bytes: &mut Vec<u8>, value: &str) {
    plain(bytes, value.len() as u64);
    bytes.extend(value.as_bytes());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_is_as_pyarrow_read_it() {
        let rows = 20;
        let columns = [
            (
                "name",
                Values::Text((0..rows).map(|n| format!("picture {n} ü.jpg")).collect()),
            ),
            ("x", Values::Number((0..rows).map(|n| n as f32 / 4.0 - 1.0).collect())),
            ("rank", Values::Whole((0..rows).map(|n| n - 3).collect())),
            ("right", Values::Flag((0..rows).map(|n| n % 3 == 0).collect())),
        ];
        let file = table(&columns, &[("model", "Starter")]);
        // `tests/reference/check_parquet.py` reads this file with pyarrow.
        assert_eq!(file, include_bytes!("../../../tests/fixtures/table.parquet"));
    }
}
