//! Notices what never ends: whoever looks at the clock afterwards never does.

use std::io::Write;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use super::{MOST_TIME, kept};

const LOOK: Duration = Duration::from_millis(200);

/// What is being read, and since when.
#[derive(Default)]
struct Case {
    number: usize,
    at_work: Option<(Instant, Vec<u8>)>,
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
                    Some((since, bytes)) if since.elapsed() > 3 * MOST_TIME => {
                        let file = kept(&reader, bytes);
                        let text = format!(
                            "{reader} does not end (seed {seed}, case {}) at {}\n",
                            case.number,
                            file.display()
                        );
                        // Past what tests capture, which nobody would print any more.
                        let _ = std::io::stderr().write_all(text.as_bytes());
                        std::process::abort();
                    }
                    _ => {}
                }
            }
        });
        Self(case)
    }

    pub fn begins(&self, bytes: &[u8]) {
        let mut case = self.0.lock().unwrap();
        case.number += 1;
        case.at_work = Some((Instant::now(), bytes.to_vec()));
    }

    pub fn ended(&self) {
        self.0.lock().unwrap().at_work = None;
    }
}

impl Drop for Watchdog {
    fn drop(&mut self) {
        if let Ok(mut case) = self.0.lock() {
            case.over = true;
        }
    }
}
