//! Carries out what the user wants of evaluating.

mod erase;
mod pictures;
mod setup;
mod sixty;

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::time::Instant;

use super::{EvaluateCommand, Evaluating, Page};
use crate::app::command::FileDialog;
use crate::app::state::State;
use crate::engine::evaluation::{EvaluationRequest, ExportKind};
use crate::engine::protocol::Request;

pub use erase::due_test;

/// Carries out a command.
pub fn update(state: &mut State, command: EvaluateCommand, now: Instant) -> Vec<Request> {
    let requests = match command {
        EvaluateCommand::Sixty(command) => return sixty::update(state, command),
        EvaluateCommand::EraseInExplore => return erase::erase_in_explore(state, now),
        EvaluateCommand::TestInExplore => return erase::test_in_explore(state, now),
        EvaluateCommand::ShowInExplore(path) => return erase::show_in_explore(state, &path, now),
        EvaluateCommand::AskWhereTo(kind) => {
            state.evaluating.exporting = Some(kind);
            state.wanted_dialog = Some(FileDialog::EvaluationExport(kind));
            Vec::new()
        }
        EvaluateCommand::Export(path) => export(state, path),
        EvaluateCommand::Import(file) => {
            state.evaluating.importing = Some(file);
            state.wanted_dialog = Some(FileDialog::EvaluationPictures);
            Vec::new()
        }
        EvaluateCommand::ImportFrom(pictures) => import(state, pictures),
        EvaluateCommand::UseFolder(folder) => setup::use_folder(state, folder),
        EvaluateCommand::UseNames(text) => setup::use_names(state, &text),
        EvaluateCommand::Configure(config) => setup::configure(&mut state.evaluating, *config),
        EvaluateCommand::Start => setup::start(state),
        EvaluateCommand::AgainWithOpenModel => setup::again(state),
        other => carried_out(&mut state.evaluating, other),
    };
    requests.into_iter().map(Request::Evaluation).collect()
}

/// Commands that need nothing but what is known of evaluations.
fn carried_out(evaluating: &mut Evaluating, command: EvaluateCommand) -> Vec<EvaluationRequest> {
    match command {
        EvaluateCommand::List => vec![EvaluationRequest::List],
        EvaluateCommand::Open(page) => open(evaluating, page),
        EvaluateCommand::Show(id) => vec![EvaluationRequest::Open(id)],
        EvaluateCommand::Stop => vec![EvaluationRequest::Stop],
        EvaluateCommand::Describe(name, note) => {
            of_shown(evaluating, |id| EvaluationRequest::Describe { id, name, note })
        }
        EvaluateCommand::Delete(id) => delete(evaluating, id),
        EvaluateCommand::Undelete => {
            let deleted = evaluating.deleted.take();
            deleted
                .map(|listed| EvaluationRequest::Restore(listed.id))
                .into_iter()
                .collect()
        }
        EvaluateCommand::Enter(door) => pictures::enter(evaluating, door),
        EvaluateCommand::OrderBy(order) => pictures::order_by(evaluating, order),
        EvaluateCommand::LeaveOutMarked(leave_out) => pictures::leave_out_marked(evaluating, leave_out),
        EvaluateCommand::Look(place) => pictures::look_at(evaluating, place),
        EvaluateCommand::Step(by) => pictures::step(evaluating, by),
        EvaluateCommand::Mark(mark) => pictures::mark(evaluating, mark),
        EvaluateCommand::SaveCard(to) => pictures::save_card(evaluating, to),
        EvaluateCommand::SaveCards(to) => pictures::save_cards(evaluating, to),
        other => computed(evaluating, other),
    }
}

/// Commands that have something computed from the evaluation that is shown.
fn computed(evaluating: &mut Evaluating, command: EvaluateCommand) -> Vec<EvaluationRequest> {
    match command {
        EvaluateCommand::Call(class) => of_shown(evaluating, |id| EvaluationRequest::Call { id, class }),
        EvaluateCommand::StudyPrompts => of_shown(evaluating, EvaluationRequest::StudyPrompts),
        EvaluateCommand::UseNegatives(folder) => of_shown(evaluating, |id| EvaluationRequest::Negatives(id, folder)),
        EvaluateCommand::Compare(other) => compare(evaluating, other),
        EvaluateCommand::Slice(by) => {
            evaluating.slice_by = Some(by);
            of_shown(evaluating, |id| EvaluationRequest::Slices(id, by))
        }
        EvaluateCommand::KeepSlice(name, places) => {
            of_shown(evaluating, |id| EvaluationRequest::KeepSlice { id, name, places })
        }
        EvaluateCommand::ForgetSlice(name) => of_shown(evaluating, |id| EvaluationRequest::ForgetSlice { id, name }),
        EvaluateCommand::Cluster(words) => of_shown(evaluating, |id| EvaluationRequest::Clusters(id, words)),
        EvaluateCommand::GuaranteeAt(level) => of_shown(evaluating, |id| EvaluationRequest::Conformal(id, level)),
        EvaluateCommand::Project(kind) => {
            evaluating.map_kind = Some(kind);
            evaluating.map_stopped = false;
            of_shown(evaluating, |id| EvaluationRequest::Map(id, kind))
        }
        EvaluateCommand::StopMap => {
            evaluating.map_stopped = true;
            vec![EvaluationRequest::StopMap]
        }
        other => {
            look(evaluating, other);
            Vec::new()
        }
    }
}

fn toggle(hidden: &mut BTreeSet<usize>, class: usize) {
    if !hidden.remove(&class) {
        hidden.insert(class);
    }
}

/// Commands that change only how something is looked at.
fn look(evaluating: &mut Evaluating, command: EvaluateCommand) {
    match command {
        EvaluateCommand::UseMatrix(look) => {
            evaluating.matrix = look;
            evaluating.fill_grid();
        }
        EvaluateCommand::OrderClasses(order) => evaluating.class_order = order,
        EvaluateCommand::ColourMap(colour) => evaluating.map_colour = colour,
        EvaluateCommand::ToggleOnMap(class) => toggle(&mut evaluating.hidden_on_map, class),
        EvaluateCommand::ToggleAnswersOnMap(right) => {
            let hidden = &mut evaluating.hidden_answers[usize::from(!right)];
            *hidden = !*hidden;
        }
        _ => {}
    }
}

fn of_shown(evaluating: &Evaluating, request: impl FnOnce(String) -> EvaluationRequest) -> Vec<EvaluationRequest> {
    let shown = evaluating.shown.as_ref();
    shown.map(|shown| request(shown.id.clone())).into_iter().collect()
}

/// A page that needs something computed asks for it when it is opened.
fn open(evaluating: &mut Evaluating, page: Page) -> Vec<EvaluationRequest> {
    if page == Page::Setup {
        evaluating.page = page;
        evaluating.shown = None;
        evaluating.looked_at = None;
        return Vec::new();
    }
    evaluating.page = page;
    evaluating.ask_for_page();
    evaluating.take_wanted()
}

fn compare(evaluating: &mut Evaluating, other: String) -> Vec<EvaluationRequest> {
    evaluating.compared = Some((other.clone(), None));
    let without_marked = evaluating.leave_out_marked;
    of_shown(evaluating, |second| EvaluationRequest::Compare {
        first: other,
        second,
        without_marked,
    })
}

fn delete(evaluating: &mut Evaluating, id: String) -> Vec<EvaluationRequest> {
    evaluating.deleted = evaluating.list.iter().find(|listed| listed.id == id).cloned();
    if evaluating.shown.as_ref().is_some_and(|shown| shown.id == id) {
        evaluating.shown = None;
        evaluating.page = Page::Setup;
    }
    vec![EvaluationRequest::Delete(id)]
}

fn export(state: &mut State, path: PathBuf) -> Vec<EvaluationRequest> {
    let style = state.settings.csv_style();
    let evaluating = &mut state.evaluating;
    let Some(kind) = evaluating.exporting.take() else {
        return Vec::new();
    };
    let against = evaluating.compared.as_ref().map(|(id, _)| id.clone());
    let without_marked = evaluating.leave_out_marked;
    of_shown(evaluating, |id| EvaluationRequest::Export {
        id,
        kind,
        path,
        against,
        without_marked,
        style,
    })
}

fn import(state: &mut State, pictures: PathBuf) -> Vec<EvaluationRequest> {
    let model = state.opened_model.clone();
    let file = state.evaluating.importing.take();
    file.map(|file| EvaluationRequest::Import { file, pictures, model })
        .into_iter()
        .collect()
}

/// What a file of this kind is called.
pub fn export_name(kind: ExportKind) -> (&'static str, &'static str) {
    match kind {
        ExportKind::Html { .. } => ("evaluation.html", "html"),
        ExportKind::Csv => ("evaluation.csv", "csv"),
        ExportKind::JsonLines => ("evaluation.jsonl", "jsonl"),
        ExportKind::Latex => ("evaluation.tex", "tex"),
        ExportKind::Markdown => ("evaluation.md", "md"),
        ExportKind::LatexOfAll => ("evaluations.tex", "tex"),
        ExportKind::MarkdownOfAll => ("evaluations.md", "md"),
        ExportKind::ClipBenchmark => ("benchmark.json", "json"),
        ExportKind::Parquet => ("evaluation.parquet", "parquet"),
        ExportKind::Evaluation => ("evaluation.evaluation", "evaluation"),
    }
}
