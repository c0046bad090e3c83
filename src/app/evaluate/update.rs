//! Carries out what the user wants of evaluating.

use std::time::Instant;

use super::{EvaluateCommand, Evaluating, Page};
use crate::app::command::FileDialog;
use crate::app::state::State;
use crate::engine::evaluation::{EvaluationRequest, ExportKind, MapKind, SliceBy};
use crate::engine::protocol::Request;

/// The level of label sets at first.
pub const USUAL_LEVEL: f64 = 0.9;

/// Carries out a command.
pub fn update(state: &mut State, command: EvaluateCommand, _now: Instant) -> Vec<Request> {
    let requests = match command {
        EvaluateCommand::UseFolder(folder) => {
            let model = state.opened_model.clone();
            state.evaluating.page = Page::Setup;
            state.evaluating.shown = None;
            state.evaluating.draft_for(folder, model);
            vec![look(&mut state.evaluating)]
        }
        EvaluateCommand::AskWhereTo(kind) => {
            state.evaluating.exporting = Some(kind);
            state.wanted_dialog = Some(FileDialog::EvaluationExport(kind));
            Vec::new()
        }
        EvaluateCommand::Start => {
            state.evaluating.draft.model = state.opened_model.clone();
            start(&mut state.evaluating)
        }
        EvaluateCommand::AgainWithOpenModel => {
            let model = state.opened_model.clone();
            let evaluating = &mut state.evaluating;
            let id = evaluating.shown.as_ref().map(|shown| shown.id.clone());
            evaluating.asked += 1;
            let generation = evaluating.asked;
            id.map(|id| EvaluationRequest::Again { generation, id, model })
                .into_iter()
                .collect()
        }
        other => carried_out(&mut state.evaluating, other),
    };
    requests.into_iter().map(Request::Evaluation).collect()
}

fn carried_out(evaluating: &mut Evaluating, command: EvaluateCommand) -> Vec<EvaluationRequest> {
    match command {
        EvaluateCommand::List => vec![EvaluationRequest::List],
        EvaluateCommand::Open(page) => open(evaluating, page),
        EvaluateCommand::Show(id) => vec![EvaluationRequest::Open(id)],
        EvaluateCommand::Configure(config) => configure(evaluating, *config),
        EvaluateCommand::Stop => vec![EvaluationRequest::Stop],
        EvaluateCommand::Enter(door) => {
            evaluating.door = door;
            evaluating.looked_at = None;
            evaluating.fill_gallery();
            Vec::new()
        }
        EvaluateCommand::OrderBy(order) => {
            evaluating.order = order;
            evaluating.ordered = None;
            of_shown(evaluating, |id| EvaluationRequest::Order(id, order))
        }
        EvaluateCommand::LeaveOutMarked(leave_out) => leave_out_marked(evaluating, leave_out),
        EvaluateCommand::Look(place) => look_at(evaluating, place),
        EvaluateCommand::Step(by) => step(evaluating, by),
        EvaluateCommand::Mark(mark) => {
            let Some(place) = evaluating.looked_at else {
                return Vec::new();
            };
            of_shown(evaluating, |id| EvaluationRequest::Mark { id, place, mark })
        }
        EvaluateCommand::Call(class) => of_shown(evaluating, |id| EvaluationRequest::Call { id, class }),
        EvaluateCommand::UseMatrix(look) => {
            evaluating.matrix = look;
            evaluating.fill_grid();
            Vec::new()
        }
        EvaluateCommand::OrderClasses(order) => {
            evaluating.class_order = order;
            Vec::new()
        }
        EvaluateCommand::Describe(name, note) => {
            of_shown(evaluating, |id| EvaluationRequest::Describe { id, name, note })
        }
        EvaluateCommand::StudyPrompts => of_shown(evaluating, EvaluationRequest::StudyPrompts),
        EvaluateCommand::UseNegatives(folder) => of_shown(evaluating, |id| EvaluationRequest::Negatives(id, folder)),
        EvaluateCommand::Compare(other) => {
            evaluating.compared = Some((other.clone(), None));
            of_shown(evaluating, |id| EvaluationRequest::Compare(other, id))
        }
        EvaluateCommand::Slice(by) => {
            evaluating.slice_by = Some(by);
            of_shown(evaluating, |id| EvaluationRequest::Slices(id, by))
        }
        EvaluateCommand::Cluster => of_shown(evaluating, |id| EvaluationRequest::Clusters(id, Vec::new())),
        EvaluateCommand::GuaranteeAt(level) => of_shown(evaluating, |id| EvaluationRequest::Conformal(id, level)),
        EvaluateCommand::Project(kind) => {
            evaluating.map_kind = Some(kind);
            of_shown(evaluating, |id| EvaluationRequest::Map(id, kind))
        }
        EvaluateCommand::ColourMap(colour) => {
            evaluating.map_colour = colour;
            Vec::new()
        }
        EvaluateCommand::ToggleOnMap(class) => {
            if !evaluating.hidden_on_map.remove(&class) {
                evaluating.hidden_on_map.insert(class);
            }
            Vec::new()
        }
        EvaluateCommand::Export(path) => match evaluating.exporting.take() {
            Some(kind) => of_shown(evaluating, |id| EvaluationRequest::Export { id, kind, path }),
            None => Vec::new(),
        },
        EvaluateCommand::Delete(id) => delete(evaluating, id),
        EvaluateCommand::Undelete => {
            let deleted = evaluating.deleted.take();
            deleted
                .map(|listed| EvaluationRequest::Restore(listed.id))
                .into_iter()
                .collect()
        }
        EvaluateCommand::UseFolder(_)
        | EvaluateCommand::AskWhereTo(_)
        | EvaluateCommand::Start
        | EvaluateCommand::AgainWithOpenModel => Vec::new(),
    }
}

fn of_shown(evaluating: &Evaluating, request: impl FnOnce(String) -> EvaluationRequest) -> Vec<EvaluationRequest> {
    let shown = evaluating.shown.as_ref();
    shown.map(|shown| request(shown.id.clone())).into_iter().collect()
}

fn look(evaluating: &mut Evaluating) -> EvaluationRequest {
    evaluating.look_asked += 1;
    evaluating.truth = None;
    EvaluationRequest::Look {
        generation: evaluating.look_asked,
        folder: evaluating.draft.folder.clone(),
        wanted: evaluating.draft.wanted.clone(),
    }
}

fn configure(
    evaluating: &mut Evaluating,
    config: crate::engine::evaluation::EvaluationConfig,
) -> Vec<EvaluationRequest> {
    let read_otherwise = config.wanted != evaluating.draft.wanted || config.folder != evaluating.draft.folder;
    evaluating.draft = config;
    if read_otherwise {
        vec![look(evaluating)]
    } else {
        Vec::new()
    }
}

fn start(evaluating: &mut Evaluating) -> Vec<EvaluationRequest> {
    if evaluating.refusal().is_some() {
        return Vec::new();
    }
    evaluating.asked += 1;
    evaluating.failed = None;
    evaluating.at_work = Some(("Looking through the folder".into(), 0.0));
    vec![EvaluationRequest::Evaluate {
        generation: evaluating.asked,
        config: Box::new(evaluating.draft.clone()),
    }]
}

/// A page that needs something computed asks for it when it is opened.
fn open(evaluating: &mut Evaluating, page: Page) -> Vec<EvaluationRequest> {
    if page == Page::Setup {
        evaluating.shown = None;
        evaluating.looked_at = None;
        return Vec::new();
    }
    evaluating.page = page;
    match page {
        Page::Map if evaluating.map.is_none() => {
            let kind = *evaluating.map_kind.get_or_insert(MapKind::Pca);
            of_shown(evaluating, |id| EvaluationRequest::Map(id, kind))
        }
        Page::Groups if evaluating.slices.is_empty() => {
            evaluating.slice_by = Some(SliceBy::Folder);
            let mut asked = of_shown(evaluating, |id| EvaluationRequest::Slices(id, SliceBy::Folder));
            asked.extend(of_shown(evaluating, |id| EvaluationRequest::Conformal(id, USUAL_LEVEL)));
            asked
        }
        _ => Vec::new(),
    }
}

fn leave_out_marked(evaluating: &mut Evaluating, leave_out: bool) -> Vec<EvaluationRequest> {
    evaluating.leave_out_marked = leave_out;
    evaluating.measured = None;
    evaluating.fill_gallery();
    evaluating.measure_asked += 1;
    let generation = evaluating.measure_asked;
    let Some(shown) = evaluating.shown.as_ref().filter(|_| leave_out) else {
        return Vec::new();
    };
    let places = (0..shown.pictures.len())
        .filter(|place| !shown.marks.contains_key(place))
        .collect();
    of_shown(evaluating, |id| EvaluationRequest::Measure { id, generation, places })
}

fn look_at(evaluating: &mut Evaluating, place: Option<usize>) -> Vec<EvaluationRequest> {
    evaluating.looked_at = place;
    evaluating.nearest = None;
    evaluating.explained = None;
    let Some(place) = place else { return Vec::new() };
    let mut asked = of_shown(evaluating, |id| EvaluationRequest::Nearest { id, place });
    asked.extend(of_shown(evaluating, |id| EvaluationRequest::Explain { id, place }));
    asked
}

fn step(evaluating: &mut Evaluating, by: isize) -> Vec<EvaluationRequest> {
    let gallery = evaluating.gallery.clone();
    let at = evaluating
        .looked_at
        .and_then(|place| gallery.iter().position(|other| *other == place));
    let next = match at {
        Some(at) => at.saturating_add_signed(by).min(gallery.len().saturating_sub(1)),
        None => 0,
    };
    match gallery.get(next) {
        Some(place) if Some(*place) != evaluating.looked_at => look_at(evaluating, Some(*place)),
        _ => Vec::new(),
    }
}

fn delete(evaluating: &mut Evaluating, id: String) -> Vec<EvaluationRequest> {
    evaluating.deleted = evaluating.list.iter().find(|listed| listed.id == id).cloned();
    if evaluating.shown.as_ref().is_some_and(|shown| shown.id == id) {
        evaluating.shown = None;
        evaluating.page = Page::Setup;
    }
    vec![EvaluationRequest::Delete(id)]
}

/// What a file of this kind is called.
pub fn export_name(kind: ExportKind) -> (&'static str, &'static str) {
    match kind {
        ExportKind::Html { .. } => ("evaluation.html", "html"),
        ExportKind::Csv => ("evaluation.csv", "csv"),
        ExportKind::JsonLines => ("evaluation.jsonl", "jsonl"),
        ExportKind::Latex => ("evaluation.tex", "tex"),
        ExportKind::Markdown => ("evaluation.md", "md"),
        ExportKind::ClipBenchmark => ("benchmark.json", "json"),
        ExportKind::Parquet => ("evaluation.parquet", "parquet"),
        ExportKind::Evaluation => ("evaluation.clipsight", "clipsight"),
    }
}
