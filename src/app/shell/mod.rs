//! What every mode stands in: the window, the rail, the theme, widgets, messages, dialogs, keys.

mod about;
mod dialogs;
pub mod files;
pub mod history;
pub mod icons;
pub mod keys;
mod messages;
mod rail;
pub mod status;
pub mod textures;
pub mod theme;
pub mod widgets;
mod window;

pub use dialogs::dialog_ui;
pub use messages::{drop_hint_ui, messages_ui};
pub use rail::rail_ui;
pub use status::status_ui;
pub use window::{StartError, WindowOptions, run};
