//! Where a model computes, and in which precision, as far as the machine allows what was asked for.

use burn::tensor::{DType, Device};

use super::device::{DeviceChoice, DeviceInfo, gpu, no_gpu_reason};
use crate::clip::Precision;

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

/// Resolves a choice; never fails, since the CPU is always there. The CPU always computes in full precision, a GPU in
/// what was asked for, else in [`Precision::USUAL`], where it has that.
pub fn place(choice: DeviceChoice, precision: Option<Precision>) -> Placement {
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
            let (computes_in, lacking) = computes_in(precision, has_half);
            Placement {
                precision: computes_in,
                has_half,
                warning: lacking.then(|| format!("{} has no half precision: computing in f32", info.name)),
                device,
                info,
            }
        }
        Ok(None) => cpu((choice == DeviceChoice::Gpu).then(no_gpu_reason)),
        Err(reason) => cpu(Some(format!("{reason}: using the CPU"))),
    }
}

/// What a GPU computes in, and whether that is less than what was asked for.
fn computes_in(asked: Option<Precision>, has_half: bool) -> (Precision, bool) {
    let wanted = asked.unwrap_or(Precision::USUAL);
    match (wanted, has_half) {
        (Precision::Half, false) => (Precision::Full, asked.is_some()),
        _ => (wanted, false),
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

    /// The precision in which it computes.
    pub fn precision(&self) -> Precision {
        self.precision
    }

    /// What computes, for people.
    pub fn info(&self) -> &DeviceInfo {
        &self.info
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn half_precision_is_usual_where_it_is_there_and_lacking_only_where_it_was_asked_for() {
        use Precision::{Full, Half};
        assert_eq!(computes_in(None, true), (Half, false));
        assert_eq!(computes_in(None, false), (Full, false));
        assert_eq!(computes_in(Some(Full), true), (Full, false));
        assert_eq!(computes_in(Some(Half), true), (Half, false));
        assert_eq!(computes_in(Some(Half), false), (Full, true));
        let on_cpu = place(DeviceChoice::Cpu, Some(Half));
        assert_eq!(on_cpu.precision(), Full);
        assert!(on_cpu.warning.is_none() && !on_cpu.has_half);
    }
}
