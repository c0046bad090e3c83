//! Parts of the pictures, mistakes that lie together, and answers with a guarantee.

use egui::{Grid, Slider, Ui};

use super::{Sheet, card, pictures, share};
use crate::app::command::{Command, FileDialog};
use crate::app::evaluate::{Door, EvaluateCommand, Evaluating};
use crate::app::shell::icons as icon;
use crate::app::shell::theme;
use crate::app::shell::widgets::{icon_button, note, section, segmented_ui};
use crate::app::state::State;
use crate::engine::evaluation::{Cluster, Conformal, Evaluation, Slice, SliceBy, worst};

/// Rows that are drawn of a list.
const ROWS: usize = 100;

pub fn groups_ui(ui: &mut Ui, state: &State, page: &mut Sheet<'_>) {
    let Some(shown) = state.evaluating.shown() else { return };
    card(ui, |ui| slices_ui(ui, state, shown, page));
    if !shown.is_of_captions() {
        card(ui, |ui| clusters_ui(ui, state, page));
        card(ui, |ui| guarantee_ui(ui, state, page));
    }
}

fn slices_ui(ui: &mut Ui, state: &State, shown: &Evaluation, page: &mut Sheet<'_>) {
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
        let words = if chosen == SliceBy::Kept {
            "None is kept yet. Click a number, a group of mistakes, or draw around pictures on the map; then \
             \u{201c}Keep as slice\u{201d} over its pictures."
        } else {
            "There is nothing to part the pictures by."
        };
        ui.label(note(ui, words));
        return;
    }
    // Without what is left out, as every other number.
    let slices: Vec<Slice> = slices
        .iter()
        .take(ROWS)
        .map(|slice| counted(evaluating, shown, slice))
        .collect();
    let worst = worst(&slices).map(|slice| slice.name.clone());
    Grid::new("slices")
        .num_columns(4)
        .spacing([20.0, 4.0])
        .striped(true)
        .show(ui, |ui| {
            for slice in &slices {
                slice_ui(ui, slice, worst.as_ref() == Some(&slice.name), page);
                if chosen == SliceBy::Kept
                    && icon_button(ui, icon::TRASH, &format!("Forget {}", slice.name), false).clicked()
                {
                    page.want(EvaluateCommand::ForgetSlice(slice.name.clone()));
                }
                ui.end_row();
            }
        });
}

/// A slice with its accuracy, which leads to its pictures.
fn slice_ui(ui: &mut Ui, slice: &Slice, is_worst: bool, page: &mut Sheet<'_>) {
    let name = match slice.name.as_str() {
        "" => "(the folder itself)",
        name => name,
    };
    if ui.link(name).on_hover_text("Click for its pictures").clicked() {
        page.want(EvaluateCommand::Enter(Some(Door::new(name, slice.places.clone()))));
    }
    ui.label(share(slice.accuracy));
    let worst = if is_worst { ", the worst" } else { "" };
    ui.label(note(ui, format!("{}{worst}", pictures(slice.places.len()))));
}

/// A slice without the pictures that are left out.
fn counted(evaluating: &Evaluating, shown: &Evaluation, slice: &Slice) -> Slice {
    if !evaluating.leaves_out_marked() {
        return slice.clone();
    }
    let kept = slice
        .places
        .iter()
        .copied()
        .filter(|place| !evaluating.is_left_out(*place));
    let places: Vec<usize> = kept.collect();
    Slice {
        name: slice.name.clone(),
        accuracy: shown.accuracy_of(&places),
        places,
    }
}

fn clusters_ui(ui: &mut Ui, state: &State, page: &mut Sheet<'_>) {
    let evaluating = &state.evaluating;
    ui.label(section("Mistakes that lie together"));
    let words = "Mistakes that are alike, worded by what tells them from right answers (after Domino, arXiv 2203.14960): of a \
                 class where it has enough of them, else of all classes together. Found on half of the pictures; the accuracy \
                 is that of the other half.";
    ui.label(note(ui, words));
    let free = evaluating.at_work().is_none();
    ui.horizontal_wrapped(|ui| {
        if ui
            .add_enabled(free, egui::Button::new("Find groups of mistakes"))
            .clicked()
        {
            page.want(EvaluateCommand::Cluster(Vec::new()));
        }
        if ui
            .add_enabled(free, egui::Button::new("With your words\u{2026}"))
            .on_hover_text("A text file with a word or a few on each line: groups are told by these")
            .clicked()
        {
            page.drawn.commands.push(Command::Choose(FileDialog::EvaluationWords));
        }
    });
    let Some(clusters) = evaluating.clusters() else { return };
    if clusters.is_empty() {
        ui.label(note(
            ui,
            "No group was found: there are too few mistakes that are alike.",
        ));
    }
    let titles = evaluating.titles();
    for cluster in clusters.iter().take(ROWS) {
        cluster_ui(ui, cluster, titles, page);
    }
}

/// Mistakes that are alike, in words, which lead to their pictures.
fn cluster_ui(ui: &mut Ui, cluster: &Cluster, titles: &[String], page: &mut Sheet<'_>) {
    ui.add_space(theme::GAP_SMALL);
    ui.horizontal_wrapped(|ui| {
        let name = format!("{}: {}", cluster.of.words(titles), worded(cluster));
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
    // A set without a label is one of a picture that is not here any more.
    let mut order: Vec<usize> = (0..found.sizes.len()).filter(|place| found.sizes[*place] > 0).collect();
    order.sort_by_key(|place| (std::cmp::Reverse(found.sizes[*place]), *place));
    if ui
        .button("Largest sets first")
        .on_hover_text("The pictures that the model is least sure of")
        .clicked()
    {
        let door = Door::ordered("largest label sets", order, "largest sets first");
        page.want(EvaluateCommand::Enter(Some(door)));
    }
}
