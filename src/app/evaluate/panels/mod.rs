//! The evaluating mode: evaluations on the left, the page in the middle, the pictures behind its numbers below, and the
//! picture that is looked at on the right.

mod calibration;
mod card;
mod classes;
mod compare;
mod compare_matrix;
mod found;
mod gallery;
mod gallery_files;
mod groups;
mod list;
mod map;
mod map_legend;
mod map_points;
mod matrix;
mod matrix_texts;
mod matrix_window;
mod prompts;
mod setup;
mod sixty;
mod summary;
mod summary_about;
mod summary_negatives;

use egui::{Button, CentralPanel, Frame, Margin, Panel, ProgressBar, RichText, ScrollArea, Ui};

use super::{EvaluateCommand, Page};
use crate::app::command::Command;
use crate::app::shell::icons as icon;
use crate::app::shell::rail::Drawn;
use crate::app::shell::status::{counted, thousands};
use crate::app::shell::textures::Textures;
use crate::app::shell::theme::{self, card};
use crate::app::shell::widgets::{follow_focus, note};
use crate::app::state::State;
use crate::engine::evaluation::Interval;

/// Width of a page at most: lines stay readable on a projector.
const PAGE_WIDTH: f32 = 1_280.0;

/// From this width on, the list of evaluations stays beside the card of a picture.
const LISTED_WIDTH: f32 = 1_100.0;

/// What the panels of this mode share while they draw.
pub struct Sheet<'a> {
    pub textures: &'a mut Textures,
    pub drawn: &'a mut Drawn,
}

impl Sheet<'_> {
    pub fn want(&mut self, command: EvaluateCommand) {
        self.drawn.commands.push(Command::Evaluate(command));
    }
}

pub fn evaluate_ui(ui: &mut Ui, state: &State, textures: &mut Textures, drawn: &mut Drawn) {
    let palette = theme::palette(ui);
    let panel = |fill| Frame::new().fill(fill).inner_margin(Margin::same(theme::PANEL_MARGIN));
    let mut page = Sheet { textures, drawn };
    let width = ui.available_width();
    let evaluating = &state.evaluating;
    // In a narrow window the card takes the place of the list: closing it (Esc) brings the list back.
    if width >= LISTED_WIDTH || evaluating.looked_at().is_none() || !Page::RESULTS.contains(&evaluating.page()) {
        let list_width = 240.0f32.min(0.28 * width);
        Panel::left("evaluations")
            .default_size(list_width)
            .size_range(150.0..=(0.35 * width).max(160.0))
            .frame(panel(palette.surface))
            .show(ui, |ui| list::list_ui(ui, state, &mut page));
    }
    match evaluating.page() {
        Page::Setup => return setup_page_ui(ui, state, &mut page),
        Page::Sixty => return sixty_page_ui(ui, state, &mut page),
        _ => {}
    }
    if evaluating.looked_at().is_some() {
        let width = ui.available_width();
        Panel::right("failure card")
            .default_size((0.42 * width).clamp(280.0, 560.0))
            .size_range(240.0..=(0.6 * width).max(250.0))
            .frame(panel(palette.surface))
            .show(ui, |ui| card::card_ui(ui, state, &mut page));
    }
    // What is a map itself has all the room until a door of it is opened.
    let is_map = matches!(evaluating.page(), Page::Matrix | Page::Map);
    if !is_map || evaluating.door().is_some() {
        let height = ui.available_height();
        Panel::bottom("pictures of the evaluation")
            .default_size(0.36 * height)
            .size_range(120.0..=(0.75 * height).max(130.0))
            .frame(panel(palette.surface))
            .show(ui, |ui| gallery::gallery_ui(ui, state, &mut page));
    }
    CentralPanel::default()
        .frame(panel(palette.ground))
        .show(ui, |ui| result_ui(ui, state, &mut page));
}

fn setup_page_ui(ui: &mut Ui, state: &State, page: &mut Sheet<'_>) {
    let palette = theme::palette(ui);
    let panel = |fill| Frame::new().fill(fill).inner_margin(Margin::same(theme::PANEL_MARGIN));
    // Always in sight, however many classes there are.
    Panel::bottom("evaluation start")
        .resizable(false)
        .frame(panel(palette.surface))
        .show(ui, |ui| setup::start_ui(ui, state, page));
    CentralPanel::default().frame(panel(palette.ground)).show(ui, |ui| {
        ScrollArea::vertical().id_salt("evaluation setup").show(ui, |ui| {
            ui.set_max_width(ui.available_width().min(PAGE_WIDTH));
            setup::setup_ui(ui, state, page);
            follow_focus(ui);
        });
    });
}

fn sixty_page_ui(ui: &mut Ui, state: &State, page: &mut Sheet<'_>) {
    let ground = theme::palette(ui).ground;
    let frame = Frame::new()
        .fill(ground)
        .inner_margin(Margin::same(theme::PANEL_MARGIN));
    CentralPanel::default().frame(frame).show(ui, |ui| {
        ScrollArea::vertical()
            .id_salt("accuracy without labels")
            .show(ui, |ui| {
                ui.set_max_width(ui.available_width().min(PAGE_WIDTH));
                sixty::sixty_ui(ui, state, page);
            });
    });
}

fn result_ui(ui: &mut Ui, state: &State, page: &mut Sheet<'_>) {
    let evaluating = &state.evaluating;
    let Some(shown) = evaluating.shown() else { return };
    ui.horizontal_wrapped(|ui| {
        ui.label(RichText::new(&shown.name).font(theme::strong(theme::SIZE_HEADING)));
        ui.label(note(
            ui,
            format!(
                "{} on {} pictures",
                shown.setup.model.name,
                thousands(shown.measures.count)
            ),
        ));
    });
    tabs_ui(ui, evaluating.page(), shown.is_of_captions(), page);
    progress_ui(ui, state, page);
    ui.add_space(theme::GAP_SMALL);
    let open = evaluating.page();
    // What has a zoom of its own, or rows by the thousand, scrolls by itself.
    if matches!(open, Page::Matrix | Page::Map | Page::Classes) {
        return match open {
            Page::Matrix => matrix::matrix_page_ui(ui, state, page),
            Page::Map => map::map_page_ui(ui, state, page),
            _ => classes::classes_ui(ui, state, page),
        };
    }
    ScrollArea::vertical()
        .id_salt(open)
        .auto_shrink([false, false])
        .show(ui, |ui| {
            ui.set_max_width(ui.available_width().min(PAGE_WIDTH));
            match open {
                Page::Summary => summary::summary_ui(ui, state, page),
                Page::Calibration => calibration::calibration_ui(ui, state, page),
                Page::Prompts => prompts::prompts_ui(ui, state, page),
                Page::Compare => compare::compare_ui(ui, state, page),
                Page::Groups => groups::groups_ui(ui, state, page),
                Page::Setup | Page::Sixty | Page::Matrix | Page::Map | Page::Classes => {}
            }
        });
}

/// The pages of the evaluation; pictures with captions have fewer.
fn tabs_ui(ui: &mut Ui, open: Page, of_captions: bool, page: &mut Sheet<'_>) {
    ui.horizontal_wrapped(|ui| {
        ui.spacing_mut().item_spacing = egui::vec2(2.0, 2.0);
        for tab in Page::RESULTS
            .into_iter()
            .filter(|tab| !of_captions || tab.is_of_captions())
        {
            if ui.add(Button::new(tab.title()).selected(tab == open)).clicked() {
                page.want(EvaluateCommand::Open(tab));
            }
        }
    });
}

/// How far the work is, with a button that stops it.
fn progress_ui(ui: &mut Ui, state: &State, page: &mut Sheet<'_>) {
    let Some((what, done)) = state.evaluating.at_work() else {
        return;
    };
    ui.horizontal(|ui| {
        ui.add(ProgressBar::new(done).desired_width(160.0).desired_height(8.0));
        ui.label(note(ui, what));
        let stop = Button::new(format!("{}  Stop", icon::STOP));
        if ui.add(stop).on_hover_text("What is embedded is kept").clicked() {
            page.want(EvaluateCommand::Stop);
        }
    });
}

/// A field whose text counts once it is left: until then it stays as it is typed. `field` draws it; the new text where it
/// is another one than `stands`.
fn typed_ui(
    ui: &mut Ui,
    id: impl std::hash::Hash + std::fmt::Debug,
    stands: &str,
    field: impl FnOnce(&mut Ui, &mut String) -> egui::Response,
) -> Option<String> {
    let id = ui.make_persistent_id(id);
    let typed: Option<String> = ui.data(|data| data.get_temp(id));
    let mut text = typed.clone().unwrap_or_else(|| stands.to_owned());
    let response = field(ui, &mut text);
    if response.has_focus() {
        ui.data_mut(|data| data.insert_temp(id, text));
        return None;
    }
    if typed.is_none() && !response.changed() {
        return None;
    }
    ui.data_mut(|data| data.remove::<String>(id));
    (text != stands).then_some(text)
}

/// Says of numbers that need more than answers that they are of all pictures, where marked ones are left out of others.
fn of_all_ui(ui: &mut Ui, state: &State) {
    if state.evaluating.leaves_out_marked() {
        ui.label(note(ui, "Of all pictures: the marked ones are included here."));
    }
}

fn pictures(count: usize) -> String {
    counted(count, "picture", "pictures")
}

fn share(interval: Option<Interval>) -> String {
    interval.map_or_else(|| "\u{2013}".into(), |interval| interval.share_words())
}
