//! What the palette runs on this page: every model by its name.

use super::state::{ModelsCommand, Order};
use crate::app::command::{Command, FileDialog};
use crate::app::state::State;
use crate::engine::ModelChoice;
use crate::hub::catalogue;

/// The rows, with their names for people.
pub fn rows(state: &State) -> Vec<(String, Command)> {
    let mut rows = vec![
        (
            "Open a model's folder…".to_owned(),
            Command::Choose(FileDialog::ModelFolder),
        ),
        (
            "Open a model's file…".to_owned(),
            Command::Choose(FileDialog::ModelFile),
        ),
        ("Use the starter".to_owned(), Command::LoadModel(ModelChoice::Starter)),
    ];
    let here = state.models.here().iter();
    rows.extend(here.map(|model| {
        let choice = ModelChoice::Path(model.folder.clone());
        (format!("Use {}", model.name), Command::LoadModel(choice))
    }));
    rows.extend(state.settings.recent_models.iter().map(|path| {
        let choice = ModelChoice::Path(path.clone());
        (format!("Use {}", state.name_at(path)), Command::LoadModel(choice))
    }));
    let starter = ("the starter", ModelChoice::Starter);
    let here = state.models.here().iter();
    let here = here.map(|model| (model.name.as_str(), ModelChoice::Path(model.folder.clone())));
    rows.extend([starter].into_iter().chain(here).map(|(name, choice)| {
        let title = format!("Measure how fast {name} is here");
        (title, Command::MeasureModel(choice))
    }));
    if state.models.fetching().is_some() {
        rows.push(("Stop the download".to_owned(), Command::StopFetching));
    } else {
        let missing = catalogue()
            .iter()
            .filter(|entry| state.models.find(&entry.name).is_none());
        rows.extend(missing.map(|entry| (format!("Get {}", entry.name), Command::FetchModel(entry.name.clone()))));
    }
    rows.extend(Order::ALL.map(|(order, title)| {
        let command = Command::Models(ModelsCommand::SortBy(order));
        (format!("Sort models by: {}", title.to_lowercase()), command)
    }));
    rows
}
