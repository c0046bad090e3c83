//! What happened, for those who look into it later: a file a day in the data folder, and every panic with its backtrace.

use std::any::Any;
use std::backtrace::Backtrace;
use std::fmt;
use std::panic::PanicHookInfo;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};

use tracing_subscriber::EnvFilter;
use tracing_subscriber::filter::LevelFilter;

use crate::escape::visible_lines;
use crate::library::{data_dir, make_data_dir, make_private_folder};
use crate::log_files::LogFiles;
use crate::version::version;

/// Names what is logged, where `--log` says nothing: `warn`, `clipsight=debug`, ...
const VARIABLE: &str = "RUST_LOG";
/// Ours in full, others only where something is wrong.
const DEFAULT: &str = "warn,clipsight=info";

static FOLDER: OnceLock<PathBuf> = OnceLock::new();
static SWITCHED_OFF: AtomicBool = AtomicBool::new(false);

/// The folder of the log files; none where nothing is logged.
pub fn folder() -> Option<&'static Path> {
    FOLDER.get().map(PathBuf::as_path)
}

/// Where a user finds what a message leaves out: in the log, or nowhere.
pub fn place() -> String {
    match folder() {
        Some(folder) => format!("the log in {} says more", folder.display()),
        None if SWITCHED_OFF.load(Ordering::Relaxed) => "no log is kept, since it is switched off".into(),
        None => "no log is kept, since the data folder cannot be written".into(),
    }
}

/// A level, or a filter, that cannot be understood.
#[derive(Debug, thiserror::Error)]
#[error("--log takes error, warn, info, debug, trace or off, or a filter such as clipsight=debug: {0}")]
pub struct BadFilter(String);

/// Starts to log at this level, else at that of `RUST_LOG`. A data folder that cannot be written costs the log alone.
///
/// # Errors
/// The level is not one of these.
pub fn start(level: Option<&str>) -> Result<(), BadFilter> {
    std::panic::set_hook(Box::new(log_panic));
    let wanted = level.map(String::from).or_else(|| std::env::var(VARIABLE).ok());
    let filter = match &wanted {
        Some(wanted) => EnvFilter::builder()
            .parse(wanted)
            .map_err(|error| BadFilter(error.to_string()))?,
        None => EnvFilter::new(DEFAULT),
    };
    if filter.max_level_hint() == Some(LevelFilter::OFF) {
        SWITCHED_OFF.store(true, Ordering::Relaxed);
        return Ok(());
    }
    let Some(data_dir) = data_dir() else { return Ok(()) };
    let folder = data_dir.join("logs");
    if make_data_dir(&data_dir)
        .and_then(|()| make_private_folder(&folder))
        .is_err()
    {
        return Ok(());
    }
    let Some(files) = LogFiles::open(&folder) else {
        return Ok(());
    };
    let logger = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::sync::Mutex::new(files))
        // A log that cannot be written is no news for whoever reads standard error.
        .log_internal_errors(false)
        .with_ansi(false)
        .with_thread_names(true);
    if logger.try_init().is_ok() && FOLDER.set(folder).is_ok() {
        tracing::info!("clipsight {} started", version());
    }
    Ok(())
}

pub fn panic_text(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    let text = text.or_else(|| panic.downcast_ref::<&str>().copied());
    text.unwrap_or("it did not say why").to_owned()
}

/// Into the log where there is one, else to standard error.
fn log_panic(info: &PanicHookInfo<'_>) {
    let panic = Panic {
        info,
        backtrace: Backtrace::force_capture(),
    };
    match folder() {
        Some(_) => tracing::error!("{panic}"),
        None if SWITCHED_OFF.load(Ordering::Relaxed) => {}
        None => eprintln!("clipsight: {}", visible_lines(&panic.to_string())),
    }
}

struct Panic<'a> {
    info: &'a PanicHookInfo<'a>,
    backtrace: Backtrace,
}

impl fmt::Display for Panic<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let thread = std::thread::current();
        let name = thread.name().unwrap_or("without a name");
        write!(f, "panic in the thread {name}: {}\n{}", self.info, self.backtrace)
    }
}
