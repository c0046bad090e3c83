//! The window: `logic` drains events and asks questions, `ui` draws. Neither reads a file or touches a tensor.

pub mod command;
pub mod evaluate;
pub mod explore;
pub mod models;
pub mod settings;
mod shell;
pub mod state;
pub mod train;
mod update;

use std::path::PathBuf;
use std::time::{Duration, Instant};

use egui::{Context, Frame, Id, Margin, Panel, Ui};

use crate::engine::protocol::{InferenceRequest, LibraryRequest, PictureId, Request, Severity, Topic};
use crate::engine::training::TrainingRequest;
use crate::engine::{Backend, ModelChoice};

use command::Command;
use settings::{Settings, ThemeChoice};
use shell::files::Files;
use shell::textures::Textures;
use shell::{keys, theme};
use state::{Mode, State};

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
    thumbnails_library: u64,
    wanted_files: Vec<PathBuf>,
    saved: Settings,
    settings_changed_at: Option<Instant>,
    zoom: Zoom,
    /// What had the focus at the end of the last frame.
    focused_before: Option<Id>,
    dialog_was_open: bool,
    title: String,
    was_full_screen: bool,
    /// What had it before the dialog was opened.
    focus_to_return: Option<Id>,
}

/// The size of everything, which two can change: the settings, and egui with Ctrl and + or -.
struct Zoom {
    /// What both had last.
    known: f32,
    /// What egui was told, and shows from the next frame on.
    told: Option<f32>,
}

impl Zoom {
    /// Whoever changed it leads, the other one follows.
    fn follow(&mut self, scale: &mut f32, ctx: &Context) {
        let differs = |a: f32, b: f32| (a - b).abs() > f32::EPSILON;
        if differs(*scale, self.known) {
            ctx.set_zoom_factor(*scale);
            (self.known, self.told) = (*scale, Some(*scale));
            return;
        }
        let zoom = ctx.zoom_factor();
        match self.told {
            Some(told) if differs(zoom, told) => {}
            _ => {
                self.told = None;
                self.known = zoom;
                *scale = zoom;
            }
        }
    }
}

impl App {
    /// Gives the context its theme and asks the backend for the pictures of the settings.
    pub fn new(ctx: &Context, mut settings: Settings, backend: Box<dyn Backend>) -> Self {
        theme::install(ctx);
        let refused = settings.refuse_long_labels();
        let scale = settings.scale;
        let mut app = Self {
            state: State::new(settings.clone()),
            backend,
            clock: Box::new(Instant::now),
            textures: Textures::default(),
            files: Files::default(),
            wanted_thumbnails: Vec::new(),
            thumbnails_library: 0,
            wanted_files: Vec::new(),
            saved: settings,
            settings_changed_at: None,
            zoom: Zoom {
                known: scale,
                told: Some(scale),
            },
            focused_before: None,
            dialog_was_open: false,
            title: String::new(),
            was_full_screen: false,
            focus_to_return: None,
        };
        ctx.set_zoom_factor(scale);
        if let Some(refusal) = explore::labels::refusal(&refused) {
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
    pub fn asked_for(mut self, model: ModelChoice) -> Self {
        self.state.asked_model = Some(model);
        self
    }

    /// Something was found out before there was a window.
    pub fn told(mut self, notes: Vec<String>) -> Self {
        for text in notes {
            self.state.say(Severity::Warning, text);
        }
        self
    }

    /// With another clock.
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
        if self.state.mode == Mode::Train {
            let missing = self.state.training.missing_pictures();
            if !missing.is_empty() {
                self.backend.send(Request::Training(TrainingRequest::Small(missing)));
            }
        }
        for request in self.state.evaluating.take_wanted() {
            self.backend.send(Request::Evaluation(request));
        }
        self.ask_when_due(ctx, now);
        let waits = [self.state.reorder(now), self.state.messages.expire(now)];
        for wait in waits.into_iter().flatten() {
            ctx.request_repaint_after(wait);
        }
        if let Some(restored) = self.state.explore.take_restored() {
            self.execute(Command::ShowFirst(restored));
        }
        if let Some(first) = self.state.first_worth_showing() {
            self.execute(Command::ShowFirst(first));
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

    /// Draws the window.
    pub fn ui(&mut self, ui: &mut Ui) {
        let ctx = ui.ctx().clone();
        self.before_drawing(&ctx);
        let mut commands = self.input(&ctx);
        let palette = theme::palette(ui);
        let bar = Frame::new()
            .fill(palette.surface)
            .inner_margin(Margin::symmetric(theme::PANEL_MARGIN, 2));

        Panel::bottom("status")
            .exact_size(theme::STATUS_HEIGHT)
            .frame(bar)
            .show(ui, |ui| {
                commands.extend(shell::status_ui(ui, &self.state));
            });
        let rail = Frame::new().fill(palette.ground).inner_margin(Margin::symmetric(4, 4));
        Panel::left("rail")
            .exact_size(theme::RAIL_WIDTH)
            .resizable(false)
            .frame(rail)
            .show(ui, |ui| {
                commands.extend(shell::rail_ui(ui, &self.state));
            });
        let mode = shell::rail::entry(self.state.mode);
        let drawn = (mode.ui)(ui, &mut self.state, &mut self.textures);
        commands.extend(drawn.commands);
        commands.extend(shell::messages_ui(ui, &self.state));
        commands.extend(shell::dialog_ui(ui, &self.state));
        shell::drop_hint_ui(ui, &self.state);
        shell::focus_ui(&ctx);

        self.want_thumbnails(drawn.missing);
        self.want_files(drawn.missing_files);
        for command in commands {
            self.execute(command);
        }
        self.after_drawing(&ctx);
    }

    fn before_drawing(&mut self, ctx: &Context) {
        self.textures.begin_frame();
        if self.thumbnails_library != self.state.explore.library() {
            self.thumbnails_library = self.state.explore.library();
            self.textures.clear();
            self.wanted_thumbnails.clear();
        }
        for (picture, image) in self.state.explore.take_thumbnails() {
            self.textures.add_thumbnail(ctx, picture, &image);
        }
        for (path, image) in std::mem::take(&mut self.state.new_file_pictures) {
            self.textures.add_file(ctx, path, &image);
        }
        let preference = match self.state.settings.theme {
            ThemeChoice::System => egui::ThemePreference::System,
            ThemeChoice::Light => egui::ThemePreference::Light,
            ThemeChoice::Dark => egui::ThemePreference::Dark,
        };
        ctx.set_theme(preference);
    }

    fn input(&mut self, ctx: &Context) -> Vec<Command> {
        self.state.dark = ctx.theme() == egui::Theme::Dark;
        self.state.pixels_per_point = ctx.pixels_per_point();
        let focus = self.focus(ctx);
        if focus != keys::Focus::Text {
            self.state.explore.end_typing();
        }
        let commands = ctx.input_mut(|input| keys::commands(input, &self.state, focus));
        let dropped = ctx.input(|input| {
            input
                .raw
                .dropped_files
                .iter()
                .map(|file| file.path().to_path_buf())
                .collect()
        });
        let waker = ctx.clone();
        self.files.take_dropped(dropped, move || waker.request_repaint());
        commands
    }

    /// Who has the keyboard. Esc takes the focus away before anybody asks: what had it until then hears it.
    fn focus(&mut self, ctx: &Context) -> keys::Focus {
        if ctx.text_edit_focused() {
            return keys::Focus::Text;
        }
        let focused = ctx.memory(|memory| memory.focused());
        if focused.is_some() || self.focused_before.is_some() || egui::Popup::is_any_open(ctx) {
            keys::Focus::Control
        } else {
            keys::Focus::Free
        }
    }

    /// The window is called after the folder and the model.
    fn show_title(&mut self, ctx: &Context) {
        let title = shell::status::window_title(&self.state);
        if title != self.title {
            self.title.clone_from(&title);
            ctx.send_viewport_cmd(egui::ViewportCommand::Title(title));
        }
    }

    /// A dialog gives the focus back to what had it before.
    fn return_focus(&mut self, ctx: &Context) {
        let is_open = self.state.dialog.is_some();
        if is_open != self.dialog_was_open {
            self.dialog_was_open = is_open;
            if is_open {
                self.focus_to_return = self.focused_before;
            } else if let Some(id) = self.focus_to_return.take() {
                ctx.memory_mut(|memory| memory.request_focus(id));
            }
        }
        self.focused_before = ctx.memory(|memory| memory.focused());
    }

    /// Asks for the files on screen that are not in the list, once for each set of them.
    fn want_files(&mut self, mut missing: Vec<PathBuf>) {
        missing.dedup();
        if missing.is_empty() || missing == self.wanted_files {
            return;
        }
        self.wanted_files.clone_from(&missing);
        self.backend.send(Request::FilePictures(missing));
    }

    /// Asks for the thumbnails on screen, once for each set of them.
    fn want_thumbnails(&mut self, missing: Vec<PictureId>) {
        if missing.is_empty() || missing == self.wanted_thumbnails {
            return;
        }
        self.wanted_thumbnails.clone_from(&missing);
        self.backend.send(Request::Thumbnails {
            library: self.state.explore.library(),
            pictures: missing,
        });
    }

    fn after_drawing(&mut self, ctx: &Context) {
        if let Some(folder) = self.state.wanted_folder.take() {
            let waker = ctx.clone();
            self.files.show(folder, move || waker.request_repaint());
        }
        if let Some(dialog) = self.state.wanted_dialog.take() {
            let waker = ctx.clone();
            self.files.open(dialog, move || waker.request_repaint());
        }
        let (text, picture) = self.state.explore.take_for_clipboard();
        if let Some(text) = text {
            ctx.copy_text(text);
        }
        if let Some((image, what)) = picture {
            let pixels = egui::ColorImage::from_rgb([image.width, image.height], &image.rgb);
            ctx.copy_image(pixels);
            self.state.say_about(Topic::Saving, what);
        }
        self.return_focus(ctx);
        self.show_title(ctx);
        if self.state.full_screen != self.was_full_screen {
            self.was_full_screen = self.state.full_screen;
            ctx.send_viewport_cmd(egui::ViewportCommand::Fullscreen(self.was_full_screen));
        }
        let settings = &mut self.state.settings;
        self.zoom.follow(&mut settings.scale, ctx);
        let size = ctx.viewport_rect().size();
        settings.window_size = (size.x * settings.scale, size.y * settings.scale);
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
