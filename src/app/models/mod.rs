//! The mode about models: the one in use, those that are here, and the Hub's, with what this machine can do.

mod fit;
mod palette;
mod panels;
mod state;

pub use fit::{rounded, speed_key};
pub use state::{Fetching, Models, ModelsCommand, Only, Order};

use crate::app::explore;
use crate::app::shell::icons as icon;
use crate::app::shell::rail::{Drawn, ModeEntry};
use crate::app::state::Mode;
use crate::engine::protocol::{HubRequest, Request};

/// The mode, as the rail knows it.
pub const MODE: ModeEntry = ModeEntry {
    mode: Mode::Models,
    title: "Models",
    icon: icon::CUBE,
    keys: &[],
    palette: palette::rows,
    open: |_, _| vec![Request::Hub(HubRequest::ListModels)],
    ui: |ui, state, _| Drawn {
        commands: panels::models_ui(ui, state),
        ..Drawn::default()
    },
    drop_hint: "Drop folders or pictures to open them",
    drop: |state, paths, _| {
        state.mode = Mode::Explore;
        explore::open(state, paths)
    },
    opens_lists: false,
    history: None,
};
