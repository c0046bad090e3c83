//! Looks through folders that a run could learn from, on a thread of its own: no run at work delays it, and only the newest
//! folder is looked through.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use crossbeam_channel::{Sender, unbounded};

use super::Events;
use super::protocol::Event;
use super::threads::{keep_going, spawn};
use super::training::{RunConfig, TrainingEvent};
use crate::fine_tune::{Error, run};
use crate::progress::{Step, progress_fn};

/// Steps in which progress is told.
const STEPS: f32 = 100.0;

/// Takes folders to look through.
pub struct Previews {
    asked: Sender<(u64, Box<RunConfig>)>,
    newest: Arc<AtomicU64>,
}

impl Previews {
    pub fn start(events: &Events) -> Self {
        let (asked, waiting) = unbounded::<(u64, Box<RunConfig>)>();
        let newest = Arc::new(AtomicU64::default());
        let (told, known) = (events.clone(), newest.clone());
        spawn("preview", events, move || {
            keep_going("preview", &told, || match waiting.recv() {
                Ok((generation, config)) => {
                    look(generation, &config, &known, &told);
                    true
                }
                Err(_) => false,
            });
        });
        Self { asked, newest }
    }

    /// Looks through a folder; never waits.
    pub fn look(&self, generation: u64, config: Box<RunConfig>) {
        self.newest.store(generation, Ordering::Relaxed);
        let _ = self.asked.send((generation, config));
    }

    /// What was asked for before this generation is not wanted any more.
    pub fn stop(&self, generation: u64) {
        self.newest.store(generation, Ordering::Relaxed);
    }
}

fn look(generation: u64, config: &RunConfig, newest: &AtomicU64, events: &Events) {
    let wanted = || newest.load(Ordering::Relaxed) == generation;
    if !wanted() {
        return;
    }
    let told = AtomicU64::new(0);
    let hear = |step: Step<'_>| {
        let now = (STEPS * step.share()) as u64;
        if told.swap(now, Ordering::Relaxed) != now {
            let done = step.share();
            events.send(Event::Training(TrainingEvent::Looking { generation, done }));
        }
    };
    let previewed = match run::preview(config, &progress_fn(hear, wanted)) {
        Ok(preview) => Ok(Box::new(preview)),
        Err(Error::Stopped) => return,
        Err(error) => Err(error.to_string()),
    };
    if wanted() {
        events.send(Event::Training(TrainingEvent::Previewed { generation, previewed }));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fine_tune::FineTuneMethod;

    #[test]
    fn an_outdated_folder_is_not_looked_through() {
        let (events, said) = Events::listened_to();
        let folder = tempfile::tempdir().unwrap();
        let newest = AtomicU64::new(2);
        let config = RunConfig::new(FineTuneMethod::LinearProbe, folder.path().join("none"));
        look(1, &config, &newest, &events);
        assert!(said.try_recv().is_err(), "the folder is another by now");
        look(2, &config, &newest, &events);
        let heard = said.try_iter().any(|event| {
            matches!(
                event,
                Event::Training(TrainingEvent::Previewed {
                    generation: 2,
                    previewed: Err(_)
                })
            )
        });
        assert!(heard);
    }
}
