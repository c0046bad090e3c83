//! Where the model computes: a real GPU through wgpu, else the CPU.

use std::panic::AssertUnwindSafe;
use std::sync::OnceLock;

use burn::tensor::{Device, DeviceKind};
use serde::{Deserialize, Serialize};

/// Overrides the settings and the automatic choice; tests use it. `--device` is stronger still.
pub const DEVICE_VARIABLE: &str = "CLIPSIGHT_DEVICE";

/// CubeCL's own variable for the same as [`TASKS`], which it overrides.
const TASKS_VARIABLE: &str = "CUBECL_WGPU_MAX_TASKS";
/// Launches that go to a GPU together. A pass is about a hundred: while the first half of them computes, the second is
/// recorded, and no more is spent on sending than twice. (CubeCL's default is 32.)
const TASKS: usize = 64;

/// What the user asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum DeviceChoice {
    /// The GPU if there is a real one, else the CPU.
    #[default]
    Auto,
    /// The GPU; the CPU with a warning if there is none.
    Gpu,
    /// The CPU.
    Cpu,
}

impl DeviceChoice {
    /// From `CLIPSIGHT_DEVICE`.
    pub fn from_environment() -> Option<Self> {
        let value = std::env::var(DEVICE_VARIABLE).ok()?;
        Self::from_name(&value.to_lowercase())
    }

    /// Every choice.
    pub const ALL: [Self; 3] = [Self::Auto, Self::Gpu, Self::Cpu];

    /// Its name on the command line and in settings.
    pub fn name(self) -> &'static str {
        match self {
            Self::Auto => "auto",
            Self::Gpu => "gpu",
            Self::Cpu => "cpu",
        }
    }

    fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|choice| choice.name() == name)
    }
}

/// What computes, for people.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeviceInfo {
    /// The GPU's name, or `CPU`.
    pub name: String,
    /// Whether it is a GPU.
    pub gpu: bool,
}

/// A graphics adapter of this machine.
#[derive(Debug, Clone)]
pub struct Adapter {
    /// Its name.
    pub name: String,
    /// How Burn selects it; none for a software renderer, which is slower than the CPU backend.
    kind: Option<DeviceKind>,
}

impl Adapter {
    /// Whether this is a GPU and not a program that imitates one.
    pub fn is_real(&self) -> bool {
        self.kind.is_some()
    }
}

impl DeviceInfo {
    /// The CPU backend.
    pub fn cpu() -> Self {
        Self {
            name: "CPU".into(),
            gpu: false,
        }
    }
}

/// Lists the adapters, best first: discrete, integrated, virtual, software.
///
/// A driver that crashes while it is asked counts as none.
pub fn adapters() -> Vec<Adapter> {
    let listed = std::panic::catch_unwind(|| {
        let mut descriptor = wgpu::InstanceDescriptor::new_without_display_handle();
        descriptor.backends = wgpu::Backends::PRIMARY;
        let instance = wgpu::Instance::new(descriptor);
        pollster::block_on(instance.enumerate_adapters(wgpu::Backends::PRIMARY))
            .iter()
            .map(wgpu::Adapter::get_info)
            .collect::<Vec<_>>()
    });
    let mut counts = [0usize; 3];
    let mut found: Vec<(usize, Adapter)> = listed
        .unwrap_or_default()
        .into_iter()
        .map(|info| {
            let (rank, kind) = rank_and_kind(info.device_type, &mut counts);
            (rank, Adapter { name: info.name, kind })
        })
        .collect();
    found.sort_by_key(|(rank, _)| *rank);
    found.into_iter().map(|(_, adapter)| adapter).collect()
}

fn rank_and_kind(device_type: wgpu::DeviceType, counts: &mut [usize; 3]) -> (usize, Option<DeviceKind>) {
    let mut next = |rank: usize| {
        counts[rank] += 1;
        counts[rank] - 1
    };
    match device_type {
        wgpu::DeviceType::DiscreteGpu => (0, Some(DeviceKind::DiscreteGpu(next(0)))),
        wgpu::DeviceType::IntegratedGpu => (1, Some(DeviceKind::IntegratedGpu(next(1)))),
        wgpu::DeviceType::VirtualGpu => (2, Some(DeviceKind::VirtualGpu(next(2)))),
        wgpu::DeviceType::Cpu | wgpu::DeviceType::Other => (3, None),
    }
}

/// Why there is no GPU, in words that say what to do.
pub fn no_gpu_reason() -> String {
    match adapters().first() {
        Some(adapter) => format!(
            "no GPU found, only the software renderer {}, which is slower than the CPU: using the CPU. Install the \
             driver of your graphics card to use it",
            adapter.name
        ),
        None => "no GPU found: using the CPU. Install the driver of your graphics card to use it".into(),
    }
}

/// The GPU backend on the best real adapter, started once a process; none where there is no such adapter.
///
/// # Errors
/// The adapter exists but does not start.
pub fn gpu() -> Result<Option<(Device, DeviceInfo)>, String> {
    static STARTED: OnceLock<Result<Option<(Device, DeviceInfo)>, String>> = OnceLock::new();
    STARTED.get_or_init(|| start_gpu(&adapters())).clone()
}

fn start_gpu(adapters: &[Adapter]) -> Result<Option<(Device, DeviceInfo)>, String> {
    let Some((adapter, kind)) = adapters
        .iter()
        .find_map(|adapter| Some((adapter, adapter.kind.clone()?)))
    else {
        return Ok(None);
    };
    let info = DeviceInfo {
        name: adapter.name.clone(),
        gpu: true,
    };
    let options = Device::wgpu_options().device_kind(kind);
    let options = match std::env::var_os(TASKS_VARIABLE) {
        Some(_) => options,
        None => options.tasks_max(TASKS),
    };
    match std::panic::catch_unwind(AssertUnwindSafe(|| options.init())) {
        Ok(Ok(device)) => Ok(Some((device, info))),
        Ok(Err(error)) => Err(format!("{} does not start: {error}", adapter.name)),
        Err(_) => Err(format!("{} does not start: its driver failed", adapter.name)),
    }
}
