//! The window: `logic` drains events and asks questions, `ui` draws. Neither reads a file or touches a tensor.

pub mod command;
pub mod evaluate;
pub mod explore;
mod frame;
pub mod models;
pub mod settings;
mod shell;
pub mod state;
pub mod train;
mod update;
mod zoom;

use std::path::PathBuf;
use std::time::{Duration, Instant};

use egui::{Context, Id, Ui};

use crate::engine::protocol::{InferenceRequest, LibraryRequest, PictureId, Request, Severity};
use crate::engine::training::TrainingRequest;
use crate::engine::{Backend, ModelChoice};

use command::Command;
use explore::ExploreCommand;
use settings::Settings;
use shell::files::Files;
use shell::textures::Textures;
use shell::theme;
use state::{About, State};
use zoom::Zoom;

pub use shell::{StartError, WindowOptions, run};

/// Typing is answered after a pause of this length.
const DEBOUNCE: Duration = Duration::from_millis(60);
/// Changed settings are kept after this long.
const SAVE_AFTER: Duration = Duration::from_millis(800);

/// Tells the time; in tests, the time that they say it is.
pub type Clock = Box<dyn Fn() -> Instant>;

/// The window's content over an engine, or over a stand-in for one.
pub struct App {
    state: State,
    backend: Box<dyn Backend>,
    clock: Clock,
    textures: Textures,
    files: Files,
    wanted_thumbnails: Vec<PictureId>,
    /// Which list thumbnails are of.
    shown_list: (u64, u64),
    wanted_files: Vec<PathBuf>,
    saved: Settings,
    settings_changed_at: Option<Instant>,
    zoom: Zoom,
    /// What had the focus at the end of the last frame.
    focused_before: Option<Id>,
    dialog_was_open: bool,
    title: String,
    was_full_screen: bool,
    /// What the window manager said of it last.
    seen_full_screen: Option<bool>,
    /// What had it before the dialog was opened.
    focus_to_return: Option<Id>,
}

impl App {
    /// Gives the context its theme and asks the backend for the pictures of the settings.
    pub fn new(ctx: &Context, mut settings: Settings, backend: Box<dyn Backend>) -> Self {
        theme::install(ctx);
        let refused = settings.refuse_long_labels();
        let zoom = Zoom::new(settings.scale, ctx);
        let mut app = Self {
            state: State::new(settings.clone()),
            backend,
            clock: Box::new(Instant::now),
            textures: Textures::default(),
            files: Files::default(),
            wanted_thumbnails: Vec::new(),
            shown_list: (0, 0),
            wanted_files: Vec::new(),
            saved: settings,
            settings_changed_at: None,
            zoom,
            focused_before: None,
            dialog_was_open: false,
            title: String::new(),
            was_full_screen: false,
            seen_full_screen: None,
            focus_to_return: None,
        };
        if let Some(refusal) = explore::label_rows::refusal(&refused) {
            app.execute(refusal);
        }
        app.state.asked_model = Some(app.state.settings.model.clone());
        // Models of runs are called as the runs are.
        app.backend.send(Request::Training(TrainingRequest::List));
        let list = explore::list(&mut app.state);
        app.backend.send(list);
        let method = app.state.settings.heatmap_method;
        app.backend
            .send(Request::Inference(InferenceRequest::UseHeatmap(method)));
        let question = explore::ask(&mut app.state);
        app.backend.send(question);
        app
    }

    /// The engine was started with this model, which is another than that of the settings where the command line says so.
    pub fn with_model(mut self, model: ModelChoice) -> Self {
        self.state.asked_model = Some(model);
        self
    }

    /// With what was found out before there was a window.
    pub fn with_warnings(mut self, warnings: Vec<String>) -> Self {
        for text in warnings {
            self.state.say(Severity::Warning, text);
        }
        self
    }

    /// As another version would be, on another machine.
    pub fn with_about(mut self, about: About) -> Self {
        self.state.about = about;
        self
    }

    /// With a clock that tests can set.
    pub fn with_clock(mut self, clock: Clock) -> Self {
        self.clock = clock;
        self
    }

    /// What the window knows.
    pub fn state(&self) -> &State {
        &self.state
    }

    /// Carries out a command, as a click or a key would.
    pub fn execute(&mut self, command: Command) {
        let now = (self.clock)();
        for request in update::update(&mut self.state, command, now) {
            self.backend.send(request);
        }
    }

    /// Drains events and asks what is due. Also called while the window is hidden.
    pub fn logic(&mut self, ctx: &Context) {
        while let Some(event) = self.backend.next_event() {
            self.state.apply(event);
        }
        for command in self.files.chosen() {
            self.execute(command);
        }
        if let Some(choice) = self.state.wanted_model.take() {
            self.execute(Command::LoadModel(choice));
        }
        let now = (self.clock)();
        for request in self.state.evaluating.take_wanted() {
            self.backend.send(Request::Evaluation(request));
        }
        self.ask_when_due(ctx, now);
        let waits = [self.state.reorder(now), self.state.messages.expire(now)];
        for wait in waits.into_iter().flatten() {
            ctx.request_repaint_after(wait);
        }
        if let Some(outdated) = self.state.explore.take_outdated() {
            self.execute(Command::Explore(ExploreCommand::ReadAgain(outdated)));
        }
        if let Some(test) = evaluate::due_test(&mut self.state) {
            self.execute(test);
        }
        if let Some(first) = self.state.first_worth_showing() {
            self.execute(Command::Explore(ExploreCommand::ShowFirst(first)));
        }
        self.save_when_due(ctx, now);
    }

    fn ask_when_due(&mut self, ctx: &Context, now: Instant) {
        let Some(changed_at) = self.state.explore.asking().changed_at else {
            return;
        };
        let waited = now.saturating_duration_since(changed_at);
        if waited >= DEBOUNCE {
            let question = explore::ask(&mut self.state);
            self.backend.send(question);
        } else {
            ctx.request_repaint_after(DEBOUNCE - waited);
        }
    }

    fn save_when_due(&mut self, ctx: &Context, now: Instant) {
        if self.state.settings == self.saved {
            self.settings_changed_at = None;
            return;
        }
        let changed_at = *self.settings_changed_at.get_or_insert(now);
        if now - changed_at >= SAVE_AFTER {
            self.save();
        } else {
            ctx.request_repaint_after(SAVE_AFTER - (now - changed_at));
        }
    }

    fn save(&mut self) {
        self.settings_changed_at = None;
        let (changes, refused) = self.state.settings.changes_since(&self.saved);
        self.saved = self.state.settings.clone();
        if !changes.is_empty() {
            self.backend
                .send(Request::Library(LibraryRequest::SaveSettings(changes)));
        }
        for name in refused {
            let text = format!("The setting \"{name}\" was not saved: what it is now could not be read again");
            self.state.say(Severity::Error, text);
        }
    }

    /// Keeps what is not kept yet; the window is about to close.
    pub fn close(&mut self) {
        if self.state.settings != self.saved {
            self.save();
        }
    }
}

impl eframe::App for App {
    fn logic(&mut self, ctx: &Context, _frame: &mut eframe::Frame) {
        App::logic(self, ctx);
    }

    fn ui(&mut self, ui: &mut Ui, _frame: &mut eframe::Frame) {
        App::ui(self, ui);
    }

    fn on_exit(&mut self) {
        self.close();
    }
}
