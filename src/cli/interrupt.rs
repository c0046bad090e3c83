//! Ctrl-C: once ends the work with what it has, twice ends the program.

use super::output::say;

/// What a shell expects of a program that Ctrl-C ended.
const INTERRUPTED: i32 = 130;

/// From now on Ctrl-C calls `stop`, which says whether it was called before; `kept` is what stays of the work.
pub fn on_interrupt(kept: &'static str, mut stop: impl FnMut() -> bool + Send + 'static) {
    let handler = move || {
        if stop() {
            std::process::exit(INTERRUPTED);
        }
        say(&format!("stopping; {kept} (Ctrl-C once more to end at once)"));
    };
    if let Err(error) = ctrlc::set_handler(handler) {
        say(&format!("Ctrl-C will end this at once ({error}); {kept}"));
    }
}
