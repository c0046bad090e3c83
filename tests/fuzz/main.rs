//! Every reader of what comes from outside, against files that are broken in thousands of ways: none may panic, none may
//! take longer than 10 seconds of a processor, none more than 1 GB of memory.
//!
//! Each test works for `CLIPSIGHT_FUZZ_SECONDS` (2 where that is not set) from `CLIPSIGHT_FUZZ_SEED` (1); what fails, or
//! never ends, is written to a file that the message names. Files that failed once are in `tests/fixtures/fuzz/READER` and
//! are tried first.

mod alone;
mod evaluations;
mod harness;
mod limits;
mod lists;
mod models;
mod mutate;
mod pictures;
mod place;
mod stored;
mod watchdog;
