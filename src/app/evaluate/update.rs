//! Carries out what the user wants of evaluating.

use std::path::PathBuf;
use std::time::Instant;

use super::{EvaluateCommand, Evaluating, Page, SixtyCommand};
use crate::app::command::FileDialog;
use crate::app::state::State;
use crate::engine::evaluation::{EvaluationRequest, ExportKind};
use crate::engine::protocol::{LibraryRequest, Request, Severity};

/// Cards that are written at once.
const CARDS: usize = 500;

/// Carries out a command.
pub fn update(state: &mut State, command: EvaluateCommand, _now: Instant) -> Vec<Request> {
    let requests = match command {
        EvaluateCommand::Sixty(command) => return of_sixty(state, command),
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
        EvaluateCommand::Import(file) => {
            state.evaluating.importing = Some(file);
            state.wanted_dialog = Some(FileDialog::EvaluationPictures);
            Vec::new()
        }
        EvaluateCommand::ImportFrom(pictures) => {
            let model = state.opened_model.clone();
            let file = state.evaluating.importing.take();
            file.map(|file| EvaluationRequest::Import { file, pictures, model })
                .into_iter()
                .collect()
        }
        EvaluateCommand::UseNames(text) => {
            if let Err(reason) = use_names(&mut state.evaluating, &text) {
                state.say(Severity::Error, reason);
            }
            Vec::new()
        }
        other => carried_out(&mut state.evaluating, other),
    };
    requests.into_iter().map(Request::Evaluation).collect()
}

fn of_sixty(state: &mut State, command: SixtyCommand) -> Vec<Request> {
    let model = state.opened_model.clone();
    let labels = state.settings.labels.iter().map(|row| row.label.clone()).collect();
    let templates = state.settings.templates.clone();
    let folder = state.settings.folders.first().cloned();
    let evaluating = &mut state.evaluating;
    if let (SixtyCommand::Begin, Some(folder)) = (&command, folder) {
        evaluating.page = Page::Sixty;
        evaluating.sixty = None;
        evaluating.failed = None;
        evaluating.guess_asked += 1;
        evaluating.at_work = Some(("Looking through the folder".into(), 0.0));
        return vec![Request::Evaluation(EvaluationRequest::Guess {
            generation: evaluating.guess_asked,
            folder,
            labels,
            templates,
            model,
        })];
    }
    let Some(sixty) = &mut evaluating.sixty else {
        return Vec::new();
    };
    match command {
        SixtyCommand::Begin => {}
        SixtyCommand::Say(label) => sixty.say(label),
        SixtyCommand::Confirm => sixty.confirm(),
        SixtyCommand::Choose(place) => {
            let label = sixty.wanted().and_then(|guess| Some(guess.best.get(place)?.0));
            if label.is_some() {
                sixty.say(label);
            }
        }
        SixtyCommand::TakeBack => sixty.take_back(),
        SixtyCommand::Save(path) => {
            let content = sixty.labels_csv();
            return vec![Request::Library(LibraryRequest::Export { path, content })];
        }
    }
    Vec::new()
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
            // An order of its own gives way to the one that is asked for.
            evaluating.door = evaluating.door.as_ref().map(|door| match door.order {
                Some(_) => door.in_any_order(),
                None => door.clone(),
            });
            evaluating.fill_gallery();
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
            let without_marked = evaluating.leave_out_marked;
            of_shown(evaluating, |second| EvaluationRequest::Compare {
                first: other,
                second,
                without_marked,
            })
        }
        EvaluateCommand::Slice(by) => {
            evaluating.slice_by = Some(by);
            of_shown(evaluating, |id| EvaluationRequest::Slices(id, by))
        }
        EvaluateCommand::KeepSlice(name, places) => {
            of_shown(evaluating, |id| EvaluationRequest::KeepSlice { id, name, places })
        }
        EvaluateCommand::ForgetSlice(name) => of_shown(evaluating, |id| EvaluationRequest::ForgetSlice { id, name }),
        EvaluateCommand::Cluster(words) => of_shown(evaluating, |id| EvaluationRequest::Clusters(id, words)),
        EvaluateCommand::StopMap => {
            evaluating.map_stopped = true;
            vec![EvaluationRequest::StopMap]
        }
        EvaluateCommand::GuaranteeAt(level) => of_shown(evaluating, |id| EvaluationRequest::Conformal(id, level)),
        EvaluateCommand::Project(kind) => {
            evaluating.map_kind = Some(kind);
            evaluating.map_stopped = false;
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
        EvaluateCommand::ToggleAnswersOnMap(right) => {
            let hidden = &mut evaluating.hidden_answers[usize::from(!right)];
            *hidden = !*hidden;
            Vec::new()
        }
        EvaluateCommand::Export(path) => match evaluating.exporting.take() {
            Some(kind) => {
                let against = evaluating.compared.as_ref().map(|(id, _)| id.clone());
                of_shown(evaluating, |id| EvaluationRequest::Export {
                    id,
                    kind,
                    path,
                    against,
                })
            }
            None => Vec::new(),
        },
        EvaluateCommand::SaveCard(to) => match evaluating.looked_at {
            Some(place) => save_cards(evaluating, vec![place], to),
            None => Vec::new(),
        },
        EvaluateCommand::SaveCards(to) => {
            let places = evaluating.gallery.iter().copied().take(CARDS).collect();
            save_cards(evaluating, places, to)
        }
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
        | EvaluateCommand::AgainWithOpenModel
        | EvaluateCommand::UseNames(_)
        | EvaluateCommand::Sixty(_)
        | EvaluateCommand::Import(_)
        | EvaluateCommand::ImportFrom(_) => Vec::new(),
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
        // Other classes are called otherwise.
        evaluating.draft.classes.clear();
        return vec![look(evaluating)];
    }
    evaluating.fill_names();
    Vec::new()
}

/// Takes over names and descriptions from the text of a labels file.
fn use_names(evaluating: &mut Evaluating, text: &str) -> Result<(), String> {
    let Some(Ok(truth)) = &evaluating.truth else {
        return Err("Choose the pictures first: the labels file names their classes".into());
    };
    let mut called = truth.clone();
    called.call(text).map_err(|error| error.to_string())?;
    called.classes.retain(|class| !truth.classes.contains(class));
    evaluating.draft.classes = called.classes;
    Ok(())
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
        evaluating.page = page;
        evaluating.shown = None;
        evaluating.looked_at = None;
        return Vec::new();
    }
    evaluating.page = page;
    evaluating.ask_for_page();
    evaluating.take_wanted()
}

fn leave_out_marked(evaluating: &mut Evaluating, leave_out: bool) -> Vec<EvaluationRequest> {
    evaluating.leave_out_marked = leave_out;
    evaluating.measured = None;
    evaluating.fill_grid();
    evaluating.fill_gallery();
    evaluating.ask_for_measures();
    evaluating.compared_again();
    evaluating.take_wanted()
}

/// The evaluation whose heatmaps stand beside those of the one that is shown: while both are compared.
fn beside(evaluating: &Evaluating) -> Option<String> {
    let compared = evaluating
        .compared
        .as_ref()
        .filter(|_| evaluating.page == Page::Compare)?;
    matches!(compared.1, Some(Ok(_))).then(|| compared.0.clone())
}

fn save_cards(evaluating: &Evaluating, places: Vec<usize>, to: PathBuf) -> Vec<EvaluationRequest> {
    let beside = beside(evaluating);
    of_shown(evaluating, |id| EvaluationRequest::SaveCards { id, places, to, beside })
}

fn look_at(evaluating: &mut Evaluating, place: Option<usize>) -> Vec<EvaluationRequest> {
    evaluating.looked_at = place;
    evaluating.nearest = None;
    evaluating.explained = None;
    let Some(place) = place else { return Vec::new() };
    let mut asked = of_shown(evaluating, |id| EvaluationRequest::Nearest { id, place });
    let beside = beside(evaluating);
    asked.extend(of_shown(evaluating, |id| EvaluationRequest::Explain {
        id,
        place,
        beside,
    }));
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
        ExportKind::LatexOfAll => ("evaluations.tex", "tex"),
        ExportKind::MarkdownOfAll => ("evaluations.md", "md"),
        ExportKind::ClipBenchmark => ("benchmark.json", "json"),
        ExportKind::Parquet => ("evaluation.parquet", "parquet"),
        ExportKind::Evaluation => ("evaluation.evaluation", "evaluation"),
    }
}
