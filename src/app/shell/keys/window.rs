//! The keys of the whole window.

use egui::Key;

use super::binding::{Binding, CTRL, CTRL_SHIFT, Heard, PLAIN, numbers};
use crate::app::command::{Command, Dialog};
use crate::app::settings::ThemeChoice;
use crate::app::shell::rail;
use crate::app::state::Mode;

const WINDOW: &str = "Window";
/// Rows for the whole window.
pub(super) const GENERAL: &[Binding] = &[
    Binding::new(WINDOW, &[(CTRL, Key::K)], "Find a command", |_, _| {
        Some(Command::OpenDialog(Dialog::Palette))
    })
    .heard(Heard::Always),
    Binding::new(
        WINDOW,
        &[(PLAIN, Key::Questionmark), (PLAIN, Key::F1)],
        "Keyboard shortcuts",
        |_, _| Some(Command::OpenDialog(Dialog::Shortcuts)),
    ),
    Binding::new(WINDOW, &[(CTRL, Key::Comma)], "Settings", |_, _| {
        Some(Command::OpenDialog(Dialog::Settings))
    })
    .heard(Heard::Always),
    Binding::new(
        WINDOW,
        &[(PLAIN, Key::T)],
        "Switch between Train and Explore",
        |state, _| {
            let other = if state.mode == Mode::Train {
                Mode::Explore
            } else {
                Mode::Train
            };
            Some(Command::UseMode(other))
        },
    ),
    Binding::new(WINDOW, &[(PLAIN, Key::M)], "Models", |_, _| {
        Some(Command::UseMode(Mode::Models))
    }),
    Binding::family(
        WINDOW,
        "Ctrl+1 to Ctrl+9",
        &numbers(CTRL),
        "The modes of the rail, from the top",
        |_, place| rail::MODES.get(place).map(|entry| Command::UseMode(entry.mode)),
    )
    .heard(Heard::Always),
    Binding::new(WINDOW, &[(PLAIN, Key::D)], "Light or dark", |state, _| {
        let other = if state.dark {
            ThemeChoice::Light
        } else {
            ThemeChoice::Dark
        };
        Some(Command::UseTheme(other))
    }),
    Binding::new(WINDOW, &[(PLAIN, Key::F), (PLAIN, Key::F11)], "Full screen", |_, _| {
        Some(Command::ToggleFullScreen)
    }),
    Binding::note(WINDOW, "Ctrl with + - 0", "Zoom in, out, reset"),
    Binding::new(WINDOW, &[(CTRL, Key::Z)], "Undo", |_, _| Some(Command::Undo)),
    Binding::new(WINDOW, &[(CTRL_SHIFT, Key::Z), (CTRL, Key::Y)], "Redo", |_, _| {
        Some(Command::Redo)
    }),
    Binding::note(WINDOW, "Tab, Shift+Tab", "Next or previous control"),
    Binding::note(WINDOW, "Enter, Space", "Click what has the focus"),
    Binding::note(
        WINDOW,
        "Esc",
        "One level back: close a dialog, leave a field, put a tool away",
    ),
    Binding::keyless(WINDOW, "About Clipsight", |_, _| {
        Some(Command::OpenDialog(Dialog::About))
    }),
];
