//! How long a text can become on its way through all steps.

/// How often a text may grow in all steps together: characters that are taken apart, marks at every space.
const MAX_GROWTH: usize = 4_096;
/// What the steps may make of one text, or of all added tokens together; each of these bytes takes a hundred in memory.
pub const MAX_GROWN_BYTES: usize = 4 << 20;

/// How long texts become at most: one of `n` bytes, (`n` + 1) times `factor`, and `more` bytes. One is added because a text
/// of `n` letters has `n` + 1 places between them.
#[derive(Debug)]
pub struct Growth {
    pub factor: usize,
    pub more: usize,
}

impl Default for Growth {
    fn default() -> Self {
        Self { factor: 1, more: 0 }
    }
}

impl Growth {
    pub fn of(&self, bytes: usize) -> usize {
        (bytes + 1).saturating_mul(self.factor).saturating_add(self.more)
    }

    /// One more step, which makes a text up to `factor` times as long.
    ///
    /// # Errors
    /// All steps together make it longer than any tokenizer needs; in words.
    pub fn by(&mut self, factor: usize) -> Result<(), String> {
        let factor = factor.max(1);
        self.factor = self.factor.saturating_mul(factor);
        self.more = self.more.saturating_mul(factor);
        if self.factor > MAX_GROWTH {
            return Err(format!("it makes texts more than {MAX_GROWTH} times as long"));
        }
        Ok(())
    }
}
