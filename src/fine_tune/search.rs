//! Which settings are searched for: every combination of the values is a trial, and the validation side decides.
//!
//! How long a trial is stays the same, so that its length is not searchable: the best validation of a trial already is the
//! best number of epochs. Where a method's strengths are searched for by itself (the linear probe, Tip-Adapter's two),
//! nothing is left.

use serde::{Deserialize, Serialize};

use super::config::{Field, RunConfig};
use super::{Error, Result};
use crate::fine_tune::FineTuneMethod;

/// More trials than this are refused: nobody waits for them.
pub const MAX_TRIALS: usize = 64;

/// A setting that is searched for.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Choice {
    /// A [`Field`]'s name.
    pub name: String,
    pub values: Vec<f64>,
}

impl Choice {
    /// What is usually searched for: around the published defaults.
    pub fn usual(method: FineTuneMethod) -> Vec<Self> {
        let rates: &[f64] = match method {
            FineTuneMethod::LinearProbe | FineTuneMethod::TipAdapter => return Vec::new(),
            FineTuneMethod::TipAdapterF => &[1e-4, 1e-3, 1e-2],
            FineTuneMethod::ProLip => &[1e-6, 1e-5, 1e-4],
            FineTuneMethod::Lora => &[5e-5, 2e-4, 1e-3],
            FineTuneMethod::Contrastive => &[3e-6, 1e-5, 3e-5],
            FineTuneMethod::Scratch => &[1e-4, 5e-4, 2e-3],
        };
        let choice = |name: &str, values: &[f64]| Self {
            name: name.into(),
            values: values.to_vec(),
        };
        let mut choices = vec![choice("learning-rate", rates)];
        if method == FineTuneMethod::ProLip {
            choices.push(choice("pull", &[0.1, 1.0, 10.0]));
        }
        choices
    }

    /// The setting itself, where the method has it and it can be searched for.
    ///
    /// # Errors
    /// Says which settings can be.
    pub fn field(&self, method: FineTuneMethod) -> Result<&'static Field> {
        let mut searchable = Field::of(method).filter(|field| field.searchable());
        searchable.find(|field| field.name == self.name).ok_or_else(|| {
            let names: Vec<&str> = Field::of(method)
                .filter(|field| field.searchable())
                .map(|field| field.name)
                .collect();
            let known = if names.is_empty() {
                format!("{} finds its strengths by itself", method.title())
            } else {
                format!("it can search for {}", names.join(", "))
            };
            Error::Config(format!("{} cannot search for {}: {known}", method.title(), self.name))
        })
    }
}

/// One run for each combination of what is searched for; the run itself where nothing is.
///
/// # Errors
/// A setting cannot be searched for, has no values, or there are too many combinations.
pub fn trials(config: &RunConfig) -> Result<Vec<RunConfig>> {
    let mut trials = vec![RunConfig {
        search: Vec::new(),
        ..config.clone()
    }];
    for choice in &config.search {
        let field = choice.field(config.method)?;
        if choice.values.is_empty() {
            return Err(Error::Config(format!("no values of {} to try", choice.name)));
        }
        let with = |trial: &RunConfig, value: f64| {
            let mut trial = trial.clone();
            field.set(&mut trial.hyper, value);
            trial
        };
        trials = trials
            .iter()
            .flat_map(|trial| choice.values.iter().map(|&value| with(trial, value)))
            .collect();
        if trials.len() > MAX_TRIALS {
            return Err(Error::Config(format!(
                "more than {MAX_TRIALS} combinations to try: leave some values out"
            )));
        }
    }
    Ok(trials)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn choice(name: &str, values: &[f64]) -> Choice {
        Choice {
            name: name.into(),
            values: values.to_vec(),
        }
    }

    #[test]
    fn every_combination_is_a_trial_and_what_is_usual_can_be_searched_for() {
        for method in FineTuneMethod::all() {
            let mut config = RunConfig::new(method, "x".into());
            config.search = Choice::usual(method);
            let count: usize = config.search.iter().map(|choice| choice.values.len()).product();
            let trials = trials(&config).unwrap();
            assert_eq!(trials.len(), count);
            for trial in &trials {
                trial.check().unwrap();
                assert!(trial.search.is_empty());
            }
        }
        let mut config = RunConfig::new(FineTuneMethod::Lora, "x".into());
        config.search = vec![choice("rank", &[2.0, 4.0]), choice("learning-rate", &[1e-4, 1e-3])];
        let found: Vec<(usize, f64)> = trials(&config)
            .unwrap()
            .iter()
            .map(|trial| (trial.hyper.rank, trial.hyper.learning_rate))
            .collect();
        assert_eq!(found, [(2, 1e-4), (2, 1e-3), (4, 1e-4), (4, 1e-3)]);
    }

    #[test]
    fn what_cannot_be_searched_for_is_refused() {
        let refused = |method, search: Vec<Choice>| {
            let mut config = RunConfig::new(method, "x".into());
            config.search = search;
            config.check().unwrap_err().to_string()
        };
        assert!(refused(FineTuneMethod::Lora, vec![choice("epochs", &[1.0])]).contains("learning-rate"));
        assert!(refused(FineTuneMethod::LinearProbe, vec![choice("epochs", &[1.0])]).contains("by itself"));
        assert!(refused(FineTuneMethod::Lora, vec![choice("rank", &[])]).contains("no values"));
        assert!(refused(FineTuneMethod::Lora, vec![choice("rank", &[0.0])]).contains("rank"));
        let many: Vec<f64> = (0..100).map(|n| f64::from(n) / 200.0).collect();
        assert!(refused(FineTuneMethod::Lora, vec![choice("dropout", &many)]).contains("combinations"));
    }
}
