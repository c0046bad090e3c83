//! A model on a device, and what to do when the device fails.

mod passes;

use std::panic::{AssertUnwindSafe, catch_unwind};

use burn::tensor::{Device, Tensor};

use super::device::{DeviceChoice, DeviceInfo};
use super::placement::{Placement, place};
use crate::clip::{Error, Model, Precision, Result, numbers};
use crate::engine::ModelChoice;
use crate::logging::{panic_text, place as log_place};

#[cfg(test)]
use passes::Hooks;
pub use passes::{GPU_BATCH, IMAGE_BATCH};
use passes::{Most, is_memory};

/// A loaded model with the place where it computes.
pub struct Loaded {
    /// The model.
    pub model: Model,
    /// Where it computes.
    pub device: DeviceInfo,
    choice: ModelChoice,
    most: Most,
    #[cfg(test)]
    pub hooks: Hooks,
}

/// How work on a device ended.
pub enum Tried<T> {
    /// Well.
    Done(T),
    /// The GPU was lost; the model is on the CPU now. A message for the user.
    Moved(String),
}

impl Loaded {
    /// Loads a model onto a device.
    ///
    /// # Errors
    /// The model's files are missing, damaged or do not fit; a GPU that fails while loading is an error, too.
    pub fn open(choice: &ModelChoice, placement: Placement) -> Result<Self> {
        let (device, precision) = (placement.device(), placement.precision());
        let opened = catch_unwind(AssertUnwindSafe(|| {
            let model = match choice {
                ModelChoice::Starter => Model::starter_in(device, precision),
                ModelChoice::Path(path) => Model::open_in(path, device, precision),
            };
            Ok(model?.laid_out())
        }));
        let model = opened.unwrap_or_else(|panic| {
            Err(Error::Computation {
                model: choice.title(),
                reason: told(&panic_text(panic.as_ref())),
            })
        })?;
        Ok(Self {
            model,
            device: placement.info().clone(),
            choice: choice.clone(),
            most: Most::default(),
            #[cfg(test)]
            hooks: Hooks::default(),
        })
    }

    /// Runs `work` on the model; on a lost GPU, moves to the CPU, says so, and runs it there.
    ///
    /// # Errors
    /// The CPU failed as well, or the model cannot be read again.
    pub fn with_fallback<T>(&mut self, work: impl Fn(&Model) -> Result<T>) -> Result<(T, Option<String>)> {
        match self.try_on(&work)? {
            Tried::Done(value) => Ok((value, None)),
            Tried::Moved(message) => Ok((self.guarded(&work)?, Some(message))),
        }
    }

    /// Runs `work` on the model; on a lost GPU, moves to the CPU and leaves it to the caller to start again.
    ///
    /// # Errors
    /// The CPU failed, or the model cannot be read again.
    pub fn try_on<T>(&mut self, work: impl FnOnce(&Model) -> Result<T>) -> Result<Tried<T>> {
        match self.guarded(work) {
            Err(Error::Device(reason)) if self.device.gpu => Ok(Tried::Moved(self.move_to_cpu(&reason)?)),
            done => done.map(Tried::Done),
        }
    }

    /// Loads the model onto the CPU; what to tell the user.
    fn move_to_cpu(&mut self, reason: &str) -> Result<String> {
        let message = format!("{} was lost ({reason}): going on with the CPU", self.device.name);
        *self = Self::open(&self.choice, place(DeviceChoice::Cpu, Precision::Full))?;
        Ok(message)
    }

    /// Burn reports some failures of a device by panicking, and our own mistakes panic as well. It was the device if that
    /// has no memory left, or cannot add any more; else it is the model that cannot compute this.
    fn guarded<T>(&self, work: impl FnOnce(&Model) -> Result<T>) -> Result<T> {
        catch_unwind(AssertUnwindSafe(|| work(&self.model))).unwrap_or_else(|panic| {
            let reason = panic_text(panic.as_ref());
            if self.device.gpu && (is_memory(&reason) || !can_add(self.model.device())) {
                return Err(Error::Device(reason));
            }
            Err(Error::Computation {
                model: self.model.info().name.clone(),
                reason: told(&reason),
            })
        })
    }
}

/// A panic's words, and where there are more.
fn told(reason: &str) -> String {
    format!("{reason} ({})", log_place())
}

/// Whether a device still computes.
fn can_add(device: &Device) -> bool {
    let sum = catch_unwind(AssertUnwindSafe(|| {
        numbers(Tensor::<1>::ones([8], device) + Tensor::ones([8], device))
    }));
    matches!(sum, Ok(Ok(sum)) if sum == [2.0; 8])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn starter() -> Loaded {
        Loaded::open(&ModelChoice::Starter, place(DeviceChoice::Cpu, Precision::Full)).unwrap()
    }

    #[test]
    fn only_a_device_error_moves_a_model_and_a_mistake_names_it() {
        let mut loaded = starter();
        // As if the CPU, which is well, were a GPU.
        loaded.device = DeviceInfo {
            name: "Card".into(),
            gpu: true,
        };
        let failed = loaded.try_on(|_| -> Result<()> { panic!("a matrix of 3 columns times one of 4 rows") });
        let Err(error @ Error::Computation { .. }) = failed else {
            panic!("a mistake is no lost device")
        };
        let text = error.to_string();
        assert!(text.contains("Starter") && text.contains("3 columns"), "{text}");
        assert!(loaded.device.gpu, "it is where it was");

        let memory = loaded.try_on(|_| -> Result<()> { panic!("Out of memory") });
        assert!(matches!(memory, Ok(Tried::Moved(text)) if text.contains("Card was lost")));
        assert!(!loaded.device.gpu);
        let on_cpu = loaded.try_on(|_| -> Result<()> { Err(Error::Device("gone".into())) });
        assert!(matches!(on_cpu, Err(Error::Device(_))), "there is nowhere else to go");
    }
}
