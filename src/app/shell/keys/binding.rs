//! A row of the table of keys.

use egui::{Key, Modifiers};

use crate::app::command::Command;
use crate::app::state::State;

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
    pub(super) written: Option<&'static str>,
    pub(super) triggers: &'static [Trigger],
    pub(super) heard: Heard,
    pub(super) asks: Asks,
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

pub(super) fn written(&(modifiers, key): &Trigger) -> String {
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
