//! Two evaluations of the same pictures: what one has right and the other wrong.

use egui::{Grid, RichText, Ui};

use super::classes::of_class;
use super::compare_matrix::difference_ui;
use super::{Sheet, card, share, thousands};
use crate::app::evaluate::{Door, EvaluateCommand, Evaluating};
use crate::app::shell::theme;
use crate::app::shell::widgets::{combo, note, section};
use crate::app::state::State;
use crate::engine::evaluation::{ClassChange, Evaluation, Fate, SideBySide, Verdict, p_words};
use crate::evaluation::share_interval;

/// Classes that are listed.
const CLASSES: usize = 200;

pub fn compare_ui(ui: &mut Ui, state: &State, page: &mut Sheet<'_>) {
    let evaluating = &state.evaluating;
    let Some(shown) = evaluating.shown() else { return };
    card(ui, |ui| choose_ui(ui, evaluating, shown, page));
    match evaluating.compared() {
        Some((_, Some(Ok(found)))) => {
            card(ui, |ui| overall_ui(ui, found, page));
            if !found.answered_before.is_empty() {
                card(ui, |ui| {
                    difference_ui(ui, shown, evaluating.titles(), found, page);
                });
            }
            if !found.classes.is_empty() {
                card(ui, |ui| classes_ui(ui, shown, evaluating.titles(), found, page));
            }
        }
        Some((_, Some(Err(reason)))) => {
            let colour = theme::palette(ui).error;
            ui.label(RichText::new(reason).color(colour));
        }
        Some((_, None)) => {
            ui.spinner();
        }
        None => {}
    }
}

/// With which of the other evaluations of the same pictures it is compared.
fn choose_ui(ui: &mut Ui, evaluating: &Evaluating, shown: &Evaluation, page: &mut Sheet<'_>) {
    ui.label(section("Beside another evaluation of the same pictures"));
    let others: Vec<_> = evaluating
        .list()
        .iter()
        .filter(|other| other.id != shown.id && other.data == shown.setup.data)
        .collect();
    if others.is_empty() {
        let words = "There is none yet. Open another model, or other prompts, and measure these pictures again: then both \
                     stand side by side here.";
        ui.label(note(ui, words));
        let free = evaluating.at_work().is_none();
        let again = ui.add_enabled(free, egui::Button::new("Measure with the open model"));
        if again.clicked() {
            page.want(EvaluateCommand::AgainWithOpenModel);
        }
        return;
    }
    let chosen = evaluating.compared().map(|(id, _)| id.as_str());
    ui.horizontal_wrapped(|ui| {
        ui.label("From");
        let name = others.iter().find(|other| chosen == Some(other.id.as_str()));
        let title = name.map_or("choose one", |other| other.name.as_str());
        combo("baseline").selected_text(title).width(260.0).show_ui(ui, |ui| {
            for other in &others {
                let words = format!("{}, {}", other.name, other.top1.share_words());
                let is_chosen = chosen == Some(other.id.as_str());
                if ui.selectable_label(is_chosen, words).clicked() {
                    page.want(EvaluateCommand::Compare(other.id.clone()));
                }
            }
        });
        ui.label(format!("to {}", shown.name));
    });
}

fn overall_ui(ui: &mut Ui, found: &SideBySide, page: &mut Sheet<'_>) {
    let overall = &found.overall;
    ui.label(RichText::new(overall.verdict().title()).font(theme::strong(theme::SIZE_HEADING)));
    ui.label(format!(
        "{} before, {} after",
        overall.before.share_words(),
        overall.after.share_words()
    ));
    ui.label(format!("Difference: {}", overall.words()));
    ui.label(note(ui, "The interval is a bootstrap over groups of near-duplicates; p is McNemar's exact test (mid-p from 25 changes on)."));
    ui.horizontal_wrapped(|ui| {
        for fate in [Fate::Fixed, Fate::Broken, Fate::BothRight, Fate::BothWrong] {
            let places = found.places(fate);
            let text = format!("{}  {}", thousands(places.len()), fate.title());
            if ui.button(text).on_hover_text("Click for its pictures").clicked() {
                page.want(EvaluateCommand::Enter(Some(Door::new(fate.title(), places))));
            }
        }
    });
}

fn classes_ui(ui: &mut Ui, shown: &Evaluation, titles: &[String], found: &SideBySide, page: &mut Sheet<'_>) {
    ui.label(section("Class by class"));
    ui.label(note(ui, "p is McNemar's, Holm-corrected for the number of classes."));
    let mut changes: Vec<_> = found.classes.iter().collect();
    let moved = |change: &ClassChange| (change.after - change.before).abs();
    changes.sort_by(|a, b| moved(b).total_cmp(&moved(a)).then(a.class.cmp(&b.class)));
    if changes.len() > CLASSES {
        let left = thousands(changes.len() - CLASSES);
        ui.label(note(
            ui,
            format!("The {CLASSES} that changed most; {left} changed less."),
        ));
    }
    Grid::new("class changes")
        .num_columns(6)
        .spacing([28.0, 4.0])
        .striped(true)
        .show(ui, |ui| {
            for heading in ["Class", "n", "Recall", "fixed, broken", "p", ""] {
                ui.label(note(ui, heading));
            }
            ui.end_row();
            for change in changes.into_iter().take(CLASSES) {
                change_ui(ui, shown, titles, found, change, page);
                ui.end_row();
            }
        });
}

/// The recall before and after, each with its interval.
fn recalls(change: &ClassChange) -> String {
    let words = |recall: f64| {
        let right = (recall * change.count as f64).round() as usize;
        share(share_interval(right, change.count))
    };
    format!("{} before\n{} after", words(change.before), words(change.after))
}

/// How many pictures of a class were fixed, or broken, which leads to them.
fn fate_ui(
    ui: &mut Ui,
    shown: &Evaluation,
    found: &SideBySide,
    (class, title): (usize, &str),
    (fate, count): (Fate, usize),
    page: &mut Sheet<'_>,
) {
    let words = format!("{} {}", thousands(count), fate.title());
    if count == 0 {
        ui.label(words);
        return;
    }
    let link = ui.link(words).on_hover_text("Click for these pictures");
    if link.clicked() {
        let door = Door::new(format!("{title}, {}", fate.title()), of_fate(shown, found, class, fate));
        page.want(EvaluateCommand::Enter(Some(door)));
    }
}

/// The pictures of a class of which this became.
fn of_fate(shown: &Evaluation, found: &SideBySide, class: usize, fate: Fate) -> Vec<usize> {
    let mut places = found.places(fate);
    places.retain(|place| shown.pictures[*place].answer.truth == class);
    places
}

fn change_ui(
    ui: &mut Ui,
    shown: &Evaluation,
    titles: &[String],
    found: &SideBySide,
    change: &ClassChange,
    page: &mut Sheet<'_>,
) {
    let title = titles[change.class].as_str();
    if ui.link(title).clicked() {
        let door = of_class(shown, change.class, title);
        page.want(EvaluateCommand::Enter(Some(door)));
    }
    ui.label(thousands(change.count));
    ui.label(recalls(change));
    ui.horizontal(|ui| {
        for (fate, count) in [(Fate::Fixed, change.fixed), (Fate::Broken, change.broken)] {
            fate_ui(ui, shown, found, (change.class, title), (fate, count), page);
        }
    });
    ui.label(p_words(change.p));
    let verdict = change.verdict();
    let words = verdict.title();
    let text = if verdict == Verdict::NoDifferenceShown {
        note(ui, words)
    } else {
        RichText::new(words).strong()
    };
    ui.label(text);
}
