//! Runs: a method's loop, its folder, its checkpoints.

mod blend;
mod drive;
mod events;
mod export;
mod folder;

pub use blend::{BlendPoint, blend_curve, set_blend};
pub use drive::{Control, Estimate, Start, estimate, preview, resume, run};
pub use events::{Flip, RunEvent};
pub use export::{Exported, export_run};
pub use folder::{RunFolder, RunRecord, RunState, Runs};
