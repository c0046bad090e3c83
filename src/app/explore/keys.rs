//! The keys of the mode.

use egui::{Key, Modifiers};

use super::Large;
use super::command::{ExploreCommand, Mark, Nudge, Step};
use crate::app::command::{Command, FileDialog};
use crate::app::settings::Measure;
use crate::app::shell::keys::{Binding, CTRL, CTRL_SHIFT, Heard, PLAIN, numbers};
use crate::app::state::State;
use crate::engine::protocol::Shift;

const PICTURES: &str = "Pictures";
const LABELS: &str = "Labels";
const HEATMAP: &str = "Heatmap";

/// How far a key moves the model's crop; 1 is from the middle to the edge.
const SHIFT_STEP: f32 = 0.1;
/// How far a key changes the heatmap's opacity.
const OPACITY_STEP: f32 = 0.1;
/// How far a key changes the size of thumbnails, in points.
const SIDE_STEP: f32 = 20.0;
/// How far a key zooms the large picture.
const ZOOM_STEP: f32 = 1.25;

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
        |_, place| wants(ExploreCommand::Go(STEPS[place])),
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
        "Select more pictures in that direction, or fewer; move the large picture",
        |state, place| {
            wants(match state.explore.large() {
                Some(_) => ExploreCommand::Nudge(Nudge::Pan(STEPS[place])),
                None => ExploreCommand::Mark(Mark::Extend(STEPS[place])),
            })
        },
    )
    .heard(Heard::Unfocused),
    Binding::family(
        PICTURES,
        "Ctrl+arrow keys",
        &[
            (CTRL, ARROWS[0]),
            (CTRL, ARROWS[1]),
            (CTRL, ARROWS[2]),
            (CTRL, ARROWS[3]),
        ],
        "The next picture in that direction; the selection stays",
        |_, place| wants(ExploreCommand::Mark(Mark::Pass(STEPS[place]))),
    )
    .heard(Heard::Unfocused),
    Binding::new(
        PICTURES,
        &[(CTRL, Key::Space)],
        "Add the picture to the selection, or take it out",
        |state, _| wants(ExploreCommand::Mark(Mark::Toggle(state.explore.selected()?))),
    )
    .heard(Heard::Unfocused),
    Binding::new(
        PICTURES,
        &[(Modifiers::SHIFT, Key::F10), (PLAIN, Key::Menu)],
        "The menu of the picture",
        |_, _| wants(ExploreCommand::ShowMenu),
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
        |_, place| wants(ExploreCommand::Go(STEPS[4 + place])),
    )
    .heard(Heard::Unfocused),
    Binding::new(
        PICTURES,
        &[(PLAIN, Key::Slash), (CTRL, Key::F)],
        "Filter by name",
        |_, _| wants(ExploreCommand::FocusFilter),
    ),
    Binding::new(
        PICTURES,
        &[(PLAIN, Key::Backspace)],
        "Show all pictures again",
        |_, _| wants(ExploreCommand::ClearFilters),
    )
    .heard(Heard::Unfocused),
    Binding::new(
        PICTURES,
        &[(PLAIN, Key::C)],
        "Probability, cosine or logit",
        |state, _| {
            wants(ExploreCommand::Show(match state.settings.measure {
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
        "Larger or smaller: the pictures of the gallery, or the large one",
        |state, place| {
            let is_less = place == 1;
            if state.explore.large().is_some() {
                let factor = if is_less { 1.0 / ZOOM_STEP } else { ZOOM_STEP };
                return wants(ExploreCommand::Nudge(Nudge::Zoom(factor)));
            }
            let step = if is_less { -SIDE_STEP } else { SIDE_STEP };
            wants(ExploreCommand::SizeThumbnails(state.settings.thumbnail_side + step))
        },
    ),
    Binding::new(PICTURES, &[(CTRL, Key::O)], "Open folders\u{2026}", |_, _| {
        Some(Command::Choose(FileDialog::Folders))
    })
    .heard(Heard::Always),
    Binding::keyless(PICTURES, "Open the samples", |_, _| wants(ExploreCommand::OpenSamples)),
    Binding::new(PICTURES, &[(PLAIN, Key::F5)], "Rescan folders", |_, _| {
        wants(ExploreCommand::Rescan)
    })
    .heard(Heard::Always),
    Binding::new(
        PICTURES,
        &[(CTRL, Key::Period)],
        "Pause or resume indexing",
        |state, _| wants(ExploreCommand::PauseIndexing(!state.explore.is_paused())),
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
        wants(ExploreCommand::FocusNewLabel)
    }),
    Binding::note(LABELS, "Alt+Up, Alt+Down", "Move the label that is being edited"),
    Binding::family(
        HEATMAP,
        "Alt+1 to Alt+9",
        &numbers(Modifiers::ALT),
        "Heatmap of that label, for every picture; once more releases it",
        |state, place| wants(ExploreCommand::MapLabel(state.settings.labels.get(place)?.id)),
    ),
    Binding::new(HEATMAP, &[(PLAIN, Key::H)], "Heatmap on or off", |_, _| {
        wants(ExploreCommand::ToggleHeatmap)
    }),
    Binding::family(
        HEATMAP,
        "[, ]",
        &[(PLAIN, Key::OpenBracket), (PLAIN, Key::CloseBracket)],
        "Heatmap fainter or stronger",
        |state, place| {
            let step = if place == 0 { -OPACITY_STEP } else { OPACITY_STEP };
            wants(ExploreCommand::SetOpacity(state.settings.opacity + step))
        },
    ),
    Binding::new(HEATMAP, &[(PLAIN, Key::E)], "What the model sees", |_, _| {
        wants(ExploreCommand::ToggleModelView)
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
        |state, place| wants(ExploreCommand::ShiftView(shifted(state.explore.probe().shift, place))),
    )
    .heard(Heard::Unfocused),
    Binding::new(
        HEATMAP,
        &[(PLAIN, Key::B)],
        "Erase and see: a brush over the picture",
        |_, _| wants(ExploreCommand::ToggleBrush),
    ),
    Binding::new(HEATMAP, &[(PLAIN, Key::R)], "Restore the picture", |_, _| {
        wants(ExploreCommand::ResetProbe)
    }),
    Binding::new(
        HEATMAP,
        &[(CTRL_SHIFT, Key::S)],
        "Save the heatmap with its legend\u{2026}",
        |_, _| Some(Command::Choose(FileDialog::HeatmapPicture)),
    )
    .heard(Heard::Always),
    Binding::keyless(HEATMAP, "Test this heatmap", |_, _| wants(ExploreCommand::TestMap)),
    Binding::keyless(HEATMAP, "Copy the heatmap with its legend", |_, _| {
        wants(ExploreCommand::CopyHeatmap)
    }),
    Binding::new(
        PICTURES,
        &[(PLAIN, Key::Space), (PLAIN, Key::Enter)],
        "Look at the picture large, or back",
        |state, _| {
            wants(match state.explore.large() {
                Some(_) => ExploreCommand::CloseLarge,
                None => ExploreCommand::OpenLarge(None),
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
        wants(ExploreCommand::CloseLarge)
    }),
    Binding::new(PICTURES, &[(CTRL, Key::A)], "Select all pictures", |_, _| {
        wants(ExploreCommand::Mark(Mark::All))
    }),
    Binding::new(LABELS, &[(PLAIN, Key::L)], "Fold the labels, or show them", |_, _| {
        wants(ExploreCommand::ToggleLabels)
    }),
    Binding::new(HEATMAP, &[(PLAIN, Key::I)], "Fold the inspector, or show it", |_, _| {
        wants(ExploreCommand::ToggleInspector)
    }),
    Binding::new(PICTURES, &[(PLAIN, Key::Escape)], "One level back", |_, _| {
        wants(ExploreCommand::Back)
    })
    .heard(Heard::Unfocused),
];

fn wants(command: ExploreCommand) -> Option<Command> {
    Some(Command::Explore(command))
}

/// The model's crop a step to the left, right, up or down.
fn shifted(from: Shift, place: usize) -> Shift {
    let (x, y) = [(-1.0, 0.0), (1.0, 0.0), (0.0, -1.0), (0.0, 1.0)][place];
    Shift {
        x: from.x + x * SHIFT_STEP,
        y: from.y + y * SHIFT_STEP,
    }
}

/// Switches the large picture between 1:1 and whole.
fn one_to_one(state: &State) -> Option<Command> {
    wants(ExploreCommand::LookAt(match state.explore.large()?.zoom {
        Some(_) => Large::WHOLE,
        None => Large::one_to_one(state.pixels_per_point),
    }))
}
