//! The gallery: every picture with its best label, as many as fit; only those on screen are drawn.

use crate::app::shell::icons as icon;
use egui::accesskit::Role;
use egui::{
    Align, Align2, Color32, CornerRadius, Frame, Layout, Margin, Rect, RichText, ScrollArea, Sense, Slider, Stroke,
    StrokeKind, TextEdit, Ui, WidgetInfo, pos2, vec2,
};

use crate::app::command::{Command, Dialog, FileDialog};
use crate::app::explore::{label_colour, view};
use crate::app::settings::{Measure, Sort};
use crate::app::shell::textures::Textures;
use crate::app::shell::theme;
use crate::app::shell::widgets::{combo, icon_button, note};
use crate::app::state::{Focus, State};
use crate::engine::protocol::{LabelId, PictureId};

const CELL_GAP: f32 = 10.0;
const CAPTION_HEIGHT: f32 = 42.0;

/// What the gallery wants, and which pictures it shows without having their thumbnails.
pub struct GalleryOutput {
    /// What the user wants.
    pub commands: Vec<Command>,
    /// Pictures on screen whose thumbnails are missing.
    pub missing: Vec<PictureId>,
}

/// Draws the gallery.
pub fn gallery_ui(ui: &mut Ui, state: &mut State, textures: &mut Textures) -> GalleryOutput {
    let mut output = GalleryOutput {
        commands: Vec::new(),
        missing: Vec::new(),
    };
    toolbar_ui(ui, state, &mut output.commands);
    starter_note_ui(ui, state, &mut output.commands);
    ui.add_space(theme::GAP_SMALL);
    if state.pictures.is_empty() {
        empty_ui(ui, state, &mut output.commands);
    } else if state.order.is_empty() {
        nothing_passes_ui(ui, state, &mut output.commands);
    } else {
        grid_ui(ui, state, textures, &mut output);
    }
    output
}

fn toolbar_ui(ui: &mut Ui, state: &mut State, commands: &mut Vec<Command>) {
    ui.horizontal(|ui| {
        open_menu_ui(ui, state, commands);
        let mut name = state.filter.name.clone();
        let field = TextEdit::singleline(&mut name)
            .id_salt("filter by name")
            .hint_text(format!("{} Filter by name", icon::MAGNIFYING_GLASS))
            .desired_width(150.0)
            .margin(Margin::symmetric(8, 6));
        let response = ui.add(field);
        if state.focus == Some(Focus::Filter) {
            response.request_focus();
            state.focus = None;
        }
        if response.changed() {
            commands.push(Command::FilterName(name));
        }
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            if icon_button(ui, icon::EXPORT, "Save predictions as CSV (Ctrl+S)", false).clicked() {
                commands.push(Command::Choose(FileDialog::Csv));
            }
            if icon_button(ui, icon::ARROWS_CLOCKWISE, "Look at the folders again (F5)", false).clicked() {
                commands.push(Command::Rescan);
            }
            let mut side = state.settings.thumbnail_side;
            let slider = Slider::new(&mut side, 80.0..=320.0).show_value(false);
            let response = ui.add(slider).on_hover_text("Size of the pictures (+ and -)");
            response.widget_info(|| WidgetInfo::slider(true, f64::from(side), "Size of the pictures"));
            if response.changed() {
                commands.push(Command::SizeThumbnails(side));
            }
        });
    });
    ui.horizontal(|ui| {
        sort_ui(ui, state, commands);
        label_filter_ui(ui, state, commands);
        score_filter_ui(ui, state, commands);
        if !state.filter.is_off() {
            let count = format!("{} of {}", state.order.len(), state.pictures.len());
            if ui
                .button(format!("{} {count}", icon::X))
                .on_hover_text("Show all pictures")
                .clicked()
            {
                commands.push(Command::ClearFilters);
            }
        }
    });
}

fn open_menu_ui(ui: &mut Ui, state: &State, commands: &mut Vec<Command>) {
    ui.menu_button(format!("{} Open", icon::FOLDER_OPEN), |ui| {
        if ui
            .button(format!("{}  Folders .. (Ctrl+O)", icon::FOLDER_OPEN))
            .clicked()
        {
            commands.push(Command::Choose(FileDialog::Folders));
        }
        if ui.button(format!("{}  Samples", icon::IMAGES)).clicked() {
            commands.push(Command::OpenSamples);
        }
        if !state.settings.recent_folders.is_empty() {
            ui.separator();
            ui.label(note(ui, "Recent"));
        }
        for folder in &state.settings.recent_folders {
            if ui.button(folder.display().to_string()).clicked() {
                commands.push(Command::Open(vec![folder.clone()]));
            }
        }
    });
}

fn sort_ui(ui: &mut Ui, state: &State, commands: &mut Vec<Command>) {
    let sort = state.settings.sort;
    combo("sort")
        .selected_text(format!("{} {}", icon::SORT_ASCENDING, sort.title()))
        .width(118.0)
        .show_ui(ui, |ui| {
            for choice in Sort::ALL {
                if ui.selectable_label(choice == sort, choice.title()).clicked() {
                    commands.push(Command::SortBy(choice));
                }
            }
        })
        .response
        .on_hover_text("Sort the pictures");
}

fn label_filter_ui(ui: &mut Ui, state: &State, commands: &mut Vec<Command>) {
    let labels = &state.settings.labels;
    let title = |label: Option<Option<LabelId>>| match label {
        None => "All labels".to_string(),
        Some(None) => "none of these".into(),
        Some(Some(label)) => state.row(label).map_or_else(String::new, |row| row.label.name.clone()),
    };
    let chosen = state.filter.label;
    combo("label filter")
        .selected_text(format!("{} {}", icon::FUNNEL, title(chosen)))
        .width(130.0)
        .truncate()
        .show_ui(ui, |ui| {
            let each = labels.iter().map(|row| Some(Some(row.id)));
            for choice in [None].into_iter().chain(each).chain([Some(None)]) {
                if ui.selectable_label(choice == chosen, title(choice)).clicked() {
                    commands.push(Command::FilterLabel(choice));
                }
            }
        })
        .response
        .on_hover_text("Show only pictures with this best label");
}

fn score_filter_ui(ui: &mut Ui, state: &State, commands: &mut Vec<Command>) {
    let mut score = state.filter.score;
    let (measure, name) = match state.settings.measure {
        Measure::Probability => (Measure::Probability, "Least probability"),
        Measure::Cosine | Measure::Logit => (Measure::Cosine, "Least cosine"),
    };
    ui.spacing_mut().slider_width = 70.0;
    let response = ui
        .add(Slider::new(&mut score, 0.0..=1.0).show_value(false))
        .on_hover_text(format!("{name} of the best label"));
    response.widget_info(|| WidgetInfo::slider(true, f64::from(score), name));
    ui.label(note(ui, format!("from {}", view::shown(score, measure))));
    if response.changed() {
        commands.push(Command::FilterScore(score));
    }
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
            ui.horizontal(|ui| {
                ui.label(RichText::new(icon::INFO).color(palette.accent));
                ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                    if icon_button(ui, icon::X, "Hide this note", false).clicked() {
                        commands.push(Command::HideStarterNote);
                    }
                    if ui.link("Open a real CLIP").clicked() {
                        commands.push(Command::OpenDialog(Dialog::Models));
                    }
                    ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
                        let text = "The built-in starter is a small model of everyday things, no CLIP.";
                        ui.add(egui::Label::new(RichText::new(text).small().color(palette.text)).truncate());
                    });
                });
            });
        });
}

fn empty_ui(ui: &mut Ui, state: &State, commands: &mut Vec<Command>) {
    ui.vertical_centered(|ui| {
        ui.add_space(ui.available_height() * 0.3);
        let palette = theme::palette(ui);
        if !state.scanned {
            ui.spinner();
            ui.label(note(ui, "Looking for pictures"));
            return;
        }
        ui.label(RichText::new(icon::IMAGES).size(48.0).color(palette.text_weak));
        ui.label(RichText::new("No pictures here").font(theme::strong(theme::SIZE_HEADING)));
        ui.label(note(ui, "Drop folders or pictures onto this window, or open them."));
        for (_, reason) in state.unreadable.iter().take(1) {
            ui.label(RichText::new(reason).small().color(palette.error));
        }
        ui.add_space(theme::GAP);
        if ui.button(format!("{}  Open folders ..", icon::FOLDER_OPEN)).clicked() {
            commands.push(Command::Choose(FileDialog::Folders));
        }
        if ui.button(format!("{}  Look at the samples", icon::IMAGES)).clicked() {
            commands.push(Command::OpenSamples);
        }
        if !state.unreadable.is_empty() && ui.button("What could not be read").clicked() {
            commands.push(Command::OpenDialog(Dialog::Skipped));
        }
    });
}

fn nothing_passes_ui(ui: &mut Ui, state: &State, commands: &mut Vec<Command>) {
    ui.vertical_centered(|ui| {
        ui.add_space(ui.available_height() * 0.3);
        let palette = theme::palette(ui);
        ui.label(RichText::new(icon::FUNNEL_X).size(48.0).color(palette.text_weak));
        if state.filter.is_off() {
            ui.label(RichText::new("None of these files can be shown").font(theme::strong(theme::SIZE_HEADING)));
            if ui.button("See why").clicked() {
                commands.push(Command::OpenDialog(Dialog::Skipped));
            }
        } else {
            ui.label(RichText::new("No picture passes the filter").font(theme::strong(theme::SIZE_HEADING)));
            if ui.button("Show all pictures").clicked() {
                commands.push(Command::ClearFilters);
            }
        }
    });
}

/// Where cells go.
struct Grid {
    columns: usize,
    side: f32,
    row_height: f32,
}

impl Grid {
    fn new(width: f32, wanted_side: f32) -> Self {
        let columns = (((width + CELL_GAP) / (wanted_side + CELL_GAP)).floor() as usize).max(1);
        let side = (width - CELL_GAP * (columns - 1) as f32) / columns as f32;
        Self {
            columns,
            side,
            row_height: side + CAPTION_HEIGHT + CELL_GAP,
        }
    }

    fn cell(&self, origin: egui::Pos2, place: usize) -> Rect {
        let (row, column) = (place / self.columns, place % self.columns);
        let corner = vec2(column as f32 * (self.side + CELL_GAP), row as f32 * self.row_height);
        Rect::from_min_size(origin + corner, vec2(self.side, self.side + CAPTION_HEIGHT))
    }
}

fn grid_ui(ui: &mut Ui, state: &mut State, textures: &mut Textures, output: &mut GalleryOutput) {
    let scroll_bar = ui.spacing().scroll.allocated_width();
    let grid = Grid::new(
        ui.available_width() - scroll_bar.max(10.0),
        state.settings.thumbnail_side,
    );
    let rows = state.order.len().div_ceil(grid.columns);
    state.grid = (
        grid.columns,
        (ui.available_height() / grid.row_height).floor().max(1.0) as usize,
    );
    ScrollArea::vertical()
        .id_salt("gallery")
        .auto_shrink([false, false])
        .show_viewport(ui, |ui, viewport| {
            ui.set_height(rows as f32 * grid.row_height);
            let origin = ui.max_rect().min;
            if std::mem::take(&mut state.scroll_to_selected)
                && let Some(place) = state
                    .selected
                    .and_then(|id| state.order.iter().position(|&other| other == id))
            {
                ui.scroll_to_rect(grid.cell(origin, place), None);
            }
            let first = (viewport.min.y / grid.row_height).floor().max(0.0) as usize * grid.columns;
            let last = ((viewport.max.y / grid.row_height).ceil() as usize * grid.columns).min(state.order.len());
            for place in first..last {
                let id = state.order[place];
                let shown = cell_ui(ui, state, textures, id, grid.cell(origin, place), &mut output.commands);
                if !shown {
                    output.missing.push(id);
                }
            }
        });
}

/// Draws one picture; whether its thumbnail was there.
fn cell_ui(
    ui: &mut Ui,
    state: &State,
    textures: &mut Textures,
    id: PictureId,
    rect: Rect,
    commands: &mut Vec<Command>,
) -> bool {
    let picture = &state.pictures[id];
    let name = picture.name();
    let response = ui.interact(rect, ui.scope_id().with(("picture", id)), Sense::click());
    let selected = state.selected == Some(id);
    response.widget_info(|| WidgetInfo::selected(Role::Button, true, selected, &name));
    if response.clicked() {
        commands.push(Command::Select(id));
    }
    let palette = theme::palette(ui);
    let radius = CornerRadius::same(theme::RADIUS);
    let square = Rect::from_min_size(rect.min, vec2(rect.width(), rect.width()));
    ui.painter().rect_filled(square, radius, palette.raised);
    let texture = textures.thumbnail(id);
    if let Some(texture) = texture {
        let image = egui::Image::new(texture)
            .uv(square_uv(texture.size_vec2()))
            .corner_radius(radius);
        image.paint_at(ui, square);
    }
    if selected {
        ui.painter()
            .rect_stroke(square, radius, Stroke::new(3.0, palette.accent), StrokeKind::Outside);
    } else if response.hovered() || response.has_focus() {
        ui.painter()
            .rect_stroke(square, radius, Stroke::new(2.0, palette.text_weak), StrokeKind::Outside);
    }
    caption_ui(ui, state, id, &name, Rect::from_min_max(square.left_bottom(), rect.max));
    texture.is_some()
}

/// The middle square, which is also what the usual preprocessing shows the model.
fn square_uv(size: egui::Vec2) -> Rect {
    let short = size.min_elem();
    Rect::from_center_size(pos2(0.5, 0.5), vec2(short / size.x, short / size.y))
}

fn caption_ui(ui: &Ui, state: &State, id: PictureId, name: &str, rect: Rect) {
    let palette = theme::palette(ui);
    let painter = ui.painter_at(rect);
    let line = rect.top() + 14.0;
    let text_left = match answer(ui, state, id) {
        Some((answer, number, colour)) => {
            painter.circle_filled(pos2(rect.left() + 5.0, line), 4.0, colour);
            let number = painter.text(
                pos2(rect.right(), line),
                Align2::RIGHT_CENTER,
                number,
                theme::body(theme::SIZE_SMALL),
                palette.text,
            );
            let area = Rect::from_min_max(rect.min, pos2(number.left() - 4.0, rect.bottom()));
            ui.painter_at(area).text(
                pos2(rect.left() + 14.0, line),
                Align2::LEFT_CENTER,
                answer,
                theme::strong(theme::SIZE_SMALL),
                palette.text,
            );
            rect.left()
        }
        None => rect.left(),
    };
    painter.text(
        pos2(text_left, rect.top() + 32.0),
        Align2::LEFT_CENTER,
        name,
        theme::body(theme::SIZE_SMALL),
        palette.text_weak,
    );
}

/// The best label of a picture, its number and its colour.
fn answer(ui: &Ui, state: &State, id: PictureId) -> Option<(String, String, Color32)> {
    let answer = state.answer(id)?;
    let scores = answer.scores;
    let measure = state.settings.measure;
    let scoring = state.scoring();
    if answer.question.labels.is_empty() {
        return None;
    }
    Some(match view::winner(scores) {
        Some(best) => (
            answer.name(best).to_owned(),
            view::shown(view::value(scores, best, measure, scoring), measure),
            label_colour(ui, state, answer.question.id(best)),
        ),
        None => (
            "none of these".into(),
            view::shown(view::none_value(scores, measure, scoring), measure),
            theme::none_colour(ui),
        ),
    })
}
