//! How threads are started, and what becomes of a panic in one: always a message that the user reads.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::thread::JoinHandle;

use super::Events;
use super::protocol::Severity;
use crate::logging::{panic_text, place};

/// Starts a thread. Where the system refuses, or the work panics, a message says so.
pub fn spawn(name: &str, events: &Events, work: impl FnOnce() + Send + 'static) -> Option<JoinHandle<()>> {
    let (called, told) = (name.to_owned(), events.clone());
    let started = std::thread::Builder::new().name(name.into()).spawn(move || {
        if let Err(panic) = catch_unwind(AssertUnwindSafe(work)) {
            told.message(Severity::Error, failure(&called, &panic_text(panic.as_ref())));
        }
    });
    match started {
        Ok(handle) => Some(handle),
        Err(error) => {
            let text =
                format!("The thread \"{name}\" could not be started ({error}): close other programs, and start again");
            events.message(Severity::Error, text);
            None
        }
    }
}

/// Does step after step until one says that it was the last; a panic in one is told, and the next one follows.
pub fn keep_going(name: &str, events: &Events, mut step: impl FnMut() -> bool) {
    loop {
        match catch_unwind(AssertUnwindSafe(&mut step)) {
            Ok(true) => {}
            Ok(false) => return,
            Err(panic) => {
                let text = failure(name, &panic_text(panic.as_ref()));
                events.message(Severity::Error, format!("{text}. It goes on with what comes next"));
            }
        }
    }
}

/// Does work whose parallel parts wait for each other alone: in the pool that all share, a prediction's would stand behind
/// a whole batch of it.
pub fn in_own_pool(work: impl FnOnce() + Send) {
    match rayon::ThreadPoolBuilder::new().build() {
        Ok(pool) => pool.install(work),
        Err(_) => work(),
    }
}

fn failure(name: &str, reason: &str) -> String {
    format!("The thread \"{name}\" failed ({reason}); {}", place())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::protocol::Event;

    #[test]
    fn a_panic_in_a_thread_is_a_message_with_its_name_and_work_goes_on() {
        let (events, said) = Events::listened_to();
        let told = events.clone();
        let thread = spawn("scan", &events, move || {
            let mut steps = 0;
            keep_going("scan", &told, || {
                steps += 1;
                assert!(steps != 2, "the second step is bad");
                steps < 4
            });
            panic!("the end");
        });
        thread.unwrap().join().unwrap();
        let texts: Vec<String> = said
            .try_iter()
            .filter_map(|event| match event {
                Event::Message { text, .. } => Some(text),
                _ => None,
            })
            .collect();
        assert_eq!(texts.len(), 2, "{texts:?}");
        assert!(
            texts[0].contains("\"scan\" failed (the second step is bad)"),
            "{texts:?}"
        );
        assert!(texts[1].contains("the end"), "{texts:?}");
    }
}
