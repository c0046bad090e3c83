//! What is written, and what is never written: originals, models, numbers that are none, names that terminals obey.

mod numbers;
mod originals;
#[cfg(target_os = "linux")]
mod paths;
mod pipes;
mod place;
#[path = "../program/mod.rs"]
mod program;
mod runs;
mod tables;
mod window;
