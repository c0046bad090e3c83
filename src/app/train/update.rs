//! Carries out what the user wants of training.

use std::path::PathBuf;
use std::time::Instant;

use super::state::{AtWork, Training};
use crate::app::command::{Command, FileDialog};
use crate::app::explore::edit_labels;
use crate::app::settings::LabelRow;
use crate::app::shell::messages::Message;
use crate::app::shell::theme;
use crate::app::state::{Mode, State};
use crate::app::train::ready::ready;
use crate::app::train::{Page, TrainCommand};
use crate::app::update::load_model;
use crate::engine::ModelChoice;
use crate::engine::protocol::{Request, Severity, Topic};
use crate::engine::training::{PRESETS, RunConfig, TrainingRequest};
use crate::zero_shot::Label;

/// The learning rate of steps on the board: large enough to see.
const BOARD_RATE: f64 = 1e-4;
/// Classes that a message names; a longer list is a wall of words.
const NAMED_CLASSES: usize = 8;
/// Pairs that the board is filled with.
const BOARD_PAIRS: usize = 6;

/// Carries out a command.
pub fn update(state: &mut State, command: TrainCommand, now: Instant) -> Vec<Request> {
    let training = &mut state.training;
    let request = match command {
        TrainCommand::Open(page) => return open(state, page),
        TrainCommand::UseFolder(folder) => {
            state.settings.training_folder = Some(folder.clone());
            training.draft.folder = folder;
            return changed(state);
        }
        TrainCommand::Drop(folder) => {
            if training.page != Page::Shots {
                training.page = Page::Setup;
            }
            return update(state, TrainCommand::UseFolder(folder), now);
        }
        TrainCommand::UseControl(folder) => {
            training.draft.control = folder;
            return Vec::new();
        }
        TrainCommand::UsePreset(place) => {
            let Some(preset) = PRESETS.get(place) else {
                return Vec::new();
            };
            let fresh = RunConfig::new(preset.method, training.draft.folder.clone());
            training.draft = RunConfig {
                shots: preset.shots,
                seed: training.draft.seed,
                control: training.draft.control.clone(),
                ..fresh
            };
            return changed(state);
        }
        TrainCommand::UseMethod(method) => {
            training.draft.hyper = RunConfig::new(method, PathBuf::new()).hyper;
            training.draft.search.clear();
            training.draft.method = method;
            forget_estimate(training);
            return Vec::new();
        }
        TrainCommand::Configure(config) => return configure(state, *config),
        TrainCommand::Preview => return changed(state),
        TrainCommand::StopPreview => {
            training.preview_asked += 1;
            training.previewed = Some(Err("It was stopped before the folder was looked through.".into()));
            TrainingRequest::StopPreview(training.preview_asked)
        }
        TrainCommand::Estimate => {
            forget_estimate(training);
            TrainingRequest::Estimate {
                generation: training.estimate_asked,
                config: Box::new(config(state)),
            }
        }
        TrainCommand::Start => return start(state),
        TrainCommand::Send(request) => {
            sent(state, &request);
            request
        }
        TrainCommand::Edit { run, name, note } => {
            training.description = Some((run, name, note));
            return Vec::new();
        }
        TrainCommand::SizeList(width) => {
            state.settings.runs_width = width;
            return Vec::new();
        }
        TrainCommand::EndEdit => {
            training.description = None;
            return Vec::new();
        }
        TrainCommand::Undelete => match training.deleted.take() {
            Some((run, _)) => {
                state.messages.forget(Topic::Training);
                TrainingRequest::Restore(run)
            }
            None => return Vec::new(),
        },
        TrainCommand::Use(run) => return use_model(state, &run, now),
        TrainCommand::UseBase => return use_base(state),
        TrainCommand::AskWhereTo(run) => {
            training.exported = Some(run);
            state.wanted_dialog = Some(FileDialog::RunFolder);
            return Vec::new();
        }
        TrainCommand::Export(to) => match training.exported.take() {
            Some(run) => TrainingRequest::Export { run, to },
            None => return Vec::new(),
        },
        TrainCommand::Compare(run) => return compare(state, run),
        TrainCommand::SlideBlend(run, blend) => {
            training.blend = Some((run, blend));
            return Vec::new();
        }
        TrainCommand::MeasureShots => {
            training.shots.clear();
            training.shots_asked += 1;
            TrainingRequest::KShot {
                generation: training.shots_asked,
                config: Box::new(config(state)),
            }
        }
        TrainCommand::SetPairs(pairs) => {
            training.pairs = pairs;
            training.board = None;
            return Vec::new();
        }
        TrainCommand::Read(reading) => {
            training.reading = reading;
            return Vec::new();
        }
        TrainCommand::FillBoard => {
            fill_board(state);
            return Vec::new();
        }
        TrainCommand::ShowBoard(steps) => TrainingRequest::Board {
            pairs: training.pairs.clone(),
            base: base(state),
            steps,
            learning_rate: BOARD_RATE,
        },
    };
    vec![Request::Training(request)]
}

/// What the window shows of a request before the engine has answered.
fn sent(state: &mut State, request: &TrainingRequest) {
    let training = &mut state.training;
    match request {
        TrainingRequest::Resume(run) => {
            training.at_work = Some(AtWork::Run {
                run: Some(run.clone()),
                paused: false,
            });
        }
        TrainingRequest::Pause(pause) => {
            if let Some(AtWork::Run { paused, .. }) = &mut training.at_work {
                *paused = *pause;
            }
        }
        TrainingRequest::Describe { .. } => training.description = None,
        TrainingRequest::UseBlend { run, blend } => training.blend = Some((run.clone(), *blend)),
        TrainingRequest::Delete(run) => deleted(state, run),
        _ => {}
    }
}

/// A run goes, and can be brought back.
fn deleted(state: &mut State, run: &str) {
    let training = &mut state.training;
    let name = training
        .record(run)
        .map_or(run, |record| record.name.as_str())
        .to_owned();
    let message = Message::new(Severity::Info, format!("{name} is deleted"));
    let undo = Command::Train(TrainCommand::Undelete);
    state.messages.add(message.about(Topic::Training).with("Undo", undo));
    training.deleted = Some((run.to_owned(), name));
    training.page = Page::Setup;
}

fn open(state: &mut State, page: Page) -> Vec<Request> {
    state.mode = Mode::Train;
    if state.training.draft.folder.as_os_str().is_empty() {
        let settings = &state.settings;
        let folder = settings.training_folder.as_ref().or(settings.folders.first());
        state.training.draft.folder = folder.cloned().unwrap_or_default();
    }
    if page == Page::Board && state.training.pairs.is_empty() {
        fill_board(state);
    }
    let mut requests = vec![Request::Training(TrainingRequest::List)];
    if let Page::Run(run) = &page {
        requests.extend(events(state, run));
        let training = &mut state.training;
        training.blends.take_if(|(of, _)| of != run);
        training.blend.take_if(|(of, _)| of != run);
        state.training.description = None;
    }
    if page == Page::Compare {
        requests.extend(contrast(state));
    }
    if page == Page::Setup && state.training.previewed.is_none() {
        requests.extend(changed(state));
    }
    state.training.page = page;
    requests
}

/// A run's curves, where they are not known yet.
fn events(state: &State, run: &str) -> Option<Request> {
    let known = state.training.working_on(run).is_some() && state.training.curves.contains_key(run);
    (!known).then(|| Request::Training(TrainingRequest::Events(run.into())))
}

/// The pictures to learn from changed: look through them anew.
fn changed(state: &mut State) -> Vec<Request> {
    let training = &mut state.training;
    training.previewed = None;
    training.looked = 0.0;
    training.preview_asked += 1;
    forget_estimate(training);
    if training.draft.folder.as_os_str().is_empty() {
        return Vec::new();
    }
    let generation = training.preview_asked;
    let config = Box::new(config(state));
    vec![Request::Training(TrainingRequest::Preview { generation, config })]
}

/// The run is another now: no estimate of the one before counts, not even one on its way.
fn forget_estimate(training: &mut Training) {
    training.estimate = None;
    training.estimate_asked += 1;
}

fn configure(state: &mut State, config: RunConfig) -> Vec<Request> {
    let split = |config: &RunConfig| (config.folder.clone(), config.shots, config.seed);
    let other_split = split(&config) != split(&state.training.draft);
    state.training.draft = config;
    forget_estimate(&mut state.training);
    if other_split { changed(state) } else { Vec::new() }
}

fn base(state: &State) -> Option<PathBuf> {
    match &state.opened_model {
        ModelChoice::Starter => None,
        ModelChoice::Path(path) => Some(path.clone()),
    }
}

/// What is set up, for the model that is loaded and the templates that are in use.
fn config(state: &State) -> RunConfig {
    let templates = state.settings.templates.templates();
    RunConfig {
        base: base(state),
        precision: state.settings.precision,
        templates: templates.into_iter().map(String::from).collect(),
        ..state.training.draft.clone()
    }
}

fn start(state: &mut State) -> Vec<Request> {
    if let Err(reason) = ready(state) {
        state.say(Severity::Warning, reason);
        return Vec::new();
    }
    let config = config(state);
    state.training.at_work = Some(AtWork::Run {
        run: None,
        paused: false,
    });
    vec![Request::Training(TrainingRequest::Start(Box::new(config)))]
}

/// Computes with a run's model, and looks for what it was taught: under other labels it would seem to have learnt nothing.
fn use_model(state: &mut State, run: &str, now: Instant) -> Vec<Request> {
    let Some(record) = state.training.record(run).cloned() else {
        return Vec::new();
    };
    let Some(model) = record.model else {
        return Vec::new();
    };
    state.mode = Mode::Explore;
    if record.classes.is_empty() {
        let words = format!(
            "{} is in use. It was taught with captions, so your labels stay.",
            record.name
        );
        state.training.awaited = Some((model.clone(), words));
    } else {
        let known = &state.settings.labels;
        let row = |(place, class): (usize, &String)| {
            let (label, colour) = (Label::named(class), place % theme::label_colours());
            match known.iter().find(|row| row.label == label) {
                Some(known) => LabelRow {
                    colour,
                    ..known.clone()
                },
                None => LabelRow::new(label, colour),
            }
        };
        let rows: Vec<LabelRow> = record.classes.iter().enumerate().map(row).collect();
        let changed = rows != state.settings.labels;
        edit_labels(state, rows, false, now);
        let words = taught_words(&record.name, &record.classes, changed);
        state.training.awaited = Some((model.clone(), words));
    }
    load_model(state, ModelChoice::Path(model))
}

fn taught_words(name: &str, classes: &[String], changed: bool) -> String {
    let named = classes
        .iter()
        .take(NAMED_CLASSES)
        .map(String::as_str)
        .collect::<Vec<_>>()
        .join(", ");
    let more = match classes.len().saturating_sub(NAMED_CLASSES) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    let undo = if changed {
        " They are the labels now; Ctrl+Z brings yours back."
    } else {
        ""
    };
    format!(
        "{name} is in use. It was taught {} classes: {named}{more}.{undo}",
        classes.len()
    )
}

/// Back to the model that the run in use started from.
fn use_base(state: &mut State) -> Vec<Request> {
    let Some(record) = state.training.run_of(&state.opened_model) else {
        return Vec::new();
    };
    let (base, name) = (record.config.base.clone(), record.base_name.clone());
    state.say(Severity::Info, format!("{name} is in use again"));
    load_model(state, base.map_or(ModelChoice::Starter, ModelChoice::Path))
}

fn compare(state: &mut State, run: String) -> Vec<Request> {
    let training = &mut state.training;
    let mut requests = Vec::new();
    match training.compared.iter().position(|known| *known == run) {
        Some(place) => {
            training.compared.remove(place);
        }
        None => {
            training.compared.push(run.clone());
            requests.extend(events(state, &run));
        }
    }
    requests.extend(contrast(state));
    requests
}

/// What the runs side by side say of each other.
fn contrast(state: &mut State) -> Option<Request> {
    state.training.contrasts.clear();
    let compared = state.training.compared.clone();
    (compared.len() > 1).then_some(Request::Training(TrainingRequest::Contrast(compared)))
}

/// The surest picture of each label, as far as there is one.
fn fill_board(state: &mut State) {
    let templates = state.settings.templates.templates();
    let template = templates.first().copied().unwrap_or("{}");
    let mut pairs = Vec::new();
    let labels = state
        .explore
        .asking()
        .answer
        .iter()
        .flat_map(|question| &question.labels);
    for (label, asked) in labels.enumerate() {
        let won = state.explore.pictures().iter().filter_map(|picture| {
            let scores = picture.scores.as_ref()?;
            (scores.best == Some(label)).then(|| (scores.probability(label), &picture.file.path))
        });
        if let Some((_, path)) = won.max_by(|a, b| a.0.total_cmp(&b.0)) {
            pairs.push((path.clone(), worded(template, &asked.label.name)));
        }
    }
    pairs.truncate(BOARD_PAIRS);
    state.training.pairs = pairs;
    state.training.board = None;
}

/// A template with a name in it, and the article that the name takes.
fn worded(template: &str, name: &str) -> String {
    let begins_with_vowel = name.starts_with(['a', 'e', 'i', 'o', 'u', 'A', 'E', 'I', 'O', 'U']);
    if begins_with_vowel && (template.contains(" a {}") || template.starts_with("a {}")) {
        template.replace("a {}", &format!("an {name}"))
    } else {
        template.replace("{}", name)
    }
}

#[cfg(test)]
mod tests {
    use super::worded;

    #[test]
    fn a_name_takes_its_article() {
        assert_eq!(worded("a photo of a {}.", "orange"), "a photo of an orange.");
        assert_eq!(worded("a photo of a {}.", "cat"), "a photo of a cat.");
        assert_eq!(worded("a photo of {}", "orange"), "a photo of orange");
        assert_eq!(worded("{}", "owl"), "owl");
    }
}
