//! Files for the user, each written on a thread of its own: a slow disk holds nobody up.

use std::path::{Path, PathBuf};

use crossbeam_channel::Sender;

use super::Events;
use super::pictures::screen_image;
use super::protocol::{Event, HeatmapPicture, Severity, Topic};
use super::threads::spawn;
use crate::library::{Inputs, OutputError, may_write, write_output, write_picture};

/// Writes files for the user.
pub struct Saver {
    pub events: Events,
    /// Held as long as something is not written yet: closing waits a moment for it.
    pub unsaved: Sender<()>,
}

impl Saver {
    /// Writes a text, where that replaces none of these. The dialog has asked whether something else may be replaced.
    pub fn write(&self, path: PathBuf, content: String, inputs: Inputs) {
        self.on_own_thread(move |events| {
            let saved = may_write(&path, &inputs, true).and_then(|()| write_output(&path, content.as_ref(), true));
            tell_saved(events, &path, saved);
        });
    }

    /// Draws heatmaps with their legend, into a file or for the clipboard.
    pub fn draw(&self, picture: Box<HeatmapPicture>, path: Option<PathBuf>, inputs: Inputs) {
        self.on_own_thread(move |events| {
            let drawn = picture.draw();
            match path {
                Some(path) => {
                    let saved = may_write(&path, &inputs, true).and_then(|()| write_picture(&path, &drawn, true));
                    tell_saved(events, &path, saved);
                }
                None => events.send(Event::Drawn(screen_image(drawn))),
            }
        });
    }

    fn on_own_thread(&self, work: impl FnOnce(&Events) + Send + 'static) {
        let (events, unsaved) = (self.events.clone(), self.unsaved.clone());
        spawn("save", &self.events, move || {
            work(&events);
            drop(unsaved);
        });
    }
}

fn tell_saved(events: &Events, path: &Path, saved: Result<(), OutputError>) {
    match saved {
        Ok(()) => events.send(Event::Saved(path.to_path_buf())),
        Err(error) => events.message_about(Topic::Saving, Severity::Error, format!("Not saved: {error}")),
    }
}
