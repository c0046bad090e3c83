//! The order of the gallery, its filters, and how many pictures pass them.

use egui::Ui;

use super::histogram::{Side, histogram_slider_ui};
use crate::app::command::Command;
use crate::app::explore::command::ExploreCommand;
use crate::app::explore::help;
use crate::app::explore::numbers::{Quantity, lead_text, shown};
use crate::app::explore::shown_map::NONE_OF_THESE;
use crate::app::settings::{Measure, Sort};
use crate::app::shell::icons as icon;
use crate::app::shell::keys::with_hint;
use crate::app::shell::status::thousands;
use crate::app::shell::widgets::{combo, explained, labelled, note};
use crate::app::state::State;
use crate::engine::protocol::LabelId;

const LIST_HEIGHT: f32 = 420.0;

/// The name of an order, with the number that it sorts by.
fn sort_title(sort: Sort, measure: Measure) -> String {
    match sort {
        Sort::Name => "Name".into(),
        Sort::Score => format!("{} of best label", measure.title()),
        Sort::Margin => "Closest call (lead)".into(),
        Sort::Label => format!("Label, then {}", measure.title().to_lowercase()),
    }
}

pub(super) fn sort_ui(ui: &mut Ui, state: &State, width: f32, commands: &mut Vec<Command>) {
    let measure = state.lens().measure;
    let sort = state.settings.sort;
    let alike = state.explore.alike.as_ref();
    let title = match alike.and_then(|alike| state.explore.pictures.get(alike.to)) {
        Some(picture) => format!("Like {}", picture.name()),
        None => sort_title(sort, measure),
    };
    combo("sort")
        .selected_text(format!("{} {title}", icon::SORT_ASCENDING))
        .width(width)
        .truncate()
        .show_ui(ui, |ui| {
            for choice in Sort::ALL {
                let chosen = choice == sort && alike.is_none();
                let item = ui.selectable_label(chosen, sort_title(choice, measure));
                let about = match choice {
                    Sort::Name => "By path",
                    Sort::Score | Sort::Label => help::measure(measure),
                    Sort::Margin => help::CLOSEST_CALL,
                };
                if explained(item, about).clicked() {
                    commands.push(ExploreCommand::SortBy(choice).into());
                }
            }
        });
}

pub(super) fn label_filter_ui(ui: &mut Ui, state: &State, width: f32, commands: &mut Vec<Command>) {
    let title = |label: Option<Option<LabelId>>| match label {
        None => "All labels".to_string(),
        Some(None) => NONE_OF_THESE.into(),
        Some(Some(label)) => state.row(label).map_or_else(String::new, |row| row.label.name.clone()),
    };
    let chosen = state.explore.filter.label;
    combo("label filter")
        .selected_text(format!("{} {}", icon::FUNNEL, title(chosen)))
        .width(width)
        .height(LIST_HEIGHT)
        .truncate()
        .show_ui(ui, |ui| {
            let each = state.settings.labels.iter().map(|row| Some(Some(row.id)));
            let none = state.settings.show_none.then_some(Some(None));
            for choice in [None].into_iter().chain(each).chain(none) {
                if ui.selectable_label(choice == chosen, title(choice)).clicked() {
                    commands.push(ExploreCommand::FilterLabel(choice).into());
                }
            }
        })
        .response
        .on_hover_text("Only pictures with this answer");
}

/// What the slider bounds, for people.
struct Bounded {
    what: &'static str,
    /// What passes.
    name: String,
    /// What the number means.
    about: &'static str,
    side: Side,
}

impl Bounded {
    fn of(quantity: Quantity) -> Self {
        match quantity {
            Quantity::Likeness(_) => Self {
                what: "Likeness",
                name: "Only pictures at least this like the one they are compared with".into(),
                about: help::LIKENESS,
                side: Side::Above,
            },
            Quantity::Lead => Self {
                what: "Lead",
                name: "Only pictures whose answer leads by at most this".into(),
                about: help::CLOSEST_CALL,
                side: Side::Below,
            },
            Quantity::Score(measure) => Self {
                what: measure.title(),
                name: format!(
                    "Only pictures whose best label has at least this {}",
                    measure.title().to_lowercase()
                ),
                about: help::measure(measure),
                side: Side::Above,
            },
        }
    }
}

/// A bound as text.
fn bound_text(quantity: Quantity, bound: f32) -> String {
    match quantity {
        Quantity::Likeness(_) => format!("≥ {}", shown(bound, Measure::Cosine)),
        Quantity::Lead => format!("≤ {}", lead_text(bound)),
        Quantity::Score(measure) => format!("≥ {}", shown(bound, measure)),
    }
}

/// A bound on the number that the gallery is sorted by: from below, and for the closest calls from above.
pub(super) fn score_filter_ui(ui: &mut Ui, state: &State, commands: &mut Vec<Command>) {
    let Some(spread) = &state.explore.arranged.spread else {
        return;
    };
    let quantity = state.quantity();
    let Bounded {
        what,
        name,
        about,
        side,
    } = Bounded::of(quantity);
    let bound = state.explore.filter.bound;
    let rest = match side {
        Side::Above => spread.range.0,
        Side::Below => spread.range.1,
    };
    let mut at = bound.unwrap_or(rest);
    let response = histogram_slider_ui(ui, spread, &mut at, side, &name);
    let response = explained(response, &format!("{name}. {about}"));
    let text = match bound {
        None => format!("{what}: any"),
        Some(bound) => format!("{what} {}", bound_text(quantity, bound)),
    };
    ui.add(egui::Label::new(note(ui, text)).truncate());
    if response.changed() {
        commands.push(ExploreCommand::FilterScore((at != rest).then_some(at)).into());
    }
}

/// How many of all pictures are shown; a click shows all. While a newer order waits, the button that applies it.
pub(super) fn count_ui(ui: &mut Ui, state: &State, commands: &mut Vec<Command>) {
    let explore = &state.explore;
    if explore.held.is_some() {
        held_ui(ui, state, commands);
        return;
    }
    let all = explore.pictures.len() - explore.skipped();
    let count = format!("{} of {}", thousands(explore.order().len()), thousands(all));
    if explore.filter.is_off() && explore.alike.is_none() {
        ui.label(note(ui, count));
        return;
    }
    let clear = ui.button(format!("{} {count}", icon::X));
    if clear
        .on_hover_text(with_hint(
            "Show all pictures",
            state,
            &Command::Explore(ExploreCommand::ClearFilters),
        ))
        .clicked()
    {
        commands.push(ExploreCommand::ClearFilters.into());
    }
}

/// The button that applies a newer order, which waits while the pointer is over the gallery.
fn held_ui(ui: &mut Ui, state: &State, commands: &mut Vec<Command>) {
    let Some(held) = &state.explore.held else { return };
    let places = if held.moved == 1 {
        "1 new place".into()
    } else {
        format!("{} new places", thousands(held.moved))
    };
    let button = ui.link(egui::RichText::new(format!("{places}, reorder")).small());
    let button = button.on_hover_text("Scores have changed the order. Nothing moves while you point at the gallery.");
    if labelled(button, "Reorder").clicked() {
        commands.push(ExploreCommand::Reorder.into());
    }
}
