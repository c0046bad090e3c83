//! What README says is so: its commands exist, nothing asks the network unasked, originals are only read, and every other
//! claim has a test that is named in `CLAIMS.md`.

mod claims;
mod commands;
mod everything;
mod network;
mod originals;
#[path = "../program/mod.rs"]
mod program;
#[path = "../skips/mod.rs"]
mod skips;
mod store;
