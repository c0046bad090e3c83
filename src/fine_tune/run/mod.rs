//! Runs: a method's loop, its folder, its checkpoints.

mod blend;
mod drive;
mod estimate;
mod events;
mod export;
mod folder;
mod prepared;
mod tested;
mod watch;
mod work;

pub use blend::{BlendPoint, blend_curve, set_blend};
pub use drive::{Control, Start, resume, run};
pub use estimate::{Estimate, estimate};
pub use events::{Flip, RunEvent};
pub use export::{Exported, export_run};
pub use folder::{DamagedRun, RunFolder, RunRecord, RunState, Runs};
pub use prepared::{DataReport, preview};
pub use tested::Tested;
