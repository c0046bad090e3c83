//! Runs: a method's loop, its folder, its checkpoints.

mod blend;
mod estimate;
mod events;
mod export;
mod folder;
mod prepared;
mod start;
mod tested;
mod training_loop;
mod watch;

pub use blend::{BlendPoint, blend_curve, set_blend};
pub use estimate::{Estimate, estimate};
pub use events::{Flip, RunEvent};
pub use export::{Exported, export_run};
pub use folder::{DamagedRun, RunFolder, RunRecord, RunState, Runs};
pub use prepared::{DataReport, Prepared, preview};
pub use start::{RunEnvironment, RunSignals, resume, run};
pub use tested::Tested;
