//! Evaluations: answers against ground truth, the same for commands and for the window.
//!
//! [`appraise`] makes one; [`study_prompts`], [`against_negatives`] and [`side_by_side`] ask more of it. The window
//! asks by an [`EvaluationRequest`], which waits its turn in the lane of the [`Evaluator`].

mod appraise;
mod card;
mod explain;
mod files;
mod guess;
mod lane;
mod map;
mod open_evaluations;
mod protocol;
mod revise;
mod study;
mod without_model;
mod worker;
mod workspace;

pub use appraise::{AppraiseError, Appraised, NOT_THE_SAME, Vectors, appraise, appraise_again, ground_truth, model_of};
pub use files::{Found, Writing, came_out, export, found_here, read_for};
pub use lane::Evaluator;
pub use protocol::*;
pub use revise::{against_negatives, side_by_side};
pub use study::{check_prompts_are_read, study_prompts};
