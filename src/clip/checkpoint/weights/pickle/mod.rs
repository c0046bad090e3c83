//! A pickle, read without executing anything.
//!
//! A pickle is a program for a small stack machine, and Python runs whatever it names. This reader knows only the
//! opcodes that PyTorch writes for weights, and of the names only those that rebuild tensors; classes of a TorchScript
//! archive (`__torch__...`), and the settings that training scripts save beside weights, are read as inert bags of
//! attributes. Everything else is refused by name.
//!
//! Values live in one list and refer to each other by number, since a pickle fills containers after it remembers them.
//! What a few bytes can make of others, by recalling them again and again, is bounded: neither time nor memory grows faster
//! than the file.

mod machine;
mod rebuild;
#[cfg(test)]
mod tests;

use machine::Machine;

/// A value's place in [`Values`].
pub type Id = usize;

/// What a pickle can hold here.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// Anything that no weight depends on: `None`, numbers with a fraction, booleans.
    Ignored,
    Int(i64),
    Text(String),
    Tuple(Vec<Id>),
    List(Vec<Id>),
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
        class: String,
        /// The storage's name in the archive.
        key: String,
        /// Numbers before the first.
        offset: usize,
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

/// What training scripts keep beside their weights: settings, shapes, devices, types. Nothing is made of it.
const INERT: [&str; 7] = [
    NAMESPACE,
    "torch.Size",
    "torch.device",
    "torch.float16",
    "torch.bfloat16",
    "torch.float32",
    "torch.float64",
];
const NAMESPACE: &str = "argparse.Namespace";

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
        || INERT.contains(&global)
}

/// Reads a pickle.
///
/// # Errors
/// What is refused, damaged or cut, in words.
pub fn read(bytes: &[u8]) -> Result<Values, String> {
    let mut machine = Machine::new(bytes);
    let root = machine.run()?;
    Ok(Values {
        values: machine.values,
        root,
    })
}

fn too_many() -> String {
    format!("it holds more than {MAX_VALUES} values; weights need no such pickle")
}

fn long_name() -> String {
    "it uses names that are longer than those of any weights".into()
}
