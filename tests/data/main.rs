//! What data is taken, and that whatever is not is named: the real binary over folders as people have them.

mod captions;
mod classes;
mod copies;
mod files;
mod folder;
mod formats;
mod lists;
#[path = "../program/mod.rs"]
mod program;
mod published;
mod sides;
