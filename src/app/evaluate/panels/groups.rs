//! Parts of the pictures, mistakes that lie together, and answers with a guarantee.

use egui::{Grid, Slider, Ui};

use super::{Sheet, card, of_all_ui, pictures, share, thousands};
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
    let slices: Vec<Slice> = (slices.iter()).map(|slice| counted(evaluating, shown, slice)).collect();
    let slices = in_order(slices, chosen);
    let worst = worst(&slices).map(|slice| slice.name.clone());
    Grid::new("slices")
        .num_columns(4)
        .spacing([20.0, 4.0])
        .striped(true)
        .show(ui, |ui| {
            for slice in slices.iter().take(ROWS) {
                slice_ui(ui, slice, worst.as_ref() == Some(&slice.name), page);
                if chosen == SliceBy::Kept
                    && icon_button(ui, icon::TRASH, &format!("Forget {}", slice.name), false).clicked()
                {
                    page.want(EvaluateCommand::ForgetSlice(slice.name.clone()));
                }
                ui.end_row();
            }
        });
    more_ui(ui, slices.len());
}

/// The lowest accuracy first, those without a picture last; parts of a scale stay in its order.
fn in_order(mut slices: Vec<Slice>, by: SliceBy) -> Vec<Slice> {
    if matches!(by, SliceBy::Folder | SliceBy::Mark | SliceBy::Kept) {
        let accuracy = |slice: &Slice| slice.accuracy.map_or(f64::INFINITY, |share| share.mean);
        slices.sort_by(|a, b| accuracy(a).total_cmp(&accuracy(b)).then(a.name.cmp(&b.name)));
    }
    slices
}

/// How many rows of a list are not drawn.
fn more_ui(ui: &mut Ui, all: usize) {
    if all > ROWS {
        ui.label(note(ui, format!("and {} more", thousands(all - ROWS))));
    }
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
    of_all_ui(ui, state);
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
    more_ui(ui, clusters.len());
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
        if let Some(first) = cluster.places.first()
            && ui
                .button("Erase it\u{2026}")
                .on_hover_text(
                    "Its first mistake in Explore, with both labels and the brush: erase what these words name",
                )
                .clicked()
        {
            let door = Door::new(name, cluster.members.clone());
            page.want(EvaluateCommand::Enter(Some(door)));
            page.want(EvaluateCommand::Look(Some(*first)));
            page.want(EvaluateCommand::EraseInExplore);
        }
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
        of_all_ui(ui, state);
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
    let empty = found.empty();
    if empty > 0 {
        let words = format!(
            "{} have no label in their set: none is likely enough. That is usual where accuracy is above the level.",
            pictures(empty)
        );
        ui.label(note(ui, words));
    }
    if ui
        .button("Least sure first")
        .on_hover_text("Pictures whose set has no label, then those with the largest sets")
        .clicked()
    {
        let door = Door::ordered("by their label sets", found.least_sure_first(), "least sure first");
        page.want(EvaluateCommand::Enter(Some(door)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::evaluation::share_interval;

    #[test]
    fn the_worst_of_many_folders_comes_first_and_is_among_those_that_are_drawn() {
        let slice = |n: usize| Slice {
            name: format!("{n:03}"),
            places: (0..10).collect(),
            accuracy: share_interval(if n == 140 { 1 } else { 9 }, 10),
        };
        let slices = in_order((0..150).map(slice).collect(), SliceBy::Folder);
        let names: Vec<&str> = slices.iter().take(2).map(|slice| slice.name.as_str()).collect();
        assert_eq!(names, ["140", "000"]);
        assert_eq!(worst(&slices).map(|slice| slice.name.as_str()), Some("140"));
        let parts = in_order((139..142).map(slice).collect(), SliceBy::Size);
        assert_eq!(parts[1].name, "140", "a scale stays in its order");
    }
}
