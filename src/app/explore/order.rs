//! When the gallery is sorted again: at once if that was asked for, otherwise only while the pointer is elsewhere.

use std::collections::HashSet;
use std::time::{Duration, Instant};

use super::state::Explore;
use super::view::{Arranged, Arranging};
use crate::app::state::State;
use crate::engine::protocol::PictureId;

/// While scores arrive, the gallery is sorted at most this often for every so many pictures.
const REORDER_EVERY: Duration = Duration::from_millis(300);
const REORDER_PICTURES: usize = 10_000;
/// But at least this often.
const REORDER_WITHIN: Duration = Duration::from_secs(3);
/// With this many pictures scored, the order of the first few hardly changes.
const ENOUGH_TO_ORDER: usize = 200;

/// Whether the gallery's order is out of date.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Due {
    /// It is not.
    #[default]
    No,
    /// Scores arrived: sorting can wait.
    Soon,
    /// The user asked for another order.
    Now,
}

/// A newer order than the one that is shown.
#[derive(Debug, Clone, PartialEq)]
pub struct Held {
    order: Vec<PictureId>,
    /// How many pictures it moves.
    pub moved: usize,
}

impl Explore {
    /// Has the gallery sorted in the next frame.
    pub fn reorder_now(&mut self) {
        self.due = Due::Now;
    }

    /// Has the gallery sorted before long.
    pub(super) fn reorder_soon(&mut self) {
        self.due = self.due.max(Due::Soon);
    }

    /// Notes whether the pointer is over the gallery; when it leaves, an order that waited for that is shown.
    pub(super) fn point(&mut self, pointed: bool) {
        self.pointed = pointed;
        if let Some(held) = self.held.take_if(|_| !pointed) {
            self.put_in(held.order);
        }
    }

    fn put_in(&mut self, order: Vec<PictureId>) {
        self.arranged.order = order;
        // The picture that somebody chose stays in sight.
        self.scroll_to_selected |= self.chosen && self.large.is_none();
    }

    /// Takes a new order. While the pointer is over the gallery, nothing in it moves.
    fn take(&mut self, fresh: Arranged, asked: bool) {
        let before = std::mem::take(&mut self.arranged.order);
        self.held = None;
        self.arranged = fresh;
        if asked || self.arranged.order == before {
            return;
        }
        if !self.pointed || before.is_empty() {
            let order = std::mem::take(&mut self.arranged.order);
            self.put_in(order);
            return;
        }
        let still = steady(before, &self.arranged.order);
        let moved = still.iter().zip(&self.arranged.order).filter(|(a, b)| a != b).count();
        let order = std::mem::replace(&mut self.arranged.order, still);
        self.held = (moved > 0).then_some(Held { order, moved });
    }
}

/// The pictures of the newer order where they stand now, new ones after them.
fn steady(shown: Vec<PictureId>, newer: &[PictureId]) -> Vec<PictureId> {
    let passing: HashSet<PictureId> = newer.iter().copied().collect();
    let known: HashSet<PictureId> = shown.iter().copied().collect();
    let mut still = shown;
    still.retain(|id| passing.contains(id));
    still.extend(newer.iter().filter(|id| !known.contains(id)));
    still
}

impl State {
    /// Sorts the gallery if that is due; returns how long to wait if it is due later.
    pub fn reorder(&mut self, now: Instant) -> Option<Duration> {
        let explore = &self.explore;
        if explore.due == Due::No {
            return None;
        }
        let asked = explore.due == Due::Now;
        if let (false, Some(at)) = (asked, explore.arranged_at) {
            let pictures = explore.pictures.len().div_ceil(REORDER_PICTURES).max(1) as u32;
            let every = (REORDER_EVERY * pictures).min(REORDER_WITHIN);
            let gone = now.saturating_duration_since(at);
            if gone < every {
                return Some(every - gone);
            }
        }
        let quantity = self.quantity();
        let explore = &mut self.explore;
        explore.filter.bound.take_if(|_| explore.bounded != Some(quantity));
        let explore = &self.explore;
        let arranging = Arranging {
            pictures: &explore.pictures,
            question: explore.asking.answer.as_deref(),
            filter: &explore.filter,
            sort: self.settings.sort,
            lens: self.lens(),
            alike: explore.likeness(),
        };
        let fresh = arranging.arrange();
        self.explore.take(fresh, asked);
        self.explore.due = Due::No;
        self.explore.arranged_at = Some(now);
        None
    }

    /// The picture to inspect while the user has chosen none: the first, once enough is scored for the order to mean
    /// something.
    pub fn first_worth_showing(&self) -> Option<PictureId> {
        let explore = &self.explore;
        if explore.selected.is_some() {
            return None;
        }
        let all = explore.pictures.len() - explore.skipped();
        let ordered = explore.due == Due::No
            && explore.asking.answered == explore.asking.generation
            && explore.indexed >= all.min(ENOUGH_TO_ORDER);
        explore.order().first().copied().filter(|_| explore.scanned && ordered)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fresh(order: &[PictureId]) -> Arranged {
        Arranged {
            order: order.to_vec(),
            ..Arranged::default()
        }
    }

    #[test]
    fn nothing_moves_under_the_pointer_until_it_is_asked_for_or_gone() {
        let mut explore = Explore::default();
        explore.take(fresh(&[0, 1, 2]), false);
        explore.point(true);
        explore.take(fresh(&[3, 2, 0]), false);
        // 1 does not pass any more, 3 is new: the others stand where they stood.
        assert_eq!(explore.order(), [0, 2, 3]);
        assert_eq!(explore.held.as_ref().map(|held| held.moved), Some(2));
        explore.point(false);
        assert_eq!((explore.order(), &explore.held), ([3, 2, 0].as_slice(), &None));
        explore.point(true);
        explore.take(fresh(&[0, 2, 3]), true);
        assert_eq!((explore.order(), &explore.held), ([0, 2, 3].as_slice(), &None));
    }
}
