//! Parts of the pictures, mistakes that lie together, and answers with a guarantee.

use egui::{Grid, Slider, Ui};

use super::{Sheet, card, pictures, share};
use crate::app::evaluate::{Door, EvaluateCommand};
use crate::app::shell::theme;
use crate::app::shell::widgets::{note, section, segmented_ui};
use crate::app::state::State;
use crate::engine::evaluation::{Cluster, Conformal, Evaluation, SliceBy};

/// Rows that are drawn of a list.
const ROWS: usize = 100;

/// Draws the page.
pub fn groups_ui(ui: &mut Ui, state: &State, page: &mut Sheet<'_>) {
    let Some(shown) = state.evaluating.shown() else { return };
    card(ui, |ui| slices_ui(ui, state, page));
    card(ui, |ui| clusters_ui(ui, state, shown, page));
    card(ui, |ui| guarantee_ui(ui, state, page));
}

fn slices_ui(ui: &mut Ui, state: &State, page: &mut Sheet<'_>) {
    let evaluating = &state.evaluating;
    ui.label(section("Slices"));
    let chosen = evaluating.slice_by().unwrap_or(SliceBy::Folder);
    let choices = SliceBy::ALL.map(|by| (by, by.title()));
    if let Some(by) = segmented_ui(ui, chosen, &choices) {
        page.want(EvaluateCommand::Slice(by));
    }
    let Some(slices) = evaluating.slices(chosen) else {
        ui.label(note(ui, "Choose by what the pictures are parted."));
        return;
    };
    if slices.is_empty() {
        ui.label(note(ui, "There is nothing to part the pictures by."));
        return;
    }
    let worst = crate::engine::evaluation::worst(slices).map(|slice| slice.name.clone());
    Grid::new("slices")
        .num_columns(3)
        .spacing([20.0, 4.0])
        .striped(true)
        .show(ui, |ui| {
            for slice in slices.iter().take(ROWS) {
                let name = if slice.name.is_empty() {
                    "(the folder itself)"
                } else {
                    &slice.name
                };
                if ui.link(name).on_hover_text("Click for its pictures").clicked() {
                    page.want(EvaluateCommand::Enter(Some(Door::new(name, slice.places.clone()))));
                }
                ui.label(share(slice.accuracy));
                let is_worst = worst.as_ref() == Some(&slice.name);
                ui.label(note(
                    ui,
                    format!(
                        "{}{}",
                        pictures(slice.places.len()),
                        if is_worst { ", the worst" } else { "" }
                    ),
                ));
                ui.end_row();
            }
        });
}

fn clusters_ui(ui: &mut Ui, state: &State, shown: &Evaluation, page: &mut Sheet<'_>) {
    let evaluating = &state.evaluating;
    ui.label(section("Mistakes that lie together"));
    let words = "Mistakes of a class that are alike, worded by what tells them from its right answers (after Domino, arXiv \
                 2203.14960). Found on half of the pictures; the accuracy is that of the other half.";
    ui.label(note(ui, words));
    let free = evaluating.at_work().is_none();
    if ui
        .add_enabled(free, egui::Button::new("Find groups of mistakes"))
        .clicked()
    {
        page.want(EvaluateCommand::Cluster);
    }
    let Some(clusters) = evaluating.clusters() else { return };
    if clusters.is_empty() {
        ui.label(note(
            ui,
            "No group was found: there are too few mistakes that are alike.",
        ));
    }
    let titles = shown.titles();
    for cluster in clusters.iter().take(ROWS) {
        ui.add_space(theme::GAP_SMALL);
        ui.horizontal_wrapped(|ui| {
            let title = &titles[cluster.class];
            let name = format!("{title}: {}", worded(cluster));
            if ui.link(&name).on_hover_text("Click for its pictures").clicked() {
                page.want(EvaluateCommand::Enter(Some(Door::new(
                    name.clone(),
                    cluster.members.clone(),
                ))));
            }
            let words = format!(
                "{} wrong of {}; held out: {}",
                cluster.places.len(),
                pictures(cluster.members.len()),
                share(cluster.held_out)
            );
            ui.label(note(ui, words));
        });
    }
}

fn worded(cluster: &Cluster) -> String {
    let words: Vec<&str> = cluster.words.iter().map(|(word, _)| word.as_str()).collect();
    if words.is_empty() {
        "no word tells them apart".into()
    } else {
        words.join(", ")
    }
}

fn guarantee_ui(ui: &mut Ui, state: &State, page: &mut Sheet<'_>) {
    let found = state.evaluating.conformal();
    ui.label(section("Answers with a guarantee"));
    let words = "Instead of one label, a set that holds the true one as often as you ask for (split conformal prediction). The \
                 threshold is taken from one half of the pictures, and checked on the other.";
    ui.label(note(ui, words));
    let id = ui.make_persistent_id("guarantee level");
    let mut level = ui
        .data(|data| data.get_temp(id))
        .unwrap_or_else(|| found.map_or(90.0, |found| 100.0 * found.level));
    let slider = ui.add(
        Slider::new(&mut level, 50.0..=99.0)
            .suffix(" %")
            .step_by(1.0)
            .text("level"),
    );
    ui.data_mut(|data| data.insert_temp(id, level));
    if slider.drag_stopped() || (slider.changed() && !slider.dragged()) {
        page.want(EvaluateCommand::GuaranteeAt(level / 100.0));
    }
    if let Some(found) = found {
        sets_ui(ui, found, page);
    }
}

fn sets_ui(ui: &mut Ui, found: &Conformal, page: &mut Sheet<'_>) {
    ui.label(format!(
        "At {:.0} %, the true label is in the set for {} of the other half; a set has {:.1} labels on average.",
        100.0 * found.level,
        found.coverage.share_words(),
        found.mean_size
    ));
    let mut order: Vec<usize> = (0..found.sizes.len()).collect();
    order.sort_by_key(|place| (std::cmp::Reverse(found.sizes[*place]), *place));
    if ui
        .button("Largest sets first")
        .on_hover_text("The pictures that the model is least sure of")
        .clicked()
    {
        page.want(EvaluateCommand::Enter(Some(Door::new("largest label sets", order))));
    }
}
