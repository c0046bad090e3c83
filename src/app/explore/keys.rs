//! The keys of this mode.

use egui::{Key, Modifiers};

use super::Large;
use crate::app::command::{Command, FileDialog, Mark, Step};
use crate::app::settings::Measure;
use crate::app::shell::keys::{Binding, CTRL, CTRL_SHIFT, Heard, PLAIN, numbers};
use crate::app::state::State;
use crate::engine::protocol::Shift;

const PICTURES: &str = "Pictures";
const LABELS: &str = "Labels";
const HEATMAP: &str = "Heatmap";

/// How far a key moves the model's square; 1 is from the middle to the edge.
const SHIFT_STEP: f32 = 0.1;
/// How far a key turns the heatmap's opacity.
const OPACITY_STEP: f32 = 0.1;
/// How far a key changes the size of thumbnails, in points.
const SIDE_STEP: f32 = 20.0;

const ARROWS: [Key; 4] = [Key::ArrowLeft, Key::ArrowRight, Key::ArrowUp, Key::ArrowDown];
const STEPS: [Step; 8] = [
    Step::Left,
    Step::Right,
    Step::Up,
    Step::Down,
    Step::PageUp,
    Step::PageDown,
    Step::Home,
    Step::End,
];

/// The rows of the table.
pub const KEYS: &[Binding] = &[
    Binding::family(
        PICTURES,
        "Arrow keys",
        &[
            (PLAIN, ARROWS[0]),
            (PLAIN, ARROWS[1]),
            (PLAIN, ARROWS[2]),
            (PLAIN, ARROWS[3]),
        ],
        "The next picture in that direction",
        |_, place| Some(Command::Go(STEPS[place])),
    )
    .heard(Heard::Unfocused),
    Binding::family(
        PICTURES,
        "Shift+arrow keys",
        &[
            (Modifiers::SHIFT, ARROWS[0]),
            (Modifiers::SHIFT, ARROWS[1]),
            (Modifiers::SHIFT, ARROWS[2]),
            (Modifiers::SHIFT, ARROWS[3]),
        ],
        "Select more pictures in that direction, or fewer",
        |_, place| Some(Command::Mark(Mark::Extend(STEPS[place]))),
    )
    .heard(Heard::Unfocused),
    Binding::new(
        PICTURES,
        &[(Modifiers::SHIFT, Key::F10), (PLAIN, Key::Menu)],
        "The menu of the picture",
        |_, _| Some(Command::ShowMenu),
    ),
    Binding::family(
        PICTURES,
        "Page Up, Page Down, Home, End",
        &[
            (PLAIN, Key::PageUp),
            (PLAIN, Key::PageDown),
            (PLAIN, Key::Home),
            (PLAIN, Key::End),
        ],
        "Further through the gallery",
        |_, place| Some(Command::Go(STEPS[4 + place])),
    )
    .heard(Heard::Unfocused),
    Binding::new(
        PICTURES,
        &[(PLAIN, Key::Slash), (CTRL, Key::F)],
        "Filter by name",
        |_, _| Some(Command::FocusFilter),
    ),
    Binding::new(
        PICTURES,
        &[(PLAIN, Key::Backspace)],
        "Show all pictures again",
        |_, _| Some(Command::ClearFilters),
    )
    .heard(Heard::Unfocused),
    Binding::new(
        PICTURES,
        &[(PLAIN, Key::C)],
        "Probability, cosine or logit",
        |state, _| {
            Some(Command::Show(match state.settings.measure {
                Measure::Probability => Measure::Cosine,
                Measure::Cosine => Measure::Logit,
                Measure::Logit => Measure::Probability,
            }))
        },
    ),
    Binding::family(
        PICTURES,
        "+, -",
        &[(PLAIN, Key::Plus), (PLAIN, Key::Minus), (PLAIN, Key::Equals)],
        "Larger or smaller pictures in the gallery",
        |state, place| {
            let step = if place == 1 { -SIDE_STEP } else { SIDE_STEP };
            Some(Command::SizeThumbnails(state.settings.thumbnail_side + step))
        },
    ),
    Binding::new(PICTURES, &[(CTRL, Key::O)], "Open folders\u{2026}", |_, _| {
        Some(Command::Choose(FileDialog::Folders))
    })
    .heard(Heard::Always),
    Binding::keyless(PICTURES, "Open the samples", |_, _| Some(Command::OpenSamples)),
    Binding::new(PICTURES, &[(PLAIN, Key::F5)], "Rescan folders", |_, _| {
        Some(Command::Rescan)
    })
    .heard(Heard::Always),
    Binding::new(
        PICTURES,
        &[(CTRL, Key::Period)],
        "Pause or resume indexing",
        |state, _| Some(Command::PauseIndexing(!state.explore.is_paused())),
    )
    .heard(Heard::Always),
    Binding::new(
        PICTURES,
        &[(CTRL, Key::S)],
        "Save predictions as CSV\u{2026}",
        |_, _| Some(Command::Choose(FileDialog::Csv)),
    )
    .heard(Heard::Always),
    Binding::new(LABELS, &[(PLAIN, Key::A)], "Add a label", |_, _| {
        Some(Command::FocusNewLabel)
    }),
    Binding::note(LABELS, "Alt+Up, Alt+Down", "Move the label that is being edited"),
    Binding::family(
        HEATMAP,
        "Alt+1 to Alt+9",
        &numbers(Modifiers::ALT),
        "Heatmap of that label, for every picture; once more releases it",
        |state, place| state.settings.labels.get(place).map(|row| Command::MapLabel(row.id)),
    ),
    Binding::new(HEATMAP, &[(PLAIN, Key::H)], "Heatmap on or off", |_, _| {
        Some(Command::ToggleHeatmap)
    }),
    Binding::family(
        HEATMAP,
        "[, ]",
        &[(PLAIN, Key::OpenBracket), (PLAIN, Key::CloseBracket)],
        "Heatmap fainter or stronger",
        |state, place| {
            let step = if place == 0 { -OPACITY_STEP } else { OPACITY_STEP };
            Some(Command::SetOpacity(state.settings.opacity + step))
        },
    ),
    Binding::new(HEATMAP, &[(PLAIN, Key::E)], "What the model sees", |_, _| {
        Some(Command::ToggleModelView)
    }),
    Binding::family(
        HEATMAP,
        "Alt+arrow keys",
        &[
            (Modifiers::ALT, ARROWS[0]),
            (Modifiers::ALT, ARROWS[1]),
            (Modifiers::ALT, ARROWS[2]),
            (Modifiers::ALT, ARROWS[3]),
        ],
        "Move the part that the model sees",
        |state, place| Some(Command::ShiftView(shifted(state.explore.probe().shift, place))),
    )
    .heard(Heard::Unfocused),
    Binding::new(
        HEATMAP,
        &[(PLAIN, Key::B)],
        "Erase and see: a brush over the picture",
        |_, _| Some(Command::ToggleBrush),
    ),
    Binding::new(HEATMAP, &[(PLAIN, Key::R)], "Restore the picture", |_, _| {
        Some(Command::ResetProbe)
    }),
    Binding::new(
        HEATMAP,
        &[(CTRL_SHIFT, Key::S)],
        "Save the heatmap with its legend\u{2026}",
        |_, _| Some(Command::Choose(FileDialog::HeatmapPicture)),
    )
    .heard(Heard::Always),
    Binding::keyless(HEATMAP, "Test this heatmap", |_, _| Some(Command::TestMap)),
    Binding::keyless(HEATMAP, "Copy the heatmap with its legend", |_, _| {
        Some(Command::CopyHeatmap)
    }),
    Binding::new(
        PICTURES,
        &[(PLAIN, Key::Space), (PLAIN, Key::Enter)],
        "Look at the picture large, or back",
        |state, _| {
            Some(match state.explore.large() {
                Some(_) => Command::CloseLarge,
                None => Command::OpenLarge(None),
            })
        },
    )
    .heard(Heard::Unfocused),
    Binding::new(
        PICTURES,
        &[(PLAIN, Key::Z)],
        "The large picture 1:1, or whole",
        |state, _| one_to_one(state),
    ),
    Binding::new(PICTURES, &[(PLAIN, Key::G)], "Back to the grid", |_, _| {
        Some(Command::CloseLarge)
    }),
    Binding::new(PICTURES, &[(CTRL, Key::A)], "Select all pictures", |_, _| {
        Some(Command::Mark(Mark::All))
    }),
    Binding::new(LABELS, &[(PLAIN, Key::L)], "Fold the labels, or show them", |_, _| {
        Some(Command::ToggleLabels)
    }),
    Binding::new(HEATMAP, &[(PLAIN, Key::I)], "Fold the inspector, or show it", |_, _| {
        Some(Command::ToggleInspector)
    }),
    Binding::new(PICTURES, &[(PLAIN, Key::Escape)], "One level back", |_, _| {
        Some(Command::Back)
    })
    .heard(Heard::Unfocused),
];

/// The model's square a step to the left, right, up or down.
fn shifted(from: Shift, place: usize) -> Shift {
    let (x, y) = [(-1.0, 0.0), (1.0, 0.0), (0.0, -1.0), (0.0, 1.0)][place];
    Shift {
        x: from.x + x * SHIFT_STEP,
        y: from.y + y * SHIFT_STEP,
    }
}

/// The large picture 1:1, a pixel for a pixel of the screen, or whole again.
fn one_to_one(state: &State) -> Option<Command> {
    let looked = state.explore.large()?;
    let one = Large {
        zoom: Some(1.0 / state.pixels_per_point),
        ..Large::WHOLE
    };
    Some(Command::LookAt(if looked.zoom.is_some() { Large::WHOLE } else { one }))
}
