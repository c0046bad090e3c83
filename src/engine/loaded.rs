//! A model on a device, and what to do when the device fails.

use burn::tensor::{DType, Device};

use super::device::{DeviceChoice, DeviceInfo, gpu, no_gpu_reason};
use crate::clip::{Embedding, Error, Model, Pixels, Precision, Result, TokenizedText};
use crate::engine::ModelChoice;

/// A loaded model with the place where it computes.
pub struct Loaded {
    /// The model.
    pub model: Model,
    /// Where it computes.
    pub device: DeviceInfo,
    choice: ModelChoice,
}

/// How work on a device ended.
pub enum Tried<T> {
    /// Well.
    Done(T),
    /// The GPU was lost; the model is on the CPU now. A message for the user.
    Moved(String),
}

/// Where a choice of device leads, and what the user should know about it.
pub struct Placement {
    device: Device,
    info: DeviceInfo,
    precision: Precision,
    /// Whether it computes in half precision.
    pub has_half: bool,
    /// Why it is not the device that was asked for.
    pub warning: Option<String>,
}

/// Resolves a choice; never fails, since the CPU is always there. The CPU always computes in full precision.
pub fn place(choice: DeviceChoice, precision: Precision) -> Placement {
    let cpu = |warning| Placement {
        device: Device::flex(),
        info: DeviceInfo::cpu(),
        precision: Precision::Full,
        has_half: false,
        warning,
    };
    if choice == DeviceChoice::Cpu {
        return cpu(None);
    }
    match gpu() {
        Ok(Some((device, info))) => {
            let has_half = device.supports_dtype(DType::F16);
            let too_much = precision == Precision::Half && !has_half;
            Placement {
                precision: if has_half { precision } else { Precision::Full },
                has_half,
                warning: too_much.then(|| format!("{} has no half precision: computing in f32", info.name)),
                device,
                info,
            }
        }
        Ok(None) => cpu((choice == DeviceChoice::Gpu).then(no_gpu_reason)),
        Err(reason) => cpu(Some(format!("{reason}: using the CPU"))),
    }
}

impl Placement {
    /// Whether this is a GPU.
    pub fn is_gpu(&self) -> bool {
        self.info.gpu
    }

    /// Where tensors are made.
    pub fn device(&self) -> &Device {
        &self.device
    }

    /// In which numbers it computes.
    pub fn precision(&self) -> Precision {
        self.precision
    }

    /// What computes, for people.
    pub fn info(&self) -> &DeviceInfo {
        &self.info
    }
}

impl Loaded {
    /// Loads a model onto a device.
    ///
    /// # Errors
    /// The model's files are missing, damaged or do not fit; a GPU that fails while loading is an error, too.
    pub fn open(choice: &ModelChoice, placement: Placement) -> Result<Self> {
        let device = &placement.device;
        let precision = placement.precision;
        let model = guarded(|| {
            let model = match choice {
                ModelChoice::Starter => Model::starter_in(device, precision),
                ModelChoice::Path(path) => Model::open_in(path, device, precision),
            };
            Ok(model?.laid_out())
        })?;
        Ok(Self {
            model,
            device: placement.info,
            choice: choice.clone(),
        })
    }

    /// Embeds pictures; on a lost GPU, moves to the CPU and embeds them there.
    ///
    /// # Errors
    /// The CPU failed as well, or the model cannot be read again.
    pub fn embed_images(&mut self, pictures: &[Pixels]) -> Result<(Vec<Embedding>, Option<String>)> {
        self.with_fallback(|model| model.embed_images(pictures))
    }

    /// The same, where one picture may have an embedding that is no number: it costs that one, not all of them.
    ///
    /// # Errors
    /// As [`Self::embed_images`], but for NaN and infinity.
    pub fn embed_each(&mut self, pictures: &[Pixels]) -> Result<(Vec<Result<Embedding>>, Option<String>)> {
        match self.embed_images(pictures) {
            Ok((embeddings, warning)) => return Ok((embeddings.into_iter().map(Ok).collect(), warning)),
            Err(error @ Error::NotFinite { .. }) if pictures.len() == 1 => return Ok((vec![Err(error)], None)),
            Err(Error::NotFinite { .. }) => {}
            Err(error) => return Err(error),
        }
        let mut each = Vec::with_capacity(pictures.len());
        let mut warnings = None;
        for picture in pictures {
            let (one, warning) = self.embed_each(std::slice::from_ref(picture))?;
            each.extend(one);
            warnings = warnings.or(warning);
        }
        Ok((each, warnings))
    }

    /// Embeds texts; on a lost GPU, moves to the CPU and embeds them there.
    ///
    /// # Errors
    /// The CPU failed as well, or the model cannot be read again.
    pub fn embed_texts(&mut self, texts: &[TokenizedText]) -> Result<(Vec<Embedding>, Option<String>)> {
        self.with_fallback(|model| model.embed_texts(texts))
    }

    /// Runs `work` on the model; on a lost GPU, moves to the CPU, says so, and runs it there.
    ///
    /// # Errors
    /// The CPU failed as well, or the model cannot be read again.
    pub fn with_fallback<T>(&mut self, work: impl Fn(&Model) -> Result<T>) -> Result<(T, Option<String>)> {
        match self.try_on(&work)? {
            Tried::Done(value) => Ok((value, None)),
            Tried::Moved(message) => Ok((guarded(|| work(&self.model))?, Some(message))),
        }
    }

    /// Runs `work` on the model; on a lost GPU, moves to the CPU and leaves it to the caller to start again.
    ///
    /// # Errors
    /// The CPU failed, or the model cannot be read again.
    pub fn try_on<T>(&mut self, work: impl FnOnce(&Model) -> Result<T>) -> Result<Tried<T>> {
        match guarded(|| work(&self.model)) {
            Err(Error::Device(reason)) if self.device.gpu => {
                let message = format!("{} was lost ({reason}): going on with the CPU", self.device.name);
                *self = Self::open(&self.choice, place(DeviceChoice::Cpu, Precision::Full))?;
                Ok(Tried::Moved(message))
            }
            done => done.map(Tried::Done),
        }
    }
}

/// Burn reports some device failures by panicking; here they become errors.
fn guarded<T>(work: impl FnOnce() -> Result<T>) -> Result<T> {
    std::panic::catch_unwind(std::panic::AssertUnwindSafe(work)).unwrap_or_else(|panic| {
        let reason = panic
            .downcast_ref::<String>()
            .cloned()
            .or_else(|| panic.downcast_ref::<&str>().map(ToString::to_string));
        Err(Error::Device(reason.unwrap_or_else(|| "no reason given".into())))
    })
}
