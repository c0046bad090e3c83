//! The keyboard: one table, by which keys are answered and from which the page of shortcuts, the palette and the hints in
//! menus are drawn. Each mode brings its own rows (`keys.rs` in its folder); those for the whole window are here.
//!
//! `1` to `9`, `P`, `X` and `U` are kept free for labels by hand.

use egui::{Event, InputState, Key, Modifiers};

use crate::app::command::{Command, Dialog};
use crate::app::settings::ThemeChoice;
use crate::app::shell::rail;
use crate::app::state::{Mode, State};

/// A key with what is held down with it.
pub type Trigger = (Modifiers, Key);

/// No other key is held.
pub const PLAIN: Modifiers = Modifiers::NONE;
/// Ctrl; Command on a Mac.
pub const CTRL: Modifiers = Modifiers::COMMAND;
/// Both.
pub const CTRL_SHIFT: Modifiers = Modifiers::COMMAND.plus(Modifiers::SHIFT);

/// When a key is heard.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Heard {
    /// Also while text is typed.
    Always,
    /// Unless text is typed.
    OutsideText,
    /// Only while nothing has the focus: a button is clicked with it, a slider moved.
    Unfocused,
}

/// What a key asks for; the number is its place in its family. None where that cannot be done now.
pub type Asks = fn(&State, usize) -> Option<Command>;

/// A row of the table.
#[derive(Clone, Copy)]
pub struct Binding {
    /// What it has to do with, for the page of shortcuts.
    pub group: &'static str,
    /// What it does, for people.
    pub what: &'static str,
    /// A name for a family of keys, or for keys that are answered elsewhere.
    written: Option<&'static str>,
    triggers: &'static [Trigger],
    heard: Heard,
    asks: Asks,
}

impl Binding {
    /// A key, or several that do the same.
    pub const fn new(group: &'static str, triggers: &'static [Trigger], what: &'static str, asks: Asks) -> Self {
        Self {
            group,
            what,
            written: None,
            triggers,
            heard: Heard::OutsideText,
            asks,
        }
    }

    /// Keys that do similar things, such as the arrows.
    pub const fn family(
        group: &'static str,
        written: &'static str,
        triggers: &'static [Trigger],
        what: &'static str,
        asks: Asks,
    ) -> Self {
        let mut binding = Self::new(group, triggers, what, asks);
        binding.written = Some(written);
        binding
    }

    /// Keys that the window's widgets answer by themselves.
    pub const fn note(group: &'static str, written: &'static str, what: &'static str) -> Self {
        Self::family(group, written, &[], what, |_, _| None)
    }

    /// Something that has no key, for the palette.
    pub const fn keyless(group: &'static str, what: &'static str, asks: Asks) -> Self {
        Self::new(group, &[], what, asks)
    }

    /// The same, heard then.
    pub const fn heard(mut self, heard: Heard) -> Self {
        self.heard = heard;
        self
    }

    /// The keys as people read them; empty where there are none.
    pub fn keys(&self) -> String {
        match self.written {
            Some(written) => for_this_platform(written),
            None => self.triggers.iter().map(written).collect::<Vec<_>>().join(", "),
        }
    }

    /// What the palette runs; a family is no single command.
    pub fn command(&self, state: &State) -> Option<Command> {
        self.written.is_none().then(|| (self.asks)(state, 0)).flatten()
    }
}

fn written(&(modifiers, key): &Trigger) -> String {
    let mut text = String::new();
    for (held, name) in [
        (modifiers.command, "Ctrl+"),
        (modifiers.alt, "Alt+"),
        (modifiers.shift, "Shift+"),
    ] {
        if held {
            text += name;
        }
    }
    text += match key {
        Key::Escape => "Esc",
        Key::OpenBracket => "[",
        Key::CloseBracket => "]",
        Key::Slash => "/",
        Key::Comma => ",",
        Key::Period => ".",
        Key::Plus => "+",
        Key::Minus => "-",
        Key::Questionmark => "?",
        other => other.name(),
    };
    for_this_platform(&text)
}

/// Keys as they are called here.
pub fn for_this_platform(text: &str) -> String {
    if cfg!(target_os = "macos") {
        text.replace("Ctrl", "Cmd")
    } else {
        text.to_owned()
    }
}

const WINDOW: &str = "Window";

/// Rows for the whole window.
const GENERAL: &[Binding] = &[
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
    Binding::note(WINDOW, "Ctrl with + - 0", "Everything larger, smaller, as it was"),
    Binding::new(WINDOW, &[(CTRL, Key::Z)], "Undo", |_, _| Some(Command::Undo)),
    Binding::new(WINDOW, &[(CTRL_SHIFT, Key::Z), (CTRL, Key::Y)], "Redo", |_, _| {
        Some(Command::Redo)
    }),
    Binding::note(WINDOW, "Tab, Shift+Tab", "To the next control, to the one before"),
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

/// `1` to `9` with what is held.
pub const fn numbers(held: Modifiers) -> [Trigger; 9] {
    [
        (held, Key::Num1),
        (held, Key::Num2),
        (held, Key::Num3),
        (held, Key::Num4),
        (held, Key::Num5),
        (held, Key::Num6),
        (held, Key::Num7),
        (held, Key::Num8),
        (held, Key::Num9),
    ]
}

/// Who has the keyboard.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Focus {
    /// Nobody: every key is ours.
    Free,
    /// Something that is clicked with Enter or Space.
    Control,
    /// A text field: only keys that are always heard are ours.
    Text,
}

impl Focus {
    fn hears(self, heard: Heard) -> bool {
        match self {
            Self::Free => true,
            Self::Control => heard != Heard::Unfocused,
            Self::Text => heard == Heard::Always,
        }
    }
}

/// The rows of a mode, then those for the whole window.
fn of_mode(mode: Mode) -> impl Iterator<Item = &'static Binding> {
    rail::entry(mode).keys.iter().chain(GENERAL)
}

/// Every row, by mode; those for the whole window first.
pub fn all() -> impl Iterator<Item = (Option<Mode>, &'static Binding)> {
    let general = GENERAL.iter().map(|binding| (None, binding));
    let modes = rail::MODES.iter();
    general.chain(modes.flat_map(|entry| entry.keys.iter().map(|binding| (Some(entry.mode), binding))))
}

/// What the keys of this frame ask for. What is answered here, no widget hears any more.
pub fn commands(input: &mut InputState, state: &State, focus: Focus) -> Vec<Command> {
    let mut commands = Vec::new();
    if state.dialog.is_some() {
        return commands;
    }
    input.events.retain(|event| {
        let Event::Key {
            key,
            pressed: true,
            modifiers,
            ..
        } = event
        else {
            return true;
        };
        let asked = of_mode(state.mode)
            .filter(|binding| focus.hears(binding.heard))
            .find_map(|binding| {
                let place = binding
                    .triggers
                    .iter()
                    .position(|&trigger| is(trigger, *key, *modifiers))?;
                let place = if binding.written.is_some() { place } else { 0 };
                (binding.asks)(state, place)
            });
        // The last level that Esc leads out of, in every mode.
        let leaves = *key == Key::Escape && state.full_screen && focus == Focus::Free;
        let asked = asked.or(leaves.then_some(Command::ToggleFullScreen));
        let is_ours = asked.is_some();
        commands.extend(asked);
        !is_ours
    });
    commands
}

/// Signs are typed with Shift on one keyboard and without on another.
fn is((held, wanted): Trigger, key: Key, modifiers: Modifiers) -> bool {
    let is_sign = matches!(
        wanted,
        Key::Questionmark | Key::Plus | Key::Minus | Key::Slash | Key::OpenBracket | Key::CloseBracket | Key::Comma
    );
    let mut modifiers = modifiers;
    if is_sign {
        modifiers.shift = held.shift;
    }
    key == wanted && modifiers.matches_exact(held)
}

/// The keys for a command in the mode that is open, for menus and hints.
pub fn hint(state: &State, command: &Command) -> Option<String> {
    let binding = of_mode(state.mode).find(|binding| {
        let count = if binding.written.is_some() {
            binding.triggers.len()
        } else {
            1
        };
        !binding.triggers.is_empty() && (0..count).any(|place| (binding.asks)(state, place).as_ref() == Some(command))
    })?;
    match binding.written {
        Some(_) => {
            let place =
                (0..binding.triggers.len()).find(|&place| (binding.asks)(state, place).as_ref() == Some(command))?;
            binding.triggers.get(place).map(written)
        }
        None => binding.triggers.first().map(written),
    }
}

/// Words with the keys for a command behind them, where it has any.
pub fn with_hint(words: &str, state: &State, command: &Command) -> String {
    match hint(state, command) {
        Some(keys) => format!("{words} ({keys})"),
        None => words.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;
    use crate::app::settings::Settings;

    #[test]
    fn no_key_means_two_things_and_those_for_labels_by_hand_are_free() {
        for entry in rail::MODES {
            let mut taken = HashSet::new();
            for binding in of_mode(entry.mode) {
                for (held, key) in binding.triggers {
                    let name = written(&(*held, *key));
                    assert!(taken.insert(name.clone()), "{name} twice in {}", entry.title);
                }
            }
            for free in ["1", "5", "9", "P", "X", "U"] {
                // Evaluate labels by hand with these, where it asks what a picture shows.
                let labels = entry.mode == Mode::Evaluate && ["1", "5"].contains(&free);
                assert!(
                    labels || !taken.contains(free),
                    "{free} is kept free in {}",
                    entry.title
                );
            }
        }
    }

    #[test]
    fn menus_show_the_keys_of_the_table() {
        let state = State::new(Settings::default());
        let hint = |command| hint(&state, &command).unwrap();
        assert_eq!(hint(Command::Undo), "Ctrl+Z");
        assert_eq!(hint(Command::Redo), "Ctrl+Shift+Z");
        assert_eq!(hint(Command::UseMode(Mode::Explore)), "Ctrl+1");
        assert_eq!(hint(Command::OpenDialog(Dialog::Settings)), "Ctrl+,");
        assert_eq!(super::hint(&state, &Command::CloseDialog), None);
    }

    #[test]
    fn a_sign_is_heard_with_and_without_shift_and_a_letter_only_without() {
        let sign = (PLAIN, Key::Questionmark);
        assert!(is(sign, Key::Questionmark, Modifiers::SHIFT) && is(sign, Key::Questionmark, PLAIN));
        assert!(!is((PLAIN, Key::T), Key::T, Modifiers::SHIFT));
        assert!(!is((PLAIN, Key::Z), Key::Z, CTRL) && !is((CTRL, Key::Z), Key::Z, CTRL_SHIFT));
    }
}
