//! The keyboard: one table, by which keys are answered and from which the page of shortcuts, the palette and the hints in
//! menus are drawn. Each mode brings its own rows (`keys.rs` in its folder); those for the whole window are in [`window`].
//!
//! `1` to `9`, `P`, `X` and `U` are kept free for labels by hand.

mod binding;
mod window;

use egui::{Event, InputState, Key, Modifiers};

use super::rail;
use crate::app::command::Command;
use crate::app::state::{Mode, State};

use binding::{Trigger, written};
use window::GENERAL;

pub use binding::{Binding, CTRL, CTRL_SHIFT, Heard, PLAIN, for_this_platform, numbers};

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

/// Punctuation is typed with Shift on one keyboard and without on another.
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
    use crate::app::command::Dialog;
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
