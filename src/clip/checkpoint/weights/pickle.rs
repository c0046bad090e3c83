//! A pickle, read without executing anything.
//!
//! A pickle is a program for a small stack machine, and Python runs whatever it names. This reader knows only the
//! opcodes that PyTorch writes for weights, and of the names only those that rebuild tensors; classes of a TorchScript
//! archive (`__torch__...`) are read as inert bags of attributes. Everything else is refused by name.
//!
//! Values live in one list and refer to each other by number, since a pickle fills containers after it remembers them.
//! What a few bytes can make of others, by recalling them again and again, is bounded: neither time nor memory grows faster
//! than the file.

/// A value's place in [`Values`].
pub type Id = usize;

/// What a pickle can hold here.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// Anything that no weight depends on: `None`, numbers with a fraction, booleans.
    Ignored,
    /// A whole number.
    Int(i64),
    /// A text.
    Text(String),
    /// A tuple.
    Tuple(Vec<Id>),
    /// A list.
    List(Vec<Id>),
    /// A dictionary, in order.
    Dict(Vec<(Id, Id)>),
    /// A name that may be used, `module.name`.
    Global(String),
    /// A storage, from its persistent id.
    Storage {
        /// The storage's class, such as `HalfStorage`.
        class: String,
        /// Its name in the archive.
        key: String,
    },
    /// A tensor on a storage.
    Tensor {
        /// The storage's class.
        class: String,
        /// The storage's name in the archive.
        key: String,
        /// Numbers before the first.
        offset: usize,
        /// Its shape.
        shape: Vec<usize>,
        /// Numbers from one index to the next.
        strides: Vec<usize>,
    },
    /// An instance of a TorchScript class; its attributes, once they are known.
    Object(Option<Id>),
}

/// Every value of a pickle, and which one it is about.
#[derive(Debug)]
pub struct Values {
    values: Vec<Value>,
    root: Id,
}

impl Values {
    /// The value that was pickled.
    pub fn root(&self) -> Id {
        self.root
    }

    /// A value.
    pub fn get(&self, id: Id) -> &Value {
        &self.values[id]
    }
}

const ORDERED_DICT: &str = "collections.OrderedDict";
const REBUILD_TENSOR: &str = "torch._utils._rebuild_tensor_v2";
const REBUILD_PARAMETER: &str = "torch._utils._rebuild_parameter";
/// TorchScript's lists that know the type of their items.
const TYPED_LISTS: [&str; 4] = [
    "torch.jit._pickle.build_intlist",
    "torch.jit._pickle.build_tensorlist",
    "torch.jit._pickle.build_doublelist",
    "torch.jit._pickle.build_boollist",
];

/// The most values, and the most places on the stack: the largest published models need a fiftieth of it.
const MAX_VALUES: usize = 1_000_000;
/// The longest name of a class, in bytes.
const MAX_NAME_BYTES: usize = 1_024;
/// The longest name of a storage or of its class, in bytes: every tensor holds both.
const MAX_STORAGE_NAME_BYTES: usize = 64;
/// The most dimensions of a tensor, which may recall one shape many times.
const MAX_DIMENSIONS: usize = 8;

/// How PyTorch rebuilds tensors of types that are not understood.
const QUANTIZED: [(&str, &str); 2] = [
    ("torch._utils._rebuild_qtensor", "int8 (quantized)"),
    ("torch._utils._rebuild_tensor_v3", "fp8 or another type of few bits"),
];

fn is_allowed(global: &str) -> bool {
    let storage = global
        .strip_prefix("torch.")
        .is_some_and(|name| name.ends_with("Storage") && name.chars().all(char::is_alphanumeric));
    storage
        || global.starts_with("__torch__.")
        || [ORDERED_DICT, REBUILD_TENSOR, REBUILD_PARAMETER].contains(&global)
        || TYPED_LISTS.contains(&global)
}

/// Reads a pickle.
///
/// # Errors
/// What is refused, damaged or cut, in words.
pub fn read(bytes: &[u8]) -> Result<Values, String> {
    let mut machine = Machine {
        bytes,
        at: 0,
        values: Vec::new(),
        stack: Vec::new(),
        marks: Vec::new(),
        memo: std::collections::HashMap::new(),
    };
    let root = machine.run()?;
    Ok(Values {
        values: machine.values,
        root,
    })
}

struct Machine<'a> {
    bytes: &'a [u8],
    at: usize,
    values: Vec<Value>,
    stack: Vec<Id>,
    marks: Vec<usize>,
    memo: std::collections::HashMap<u32, Id>,
}

impl Machine<'_> {
    fn run(&mut self) -> Result<Id, String> {
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

    fn push(&mut self, value: Value) -> Result<(), String> {
        if self.values.len() >= MAX_VALUES {
            return Err(too_many());
        }
        self.place(self.values.len())?;
        self.values.push(value);
        Ok(())
    }

    /// Puts a value on the stack.
    fn place(&mut self, id: Id) -> Result<(), String> {
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

    fn pop(&mut self) -> Result<Id, String> {
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

    fn top(&self) -> Result<Id, String> {
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

    /// REDUCE: the few calls that weights need, done here and not in Python.
    fn call(&mut self) -> Result<(), String> {
        let arguments = self.pop()?;
        let function = self.pop()?;
        let arguments = self.tuple(arguments)?;
        let Value::Global(function) = &self.values[function] else {
            return Err("it calls what is no function".into());
        };
        match function.as_str() {
            ORDERED_DICT => self.push(Value::Dict(Vec::new())),
            REBUILD_TENSOR => {
                let tensor = self.rebuilt_tensor(arguments)?;
                self.push(tensor)
            }
            // A parameter is its tensor.
            REBUILD_PARAMETER => self.place(*arguments.first().ok_or("a parameter without a tensor")?),
            list if TYPED_LISTS.contains(&list) => self.place(*arguments.first().ok_or("a list without items")?),
            other => Err(format!("it calls `{other}`, which is refused")),
        }
    }

    /// A tuple's items, where they lie: one tuple may be used by every call.
    fn tuple(&self, id: Id) -> Result<&[Id], String> {
        match &self.values[id] {
            Value::Tuple(items) => Ok(items),
            _ => Err("arguments are no tuple".into()),
        }
    }

    fn rebuilt_tensor(&self, arguments: &[Id]) -> Result<Value, String> {
        let [storage, offset, shape, strides, ..] = arguments else {
            return Err("a tensor lacks its shape".into());
        };
        let Value::Storage { class, key } = &self.values[*storage] else {
            return Err("a tensor lacks its storage".into());
        };
        Ok(Value::Tensor {
            class: class.clone(),
            key: key.clone(),
            offset: self.size(*offset)?,
            shape: self.sizes(*shape)?,
            strides: self.sizes(*strides)?,
        })
    }

    fn size(&self, id: Id) -> Result<usize, String> {
        match self.values[id] {
            Value::Int(number) => usize::try_from(number).map_err(|_| "a size is negative".into()),
            _ => Err("a size is no number".into()),
        }
    }

    fn sizes(&self, id: Id) -> Result<Vec<usize>, String> {
        match &self.values[id] {
            Value::Tuple(items) | Value::List(items) if items.len() > MAX_DIMENSIONS => {
                Err(format!("a tensor claims {} dimensions", items.len()))
            }
            Value::Tuple(items) | Value::List(items) => items.iter().map(|&item| self.size(item)).collect(),
            _ => Err("a shape is no tuple".into()),
        }
    }

    /// NEWOBJ: an instance of a TorchScript class.
    fn new_object(&mut self) -> Result<(), String> {
        let arguments = self.pop()?;
        self.tuple(arguments)?;
        let id = self.pop()?;
        match &self.values[id] {
            Value::Global(class) if class.starts_with("__torch__.") => self.push(Value::Object(None)),
            Value::Global(class) if class == ORDERED_DICT => self.push(Value::Dict(Vec::new())),
            _ => Err("it makes an object of a class that is refused".into()),
        }
    }

    /// BUILD: an object's attributes; what PyTorch adds to a dictionary is not needed.
    fn build(&mut self) -> Result<(), String> {
        let state = self.pop()?;
        match self.top().map(|id| &mut self.values[id])? {
            Value::Object(attributes) => *attributes = Some(state),
            Value::Dict(_) => {}
            _ => return Err("it fills what is no object".into()),
        }
        Ok(())
    }

    /// BINPERSID: `("storage", class, key, location, count)`.
    fn persistent(&mut self) -> Result<(), String> {
        let parts = self.pop()?;
        let texts: Vec<&Value> = self.tuple(parts)?.iter().take(3).map(|&id| &self.values[id]).collect();
        match texts.as_slice() {
            [Value::Text(kind), Value::Global(class), Value::Text(key)] if kind == "storage" => {
                if class.len().max(key.len()) > MAX_STORAGE_NAME_BYTES {
                    return Err(long_name());
                }
                let storage = Value::Storage {
                    class: class.trim_start_matches("torch.").to_string(),
                    key: key.clone(),
                };
                self.push(storage)
            }
            _ => Err("it refers to something other than a tensor's storage".into()),
        }
    }
}

fn too_many() -> String {
    format!("it holds more than {MAX_VALUES} values; weights need no such pickle")
}

fn long_name() -> String {
    "it uses names that are longer than those of any weights".into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_recalled_again_and_again_costs_neither_time_nor_memory() {
        // A tuple of 200,000 items, kept, and used by 200,000 calls.
        let mut calls = b"\x80\x02(".to_vec();
        calls.extend([b'N'; 200_000]);
        calls.extend(b"tq\0ccollections\nOrderedDict\nq\x01");
        calls.extend(b"h\x01h\0R".repeat(200_000));
        calls.push(b'.');
        let started = std::time::Instant::now();
        assert!(read(&calls).is_ok());
        for opcode in [b'}', b'(', b')'] {
            let error = read(&vec![opcode; MAX_VALUES + 10]).unwrap_err();
            assert!(error.contains("more than 1000000 values"), "{error}");
        }
        let mut long = b"\x80\x02X\0\0\x10\0".to_vec();
        long.extend(vec![b'a'; 1 << 20]);
        long.extend(b"q\0");
        long.extend(b"h\0h\0\x93");
        assert!(read(&long).unwrap_err().contains("longer than those of any weights"));
        assert!(started.elapsed().as_secs() < 5);
    }

    #[test]
    fn names_that_run_programs_are_refused_by_name() {
        let error = read(b"\x80\x02cos\nsystem\nX\x02\x00\x00\x00ls\x85R.").unwrap_err();
        assert!(error.contains("os.system"), "{error}");
        let error = read(b"\x80\x04\x8c\x08builtins\x8c\x04eval\x93.").unwrap_err();
        assert!(error.contains("builtins.eval"), "{error}");
        for hidden in ["torch.storage.xStorage", "torch._utils.evil", "torch.evil\0Storage"] {
            assert!(!is_allowed(hidden), "{hidden}");
        }
    }

    #[test]
    fn whatever_breaks_off_is_an_error_and_no_panic() {
        let whole = b"\x80\x02}q\x00(X\x01\x00\x00\x00aK\x05X\x01\x00\x00\x00bJ\xff\xff\xff\xffu.";
        let values = read(whole).unwrap();
        let Value::Dict(items) = values.get(values.root()) else {
            panic!("no dictionary")
        };
        assert_eq!(values.get(items[1].1), &Value::Int(-1));
        for length in 0..whole.len() {
            assert!(read(&whole[..length]).is_err(), "{length}");
        }
    }

    #[test]
    fn any_byte_in_any_place_is_survived() {
        let whole = b"\x80\x02}q\x00(X\x01\x00\x00\x00aK\x05X\x01\x00\x00\x00b]q\x01(K\x01K\x02eu.";
        for place in 0..whole.len() {
            for byte in 0..=255 {
                let mut bytes = whole.to_vec();
                bytes[place] = byte;
                let _ = read(&bytes);
            }
        }
        assert!(read(b"\x80\x02tR.").is_err());
        assert!(read(b"h\x05.").unwrap_err().contains("never kept"));
    }
}
