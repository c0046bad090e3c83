//! The commands of the palette that have no key: every choice of the mode's menus and lists.

use super::command::{Compare, ExploreCommand, Mark};
use super::state::BRUSH_RADIUS;
use crate::app::command::{Command, Dialog, FileDialog};
use crate::app::settings::{Measure, Sort, TileText};
use crate::app::state::State;
use crate::app::train::TrainCommand;
use crate::engine::ModelChoice;
use crate::engine::protocol::{Fill, HeatmapMethod, PictureId};
use crate::heatmap::{Ramp, Scale, Style, card};
use crate::zero_shot::TemplateSet;

/// How much larger a brush is that is larger.
const BRUSH_STEP: f32 = 1.5;

/// The rows, with their names for people.
pub fn rows(state: &State) -> Vec<(String, Command)> {
    let parts = [
        gallery(state),
        labels(state),
        heatmaps(state),
        compared(state),
        brush(state),
        picture(state),
        selection(state),
    ];
    parts.into_iter().flatten().collect()
}

fn row(title: impl Into<String>, command: impl Into<Command>) -> (String, Command) {
    (title.into(), command.into())
}

fn gallery(state: &State) -> Vec<(String, Command)> {
    let settings = &state.settings;
    let mut rows: Vec<_> = Sort::ALL
        .map(|sort| {
            row(
                format!("Sort by {}", sort.title().to_lowercase()),
                ExploreCommand::SortBy(sort),
            )
        })
        .into();
    rows.extend(Measure::ALL.map(|measure| {
        row(
            format!("Show {}", measure.title().to_lowercase()),
            ExploreCommand::Show(measure),
        )
    }));
    rows.extend(TileText::ALL.map(|text| {
        row(
            format!("Gallery: {}", text.title().to_lowercase()),
            ExploreCommand::TileText(text),
        )
    }));
    rows.push(row(
        "Gallery: rows of whole pictures, or squares",
        ExploreCommand::ToggleRows,
    ));
    if state.explore.held.is_some() {
        rows.push(row("Reorder the gallery", ExploreCommand::Reorder));
    }
    rows.push(row("Show all labels", ExploreCommand::FilterLabel(None)));
    rows.extend(settings.labels.iter().map(|label| {
        let title = format!("Show only \"{}\"", label.label.name);
        row(title, ExploreCommand::FilterLabel(Some(Some(label.id))))
    }));
    if settings.show_none {
        rows.push(row(
            "Show only \"none of these\"",
            ExploreCommand::FilterLabel(Some(None)),
        ));
    }
    rows.extend(settings.recent_folders.iter().map(|folder| {
        row(
            format!("Open {}", folder.display()),
            ExploreCommand::Open(vec![folder.clone()]),
        )
    }));
    rows.push(row("Skipped files", Command::OpenDialog(Dialog::Skipped)));
    rows.push(row("Try all skipped files again", ExploreCommand::Retry(None)));
    rows
}

fn labels(state: &State) -> Vec<(String, Command)> {
    let settings = &state.settings;
    let mut rows = vec![
        row(
            "Paste or edit the list of labels",
            Command::OpenDialog(Dialog::LabelList),
        ),
        row("Write your own templates", Command::OpenDialog(Dialog::Templates)),
        row(
            if settings.show_none {
                "Hide \"none of these\""
            } else {
                "Include \"none of these\""
            },
            ExploreCommand::ShowNone(!settings.show_none),
        ),
    ];
    let templates = TemplateSet::PRESETS.into_iter().chain(settings.own_templates.clone());
    rows.extend(templates.map(|set| row(format!("Template: {}", set.title()), ExploreCommand::UseTemplates(set))));
    if state.explore.baseline.is_some() {
        rows.push(row("Stop comparing templates", ExploreCommand::ForgetBaseline));
    }
    rows
}

/// The methods that fit the model.
fn methods(state: &State) -> impl Iterator<Item = HeatmapMethod> {
    let tower = state.model.as_ref().map(|model| model.tower);
    HeatmapMethod::all().filter(move |method| tower.is_some_and(|tower| method.fits(tower).is_ok()))
}

fn heatmaps(state: &State) -> Vec<(String, Command)> {
    let mut rows: Vec<_> = methods(state)
        .map(|method| {
            row(
                format!("Heatmap by {}", card(method).title),
                ExploreCommand::UseMethod(Some(method)),
            )
        })
        .collect();
    let ramps = Ramp::ALL.into_iter().filter(|ramp| *ramp != Ramp::BlueRed);
    rows.extend(ramps.map(|ramp| {
        row(
            format!("Heatmap colours: {}", ramp.title()),
            ExploreCommand::UseRamp(ramp),
        )
    }));
    rows.extend(Scale::ALL.map(|scale| {
        row(
            format!("Heatmap scale: {}", scale.title()),
            ExploreCommand::UseScale(Some(scale)),
        )
    }));
    rows.push(row("Heatmap scale: automatic", ExploreCommand::UseScale(None)));
    rows.extend(Style::ALL.map(|style| row(format!("Heatmap: {}", style.title()), ExploreCommand::UseStyle(style))));
    rows.push(row("Heatmap: contour at half maximum", ExploreCommand::ToggleContour));
    rows.push(row(
        "Heatmap: one scale for all labels",
        ExploreCommand::ToggleSameScale,
    ));
    rows.push(row("Heatmap: smooth between cells", ExploreCommand::ToggleSmooth));
    rows.push(if state.explore.stopped {
        row("Resume computing heatmaps", ExploreCommand::HoldHeatmap(false))
    } else {
        row("Stop computing heatmaps", ExploreCommand::HoldHeatmap(true))
    });
    rows.push(row(
        "Save the numbers of the heatmap…",
        Command::Choose(FileDialog::HeatmapGrid),
    ));
    rows
}

fn compared(state: &State) -> Vec<(String, Command)> {
    let compare = |title: String, compare: Compare| {
        row(
            format!("Compare heatmaps: {title}"),
            ExploreCommand::Compare(Some(compare)),
        )
    };
    let labels = state.settings.labels.iter();
    let mut rows: Vec<_> = labels
        .map(|label| compare(format!("with \"{}\"", label.label.name), Compare::Label(label.id)))
        .collect();
    rows.extend(methods(state).map(|method| compare(format!("by {}", card(method).title), Compare::Method(method))));
    rows.push(compare("with the starter".into(), Compare::Model(ModelChoice::Starter)));
    rows.extend(state.settings.recent_models.iter().map(|path| {
        let model = Compare::Model(ModelChoice::Path(path.clone()));
        compare(format!("with {}", state.name_at(path)), model)
    }));
    if state.explore.compare.is_some() {
        rows.push(row("Stop comparing heatmaps", ExploreCommand::Compare(None)));
        rows.push(row("Compare heatmaps side by side", ExploreCommand::Divide(None)));
        rows.push(row(
            "Compare heatmaps with a divider",
            ExploreCommand::Divide(Some(0.5)),
        ));
    }
    rows
}

/// What the brush erases with, and how much at once.
fn brush(state: &State) -> Vec<(String, Command)> {
    let explore = &state.explore;
    let mut rows: Vec<_> = Fill::ALL
        .map(|fill| row(format!("Brush fill: {}", fill.title()), ExploreCommand::UseFill(fill)))
        .into();
    let radius = explore.brush.map_or(BRUSH_RADIUS, |brush| brush.radius);
    rows.push(row("Larger brush", ExploreCommand::SizeBrush(radius * BRUSH_STEP)));
    rows.push(row("Smaller brush", ExploreCommand::SizeBrush(radius / BRUSH_STEP)));
    if !explore.strokes.is_empty() {
        rows.push(row("Undo last stroke", ExploreCommand::UndoStroke));
    }
    rows
}

/// What the bar of the marked pictures offers, and their menu.
fn selection(state: &State) -> Vec<(String, Command)> {
    let explore = &state.explore;
    if explore.marked.is_empty() {
        return Vec::new();
    }
    let marked: Vec<PictureId> = explore.marked.iter().copied().collect();
    let mut rows = vec![
        row("Clear selection", ExploreCommand::Mark(Mark::Nothing)),
        row(
            "Copy the paths of the selection",
            ExploreCommand::CopyPath(explore.paths(&marked)),
        ),
        row(
            "Use the selection as examples",
            ExploreCommand::UseAsExamples(marked.clone()),
        ),
        row("Skip the selection", ExploreCommand::Skip(marked)),
    ];
    if let Some(folder) = explore.marked_folder(&state.settings.folders) {
        let train = Command::Train(TrainCommand::Drop(folder));
        rows.push(row("Train on the folder of the selection", train));
    }
    rows
}

/// What the menu of the selected picture offers.
fn picture(state: &State) -> Vec<(String, Command)> {
    let selected = state.explore.selected;
    let Some((id, picture)) = selected.and_then(|id| Some((id, state.explore.pictures.get(id)?))) else {
        return Vec::new();
    };
    let path = &picture.file.path;
    let all = state.explore.meant(id);
    let mut rows = vec![
        row(
            "Copy the path of the picture",
            ExploreCommand::CopyPath(path.display().to_string()),
        ),
        row("Copy the picture", ExploreCommand::CopyPicture(id)),
        row("More like the selected picture", ExploreCommand::MoreLike(id)),
        row("Use the picture as an example", ExploreCommand::UseAsExamples(vec![id])),
        row("Skip the picture", ExploreCommand::Skip(all)),
    ];
    if let Some(folder) = path.parent() {
        rows.push(row(
            "Show the picture in its folder",
            Command::ShowFolder(folder.to_path_buf()),
        ));
    }
    rows
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::explore::picture::Picture;
    use crate::app::settings::Settings;
    use crate::engine::protocol::PictureFile;

    #[test]
    fn what_can_be_done_with_a_picture_and_with_the_selection_is_in_the_palette() {
        let mut state = State::new(Settings::default());
        for (id, path) in [(1, "/p/1.jpg"), (2, "/p/2.jpg")] {
            let file = PictureFile { id, path: path.into() };
            state.explore.pictures.push(Picture::new(file, &[]));
        }
        state.explore.selected = Some(1);
        let found = |state: &State, title: &str| {
            let found = rows(state).into_iter().find(|(known, _)| known == title);
            found.map(|(_, command)| command)
        };
        let folder = Some(Command::ShowFolder("/p".into()));
        assert_eq!(found(&state, "Show the picture in its folder"), folder);
        let train = "Train on the folder of the selection";
        assert_eq!(found(&state, train), None);
        state.explore.marked.extend([1, 2]);
        let dropped = Some(Command::Train(TrainCommand::Drop("/p".into())));
        assert_eq!(found(&state, train), dropped);
        let paths = Some(Command::Explore(ExploreCommand::CopyPath("/p/1.jpg\n/p/2.jpg".into())));
        assert_eq!(found(&state, "Copy the paths of the selection"), paths);
        assert!(found(&state, "Clear selection").is_some());
    }

    #[test]
    fn computing_heatmaps_is_stopped_and_resumed_from_the_palette() {
        let mut state = State::new(Settings::default());
        let is_there = |state: &State, title: &str| rows(state).iter().any(|(known, _)| known == title);
        assert!(is_there(&state, "Stop computing heatmaps") && !is_there(&state, "Resume computing heatmaps"));
        state.explore.stopped = true;
        assert!(is_there(&state, "Resume computing heatmaps") && !is_there(&state, "Stop computing heatmaps"));
    }
}
