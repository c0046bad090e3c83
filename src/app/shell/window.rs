//! Opens the window over the real engine.

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use egui::ViewportBuilder;

use crate::app::App;
use crate::app::command::Command;
use crate::app::settings::Settings;
use crate::app::state::Mode;
use crate::clip::Precision;
use crate::engine::ModelChoice;
use crate::engine::{DeviceChoice, Engine, EngineOptions};
use crate::library::{Store, data_dir};
use crate::logging::panic_text;

/// Frames in a row that cannot be drawn until the window is given up.
const MOST_FAILURES: usize = 20;
/// Frames in a row that cannot be drawn until their mode is left for another.
const FAILURES_TO_LEAVE: usize = 5;

/// What the command line asks of the window.
#[derive(Debug, Clone, Default)]
pub struct WindowOptions {
    /// Folders and pictures to open instead of the last ones.
    pub paths: Vec<PathBuf>,
    /// A model instead of the last one.
    pub model: Option<ModelChoice>,
    /// A device instead of the last choice.
    pub device: Option<DeviceChoice>,
    /// The precision in which a GPU computes, instead of the last choice.
    pub precision: Option<Precision>,
}

/// Why there is no window.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// No display, or nothing that can draw.
    #[error(
        "no window can be opened here: there is no display, or nothing that can draw on it. The command line works \
         without: clipsight classify FOLDER --label cat --label dog (clipsight --help lists everything)"
    )]
    NoDisplay(#[source] Option<eframe::Error>),
    /// The window was there, and something in it failed.
    #[error("the window stopped ({reason}). What you made is kept; {}", crate::logging::place())]
    Crashed {
        /// What the panic, or the windowing library, said.
        reason: String,
    },
}

/// Opens the window and returns when it is closed.
///
/// `watch` sees the app after every frame, with the time since the process started.
///
/// # Errors
/// There is no display, or nothing that can draw; or the window failed while it was open.
pub fn run(
    options: WindowOptions,
    started: Instant,
    mut watch: impl FnMut(&App, Instant) -> bool + 'static,
) -> Result<(), StartError> {
    let data_dir = data_dir();
    let (mut settings, notes) = remembered(data_dir.as_deref());
    if !options.paths.is_empty() {
        let paths: Vec<PathBuf> = options
            .paths
            .iter()
            .map(|path| std::path::absolute(path).unwrap_or_else(|_| path.clone()))
            .collect();
        settings.remember_folders(&paths);
        settings.folders = paths;
    }
    let device = options
        .device
        .or_else(DeviceChoice::from_environment)
        .unwrap_or(settings.device);
    let engine_options = EngineOptions {
        data_dir,
        model: options.model.unwrap_or_else(|| settings.model.clone()),
        device,
        precision: options.precision.unwrap_or(settings.precision),
    };
    let model = engine_options.model.clone();
    let (width, height) = settings.window_size;
    let native = eframe::NativeOptions {
        viewport: ViewportBuilder::default()
            .with_title("Clipsight")
            .with_app_id("clipsight")
            .with_inner_size([width.max(800.0), height.max(560.0)])
            .with_min_inner_size([800.0, 560.0])
            .with_drag_and_drop(true),
        ..Default::default()
    };
    let opened = Arc::new(AtomicBool::new(false));
    let is_open = opened.clone();
    let created = Box::new(move |cc: &eframe::CreationContext<'_>| {
        // Whatever fails from here on, there is a display.
        is_open.store(true, Ordering::Relaxed);
        let ctx = cc.egui_ctx.clone();
        let engine = Engine::start(engine_options, Arc::new(move || ctx.request_repaint()));
        let app = App::new(&cc.egui_ctx, settings, Box::new(engine))
            .with_model(model)
            .with_warnings(notes);
        let watched = Watched {
            app,
            failures: 0,
            undone: false,
            watch: Box::new(move |app| watch(app, started)),
        };
        Ok(Box::new(watched) as Box<dyn eframe::App>)
    });
    // The windowing library panics where a display refuses it; a panic once the window is there is another matter.
    let ran = catch_unwind(AssertUnwindSafe(|| eframe::run_native("clipsight", native, created)));
    ended(ran, opened.load(Ordering::Relaxed))
}

/// How it ended, by whether there was a display.
fn ended(ran: std::thread::Result<eframe::Result>, opened: bool) -> Result<(), StartError> {
    let reason = match &ran {
        Ok(Ok(())) => return Ok(()),
        Ok(Err(error)) => error.to_string(),
        Err(panic) => format!("a mistake of ours: {}", panic_text(panic.as_ref())),
    };
    match ran {
        _ if opened => Err(StartError::Crashed { reason }),
        Ok(failed) => Err(StartError::NoDisplay(failed.err())),
        Err(_) => Err(StartError::NoDisplay(None)),
    }
}

/// The settings of the last time, and what there is to say about them. What cannot be read of them is kept as a file, before
/// something else is stored in its place.
fn remembered(data_dir: Option<&Path>) -> (Settings, Vec<String>) {
    let mut store = Store::keeper(data_dir);
    let (settings, misread) = Settings::from_stored(&store.settings());
    let mut notes = store.notes();
    for name in misread {
        let what_became_of_it = match store.keep_aside(&name) {
            Some(Ok(file)) => format!("what was stored is kept in {}", file.display()),
            Some(Err(reason)) => format!("it could not be kept aside either: {reason}"),
            None => "it is gone".into(),
        };
        notes.push(format!(
            "The setting \"{name}\" could not be read, and is as on the first launch; {what_became_of_it}"
        ));
    }
    (settings, notes)
}

/// The app, and something that looks at it after every frame; the window closes when that says so.
struct Watched {
    app: App,
    /// Frames in a row that could not be drawn, or not be prepared.
    failures: usize,
    /// This frame could not be prepared.
    undone: bool,
    watch: Box<dyn FnMut(&App) -> bool>,
}

impl Watched {
    /// A frame that fails is told; only where nothing can be drawn any more, the window ends.
    fn failed(&mut self, what: &str, panic: Box<dyn std::any::Any + Send>) {
        self.failures += 1;
        if self.failures > MOST_FAILURES {
            resume_unwind(panic);
        }
        let reason = panic_text(panic.as_ref());
        let text = format!("{what} ({reason}); {}", crate::logging::place());
        for command in leave(self.app.state().mode, self.failures) {
            self.app.execute(command);
        }
        self.app.execute(Command::Report(text));
    }
}

/// What is left after so many frames in a row that failed: a dialog at once, and then the mode, where a panel that cannot
/// be drawn would end the window within a moment.
fn leave(mode: Mode, failures: usize) -> Vec<Command> {
    let mut left = vec![Command::CloseDialog];
    if failures == FAILURES_TO_LEAVE {
        let other = match mode {
            Mode::Explore => Mode::Models,
            _ => Mode::Explore,
        };
        left.push(Command::UseMode(other));
    }
    left
}

impl eframe::App for Watched {
    fn logic(&mut self, ctx: &egui::Context, frame: &mut eframe::Frame) {
        let done = catch_unwind(AssertUnwindSafe(|| eframe::App::logic(&mut self.app, ctx, frame)));
        self.undone = done.is_err();
        if let Err(panic) = done {
            self.failed("Something that the window was told could not be shown", panic);
        }
    }

    fn ui(&mut self, ui: &mut egui::Ui, frame: &mut eframe::Frame) {
        let drawn = catch_unwind(AssertUnwindSafe(|| eframe::App::ui(&mut self.app, ui, frame)));
        match drawn {
            Ok(()) if !self.undone => self.failures = 0,
            Ok(()) => {}
            Err(panic) => self.failed("A part of the window could not be drawn", panic),
        }
        if (self.watch)(&self.app) {
            ui.ctx().send_viewport_cmd(egui::ViewportCommand::Close);
        }
    }

    fn on_exit(&mut self) {
        eframe::App::on_exit(&mut self.app);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn panic(text: &'static str) -> Box<dyn std::any::Any + Send> {
        Box::new(text)
    }

    #[test]
    fn a_mode_that_cannot_be_drawn_is_left_once_before_the_window_is_given_up() {
        for (mode, other) in [
            (Mode::Explore, Mode::Models),
            (Mode::Train, Mode::Explore),
            (Mode::Evaluate, Mode::Explore),
            (Mode::Models, Mode::Explore),
        ] {
            let left = (1..MOST_FAILURES).flat_map(|failures| leave(mode, failures));
            let modes: Vec<Mode> = left
                .filter_map(|command| match command {
                    Command::UseMode(mode) => Some(mode),
                    _ => None,
                })
                .collect();
            assert_eq!(modes, [other]);
            assert!(matches!(leave(mode, 1)[..], [Command::CloseDialog]));
        }
    }

    #[test]
    fn what_fails_after_the_window_opened_is_never_blamed_on_the_display() {
        let lost = || eframe::Error::AppCreation("the device was lost".into());
        let said = |ran, opened| ended(ran, opened).unwrap_err().to_string();
        assert!(said(Err(panic("no X11")), false).contains("no display"));
        assert!(said(Ok(Err(lost())), false).contains("no display"));
        for (ran, reason) in [
            (Err(panic("index 3")), "index 3"),
            (Ok(Err(lost())), "the device was lost"),
        ] {
            let said = said(ran, true);
            assert!(
                said.contains(reason) && said.contains("log") && !said.contains("display"),
                "{said}"
            );
        }
        assert!(ended(Ok(Ok(())), true).is_ok());
    }
}
