//! What becomes of every parameter of a module: other values, half precision, full precision, another layout.

use std::collections::HashMap;

use burn::module::{Module, ModuleMapper, Param, ParamId};
use burn::tensor::{DType, FloatDType, Tensor};

use crate::clip::full;
use crate::clip::kernels::dense::in_panels;
use crate::clip::kernels::elementwise::{numbers, on_processor};
use crate::clip::kernels::winograd;

/// What Burn calls a module of ours while it walks through: `Struct:` and the name of its type.
const NORM: &str = "Struct:LayerNorm";
const LINEAR: &str = "Struct:Dense";
const RESNET: &str = "Struct:ModifiedResNet";

/// The same module with other values, by id, row by row, in the precision of what they replace.
pub fn with_values<M: Module>(module: M, values: &HashMap<ParamId, Tensor<1>>) -> M {
    module.map(&mut Values(values))
}

/// The same module in f16, but for normalisation, which computes in f32.
pub fn in_half<M: Module>(module: M) -> M {
    module.map(&mut Half { norms: 0 })
}

/// The same module in f32.
pub fn in_full<M: Module>(module: M) -> M {
    module.map(&mut Full)
}

/// The same module as it is fast where the processor computes: the weights of linear layers in panels, kernels of 3 x 3
/// transformed.
pub fn laid_out<M: Module>(module: M) -> M {
    module.map(&mut LaidOut { linears: 0, resnets: 0 })
}

fn mapped<const D: usize>(
    param: Param<Tensor<D>>,
    change: impl FnOnce(ParamId, Tensor<D>) -> Tensor<D>,
) -> Param<Tensor<D>> {
    let (id, value, _) = param.consume();
    Param::initialized(id, change(id, value))
}

struct Values<'a>(&'a HashMap<ParamId, Tensor<1>>);

impl ModuleMapper for Values<'_> {
    fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        mapped(param, |id, value| match self.0.get(&id) {
            Some(other) if value.dtype() == DType::F16 => other.clone().reshape(value.dims()).cast(FloatDType::F16),
            Some(other) => other.clone().reshape(value.dims()),
            None => value,
        })
    }
}

struct Full;

impl ModuleMapper for Full {
    fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        mapped(param, |_, value| full(value))
    }
}

struct Half {
    /// Normalisations that the mapper is inside of.
    norms: usize,
}

impl ModuleMapper for Half {
    fn enter_module(&mut self, _name: &str, container: &str) {
        self.norms += usize::from(container == NORM);
    }

    fn exit_module(&mut self, _name: &str, container: &str) {
        self.norms -= usize::from(container == NORM);
    }

    fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        if self.norms > 0 {
            return param;
        }
        mapped(param, |_, value| value.cast(FloatDType::F16))
    }
}

struct LaidOut {
    /// Modules of a kind that the mapper is inside of.
    linears: usize,
    resnets: usize,
}

impl LaidOut {
    fn value<const D: usize>(&self, value: Tensor<D>) -> Tensor<D> {
        let shape = value.dims();
        match *shape.as_slice() {
            _ if !on_processor(&value) => value,
            [d_input, _, _] if self.linears > 0 => match in_panels(numbers(&value.clone().into_data()), d_input) {
                Some(panels) => Tensor::from_data(panels, &value.device()).swap_dims(0, 1),
                None => value,
            },
            // All but the first, which has steps of two.
            [output, input, 3, 3] if self.resnets > 0 && input > 3 => {
                let kernels = numbers(&value.clone().into_data()).to_vec();
                let kernels = Tensor::from_data(winograd::transformed(kernels, output, input), &value.device());
                kernels.swap_dims(0, 2).swap_dims(1, 3)
            }
            _ => value,
        }
    }
}

impl ModuleMapper for LaidOut {
    fn enter_module(&mut self, _name: &str, container: &str) {
        self.linears += usize::from(container == LINEAR);
        self.resnets += usize::from(container == RESNET);
    }

    fn exit_module(&mut self, _name: &str, container: &str) {
        self.linears -= usize::from(container == LINEAR);
        self.resnets -= usize::from(container == RESNET);
    }

    fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        mapped(param, |_, value| self.value(value))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::path::Path;

    use burn::module::ModuleVisitor;
    use burn::tensor::Device;

    use super::*;
    use crate::clip::Model;

    /// What Burn calls the modules that it walks through.
    #[derive(Default)]
    struct Names(BTreeSet<String>);

    impl ModuleVisitor for Names {
        fn enter_module(&mut self, _name: &str, container: &str) {
            self.0.insert(container.into());
        }
    }

    #[test]
    fn the_modules_that_mappers_look_for_are_called_so() {
        let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures");
        let mut names = Names::default();
        for model in ["openai-resnet/model.pt", "clip-f32"] {
            let model = Model::open(&fixtures.join(model), &Device::flex()).unwrap();
            model.towers().visit(&mut names);
        }
        for name in [NORM, LINEAR, RESNET] {
            assert!(names.0.contains(name), "{name} is not among {:?}", names.0);
        }
    }
}
