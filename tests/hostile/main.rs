//! Files that want to overwhelm: each costs little, gets one clear sentence, and leaves the rest undone by nobody.

mod bombs;
mod canvases;
mod kills;
mod labels;
mod lists;
mod measured;
mod models;
mod names;
mod outputs;
#[path = "../program/mod.rs"]
mod program;
#[path = "../skips/mod.rs"]
mod skips;
mod tokenizers;
mod weights;
