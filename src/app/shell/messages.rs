//! Messages over the window: each replaces an older one on its topic, and goes after a while unless it is an error.

use std::time::{Duration, Instant};

use egui::{Align2, Area, CornerRadius, Frame, Id, Margin, Order, RichText, Stroke, Ui, vec2};

use crate::app::command::Command;
use crate::app::shell::icons as icon;
use crate::app::shell::rail;
use crate::app::shell::theme;
use crate::app::shell::widgets::{icon_button, tall_ends_ui};
use crate::app::state::State;
use crate::engine::protocol::{Severity, Topic};

const WIDTH: f32 = 440.0;
/// Width of the icon before a message, with its gap.
const SIGN_WIDTH: f32 = 24.0;
/// Messages that stay on screen.
const MAX_MESSAGES: usize = 3;
/// How long something is shown that merely tells: long enough to be read twice.
const INFO_FOR: Duration = Duration::from_secs(8);
/// The same of what can be answered, and of warnings.
const LONG_FOR: Duration = Duration::from_secs(20);

/// Something to read.
#[derive(Debug, Clone, PartialEq)]
pub struct Message {
    pub severity: Severity,
    pub text: String,
    topic: Option<Topic>,
    /// What can be done about it: a word for a button, and what that does.
    action: Option<(&'static str, Command)>,
    shown_since: Option<Instant>,
}

impl Message {
    /// About nothing in particular. What others named in it is spelt out and cut.
    pub fn new(severity: Severity, text: impl Into<String>) -> Self {
        Self {
            severity,
            text: crate::escape::message(&text.into()),
            topic: None,
            action: None,
            shown_since: None,
        }
    }

    /// About this.
    pub fn about(mut self, topic: Topic) -> Self {
        self.topic = Some(topic);
        self
    }

    /// With something to do about it.
    pub fn with(mut self, word: &'static str, command: Command) -> Self {
        self.action = Some((word, command));
        self
    }

    /// How long it stays; something that failed stays until it is read.
    fn stays(&self) -> Option<Duration> {
        match self.severity {
            Severity::Error => None,
            Severity::Warning => Some(LONG_FOR),
            Severity::Info if self.action.is_some() => Some(LONG_FOR),
            Severity::Info => Some(INFO_FOR),
        }
    }
}

/// What is shown at the moment, the newest last.
#[derive(Debug, Clone, Default)]
pub struct Messages(Vec<Message>);

impl Messages {
    /// Shows one more. What said the same, or something older about the same, goes.
    pub fn add(&mut self, message: Message) {
        let same_topic = |known: &Message| known.topic.is_some() && known.topic == message.topic;
        self.0.retain(|known| known.text != message.text && !same_topic(known));
        self.0.push(message);
        let surplus = self.0.len().saturating_sub(MAX_MESSAGES);
        self.0.drain(..surplus);
    }

    /// What was said about this is not true any more.
    pub fn forget(&mut self, topic: Topic) {
        self.0.retain(|known| known.topic != Some(topic));
    }

    /// Takes one away; what it offered.
    pub fn take(&mut self, place: usize) -> Option<Command> {
        if place >= self.0.len() {
            return None;
        }
        self.0.remove(place).action.map(|(_, command)| command)
    }

    /// Drops what was shown long enough; how long until the next one goes.
    pub fn expire(&mut self, now: Instant) -> Option<Duration> {
        let mut next: Option<Duration> = None;
        self.0.retain_mut(|message| {
            let since = *message.shown_since.get_or_insert(now);
            let Some(stays) = message.stays() else { return true };
            let left = stays.saturating_sub(now.saturating_duration_since(since));
            if !left.is_zero() {
                next = Some(next.map_or(left, |next| next.min(left)));
            }
            !left.is_zero()
        });
        next
    }

    /// The messages, the newest last.
    pub fn iter(&self) -> impl Iterator<Item = &Message> {
        self.0.iter()
    }
}

/// Draws the messages, newest below.
pub fn messages_ui(ui: &mut Ui, state: &State) -> Vec<Command> {
    let mut commands = Vec::new();
    if state.messages.0.is_empty() {
        return commands;
    }
    Area::new(Id::unique("messages"))
        .order(Order::Foreground)
        .anchor(Align2::CENTER_BOTTOM, vec2(0.0, -theme::STATUS_HEIGHT - theme::GAP))
        .show(ui.ctx(), |ui| {
            ui.spacing_mut().item_spacing.y = theme::GAP_SMALL;
            for (place, message) in state.messages.iter().enumerate() {
                commands.extend(message_ui(ui, place, message));
            }
        });
    commands
}

fn message_ui(ui: &mut Ui, place: usize, message: &Message) -> Option<Command> {
    let palette = theme::palette(ui);
    let (sign, colour) = match message.severity {
        Severity::Info => (icon::INFO, palette.accent),
        Severity::Warning => (icon::WARNING, palette.warning),
        Severity::Error => (icon::WARNING_CIRCLE, palette.error),
    };
    let mut command = None;
    Frame::new()
        .fill(palette.surface)
        .stroke(Stroke::new(1.0, colour))
        .corner_radius(CornerRadius::same(theme::RADIUS))
        .inner_margin(Margin::symmetric(12, 8))
        .show(ui, |ui| {
            let width = WIDTH.min(ui.ctx().content_rect().width() - 48.0);
            ui.set_width(width);
            let body = theme::body(theme::SIZE_BODY);
            let word = message.action.as_ref().map(|(word, _)| *word);
            let word_width = word.map_or(0.0, |word| {
                let drawn = ui.painter().layout_no_wrap(word.into(), body.clone(), palette.text);
                drawn.size().x + 2.0 * ui.spacing().button_padding.x + ui.spacing().item_spacing.x
            });
            let right = theme::ICON_BUTTON + word_width;
            let room = width - right - SIGN_WIDTH - ui.spacing().item_spacing.x;
            let text = ui.painter().layout(message.text.clone(), body, palette.text, room);
            let height = text.size().y.max(ui.spacing().interact_size.y);
            tall_ends_ui(
                ui,
                height,
                right,
                &mut command,
                |ui, _| {
                    ui.label(RichText::new(sign).color(colour));
                    ui.label(text);
                },
                |ui, command| {
                    if word.is_some_and(|word| ui.button(word).clicked()) {
                        *command = Some(Command::Answer(place));
                    }
                    if icon_button(ui, icon::X, "Dismiss", false).clicked() {
                        *command = Some(Command::Dismiss(place));
                    }
                },
            );
        });
    command
}

/// Says what happens to files that are dragged over the window.
pub fn drop_hint_ui(ui: &Ui, state: &State) {
    if ui.input(|input| input.raw.hovered_files.is_empty()) {
        return;
    }
    let palette = theme::palette(ui);
    let area = ui.ctx().content_rect();
    let painter = ui
        .ctx()
        .layer_painter(egui::LayerId::new(Order::Foreground, Id::unique("drop hint")));
    painter.rect_filled(area, CornerRadius::ZERO, palette.ground.gamma_multiply(0.85));
    let hint = rail::entry(state.mode).drop_hint;
    painter.text(
        area.center(),
        Align2::CENTER_CENTER,
        format!("{}  {hint}, or a model's weights to load it", icon::DOWNLOAD_SIMPLE),
        theme::strong(theme::SIZE_HEADING),
        palette.text,
    );
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(messages: &Messages) -> Vec<&str> {
        messages.iter().map(|message| message.text.as_str()).collect()
    }

    #[test]
    fn a_message_is_replaced_by_its_successor_and_goes_by_itself_unless_something_failed() {
        let start = Instant::now();
        let mut messages = Messages::default();
        messages.add(Message::new(Severity::Error, "The disk is full"));
        messages.add(Message::new(Severity::Info, "Saving\u{2026}").about(Topic::Saving));
        messages.add(Message::new(Severity::Info, "Saved").about(Topic::Saving));
        messages.add(Message::new(Severity::Warning, "Slow"));
        assert_eq!(texts(&messages), ["The disk is full", "Saved", "Slow"]);
        assert_eq!(messages.expire(start), Some(INFO_FOR));
        assert_eq!(messages.expire(start + INFO_FOR / 2), Some(INFO_FOR / 2));
        assert_eq!(messages.expire(start + INFO_FOR), Some(LONG_FOR - INFO_FOR));
        assert_eq!(texts(&messages), ["The disk is full", "Slow"]);
        assert_eq!(messages.expire(start + 2 * LONG_FOR), None);
        assert_eq!(texts(&messages), ["The disk is full"]);
    }

    #[test]
    fn what_is_not_true_any_more_is_not_shown() {
        let mut messages = Messages::default();
        messages.add(Message::new(Severity::Error, "The model was not opened").about(Topic::Model));
        messages.forget(Topic::Model);
        assert!(texts(&messages).is_empty());
    }

    #[test]
    fn an_answered_message_gives_what_it_offered() {
        let mut messages = Messages::default();
        messages.add(Message::new(Severity::Info, "Deleted").with("Undo", Command::Undo));
        assert_eq!(messages.take(1), None);
        assert_eq!(messages.take(0), Some(Command::Undo));
        assert!(texts(&messages).is_empty());
    }
}
