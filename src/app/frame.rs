//! A frame of the window: handles its input, draws everything, and carries out what was asked for.

use std::path::PathBuf;

use egui::{Context, Frame, Margin, Panel, Ui};

use super::App;
use super::command::Command;
use super::settings::ThemeChoice;
use super::shell;
use super::shell::widgets::{later_ui, reserved};
use super::shell::{keys, theme};
use crate::engine::protocol::{PictureId, Request, Topic};

impl App {
    pub fn ui(&mut self, ui: &mut Ui) {
        let ctx = ui.ctx().clone();
        self.before_drawing(&ctx);
        let mut commands = self.input(&ctx);
        let palette = theme::palette(ui);
        let bar = Frame::new()
            .fill(palette.surface)
            .inner_margin(Margin::symmetric(theme::PANEL_MARGIN, 2));

        // It has its room first, and is read last.
        let status = Panel::bottom("status")
            .exact_size(theme::STATUS_HEIGHT)
            .frame(bar)
            .show(ui, reserved)
            .inner;
        let rail = Frame::new().fill(palette.ground).inner_margin(Margin::symmetric(4, 4));
        Panel::left("rail")
            .exact_size(theme::RAIL_WIDTH)
            .resizable(false)
            .frame(rail)
            .show(ui, |ui| {
                commands.extend(shell::rail_ui(ui, &self.state));
            });
        let mode = shell::rail::entry(self.state.mode);
        let drawn = (mode.ui)(ui, &self.state, &mut self.textures);
        commands.extend(drawn.commands);
        commands.extend(later_ui(ui, "status content", status, |ui| {
            shell::status_ui(ui, &self.state)
        }));
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
        let (lists, renewed) = self.state.explore.listed();
        if self.shown_list != (lists, renewed) {
            if self.shown_list.0 == lists {
                self.textures.outdate();
            } else {
                self.textures.clear();
            }
            self.shown_list = (lists, renewed);
            self.wanted_thumbnails.clear();
            self.wanted_files.clear();
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

    /// The window manager leaves the full screen, too, and enters it.
    fn follow_full_screen(&mut self, ctx: &Context) {
        let now = ctx.input(|input| input.viewport().fullscreen);
        if now == self.seen_full_screen {
            return;
        }
        self.seen_full_screen = now;
        if let Some(now) = now {
            self.state.full_screen = now;
            self.was_full_screen = now;
        }
    }

    fn input(&mut self, ctx: &Context) -> Vec<Command> {
        self.follow_full_screen(ctx);
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
        if missing != self.wanted_files {
            self.wanted_files.clone_from(&missing);
            if !missing.is_empty() {
                self.backend.send(Request::FilePictures(missing));
            }
        }
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
            let name = shell::files::suggested_name(&self.state, dialog);
            self.files.open(dialog, name, move || waker.request_repaint());
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
