//! Undo and redo.

/// Steps are forgotten beyond this many.
const MAX_STEPS: usize = 100;

/// What was, and what was taken back.
#[derive(Debug, Clone)]
pub struct History<T> {
    undo: Vec<T>,
    redo: Vec<T>,
    /// Whether the last step is still being typed.
    typing: bool,
}

impl<T> Default for History<T> {
    fn default() -> Self {
        Self {
            undo: Vec::new(),
            redo: Vec::new(),
            typing: false,
        }
    }
}

impl<T> History<T> {
    /// Remembers what was before a change; changes while typing are one step.
    pub fn record(&mut self, before: T, typing: bool) {
        let same_step = typing && self.typing && !self.undo.is_empty();
        if !same_step {
            self.undo.push(before);
            let surplus = self.undo.len().saturating_sub(MAX_STEPS);
            self.undo.drain(..surplus);
        }
        self.redo.clear();
        self.typing = typing;
    }

    /// The next change is a step of its own.
    pub fn end_typing(&mut self) {
        self.typing = false;
    }

    /// What an undo would bring back.
    pub fn before(&self) -> Option<&T> {
        self.undo.last()
    }

    /// What a redo would bring back.
    pub fn after(&self) -> Option<&T> {
        self.redo.last()
    }

    /// What was before the last change.
    pub fn undo(&mut self, now: T) -> Result<T, T> {
        self.typing = false;
        match self.undo.pop() {
            Some(before) => {
                self.redo.push(now);
                Ok(before)
            }
            None => Err(now),
        }
    }

    /// What was taken back last.
    pub fn redo(&mut self, now: T) -> Result<T, T> {
        self.typing = false;
        match self.redo.pop() {
            Some(after) => {
                self.undo.push(now);
                Ok(after)
            }
            None => Err(now),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::History;

    #[test]
    fn typing_is_one_step_and_undo_can_be_undone() {
        let mut history = History::default();
        history.record(0, false);
        history.record(1, true);
        history.record(2, true);
        assert_eq!(history.undo(3), Ok(1));
        assert_eq!(history.undo(1), Ok(0));
        assert_eq!(history.undo(0), Err(0));
        assert_eq!(history.redo(0), Ok(1));
        assert_eq!(history.redo(1), Ok(3));
        assert_eq!(history.redo(3), Err(3));
    }
}
