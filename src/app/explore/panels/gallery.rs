//! The gallery: every picture with its best label, or one of them large.

use egui::{CornerRadius, Frame, Margin, Panel, Rect, RichText, Ui, UiBuilder, Vec2, pos2};

use super::toolbar::toolbar_ui;
use super::{grid, large};
use crate::app::command::{Command, Dialog, FileDialog};
use crate::app::explore::command::{ExploreCommand, Mark};
use crate::app::models::{ModelsCommand, Only, Order};
use crate::app::shell::keys::with_hint;
use crate::app::shell::status::thousands;
use crate::app::shell::textures::Textures;
use crate::app::shell::widgets::{icon_button, note};
use crate::app::shell::{icons as icon, theme};
use crate::app::state::{Mode, State};
use crate::app::train::TrainCommand;
use crate::engine::protocol::PictureId;

/// Height of the bar with commands for marked pictures, until it was drawn once.
const MARKED_HEIGHT: f32 = 36.0;
/// What is above and below its lines.
const MARKED_MARGIN: f32 = 8.0;
/// Height of a line with an icon.
const LINE: f32 = 28.0;

/// Draws the gallery; returns the pictures on screen whose thumbnails are missing.
pub fn gallery_ui(ui: &mut Ui, state: &State, textures: &mut Textures, commands: &mut Vec<Command>) -> Vec<PictureId> {
    let pointed = ui.rect_contains_pointer(ui.max_rect());
    if pointed != state.explore.pointed {
        commands.push(ExploreCommand::PointAtGallery(pointed).into());
    }
    if state.explore.large.is_some() {
        return large::large_ui(ui, state, textures, commands);
    }
    // What is wider than the gallery is cut, and makes nothing below it wider.
    let width = ui.available_width();
    toolbar_ui(ui, state, commands);
    ui.set_max_width(width);
    starter_note_ui(ui, state, commands);
    unread_ui(ui, state, commands);
    ui.set_max_width(width);
    ui.add_space(theme::GAP_SMALL);
    if state.explore.pictures.is_empty() {
        empty_ui(ui, state, commands);
        return Vec::new();
    }
    if state.explore.order().is_empty() {
        nothing_passes_ui(ui, state, commands);
        return Vec::new();
    }
    // Below, and not above or around: the gallery stays what it is, also while a band marks its pictures.
    if !state.explore.marked.is_empty() {
        marked_panel_ui(ui, state, commands);
    }
    grid::grid_ui(ui, state, textures, commands)
}

fn starter_note_ui(ui: &mut Ui, state: &State, commands: &mut Vec<Command>) {
    let starter = state.model.as_ref().is_some_and(|model| model.is_starter());
    if !starter || state.settings.starter_note_hidden {
        return;
    }
    let palette = theme::palette(ui);
    Frame::new()
        .fill(palette.accent_soft)
        .corner_radius(CornerRadius::same(theme::RADIUS))
        .inner_margin(Margin::symmetric(10, 6))
        .show(ui, |ui| {
            let area = ui.available_rect_before_wrap();
            ui.set_width(area.width());
            ui.scope(|ui| {
                ui.set_max_width(area.width() - theme::ICON_BUTTON);
                ui.horizontal_wrapped(|ui| {
                    ui.label(RichText::new(icon::INFO).color(palette.accent));
                    let text = "The built-in starter is not CLIP; it knows everyday objects.";
                    ui.label(RichText::new(text).small().color(palette.text));
                    if ui.link(RichText::new("Get a real CLIP (96 MB)").small()).clicked() {
                        let show = [ModelsCommand::List(Only::default()), ModelsCommand::SortBy(Order::Size)];
                        commands.extend(show.map(Command::Models));
                        commands.push(Command::UseMode(Mode::Models));
                    }
                });
            });
            // Beside the first line, of however many.
            let middle = pos2(area.right() - theme::ICON_BUTTON / 2.0, area.top() + LINE / 2.0);
            let corner = Rect::from_center_size(middle, Vec2::splat(theme::ICON_BUTTON));
            let mut corner = ui.new_child(UiBuilder::new().max_rect(corner));
            if icon_button(&mut corner, icon::X, "Hide this note", false).clicked() {
                commands.push(ExploreCommand::HideStarterNote.into());
            }
        });
}

/// How many pictures are in formats that are not read.
fn unread_ui(ui: &mut Ui, state: &State, commands: &mut Vec<Command>) {
    let text = match state.explore.unread {
        0 => return,
        1 => "1 picture of a kind that is not read yet".to_owned(),
        count => format!("{} pictures of kinds that are not read yet", thousands(count)),
    };
    ui.horizontal(|ui| {
        ui.label(RichText::new(icon::WARNING).color(theme::palette(ui).warning));
        ui.label(note(ui, text));
        if ui.link(RichText::new("Which?").small()).clicked() {
            commands.push(Command::OpenDialog(Dialog::Skipped));
        }
    });
}

fn empty_ui(ui: &mut Ui, state: &State, commands: &mut Vec<Command>) {
    ui.vertical_centered(|ui| {
        ui.add_space(ui.available_height() * 0.3);
        let palette = theme::palette(ui);
        if !state.explore.scanned {
            ui.spinner();
            ui.label(note(ui, "Looking for pictures"));
            return;
        }
        ui.label(
            RichText::new(icon::IMAGES)
                .size(theme::SIZE_EMPTY)
                .color(palette.text_weak),
        );
        ui.label(RichText::new("No pictures here").font(theme::strong(theme::SIZE_HEADING)));
        ui.label(note(ui, "Drop folders or pictures onto this window, or open them."));
        for (path, reason) in state.explore.unreadable.iter().take(1) {
            let text = format!("{}: {reason}", path.display());
            ui.label(RichText::new(text).small().color(palette.error));
        }
        ui.add_space(theme::GAP);
        if ui.button(format!("{}  Open folders…", icon::FOLDER_OPEN)).clicked() {
            commands.push(Command::Choose(FileDialog::Folders));
        }
        if ui.button(format!("{}  Look at the samples", icon::IMAGES)).clicked() {
            commands.push(ExploreCommand::OpenSamples.into());
        }
        if !state.explore.unreadable.is_empty() && ui.button("Show unreadable files").clicked() {
            commands.push(Command::OpenDialog(Dialog::Skipped));
        }
    });
}

fn nothing_passes_ui(ui: &mut Ui, state: &State, commands: &mut Vec<Command>) {
    ui.vertical_centered(|ui| {
        ui.add_space(ui.available_height() * 0.3);
        let palette = theme::palette(ui);
        ui.label(
            RichText::new(icon::FUNNEL_X)
                .size(theme::SIZE_EMPTY)
                .color(palette.text_weak),
        );
        if state.explore.filter.is_off() {
            ui.label(RichText::new("None of the files could be opened").font(theme::strong(theme::SIZE_HEADING)));
            if ui.button("See why").clicked() {
                commands.push(Command::OpenDialog(Dialog::Skipped));
            }
            if ui.button(format!("{}  Open folders…", icon::FOLDER_OPEN)).clicked() {
                commands.push(Command::Choose(FileDialog::Folders));
            }
        } else {
            ui.label(RichText::new("No pictures match").font(theme::strong(theme::SIZE_HEADING)));
            if ui.button("Show all pictures").clicked() {
                commands.push(ExploreCommand::ClearFilters.into());
            }
        }
    });
}

/// The bar with commands for the marked pictures, as high as its lines are many.
fn marked_panel_ui(ui: &mut Ui, state: &State, commands: &mut Vec<Command>) {
    let id = ui.scope_id().with("height of the bar for marked pictures");
    let height: f32 = ui.data(|data| data.get_temp(id)).unwrap_or(MARKED_HEIGHT);
    let panel = Panel::bottom("marked").exact_size(height).resizable(false);
    let panel = panel.frame(Frame::new()).show_separator_line(false);
    let drawn = panel.show(ui, |ui| marked_ui(ui, state, commands)).inner;
    let wanted = (drawn + MARKED_MARGIN).max(MARKED_HEIGHT);
    if (wanted - height).abs() > 0.5 {
        ui.data_mut(|data| data.insert_temp(id, wanted));
        ui.ctx().request_repaint();
    }
}

/// Draws the commands for the marked pictures; returns how high they became.
fn marked_ui(ui: &mut Ui, state: &State, commands: &mut Vec<Command>) -> f32 {
    let explore = &state.explore;
    let drawn = ui.horizontal_wrapped(|ui| {
        let close = with_hint("Clear selection", state, &Command::Explore(ExploreCommand::Back));
        if icon_button(ui, icon::X, &close, false).clicked() {
            commands.push(ExploreCommand::Mark(Mark::Nothing).into());
        }
        ui.label(format!("{} selected", thousands(explore.marked.len())));
        let save = Command::Choose(FileDialog::Csv);
        let about = with_hint("Their predictions as a table", state, &save);
        if ui.button("Save CSV…").on_hover_text(about).clicked() {
            commands.push(save);
        }
        if ui.button("Copy paths").clicked() {
            let marked: Vec<PictureId> = explore.marked.iter().copied().collect();
            commands.push(ExploreCommand::CopyPath(explore.paths(&marked)).into());
        }
        let folder = explore.marked_folder(&state.settings.folders);
        let train = ui.add_enabled(folder.is_some(), egui::Button::new("Train on their folder"));
        let train = train.on_disabled_hover_text("No open folder holds all of them");
        let Some(folder) = folder else { return };
        let about = format!(
            "All of {}, not these pictures alone, becomes the training data",
            folder.display()
        );
        if train.on_hover_text(about).clicked() {
            commands.push(Command::Train(TrainCommand::Drop(folder)));
        }
    });
    drawn.response.rect.height()
}
