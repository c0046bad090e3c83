//! Whether the run that is set up can be started, and why not.

use crate::app::state::State;
use crate::engine::training::{FineTuneMethod, METHODS, Preview, RunConfig};

const ONE_CLASS: &str = "Only one class found; add a second folder.";

/// Whether the run that is set up can be started now.
///
/// # Errors
/// Says what is in the way, and what to do about it.
pub fn ready(state: &State) -> Result<(), String> {
    let training = &state.training;
    let draft = &training.draft;
    if draft.folder.as_os_str().is_empty() {
        return Err("Choose a folder first, or drop one here.".into());
    }
    let Some(model) = &state.model else {
        return Err("The model is still being loaded.".into());
    };
    draft
        .method
        .fits(model.tower)
        .map_err(|reason| format!("Not for this model: {reason}"))?;
    if training.paused().is_some() {
        return Err("Another run is still running.".into());
    }
    draft.check().map_err(|error| error.to_string())?;
    match &training.previewed {
        Some(Ok(preview)) => fit(draft, preview),
        Some(Err(reason)) => Err(reason.clone()),
        None => Err("The folder is still being looked through.".into()),
    }
}

/// Whether accuracy over the number of examples can be measured now.
///
/// # Errors
/// Says what is in the way, and what to do about it.
pub fn ready_for_shots(state: &State) -> Result<(), String> {
    let training = &state.training;
    if training.draft.folder.as_os_str().is_empty() {
        return Err("Choose a folder first, with one folder per class in it.".into());
    }
    let Some(model) = &state.model else {
        return Err("The model is still being loaded.".into());
    };
    for method in METHODS {
        let fits = method.fits(model.tower);
        fits.map_err(|reason| format!("Not for this model: {reason}"))?;
    }
    if training.paused().is_some() {
        return Err("A run is still running.".into());
    }
    if training.at_work.is_some() {
        return Err("Something else is still at work.".into());
    }
    match &training.previewed {
        Some(Ok(preview)) if !preview.captions.is_empty() => {
            Err("Few-shot needs classes, and these are captions: choose a folder with one folder per class.".into())
        }
        Some(Ok(preview)) if preview.classes.len() < 2 => Err(ONE_CLASS.into()),
        Some(Err(reason)) => Err(reason.clone()),
        // The measurement looks through the folder itself.
        Some(Ok(_)) | None => Ok(()),
    }
}

/// What the run would find out only after it was started.
fn fit(draft: &RunConfig, preview: &Preview) -> Result<(), String> {
    let classes = &preview.classes;
    let needs_classes = !matches!(draft.method, FineTuneMethod::Contrastive | FineTuneMethod::Scratch);
    if needs_classes && !preview.captions.is_empty() {
        let title = draft.method.title();
        return Err(format!(
            "{title} learns to tell classes apart, and these are captions: choose Contrastive, or a folder per class."
        ));
    }
    if needs_classes && classes.len() < 2 {
        return Err(ONE_CLASS.into());
    }
    if let Some(class) = classes
        .iter()
        .find(|class| class.train + class.validation + class.test == 0)
    {
        return Err(format!("No picture of {} can be read.", class.name));
    }
    if classes.iter().all(|class| class.train == 0) {
        return Err("No picture is left for training.".into());
    }
    if let Some(class) = classes.iter().find(|class| class.train == 0) {
        return Err(format!("No picture of {} is left for training.", class.name));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::training::ClassCount;

    fn class(name: &str, train: usize) -> ClassCount {
        ClassCount {
            name: name.into(),
            train,
            validation: 0,
            test: 0,
            samples: Vec::new(),
        }
    }

    fn with(classes: Vec<ClassCount>, captions: &[&str]) -> Preview {
        Preview {
            classes,
            captions: captions.iter().map(ToString::to_string).collect(),
            ..Preview::default()
        }
    }

    #[test]
    fn a_run_that_must_fail_is_not_ready() {
        let probe = RunConfig::new(FineTuneMethod::LinearProbe, "/a".into());
        let contrastive = RunConfig::new(FineTuneMethod::Contrastive, "/a".into());
        let two = with(vec![class("cat", 3), class("dog", 3)], &[]);
        assert_eq!(fit(&probe, &two), Ok(()));
        let one = with(vec![class("cat", 3)], &[]);
        assert!(fit(&probe, &one).unwrap_err().contains("add a second folder"));
        let unread = with(vec![class("cat", 3), class("dog", 0)], &[]);
        assert!(fit(&probe, &unread).unwrap_err().contains("dog"));
        let captions = with(vec![class("pictures with captions", 3)], &["a cat"]);
        assert!(fit(&probe, &captions).unwrap_err().contains("captions"));
        assert_eq!(fit(&contrastive, &captions), Ok(()));
        let held_out = |name: &str| ClassCount {
            test: 2,
            ..class(name, 0)
        };
        let untaught = with(vec![held_out("cat"), held_out("dog")], &[]);
        assert!(fit(&contrastive, &untaught).unwrap_err().contains("training"));
        let one_untaught = with(vec![class("cat", 3), held_out("dog")], &[]);
        assert!(fit(&probe, &one_untaught).unwrap_err().contains("of dog"));
    }
}
