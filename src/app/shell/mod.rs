//! What all modes share: the window, the rail, the theme, widgets, messages, dialogs, keys.

mod about;
pub mod dialogs;
pub mod files;
mod focus;
pub mod history;
pub mod icons;
pub mod keys;
pub mod messages;
mod palette;
pub mod rail;
mod shortcuts;
pub mod status;
pub mod textures;
pub mod theme;
pub mod widgets;
mod window;

pub use dialogs::dialog_ui;
pub use focus::focus_ui;
pub use messages::{drop_hint_ui, messages_ui};
pub use rail::rail_ui;
pub use status::status_ui;
pub use window::{StartError, WindowOptions, run};
