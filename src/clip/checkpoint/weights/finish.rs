//! What is said once everything was asked for: what was missing, different, left over, or in types without weights.

use std::collections::BTreeMap;
use std::path::Path;

use super::{Checkpoint, KNOWN_BUFFERS, Parameter, damaged};
use crate::clip::Result;

/// Numbers that OpenAI's archives carry at the top.
const KNOWN_NUMBERS: [&str; 3] = ["input_resolution", "context_length", "vocab_size"];

/// Names listed in one error message.
const MAX_NAMES: usize = 8;

/// What a finished checkpoint held.
pub struct CheckpointSummary {
    /// Every parameter that was asked for, in order.
    pub asked: Vec<Parameter>,
    pub parameters: usize,
    /// The types on disk, e.g. `f16`.
    pub dtype: String,
}

impl Checkpoint {
    /// Closes the files: everything asked for was there, and nothing but known buffers is left.
    ///
    /// # Errors
    /// Names the tensors that were missing, different or left over.
    pub fn finish(mut self) -> Result<CheckpointSummary> {
        // What is stored in eight bits has scales beside it, and names of its own: the type says it all.
        if !self.foreign.is_empty() {
            return Err(damaged(Path::new(&self.file), foreign(&self.foreign)));
        }
        let left_over: Vec<String> = std::mem::take(&mut self.left_over)
            .into_iter()
            .filter(|name| !KNOWN_BUFFERS.iter().any(|buffer| name.ends_with(buffer)))
            .filter(|name| !KNOWN_NUMBERS.contains(&name.as_str()))
            .collect();
        if !left_over.is_empty() {
            self.problems
                .push(format!("not part of this model: {}", listed(&left_over)));
        }
        if self.problems.is_empty() {
            return Ok(CheckpointSummary {
                asked: self.parameters_asked,
                parameters: self.parameters,
                dtype: self.types.into_iter().collect::<Vec<_>>().join(", "),
            });
        }
        let shown: Vec<String> = self.problems.iter().take(MAX_NAMES).cloned().collect();
        let more = self.problems.len() - shown.len();
        let rest = if more > 0 {
            format!("; and {more} more")
        } else {
            String::new()
        };
        Err(damaged(Path::new(&self.file), format!("{}{rest}", shown.join("; "))))
    }
}

/// One sentence about weights in types that are not understood.
fn foreign(types: &BTreeMap<&'static str, usize>) -> String {
    let each = types.iter().map(|(name, count)| match count {
        1 => format!("{name} (one tensor)"),
        count => format!("{name} ({count} tensors)"),
    });
    format!(
        "its weights are stored as {}, but f32, f16 and bf16 are understood: take the original, or convert it \
         (in PyTorch, `tensor.half()`)",
        each.collect::<Vec<_>>().join(" and ")
    )
}

fn listed(names: &[String]) -> String {
    let shown = names.iter().take(MAX_NAMES).cloned().collect::<Vec<_>>().join(", ");
    match names.len().saturating_sub(MAX_NAMES) {
        0 => shown,
        more => format!("{shown} and {more} more"),
    }
}
