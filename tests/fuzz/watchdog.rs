//! Notices what never ends: whoever looks at the clock afterwards never does.

use std::io::Write;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use crate::harness::kept;
use crate::limits::{Effort, MOST_TIME, MOST_WAIT};

const LOOK: Duration = Duration::from_millis(200);

/// What is being read, and since when.
#[derive(Default)]
struct Case {
    number: usize,
    at_work: Option<(Effort, Vec<u8>)>,
    over: bool,
}

/// Ends the process where a case takes too long, once it is kept.
pub struct Watchdog(Arc<Mutex<Case>>);

impl Watchdog {
    /// Watches a reader from now on.
    pub fn over(reader: &str, seed: u64) -> Self {
        let case = Arc::new(Mutex::new(Case::default()));
        let (watched, reader) = (case.clone(), reader.to_owned());
        std::thread::spawn(move || {
            loop {
                std::thread::sleep(LOOK);
                let case = watched.lock().unwrap();
                match &case.at_work {
                    _ if case.over => return,
                    Some((effort, bytes)) if effort.time() > MOST_TIME || effort.waited() > MOST_WAIT => {
                        give_up(&reader, seed, case.number, *effort, bytes);
                    }
                    _ => {}
                }
            }
        });
        Self(case)
    }

    pub fn begins(&self, effort: Effort, bytes: &[u8]) {
        let mut case = self.0.lock().unwrap();
        case.number += 1;
        case.at_work = Some((effort, bytes.to_vec()));
    }

    pub fn ended(&self) {
        self.0.lock().unwrap().at_work = None;
    }
}

fn give_up(reader: &str, seed: u64, number: usize, effort: Effort, bytes: &[u8]) -> ! {
    let file = kept(reader, bytes);
    let text = format!(
        "{reader} does not end (seed {seed}, case {number}, {:?} of work in {:?}) at {}\n",
        effort.time(),
        effort.waited(),
        file.display()
    );
    // Past what tests capture, which nobody would print any more.
    let _ = std::io::stderr().write_all(text.as_bytes());
    std::process::abort();
}

impl Drop for Watchdog {
    fn drop(&mut self) {
        if let Ok(mut case) = self.0.lock() {
            case.over = true;
        }
    }
}
