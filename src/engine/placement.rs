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

/// Resolves a choice; never fails, since the CPU is always there. The CPU always computes in full precision, and so does a
/// GPU that has no other.
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
fn computes_in(asked: Precision, has_half: bool) -> (Precision, bool) {
    match (asked, has_half) {
        (Precision::Half, false) => (Precision::Full, true),
        _ => (asked, false),
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
    fn half_precision_is_used_where_it_is_there_and_said_to_be_lacking_where_it_is_not() {
        use Precision::{Full, Half};
        assert_eq!(computes_in(Full, true), (Full, false));
        assert_eq!(computes_in(Full, false), (Full, false));
        assert_eq!(computes_in(Half, true), (Half, false));
        assert_eq!(computes_in(Half, false), (Full, true));
        let on_cpu = place(DeviceChoice::Cpu, Half);
        assert_eq!(on_cpu.precision(), Full);
        assert!(on_cpu.warning.is_none() && !on_cpu.has_half);
    }
}
