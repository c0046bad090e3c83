//! The few calls and objects that weights need, made here and not in Python.

use super::machine::Machine;
use super::{
    INERT, Id, MAX_DIMENSIONS, MAX_STORAGE_NAME_BYTES, NAMESPACE, ORDERED_DICT, REBUILD_PARAMETER, REBUILD_TENSOR,
    TYPED_LISTS, Value, long_name,
};

impl Machine<'_> {
    /// REDUCE: the few calls that weights need, done here and not in Python.
    pub(super) fn call(&mut self) -> Result<(), String> {
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
            inert if INERT.contains(&inert) => self.push(Value::Ignored),
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

    /// NEWOBJ: an instance of a TorchScript class, or the settings of a training script.
    pub(super) fn new_object(&mut self) -> Result<(), String> {
        let arguments = self.pop()?;
        self.tuple(arguments)?;
        let id = self.pop()?;
        match &self.values[id] {
            Value::Global(class) if class.starts_with("__torch__.") || class == NAMESPACE => {
                self.push(Value::Object(None))
            }
            Value::Global(class) if class == ORDERED_DICT => self.push(Value::Dict(Vec::new())),
            _ => Err("it makes an object of a class that is refused".into()),
        }
    }

    /// BUILD: an object's attributes; what PyTorch adds to a dictionary is not needed.
    pub(super) fn build(&mut self) -> Result<(), String> {
        let state = self.pop()?;
        match self.top().map(|id| &mut self.values[id])? {
            Value::Object(attributes) => *attributes = Some(state),
            Value::Dict(_) => {}
            _ => return Err("it fills what is no object".into()),
        }
        Ok(())
    }

    /// BINPERSID: `("storage", class, key, location, count)`.
    pub(super) fn persistent(&mut self) -> Result<(), String> {
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
