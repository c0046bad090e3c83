//! Commands that ask nothing of the engine: which pictures are shown, in which order, and how.

use crate::app::command::Command;
use crate::app::explore::command::ExploreCommand;
use crate::app::explore::state::Focus;
use crate::app::settings::{DIVIDER, THUMBNAIL_SIDES};
use crate::app::shell::messages::Message;
use crate::app::state::State;
use crate::app::train::{Page, TrainCommand};
use crate::engine::protocol::{PictureId, Severity, Topic};
use crate::heatmap::Scale;

/// Commands that change which pictures the gallery shows, and in which order.
pub(super) fn arrange(state: &mut State, command: ExploreCommand) {
    let explore = &mut state.explore;
    match command {
        ExploreCommand::Show(measure) => state.settings.measure = measure,
        ExploreCommand::SortBy(sort) => {
            state.settings.sort = sort;
            explore.alike = None;
        }
        ExploreCommand::FilterName(name) => explore.filter.name = name.to_lowercase(),
        ExploreCommand::FilterLabel(label) => explore.filter.label = label,
        ExploreCommand::FilterScore(bound) => {
            explore.filter.bound = bound;
            state.explore.bounded = Some(state.quantity());
        }
        ExploreCommand::ClearFilters => {
            explore.filter = Default::default();
            explore.alike = None;
        }
        ExploreCommand::ShowNone(shown) => {
            state.settings.show_none = shown;
            explore.filter.label.take_if(|label| label.is_none() && !shown);
            let lens = state.lens();
            state.explore.count_changed(lens);
        }
        ExploreCommand::Reorder => {}
        other => return look(state, other),
    }
    state.explore.reorder_now();
}

/// Commands that change only what is looked at, and what is typed.
fn look(state: &mut State, command: ExploreCommand) {
    let explore = &mut state.explore;
    match command {
        ExploreCommand::PointAtGallery(pointed) => explore.point(pointed),
        ExploreCommand::LayOut { columns, rows } => explore.grid = (columns, rows),
        ExploreCommand::Scrolled => explore.scroll_to_selected = false,
        ExploreCommand::ForgetBaseline => explore.baseline = None,
        ExploreCommand::CloseLarge => {
            explore.large = None;
            explore.nudge = None;
            explore.scroll_to_selected = true;
        }
        ExploreCommand::LookAt(large) => {
            explore.large = explore.large.and(Some(large));
            explore.nudge = None;
        }
        ExploreCommand::Nudge(nudge) => explore.nudge = explore.large.and(Some(nudge)),
        ExploreCommand::CopyPath(text) => {
            explore.text_to_copy = Some(text);
            state.say_about(Topic::Saving, "Copied");
        }
        ExploreCommand::UseAsExamples(pictures) => use_as_examples(state, &pictures),
        ExploreCommand::ExpandLabel(label) => explore.expanded_label = label,
        ExploreCommand::FocusNewLabel => {
            state.settings.labels_shown = true;
            explore.focus = Some(Focus::NewLabel);
        }
        ExploreCommand::FocusFilter => {
            // The field is above the gallery.
            explore.scroll_to_selected |= explore.large.take().is_some();
            explore.focus = Some(Focus::Filter);
        }
        ExploreCommand::Focused => explore.focus = None,
        ExploreCommand::ShowMenu => explore.wants_menu = true,
        ExploreCommand::MenuShown => explore.wants_menu = false,
        other => settle(state, other),
    }
}

/// Commands that change how things are shown, which is remembered.
fn settle(state: &mut State, command: ExploreCommand) {
    let settings = &mut state.settings;
    match command {
        ExploreCommand::SizeThumbnails(side) => {
            settings.thumbnail_side = side.clamp(THUMBNAIL_SIDES.0, THUMBNAIL_SIDES.1)
        }
        ExploreCommand::TileText(text) => settings.tile_text = text,
        ExploreCommand::ToggleRows => settings.rows = !settings.rows,
        ExploreCommand::SizePanels { labels, inspector } => {
            settings.labels_width = labels.unwrap_or(settings.labels_width);
            settings.inspector_width = inspector.or(settings.inspector_width);
        }
        ExploreCommand::ToggleLabels => settings.labels_shown = !settings.labels_shown,
        ExploreCommand::ToggleInspector => settings.inspector_shown = !settings.inspector_shown,
        ExploreCommand::SetOpacity(opacity) => settings.opacity = opacity.clamp(0.0, 1.0),
        ExploreCommand::UseRamp(ramp) => {
            settings.ramp = ramp;
            // For and against has colours of its own.
            settings.heatmap_scale.get_or_insert(Scale::Absolute);
        }
        ExploreCommand::UseScale(scale) => settings.heatmap_scale = scale,
        ExploreCommand::ToggleSameScale => settings.same_scale = !settings.same_scale,
        ExploreCommand::ToggleSmooth => settings.smooth = !settings.smooth,
        ExploreCommand::UseStyle(style) => settings.heatmap_style = style,
        ExploreCommand::ToggleContour => settings.contour = !settings.contour,
        ExploreCommand::Divide(divider) => settings.divider = divider.map(|at| at.clamp(DIVIDER.0, DIVIDER.1)),
        ExploreCommand::HideStarterNote => settings.starter_note_hidden = true,
        other => tracing::error!("nothing carries out {other:?}"),
    }
}

/// Pictures and the texts of their best labels become pairs of the board.
fn use_as_examples(state: &mut State, pictures: &[PictureId]) {
    let pair = |&picture: &PictureId| {
        let path = state.explore.pictures.get(picture)?.file.path.clone();
        let answer = state.answer(picture);
        let text = answer.and_then(|answer| Some(answer.name(answer.scores.best?).to_owned()));
        Some((path, text.unwrap_or_default()))
    };
    let pairs: Vec<_> = pictures.iter().filter_map(pair).collect();
    let became = state.training.add_pairs(pairs);
    let show = Command::Train(TrainCommand::Open(Page::Board));
    let message = Message::new(Severity::Info, became.words());
    state.messages.add(message.about(Topic::Training).with("Show", show));
}
