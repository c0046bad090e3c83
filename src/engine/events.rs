//! Where the engine's threads say what they have to say.

use std::sync::Arc;

use crossbeam_channel::Sender;

use super::protocol::{Event, Severity, Topic};

/// Called after every event, from any thread: the window asks for a repaint.
pub type Wake = Arc<dyn Fn() + Send + Sync>;

/// Where events go.
#[derive(Clone)]
pub struct Events {
    sender: Sender<Event>,
    wake: Wake,
}

impl Events {
    pub(super) fn new(sender: Sender<Event>, wake: Wake) -> Self {
        Self { sender, wake }
    }

    pub(super) fn send(&self, event: Event) {
        let _ = self.sender.send(event);
        (self.wake)();
    }

    pub(super) fn message(&self, severity: Severity, text: String) {
        let topic = None;
        self.send(Event::Message { severity, topic, text });
    }

    /// A message that replaces what was said about the same.
    pub(super) fn message_about(&self, topic: Topic, severity: Severity, text: String) {
        let topic = Some(topic);
        self.send(Event::Message { severity, topic, text });
    }

    /// Events, and who hears them.
    #[cfg(test)]
    pub(super) fn listened_to() -> (Self, crossbeam_channel::Receiver<Event>) {
        let (sender, receiver) = crossbeam_channel::unbounded();
        let wake: Wake = Arc::new(|| {});
        (Self { sender, wake }, receiver)
    }
}
