//! What this program is, for `--version`, the log and the window.

use std::sync::LazyLock;

/// Version, commit, and what it computes with.
pub fn version() -> &'static str {
    static VERSION: LazyLock<String> = LazyLock::new(|| {
        format!(
            "{} ({}; GPU: {} through wgpu; CPU: Burn's flex)",
            env!("CARGO_PKG_VERSION"),
            env!("CLIPSIGHT_COMMIT"),
            GPU_BACKEND,
        )
    });
    &VERSION
}

const GPU_BACKEND: &str = if cfg!(target_os = "macos") { "Metal" } else { "Vulkan" };
