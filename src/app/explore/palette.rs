//! The commands of the palette that have no key: every choice of the mode's menus and lists.

use super::command::{Compare, ExploreCommand};
use crate::app::command::{Command, Dialog, FileDialog};
use crate::app::settings::{Measure, Sort, TileText};
use crate::app::state::State;
use crate::engine::ModelChoice;
use crate::engine::protocol::HeatmapMethod;
use crate::heatmap::{Ramp, Scale, Style, card};
use crate::zero_shot::TemplateSet;

/// The rows, with their names for people.
pub fn rows(state: &State) -> Vec<(String, Command)> {
    let parts = [
        gallery(state),
        labels(state),
        heatmaps(state),
        compared(state),
        picture(state),
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
                "Let \"none of these\" compete"
            },
            ExploreCommand::ShowNone(!settings.show_none),
        ),
    ];
    let templates = TemplateSet::PRESETS.into_iter().chain(settings.own_templates.clone());
    rows.extend(templates.map(|set| row(format!("Template: {}", set.title()), ExploreCommand::UseTemplates(set))));
    if state.explore.baseline.is_some() {
        rows.push(row("Compare templates no longer", ExploreCommand::ForgetBaseline));
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
    rows.push(row("Heatmap scale: whichever fits", ExploreCommand::UseScale(None)));
    rows.extend(Style::ALL.map(|style| row(format!("Heatmap: {}", style.title()), ExploreCommand::UseStyle(style))));
    rows.push(row(
        "Heatmap: line at half of the maximum",
        ExploreCommand::ToggleContour,
    ));
    rows.push(row(
        "Heatmap: one scale for all labels",
        ExploreCommand::ToggleSameScale,
    ));
    rows.push(row("Heatmap: smooth between cells", ExploreCommand::ToggleSmooth));
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
        rows.push(row("Compare heatmaps no longer", ExploreCommand::Compare(None)));
        rows.push(row("Compare heatmaps side by side", ExploreCommand::Divide(None)));
        rows.push(row(
            "Compare heatmaps with a divider",
            ExploreCommand::Divide(Some(0.5)),
        ));
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
        row("Use the picture as an example", ExploreCommand::UseAsExample(id)),
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
