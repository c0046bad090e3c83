//! The keyboard: everything that can be clicked can be reached.

use egui::{InputState, Key, Modifiers};

use crate::app::command::{Command, Dialog, FileDialog, Mark, Step};
use crate::app::explore::Large;
use crate::app::settings::{LabelRow, Measure, ThemeChoice};
use crate::app::state::{Mode, State};
use crate::app::train::{Page, TrainCommand};
use crate::engine::protocol::Shift;

/// How far a key moves the model's square; 1 is from the middle to the edge.
const SHIFT_STEP: f32 = 0.1;

/// Keys and what they do, for the list on `?`.
pub const SHORTCUTS: &[(&str, &str)] = &[
    ("Arrows", "The next picture in that direction"),
    ("Page up, page down, home, end", "Further through the gallery"),
    ("A", "Add a label"),
    ("Alt+1 to Alt+9", "Heatmap of that label, for every picture; once more releases it"),
    ("H", "Heatmap on or off"),
    ("E", "What the model sees"),
    (
        "B",
        "Erase and see: a brush over the picture; Ctrl+Z takes a stroke back",
    ),
    ("Shift+arrows", "Move the part that the model sees"),
    ("R", "Show the picture to the model as it is"),
    ("[ and ]", "Heatmap fainter or stronger"),
    ("C", "Probability, cosine or logit"),
    ("+ and -", "Larger or smaller pictures in the gallery"),
    ("/ or Ctrl+F", "Filter by name"),
    ("Backspace", "Show all pictures again"),
    ("Space, Enter", "Look at the picture large"),
    ("Z", "The large picture 1:1, or whole"),
    ("G", "Back to the gallery"),
    ("L", "Fold the labels, or show them"),
    ("I", "Fold the inspector, or show it"),
    ("Ctrl+A", "Select all pictures"),
    ("Ctrl+.", "Pause or resume indexing"),
    ("M", "The model, and others"),
    ("T", "Teach a model, or back to the pictures"),
    (
        "N",
        "While teaching: set up a new run; Space holds the run that is at work",
    ),
    ("D", "Light or dark"),
    ("F5", "Look at the folders again"),
    ("Ctrl+O", "Open folders"),
    ("Ctrl+S", "Save predictions as CSV"),
    ("Ctrl+Z, Ctrl+Shift+Z", "Undo and redo changes of labels"),
    ("Alt+Up, Alt+Down", "Move the label that is being edited"),
    ("Ctrl+,", "Settings"),
    ("Ctrl with + - 0", "Everything larger, smaller, as it was"),
    ("Tab, Enter", "Go through everything that can be clicked, and click it"),
    ("Esc", "Close a dialog, leave a field"),
    ("?", "This list"),
];

/// Who has the keyboard.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Focus {
    /// Nobody: every key is ours.
    Free,
    /// Something that is clicked with Enter or Space.
    Control,
    /// A text field: only keys with Ctrl are ours.
    Text,
}

/// What the keys of this frame ask for.
pub fn commands(input: &mut InputState, state: &State, focus: Focus, dark: bool) -> Vec<Command> {
    let mut commands = Vec::new();
    let strokes = state.explore.brush().is_some() && !state.explore.probe().dabs.is_empty() && focus != Focus::Text;
    if strokes && input.consume_key(Modifiers::COMMAND, Key::Z) {
        commands.push(Command::UndoStroke);
    }
    commands.extend(with_control(input, state));
    if focus != Focus::Text && state.dialog.is_none() && state.mode == Mode::Train {
        commands.extend(teaching(input, state, focus, dark));
    } else if focus != Focus::Text && state.dialog.is_none() {
        commands.extend(plain(input, state, dark));
        if input.consume_key(Modifiers::COMMAND, Key::A) {
            commands.push(Command::Mark(Mark::All));
        }
        if focus == Focus::Free {
            commands.extend(large(input, state));
        }
    }
    commands
}

/// The large picture: opened, 1:1, whole.
fn large(input: &mut InputState, state: &State) -> Option<Command> {
    if input.consume_key(Modifiers::NONE, Key::Space) || input.consume_key(Modifiers::NONE, Key::Enter) {
        return Some(match state.explore.large() {
            Some(_) => Command::CloseLarge,
            None => Command::OpenLarge(None),
        });
    }
    let looked = state.explore.large()?;
    input.consume_key(Modifiers::NONE, Key::Z).then(|| {
        let one = Large {
            zoom: Some(1.0 / input.pixels_per_point()),
            ..Large::WHOLE
        };
        Command::LookAt(if looked.zoom.is_some() { Large::WHOLE } else { one })
    })
}

fn with_control(input: &mut InputState, state: &State) -> Vec<Command> {
    let redo = Modifiers::COMMAND | Modifiers::SHIFT;
    // The longer combination first: consuming ignores extra modifiers.
    let table = [
        (redo, Key::Z, Command::Redo),
        (Modifiers::COMMAND, Key::Y, Command::Redo),
        (Modifiers::COMMAND, Key::Z, Command::Undo),
        (Modifiers::COMMAND, Key::O, Command::Choose(FileDialog::Folders)),
        (Modifiers::COMMAND, Key::S, Command::Choose(FileDialog::Csv)),
        (Modifiers::COMMAND, Key::F, Command::FocusFilter),
        (Modifiers::COMMAND, Key::Comma, Command::OpenDialog(Dialog::Settings)),
        (
            Modifiers::COMMAND,
            Key::Period,
            Command::PauseIndexing(!state.explore.is_paused()),
        ),
        (Modifiers::NONE, Key::F5, Command::Rescan),
    ];
    table
        .into_iter()
        .filter(|(modifiers, key, _)| input.consume_key(*modifiers, *key))
        .map(|(_, _, command)| command)
        .collect()
}

/// Keys while teaching.
fn teaching(input: &mut InputState, state: &State, focus: Focus, dark: bool) -> Vec<Command> {
    let other_theme = if dark { ThemeChoice::Light } else { ThemeChoice::Dark };
    let train = |command| Command::Train(command);
    let table = [
        (Key::T, Command::UseMode(Mode::Explore)),
        (Key::N, train(TrainCommand::Open(Page::Setup))),
        (Key::M, Command::OpenDialog(Dialog::Models)),
        (Key::D, Command::UseTheme(other_theme)),
        (Key::Questionmark, Command::OpenDialog(Dialog::Shortcuts)),
    ];
    let no_control = !input.modifiers.command && !input.modifiers.alt;
    let pressed = table
        .into_iter()
        .filter(|(key, _)| no_control && input.key_pressed(*key));
    let mut commands: Vec<Command> = pressed.map(|(_, command)| command).collect();
    if let Some(paused) = state.training.paused()
        && focus == Focus::Free
        && input.consume_key(Modifiers::NONE, Key::Space)
    {
        commands.push(train(TrainCommand::Pause(!paused)));
    }
    commands
}

/// Shift with an arrow moves the model's square by a step.
fn shifts(input: &mut InputState, state: &State) -> Vec<Command> {
    let steps = [
        (Key::ArrowLeft, -SHIFT_STEP, 0.0),
        (Key::ArrowRight, SHIFT_STEP, 0.0),
        (Key::ArrowUp, 0.0, -SHIFT_STEP),
        (Key::ArrowDown, 0.0, SHIFT_STEP),
    ];
    let from = state.explore.probe().shift;
    steps
        .into_iter()
        .filter(|(key, _, _)| input.consume_key(Modifiers::SHIFT, *key))
        .map(|(_, x, y)| {
            Command::ShiftView(Shift {
                x: from.x + x,
                y: from.y + y,
            })
        })
        .collect()
}

fn plain(input: &mut InputState, state: &State, dark: bool) -> Vec<Command> {
    let shifted = shifts(input, state);
    if !shifted.is_empty() {
        return shifted;
    }
    let settings = &state.settings;
    let next_measure = match settings.measure {
        Measure::Probability => Measure::Cosine,
        Measure::Cosine => Measure::Logit,
        Measure::Logit => Measure::Probability,
    };
    let other_theme = if dark { ThemeChoice::Light } else { ThemeChoice::Dark };
    let table = [
        (Key::ArrowLeft, Command::Go(Step::Left)),
        (Key::ArrowRight, Command::Go(Step::Right)),
        (Key::ArrowUp, Command::Go(Step::Up)),
        (Key::ArrowDown, Command::Go(Step::Down)),
        (Key::PageUp, Command::Go(Step::PageUp)),
        (Key::PageDown, Command::Go(Step::PageDown)),
        (Key::Home, Command::Go(Step::Home)),
        (Key::End, Command::Go(Step::End)),
        (Key::A, Command::FocusNewLabel),
        (Key::H, Command::ToggleHeatmap),
        (Key::E, Command::ToggleModelView),
        (Key::B, Command::ToggleBrush),
        (Key::R, Command::ResetProbe),
        (Key::G, Command::CloseLarge),
        (Key::I, Command::ToggleInspector),
        (Key::L, Command::ToggleLabels),
        (Key::Escape, Command::Back),
        (Key::OpenBracket, Command::SetOpacity(settings.opacity - 0.1)),
        (Key::CloseBracket, Command::SetOpacity(settings.opacity + 0.1)),
        (Key::C, Command::Show(next_measure)),
        (Key::Plus, Command::SizeThumbnails(settings.thumbnail_side + 20.0)),
        (Key::Equals, Command::SizeThumbnails(settings.thumbnail_side + 20.0)),
        (Key::Minus, Command::SizeThumbnails(settings.thumbnail_side - 20.0)),
        (Key::Slash, Command::FocusFilter),
        (Key::Backspace, Command::ClearFilters),
        (Key::M, Command::OpenDialog(Dialog::Models)),
        (Key::T, Command::UseMode(Mode::Train)),
        (Key::D, Command::UseTheme(other_theme)),
        (Key::Questionmark, Command::OpenDialog(Dialog::Shortcuts)),
    ];
    let mut commands = labels_by_number(input, &settings.labels);
    let no_control = !input.modifiers.command && !input.modifiers.alt;
    commands.extend(
        table
            .into_iter()
            .filter(|(key, _)| no_control && input.key_pressed(*key))
            .map(|(_, command)| command),
    );
    commands
}

fn labels_by_number(input: &mut InputState, labels: &[LabelRow]) -> Vec<Command> {
    let numbers = [
        Key::Num1,
        Key::Num2,
        Key::Num3,
        Key::Num4,
        Key::Num5,
        Key::Num6,
        Key::Num7,
        Key::Num8,
        Key::Num9,
    ];
    numbers
        .into_iter()
        .zip(labels)
        .filter(|(key, _)| input.consume_key(Modifiers::ALT, *key))
        .map(|(_, row)| Command::MapLabel(row.id))
        .collect()
}
