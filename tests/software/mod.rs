//! A GPU that is a program, for the kernels: Mesa's llvmpipe through OpenGL, that is by WGSL. (Its Vulkan twin crashes on the
//! SPIR-V that is written for Vulkan.) It has no f16. With `CLIPSIGHT_TEST_DEVICE=gpu` it is a real GPU, which has.

#[path = "../skips/mod.rs"]
mod skips;

use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};

use burn::tensor::wgpu::WgpuBackend;
use burn::tensor::{Device, DeviceKind};

/// The adapter, for one test at a time: OpenGL's context is for one thread, and waiting for it counts as failing.
pub fn software() -> Option<(MutexGuard<'static, ()>, Device)> {
    static STARTED: OnceLock<Option<Device>> = OnceLock::new();
    static ONE: Mutex<()> = Mutex::new(());
    let turn = ONE.lock().unwrap_or_else(PoisonError::into_inner);
    let start = || match std::env::var("CLIPSIGHT_TEST_DEVICE").as_deref() {
        Ok("gpu") => Device::wgpu_options().init().ok(),
        _ => {
            let options = Device::wgpu_options().device_kind(DeviceKind::Cpu);
            options.graphics_api(WgpuBackend::Gl).init().ok()
        }
    };
    match STARTED.get_or_init(start) {
        Some(device) => Some((turn, device.clone())),
        None => {
            assert!(
                std::env::var_os("CI").is_none(),
                "no software adapter for OpenGL: install one (see .ci/run)"
            );
            skips::not_checked("no software adapter for OpenGL (Mesa's llvmpipe), so no kernel ran");
            None
        }
    }
}
