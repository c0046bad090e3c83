//! The stack machine: what it reads, and what each opcode does to the stack.

use std::collections::HashMap;

use super::{Id, MAX_NAME_BYTES, MAX_VALUES, QUANTIZED, Value, is_allowed, long_name, too_many};

pub(super) struct Machine<'a> {
    bytes: &'a [u8],
    /// The next byte to read.
    at: usize,
    pub(super) values: Vec<Value>,
    stack: Vec<Id>,
    /// How high the stack was at each mark that is still open.
    marks: Vec<usize>,
    memo: HashMap<u32, Id>,
}

impl<'a> Machine<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Self {
            bytes,
            at: 0,
            values: Vec::new(),
            stack: Vec::new(),
            marks: Vec::new(),
            memo: HashMap::new(),
        }
    }
}

impl Machine<'_> {
    pub(super) fn run(&mut self) -> Result<Id, String> {
        loop {
            let at = self.at;
            let opcode = self.byte()?;
            match opcode {
                // PROTO and FRAME only describe the stream.
                0x80 => drop(self.take(1)?),
                0x95 => drop(self.take(8)?),
                b'.' => return self.pop(),
                b'(' => self.mark()?,
                b'N' | 0x88 | 0x89 => self.push(Value::Ignored)?,
                b'G' => {
                    self.take(8)?;
                    self.push(Value::Ignored)?;
                }
                b'J' => self.push_int(4)?,
                b'K' => self.push_int(1)?,
                b'M' => self.push_int(2)?,
                0x8a => self.push_long()?,
                b'X' => self.push_text(4)?,
                0x8c => self.push_text(1)?,
                b')' => self.push(Value::Tuple(Vec::new()))?,
                b't' => {
                    let items = self.pop_to_mark()?;
                    self.push(Value::Tuple(items))?;
                }
                0x85..=0x87 => self.push_tuple(usize::from(opcode - 0x84))?,
                b']' => self.push(Value::List(Vec::new()))?,
                b'a' => {
                    let item = self.pop()?;
                    self.append(vec![item])?;
                }
                b'e' => {
                    let items = self.pop_to_mark()?;
                    self.append(items)?;
                }
                b'}' => self.push(Value::Dict(Vec::new()))?,
                b's' => {
                    let (value, key) = (self.pop()?, self.pop()?);
                    self.set_items(vec![key, value])?;
                }
                b'u' => {
                    let items = self.pop_to_mark()?;
                    self.set_items(items)?;
                }
                b'q' | b'r' => {
                    let slot = self.number(if opcode == b'q' { 1 } else { 4 })?;
                    self.remember(slot as u32)?;
                }
                0x94 => self.remember(self.memo.len() as u32)?,
                b'h' | b'j' => {
                    let slot = self.number(if opcode == b'h' { 1 } else { 4 })?;
                    let id = *self.memo.get(&(slot as u32)).ok_or("it recalls what it never kept")?;
                    self.place(id)?;
                }
                b'c' => {
                    let global = format!("{}.{}", self.line()?, self.line()?);
                    self.push_global(global)?;
                }
                0x93 => {
                    let (name, module) = (self.pop_name()?, self.pop_name()?);
                    self.push_global(format!("{module}.{name}"))?;
                }
                b'R' => self.call()?,
                0x81 => self.new_object()?,
                b'b' => self.build()?,
                b'Q' => self.persistent()?,
                b'0' => drop(self.pop()?),
                other => {
                    return Err(format!(
                        "opcode 0x{other:02x} at byte {at} is not one that weights need; it is refused"
                    ));
                }
            }
        }
    }

    fn take(&mut self, count: usize) -> Result<&[u8], String> {
        let end = self.at.checked_add(count).filter(|&end| end <= self.bytes.len());
        let end = end.ok_or("it breaks off")?;
        let taken = &self.bytes[self.at..end];
        self.at = end;
        Ok(taken)
    }

    fn byte(&mut self) -> Result<u8, String> {
        Ok(self.take(1)?[0])
    }

    /// An unsigned little-endian number of up to eight bytes.
    fn number(&mut self, bytes: usize) -> Result<u64, String> {
        Ok(self
            .take(bytes)?
            .iter()
            .rev()
            .fold(0, |number, &byte| number << 8 | u64::from(byte)))
    }

    fn line(&mut self) -> Result<String, String> {
        let length = self.bytes[self.at..]
            .iter()
            .position(|&byte| byte == b'\n')
            .ok_or("it breaks off")?;
        let line = String::from_utf8_lossy(self.take(length)?).into_owned();
        self.take(1)?;
        Ok(line)
    }

    pub(super) fn push(&mut self, value: Value) -> Result<(), String> {
        if self.values.len() >= MAX_VALUES {
            return Err(too_many());
        }
        self.place(self.values.len())?;
        self.values.push(value);
        Ok(())
    }

    /// Puts a value on the stack.
    pub(super) fn place(&mut self, id: Id) -> Result<(), String> {
        if self.stack.len() >= MAX_VALUES {
            return Err(too_many());
        }
        self.stack.push(id);
        Ok(())
    }

    fn mark(&mut self) -> Result<(), String> {
        if self.marks.len() >= MAX_VALUES {
            return Err(too_many());
        }
        self.marks.push(self.stack.len());
        Ok(())
    }

    pub(super) fn pop(&mut self) -> Result<Id, String> {
        let floor = self.marks.last().copied().unwrap_or(0);
        if self.stack.len() <= floor {
            return Err("it takes more than it has".into());
        }
        self.stack.pop().ok_or_else(|| "it takes more than it has".into())
    }

    fn pop_to_mark(&mut self) -> Result<Vec<Id>, String> {
        let mark = self.marks.pop().ok_or("it closes what it never opened")?;
        Ok(self.stack.split_off(mark))
    }

    pub(super) fn top(&self) -> Result<Id, String> {
        self.stack.last().copied().ok_or_else(|| "it fills nothing".into())
    }

    fn pop_name(&mut self) -> Result<String, String> {
        let id = self.pop()?;
        match &self.values[id] {
            Value::Text(text) if text.len() > MAX_NAME_BYTES => Err(long_name()),
            Value::Text(text) => Ok(text.clone()),
            _ => Err("a name is no text".into()),
        }
    }

    fn push_int(&mut self, bytes: usize) -> Result<(), String> {
        let number = self.number(bytes)?;
        // Only the four-byte form is signed.
        let number = if bytes == 4 {
            i64::from(number as u32 as i32)
        } else {
            number as i64
        };
        self.push(Value::Int(number))
    }

    fn push_long(&mut self) -> Result<(), String> {
        let bytes = usize::from(self.byte()?);
        if bytes > 8 {
            return Err("it holds a number of more than 64 bits".into());
        }
        let number = self.number(bytes)?;
        let unused = 64 - 8 * bytes as u32;
        let number = if bytes == 0 {
            0
        } else {
            (number << unused) as i64 >> unused
        };
        self.push(Value::Int(number))
    }

    fn push_text(&mut self, length_bytes: usize) -> Result<(), String> {
        let length = self.number(length_bytes)? as usize;
        let text = std::str::from_utf8(self.take(length)?).map_err(|_| "a text is not UTF-8")?;
        let text = text.to_string();
        self.push(Value::Text(text))
    }

    fn push_tuple(&mut self, count: usize) -> Result<(), String> {
        let mut items = (0..count).map(|_| self.pop()).collect::<Result<Vec<_>, _>>()?;
        items.reverse();
        self.push(Value::Tuple(items))
    }

    fn push_global(&mut self, global: String) -> Result<(), String> {
        if let Some((_, what)) = QUANTIZED.iter().find(|(name, _)| global == *name) {
            return Err(format!(
                "its weights are stored as {what}, but f32, f16 and bf16 are understood: take the original"
            ));
        }
        if global.len() > MAX_NAME_BYTES {
            return Err(long_name());
        }
        if !is_allowed(&global) {
            return Err(format!(
                "it wants to use `{global}`, which weights do not need; it is refused, since opening it elsewhere \
                 could run a program"
            ));
        }
        self.push(Value::Global(global))
    }

    fn remember(&mut self, slot: u32) -> Result<(), String> {
        let top = self.top()?;
        self.memo.insert(slot, top);
        Ok(())
    }

    fn append(&mut self, items: Vec<Id>) -> Result<(), String> {
        match self.top().map(|id| &mut self.values[id])? {
            Value::List(list) => list.extend(items),
            _ => return Err("it appends to what is no list".into()),
        }
        Ok(())
    }

    fn set_items(&mut self, items: Vec<Id>) -> Result<(), String> {
        match self.top().map(|id| &mut self.values[id])? {
            Value::Dict(dict) => dict.extend(items.as_chunks().0.iter().map(|[key, value]| (*key, *value))),
            _ => return Err("it sets items of what is no dictionary".into()),
        }
        Ok(())
    }
}
