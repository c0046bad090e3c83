//! Pairs for the board: no picture twice, and no more than the engine compares.

use super::state::{Pair, Training};
use crate::app::shell::status::counted;
use crate::engine::training::MAX_BOARD_PAIRS;

/// What became of pairs that were to be put on the board.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct AddedPairs {
    /// These are on the board now.
    pub added: usize,
    /// The pictures of these were there before.
    pub known: usize,
    /// For these there was no room.
    pub left_out: usize,
}

impl AddedPairs {
    /// In words, with what was left out.
    pub fn words(self) -> String {
        let mut words = match self.added {
            0 => "Nothing was added to the board under Train".to_owned(),
            added => format!(
                "Added {} to the board under Train",
                counted(added, "picture", "pictures")
            ),
        };
        match self.known {
            0 => {}
            1 => words += "; 1 is there already",
            known => words += &format!("; {known} are there already"),
        }
        if self.left_out > 0 {
            let left_out = counted(self.left_out, "picture was", "pictures were");
            words += &format!("; {left_out} left out, as the board takes {MAX_BOARD_PAIRS}");
        }
        words
    }
}

impl Training {
    /// Puts more pairs on the board, as far as there is room.
    pub fn add_pairs(&mut self, pairs: impl IntoIterator<Item = Pair>) -> AddedPairs {
        let mut became = AddedPairs::default();
        for pair in pairs {
            if self.has_pair_of(&pair.0) {
                became.known += 1;
            } else if self.board_is_full() {
                became.left_out += 1;
            } else {
                self.pairs.push(pair);
                became.added += 1;
            }
        }
        if became.added > 0 {
            self.board = None;
        }
        became
    }

    /// Whether this picture is on the board.
    pub fn has_pair_of(&self, path: &std::path::Path) -> bool {
        self.pairs.iter().any(|(known, _)| known == path)
    }

    /// Whether the board takes no more pairs.
    pub fn board_is_full(&self) -> bool {
        self.pairs.len() >= MAX_BOARD_PAIRS
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pairs(names: std::ops::Range<usize>) -> Vec<Pair> {
        names
            .map(|n| (format!("/pictures/{n}.jpg").into(), "a cat".into()))
            .collect()
    }

    #[test]
    fn the_board_takes_no_picture_twice_and_no_more_than_the_engine_compares() {
        let mut training = Training::default();
        let became = training.add_pairs(pairs(0..1));
        assert_eq!(became.words(), "Added 1 picture to the board under Train");
        // The first is there, the last eight find no room.
        let became = training.add_pairs(pairs(0..MAX_BOARD_PAIRS + 8));
        assert_eq!(training.pairs().len(), MAX_BOARD_PAIRS);
        assert_eq!(
            became.words(),
            "Added 11 pictures to the board under Train; 1 is there already; 8 pictures were left out, as the board takes 12"
        );
        let became = training.add_pairs(pairs(0..2));
        assert_eq!(
            became.words(),
            "Nothing was added to the board under Train; 2 are there already"
        );
    }
}
