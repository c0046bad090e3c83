//! What was found in a folder, said so that it can be corrected.

use crate::cli::args::EvaluateArgs;
use crate::cli::output::say;
use crate::escape::visible_path;
use crate::evaluation::{Columns, GroundTruth, Preset, Source};

/// Files that people are told of; JSON has all.
const NAMED: usize = 20;

/// Says on standard error what was found, so that it can be corrected.
pub fn say_found(truth: &GroundTruth, args: &EvaluateArgs) {
    let classes = match truth.source {
        Source::Captions => String::new(),
        _ => format!(" of {} classes", truth.classes.len()),
    };
    let (sides, by) = (sides(truth), by(truth, args.level));
    say(&format!("{} pictures{classes}{sides}, by {by}", truth.pictures.len()));
    for note in &truth.notes {
        say(note);
    }
    for (path, reason) in truth.left_aside.iter().take(NAMED) {
        say(&format!("left aside: {}: {reason}", visible_path(path)));
    }
    let more = truth.left_aside.len().saturating_sub(NAMED);
    if more > 0 {
        say(&format!("left aside: {more} more"));
    }
    if args.preset.is_none()
        && let Some(preset) = Preset::recognised(&truth.classes)
    {
        say(&format!(
            "the folders are called like the classes of {0}: --preset {0} uses its names and templates",
            preset.name
        ));
    }
}

/// By what pictures are known: the level of folders, or the lists with their columns.
fn by(truth: &GroundTruth, level: usize) -> String {
    match truth.source {
        Source::Folders => format!("folders (level {level})"),
        Source::Labels | Source::Captions if truth.columns.is_empty() => "texts beside pictures".into(),
        Source::Labels | Source::Captions => {
            let of = |columns: &Columns| {
                let said = columns.said.as_deref().unwrap_or("?");
                format!("{} (columns {} and {said})", visible_path(&columns.list), columns.file)
            };
            truth.columns.iter().map(of).collect::<Vec<_>>().join(", ")
        }
    }
}

/// How many pictures are on which side, where there are sides.
fn sides(truth: &GroundTruth) -> String {
    let sides = truth.sides().into_iter();
    let named = sides.filter_map(|(side, count)| Some(format!("{count} {}", side?.name())));
    let named: Vec<String> = named.collect();
    if named.is_empty() {
        String::new()
    } else {
        format!(" ({})", named.join(", "))
    }
}
