//! What a run is asked to do.

mod fields;
mod hyper;
mod presets;
#[cfg(test)]
mod tests;

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::search::{Choice, trials};
use super::{Error, Result};
use crate::clip::Precision;
use crate::escape::check_name;
use crate::files::check_local;
use crate::fine_tune::FineTuneMethod;
use crate::lossless::Lossless;
use crate::zero_shot::DEFAULT_TEMPLATE;

pub use fields::{FIELDS, Field};
pub use hyper::{Architecture, Hyper, TrainedPart};
pub use presets::{PRESETS, Preset};

/// A run as it was asked for.
#[serde_with::serde_as]
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RunConfig {
    pub method: FineTuneMethod,
    /// What it learns from: a folder of pictures, by class or with captions.
    #[serde_as(as = "Lossless")]
    pub folder: PathBuf,
    /// The model that it starts from, a folder or a file; none for the starter.
    #[serde_as(as = "Option<Lossless>")]
    pub base: Option<PathBuf>,
    /// Pictures of each class that it learns from; all where it is none.
    pub shots: Option<usize>,
    /// Decides the split and everything else that is left to chance.
    pub seed: u64,
    /// Sentences with `{}` for class names.
    pub templates: Vec<String>,
    /// Pictures in folders by class that the run never learns from: how much is forgotten. The samples where it is
    /// none.
    #[serde_as(as = "Option<Lossless>")]
    pub control: Option<PathBuf>,
    /// The precision in which the towers compute while they learn; the weights stay in f32.
    #[serde(default)]
    pub precision: Precision,
    pub hyper: Hyper,
    /// Settings of which several values are tried, the best by validation.
    #[serde(default)]
    pub search: Vec<Choice>,
}

impl RunConfig {
    /// A run with a method's defaults.
    pub fn new(method: FineTuneMethod, folder: PathBuf) -> Self {
        Self {
            method,
            folder,
            base: None,
            shots: None,
            seed: 0,
            templates: vec![DEFAULT_TEMPLATE.into()],
            control: None,
            precision: Precision::Full,
            hyper: Hyper::of(method),
            search: Vec::new(),
        }
    }

    /// Refuses what cannot be.
    ///
    /// # Errors
    /// Names the setting.
    pub fn check(&self) -> Result<()> {
        let others = [&self.base, &self.control].into_iter().flatten();
        for path in others.chain([&self.folder]) {
            check_local(path).map_err(Error::Config)?;
        }
        self.check_ranges()?;
        trials(self)?;
        if self.shots == Some(0) {
            return Err(Error::Config("shots must be 1 or more; leave them out for all".into()));
        }
        self.check_templates()?;
        let hyper = &self.hyper;
        if self.method == FineTuneMethod::Scratch && !hyper.image_size.is_multiple_of(32) {
            return Err(Error::Config("image-size must be a multiple of 32".into()));
        }
        if self.method == FineTuneMethod::Scratch && !hyper.width.is_multiple_of(16) {
            return Err(Error::Config("width must be a multiple of 16".into()));
        }
        Ok(())
    }

    /// Every setting, and every value that is searched, lies in its setting's range.
    fn check_ranges(&self) -> Result<()> {
        for field in Field::of(self.method) {
            let (value, (low, high)) = (field.get(&self.hyper), field.range);
            if !(low..=high).contains(&value) {
                return Err(Error::Config(format!(
                    "{} is {value}, but must lie from {low} to {high}",
                    field.name
                )));
            }
        }
        for choice in &self.search {
            let field = choice.field(self.method)?;
            let (low, high) = field.range;
            if let Some(value) = choice.values.iter().find(|value| !(low..=high).contains(*value)) {
                return Err(Error::Config(format!(
                    "{} is to be {value}, but must lie from {low} to {high}",
                    field.name
                )));
            }
        }
        Ok(())
    }

    fn check_templates(&self) -> Result<()> {
        for template in &self.templates {
            check_name("the template", template).map_err(Error::Config)?;
        }
        if let Some(template) = self.templates.iter().find(|template| !template.contains("{}")) {
            return Err(Error::Config(format!(
                "the template \"{template}\" has no {{}} for the class name"
            )));
        }
        Ok(())
    }
}
