//! What models are called: one that a run made is called after the run.

use std::path::Path;

use super::State;
use crate::engine::protocol::{ModelInfo, model_name};
use crate::engine::training::RunRecord;

/// What a run's folder is called, of a run that is not known (any more): in it, models have no names of their own.
fn run_folder(path: &Path) -> Option<String> {
    let run = path.parent()?;
    let runs = run.parent()?.file_name()?;
    (runs == "runs").then(|| run.file_name().map(|name| name.to_string_lossy().into_owned()))?
}

/// What a run's model is called: a blend is another model than what was learnt.
fn called(record: &RunRecord) -> String {
    if record.is_blend() {
        format!("{}, blend {:.2}", record.name, record.blend)
    } else {
        record.name.clone()
    }
}

impl State {
    /// A model's name for people: that of the run, where a run made it.
    pub fn name_at(&self, path: &Path) -> String {
        match self.training.run_at(path) {
            Some(record) => called(record),
            None => run_folder(path).unwrap_or_else(|| model_name(path)),
        }
    }

    /// The same of the model that is being loaded.
    pub fn name_of_loading(&self) -> Option<String> {
        let name = self.model_loading.as_ref()?;
        let run = self.training.run_at(Path::new(name));
        Some(run.map_or_else(|| name.clone(), called))
    }

    /// The same of a model that was opened.
    pub fn name_of(&self, model: &ModelInfo) -> String {
        let run = model.path.as_deref().and_then(|path| self.training.run_at(path));
        run.map_or_else(|| model.name.clone(), called)
    }
}
