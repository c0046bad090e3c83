//! Requests about runs that are done, for which no model is needed.

use super::{list, tell};
use crate::engine::Events;
use crate::engine::protocol::Severity;
use crate::engine::training::{Comparison, TrainingEvent, TrainingRequest};
use crate::fine_tune::run::Runs;

/// What needs no model.
pub(super) fn keep_books(runs: &Runs, request: TrainingRequest, events: &Events) {
    let done = match request {
        TrainingRequest::Events(run) => runs.find(&run).map(|folder| {
            let known = folder.events();
            tell(events, TrainingEvent::Events { run, events: known });
        }),
        TrainingRequest::Describe { run, name, note } => runs.find(&run).and_then(|folder| folder.describe(name, note)),
        TrainingRequest::Contrast(compared) => {
            let contrasts = contrasts(runs, &compared);
            tell(events, TrainingEvent::Contrasts { compared, contrasts });
            return;
        }
        TrainingRequest::Delete(run) => runs.delete(&run),
        TrainingRequest::Restore(run) => runs.restore(&run),
        TrainingRequest::List => {
            let damaged = runs.damaged();
            if let Some(first) = damaged.first() {
                let names: Vec<&str> = damaged.iter().map(|run| run.run.as_str()).collect();
                let text = format!(
                    "Runs that cannot be shown: {} ({}). `clipsight runs delete {}` removes one",
                    names.join(", "),
                    first.reason,
                    first.run
                );
                events.message(Severity::Warning, text);
            }
            Ok(())
        }
        _ => Ok(()),
    };
    if let Err(error) = done {
        events.message(Severity::Error, error.to_string());
    }
    list(runs, events);
}

/// Runs against the first of them.
fn contrasts(runs: &Runs, compared: &[String]) -> Vec<(String, Option<Comparison>)> {
    let tested = |run: &String| runs.find(run).and_then(|folder| folder.record()).ok()?.tested;
    let Some((first, others)) = compared.split_first() else {
        return Vec::new();
    };
    let baseline = tested(first);
    let against = |run: &String| tested(run)?.against(baseline.as_ref()?);
    others.iter().map(|run| (run.clone(), against(run))).collect()
}
