//! Other programs' noise, kept off our standard error.

/// A layer of Mesa asks Wayland which graphics card is the screen's, and says `error: XDG_RUNTIME_DIR is invalid` to
/// whoever reads our standard error where there is no such folder, as on servers. It can only be told by the environment,
/// which a process cannot change safely once it runs: so we are started again, in the same process, with it.
pub fn without_noise() {
    #[cfg(target_os = "linux")]
    {
        use std::os::unix::process::CommandExt;
        let runtime = std::env::var_os("XDG_RUNTIME_DIR").unwrap_or_default();
        let asked = std::path::Path::new(&runtime).is_absolute();
        if asked || std::env::var_os(QUIET).is_some() {
            return;
        }
        let mut arguments = std::env::args_os();
        let own_name = arguments.next();
        if let (Some(own_name), Ok(program)) = (own_name, std::env::current_exe()) {
            // Returns only where it fails; then there is noise.
            let error = std::process::Command::new(program)
                .arg0(own_name)
                .args(arguments)
                .env(QUIET, "1")
                .exec();
            tracing::warn!("Clipsight could not be started without noise: {error}");
        }
    }
}

/// Switches that layer off.
#[cfg(target_os = "linux")]
const QUIET: &str = "NODEVICE_SELECT";
