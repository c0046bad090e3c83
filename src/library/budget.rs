//! One budget of memory for all pictures that are being decoded, over all threads: who wants more than is left waits.

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

/// What pictures may take together while they are decoded and used, in bytes: their files, what decoders need, and their
/// pixels. Enough for 61 megapixels in a TIFF of 16 bits a channel, or 260 in a JPEG; what is made of the pixels and the
/// program itself take 200 MB more.
pub const PICTURE_BUDGET: u64 = 790_000_000;

static PICTURES: Budget = Budget::new(PICTURE_BUDGET);

/// So many bytes, handed out in the order in which they are asked for.
struct Budget {
    state: Mutex<State>,
    changed: Condvar,
    all: u64,
}

struct State {
    free: u64,
    next_ticket: u64,
    served: u64,
}

/// A part of the budget; given back when it is dropped.
#[derive(Debug, Default)]
pub struct Room {
    bytes: u64,
}

impl Room {
    /// Waits until so many bytes are free; none where there are never so many.
    pub fn take(bytes: u64) -> Option<Self> {
        PICTURES.take(bytes).then_some(Self { bytes })
    }

    /// What was handed out, in bytes.
    pub fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Makes it larger where that needs no waiting: whoever waits while holding something may wait for ever.
    pub fn try_grow(&mut self, bytes: u64) -> bool {
        let more = bytes.saturating_sub(self.bytes);
        let grown = more == 0 || PICTURES.try_take(more);
        if grown {
            self.bytes += more;
        }
        grown
    }

    /// Gives back all but so many bytes.
    pub fn shrink(&mut self, bytes: u64) {
        let less = self.bytes.saturating_sub(bytes);
        PICTURES.give(less);
        self.bytes -= less;
    }
}

impl Drop for Room {
    fn drop(&mut self) {
        self.shrink(0);
    }
}

impl Budget {
    const fn new(all: u64) -> Self {
        Self {
            state: Mutex::new(State {
                free: all,
                next_ticket: 0,
                served: 0,
            }),
            changed: Condvar::new(),
            all,
        }
    }

    fn take(&self, bytes: u64) -> bool {
        if bytes > self.all {
            return false;
        }
        let mut state = self.lock();
        let ticket = state.next_ticket;
        state.next_ticket += 1;
        // In turn, so that many small ones do not keep a large one waiting.
        while state.served != ticket || state.free < bytes {
            state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
        state.served += 1;
        state.free -= bytes;
        self.changed.notify_all();
        true
    }

    fn try_take(&self, bytes: u64) -> bool {
        let mut state = self.lock();
        let enough = state.free >= bytes;
        if enough {
            state.free -= bytes;
        }
        enough
    }

    fn give(&self, bytes: u64) {
        if bytes > 0 {
            self.lock().free += bytes;
            self.changed.notify_all();
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU64, Ordering};

    use super::*;

    #[test]
    fn never_more_is_out_than_there_is_and_everybody_is_served() {
        let budget = Budget::new(100);
        let (out, served) = (AtomicU64::new(0), AtomicU64::new(0));
        std::thread::scope(|scope| {
            for thread in 0..8_u64 {
                let (budget, out, served) = (&budget, &out, &served);
                scope.spawn(move || {
                    for step in 0..50 {
                        let bytes = 1 + (thread * 37 + step * 13) % 100;
                        assert!(budget.take(bytes));
                        let now = out.fetch_add(bytes, Ordering::SeqCst) + bytes;
                        assert!(now <= 100, "{now} bytes are out");
                        std::thread::yield_now();
                        out.fetch_sub(bytes, Ordering::SeqCst);
                        budget.give(bytes);
                        served.fetch_add(1, Ordering::SeqCst);
                    }
                });
            }
        });
        assert_eq!(served.load(Ordering::SeqCst), 400);
        assert!(!budget.take(101));
        assert!(budget.try_take(60) && !budget.try_take(41) && budget.try_take(40));
    }

    #[test]
    fn a_room_grows_only_by_what_is_free_and_gives_all_back() {
        let mut room = Room::take(1_000).unwrap();
        assert!(room.try_grow(2_000) && room.bytes() == 2_000);
        assert!(!room.try_grow(PICTURE_BUDGET + 1));
        room.shrink(500);
        assert_eq!(room.bytes(), 500);
        assert!(Room::take(PICTURE_BUDGET + 1).is_none());
    }
}
