//! "None of these" against pictures that show none of the classes.

use std::path::PathBuf;
use std::sync::Arc;

use egui::{Sense, Ui};

use super::gallery_files::file_ui;
use super::{Sheet, pictures, share, thousands};
use crate::app::evaluate::{Door, EvaluateCommand};
use crate::app::shell::theme;
use crate::app::shell::widgets::{Chart, ChartLine, clicked_chart_ui, note, section};
use crate::engine::evaluation::{Evaluation, Negatives, Threshold};

/// Negatives that are shown, and their size.
const NEGATIVES: usize = 12;
const NEGATIVE: egui::Vec2 = egui::vec2(64.0, 64.0);

const BY_LEAD: &str = "smallest lead first";

/// Draws how well they are told apart, the pictures that are not, and the curve over thresholds.
pub fn negatives_ui(ui: &mut Ui, shown: &Evaluation, negatives: &Negatives, page: &mut Sheet<'_>) {
    ui.label(section("\u{201c}None of these\u{201d} against your negatives"));
    ui.label(format!(
        "AUROC {:.3}; {} of the {} are taken for a class where 95 % of the classes' own are",
        negatives.auroc,
        share(negatives.mistaken()),
        pictures(negatives.count)
    ));
    let lost = below(shown, negatives.threshold95);
    let words = format!("{}  of the classes' own would be taken for none", thousands(lost.len()));
    if ui.button(words).on_hover_text("Click for these pictures").clicked() {
        let door = Door::ordered("taken for \u{201c}none of these\u{201d}", lost, BY_LEAD);
        page.want(EvaluateCommand::Enter(Some(door)));
    }
    mistaken_ui(ui, negatives, page);
    if let Some(at) = curve_ui(ui, negatives)
        && let Some(door) = door_at(shown, negatives, at)
    {
        page.want(EvaluateCommand::Enter(Some(door)));
    }
}

/// The negatives that are taken for a class: the first ones, and a door to all.
fn mistaken_ui(ui: &mut Ui, negatives: &Negatives, page: &mut Sheet<'_>) {
    let mistaken = negatives.mistaken_files();
    if mistaken.is_empty() {
        return;
    }
    let words = format!("{}  negatives are taken for a class", thousands(mistaken.len()));
    if ui.button(words).on_hover_text("Click for these pictures").clicked() {
        let files = mistaken.iter().map(|file| file.to_path_buf()).collect();
        let door = Door::of_files("negatives that are taken for a class", files);
        page.want(EvaluateCommand::Enter(Some(door)));
    }
    ui.label(note(ui, "The surest of them:"));
    ui.horizontal_wrapped(|ui| {
        for file in mistaken.into_iter().take(NEGATIVES) {
            let (rect, _) = ui.allocate_exact_size(NEGATIVE, Sense::hover());
            if file_ui(ui, file, rect, page) {
                page.want(EvaluateCommand::ShowInExplore(file.to_path_buf()));
            }
        }
    });
}

/// Draws the curve; where it was clicked.
fn curve_ui(ui: &mut Ui, negatives: &Negatives) -> Option<[f64; 2]> {
    let palette = theme::palette(ui);
    let line = |name: &str, colour, of: fn(&Threshold) -> f64| {
        let points: Vec<[f64; 2]> = negatives.curve.iter().map(|point| [point.lead, of(point)]).collect();
        ChartLine {
            name: name.into(),
            colour,
            points: points.into(),
            ..ChartLine::default()
        }
    };
    let threshold = ChartLine {
        name: "95 % of the classes\u{2019} own".into(),
        colour: palette.text_weak,
        points: vec![[negatives.threshold95, 0.0], [negatives.threshold95, 1.0]].into(),
        ..ChartLine::default()
    };
    let chart = Chart {
        title: "Thresholds",
        about: "Click a curve for its pictures: the classes\u{2019} own that a threshold there would lose, or the negatives that \
                it would take for a class",
        across: "lead over \u{201c}none of these\u{201d}, in cosine",
        up: "share that has it",
        height: 180.0,
        shares: true,
        lines: vec![
            line("the classes\u{2019} own", palette.accent, |point| point.kept),
            line("negatives", palette.error, |point| point.mistaken),
            threshold,
        ],
        ..Chart::default()
    };
    clicked_chart_ui(ui, &chart)
}

/// To the pictures of the curve that is nearest to a place of the chart: the classes' own with a smaller lead, or the
/// negatives with that lead or more. None where there is no such picture.
fn door_at(shown: &Evaluation, negatives: &Negatives, [lead, share]: [f64; 2]) -> Option<Arc<Door>> {
    let at = |point: &&Threshold| (point.lead - lead).abs();
    let point = negatives.curve.iter().min_by(|a, b| at(a).total_cmp(&at(b)))?;
    let of_negatives = (point.mistaken - share).abs() < (point.kept - share).abs();
    let (count, door) = if of_negatives {
        let files = taken_from(negatives, lead);
        (
            files.len(),
            Door::of_files(format!("negatives with a lead of {lead:.3} or more"), files),
        )
    } else {
        let places = below(shown, lead);
        (
            places.len(),
            Door::ordered(format!("lead below {lead:.3}"), places, BY_LEAD),
        )
    };
    (count > 0).then_some(door)
}

/// The negatives with this lead or more, the largest first.
fn taken_from(negatives: &Negatives, least: f64) -> Vec<PathBuf> {
    let each = negatives.leads.iter().zip(&negatives.files);
    let mut taken: Vec<(&f64, &PathBuf)> = each.filter(|(lead, _)| **lead >= least).collect();
    taken.sort_by(|a, b| b.0.total_cmp(a.0).then(a.1.cmp(b.1)));
    taken.into_iter().map(|(_, file)| file.clone()).collect()
}

/// Pictures of the classes whose lead over "none of these" is below this, the smallest first.
fn below(shown: &Evaluation, threshold: f64) -> Vec<usize> {
    let lead = |place: &usize| {
        let answer = &shown.pictures[*place].answer;
        let best = answer.best.first().map_or(0.0, |best| best.cosine);
        f64::from(best - answer.none_cosine)
    };
    let mut places: Vec<usize> = (0..shown.pictures.len())
        .filter(|place| lead(place) < threshold)
        .collect();
    places.sort_by(|a, b| lead(a).total_cmp(&lead(b)));
    places
}

#[cfg(test)]
mod tests {
    use super::super::super::state::tests::evaluation;
    use super::*;

    #[test]
    fn a_click_on_a_curve_leads_to_the_pictures_that_a_threshold_there_costs() {
        let shown = evaluation(&[(0, 0), (0, 1), (1, 1)]);
        let all = below(&shown, f64::INFINITY);
        assert_eq!((all.len(), below(&shown, f64::NEG_INFINITY).len()), (3, 0));
        let mut negatives = Negatives::of(&[0.3, 0.3, 0.3], &[0.0, 0.1, 0.5]).unwrap();
        negatives.files = ["a", "b", "c"].map(PathBuf::from).to_vec();
        // At a lead of 0.25 all of the classes' own are kept, and one negative of three is mistaken.
        let door = door_at(&shown, &negatives, [0.25, 0.3]).unwrap();
        assert_eq!(door.files, [PathBuf::from("c")]);
        assert!(
            door_at(&shown, &negatives, [0.25, 1.0]).is_none(),
            "none of the classes' own is lost there"
        );
        let door = door_at(&shown, &negatives, [0.45, 0.05]).unwrap();
        assert_eq!((door.places.len(), door.files.len()), (3, 0));
        assert_eq!(taken_from(&negatives, 0.1), [PathBuf::from("c"), PathBuf::from("b")]);
    }
}
