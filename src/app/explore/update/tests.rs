use super::*;
use crate::app::explore::{Compare, Mark};
use crate::app::settings::{Measure, Settings, Sort, TileText};
use crate::engine::protocol::{Dab, Fill, HeatmapMethod, LabelId, Shift};
use crate::heatmap::{Ramp, Scale, Style};
use crate::zero_shot::TemplateSet;

/// Whether a command changes something in a new window, or asks the engine for something.
fn is_heard(command: ExploreCommand) -> bool {
    let mut state = State::new(Settings::default());
    let shown = |state: &State| format!("{:?}\n{:?}", state.explore, state.settings);
    let before = shown(&state);
    let requests = update(&mut state, command, Instant::now());
    !requests.is_empty() || shown(&state) != before
}

fn assert_heard(commands: Vec<ExploreCommand>) {
    for command in commands {
        assert!(is_heard(command.clone()), "{command:?} does nothing");
    }
}

#[test]
fn every_command_about_the_list_and_the_question_does_something() {
    assert_heard(vec![
        ExploreCommand::Open(vec!["/pictures".into()]),
        ExploreCommand::OpenSamples,
        ExploreCommand::Rescan,
        ExploreCommand::Retry(None),
        ExploreCommand::PauseIndexing(true),
        ExploreCommand::Skip(vec![1]),
        ExploreCommand::MoreLike(1),
        ExploreCommand::EditLabels(Vec::new()),
        ExploreCommand::TypeLabel(Vec::new()),
        ExploreCommand::UseTemplates(TemplateSet::Bare),
        ExploreCommand::SetNoneBias(0.1),
    ]);
}

#[test]
fn every_command_about_a_picture_and_its_heatmap_does_something() {
    let label = LabelId::known(1);
    let dab = Dab {
        x: 0.5,
        y: 0.5,
        radius: 0.1,
    };
    assert_heard(vec![
        ExploreCommand::Select(1),
        ExploreCommand::ShowFirst(1),
        ExploreCommand::ReadAgain(1),
        ExploreCommand::Mark(Mark::These(vec![1])),
        ExploreCommand::Mark(Mark::Toggle(1)),
        ExploreCommand::OpenLarge(Some(1)),
        ExploreCommand::CopyPicture(1),
        ExploreCommand::UseMethod(Some(HeatmapMethod::Occlusion)),
        ExploreCommand::HoldHeatmap(true),
        ExploreCommand::Compare(Some(Compare::Label(label))),
        ExploreCommand::ShiftView(Shift { x: 0.5, y: 0.0 }),
        ExploreCommand::ToggleBrush,
        ExploreCommand::Erase { dab, begins: true },
        ExploreCommand::UseFill(Fill::Blur),
        ExploreCommand::SizeBrush(0.2),
        ExploreCommand::StopTestingMap,
        ExploreCommand::MapLabel(label),
        ExploreCommand::HoverLabel(Some(label)),
        ExploreCommand::ToggleHeatmap,
        ExploreCommand::ToggleModelView,
    ]);
}

#[test]
fn every_command_about_what_is_shown_and_how_does_something() {
    assert_heard(vec![
        ExploreCommand::Show(Measure::Cosine),
        ExploreCommand::SortBy(Sort::Name),
        ExploreCommand::FilterName("owl".into()),
        ExploreCommand::FilterLabel(Some(None)),
        ExploreCommand::FilterScore(Some(0.5)),
        ExploreCommand::ClearFilters,
        ExploreCommand::ShowNone(false),
        ExploreCommand::Reorder,
        ExploreCommand::PointAtGallery(true),
        ExploreCommand::LayOut { columns: 7, rows: 3 },
        ExploreCommand::CloseLarge,
        ExploreCommand::CopyPath("/pictures/a.jpg".into()),
        ExploreCommand::TypeNewLabel("owl".into()),
        ExploreCommand::ExpandLabel(Some(LabelId::known(1))),
        ExploreCommand::FocusNewLabel,
        ExploreCommand::FocusFilter,
        ExploreCommand::ShowMenu,
        ExploreCommand::SizeThumbnails(200.0),
        ExploreCommand::TileText(TileText::Over),
        ExploreCommand::ToggleRows,
        ExploreCommand::SizePanels {
            labels: Some(300.0),
            inspector: None,
        },
        ExploreCommand::ToggleLabels,
        ExploreCommand::ToggleInspector,
        ExploreCommand::SetOpacity(0.1),
        ExploreCommand::UseRamp(Ramp::Magma),
        ExploreCommand::UseScale(Some(Scale::Signed)),
        ExploreCommand::ToggleSameScale,
        ExploreCommand::ToggleSmooth,
        ExploreCommand::UseStyle(Style::Tint),
        ExploreCommand::ToggleContour,
        ExploreCommand::Divide(Some(0.5)),
        ExploreCommand::HideStarterNote,
    ]);
}
