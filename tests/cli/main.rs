//! The real binary, as a user and as other programs drive it.

mod answers;
mod broken;
mod kept;
mod place;
#[path = "../program/mod.rs"]
mod program;
#[path = "../skips/mod.rs"]
mod skips;
mod upright;
