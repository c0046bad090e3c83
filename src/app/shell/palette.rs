//! The palette: every command by name, to search and run.

use egui::{Align, Key, Layout, Modifiers, RichText, ScrollArea, TextEdit, Ui};

use super::dialogs::{just_opened, settings_rows};
use super::keys::{self, Binding};
use super::rail;
use super::status::thousands;
use super::theme;
use super::widgets::note;
use crate::app::command::{Command, Dialog};
use crate::app::state::{Mode, State};

/// Rows that are drawn: nobody reads more.
const MOST_ROWS: usize = 60;

pub fn palette_ui(ui: &mut Ui, state: &State) -> Vec<Command> {
    let mut commands = Vec::new();
    let mut wanted = state.draft.clone().unwrap_or_default();
    let id = ui.scope_id().with("palette place");
    let mut place: usize = ui.data(|data| data.get_temp(id)).unwrap_or_default();
    if just_opened(ui) {
        place = 0;
    }
    let down = ui.input_mut(|input| input.count_and_consume_key(Modifiers::NONE, Key::ArrowDown));
    let up = ui.input_mut(|input| input.count_and_consume_key(Modifiers::NONE, Key::ArrowUp));
    let entered = ui.input_mut(|input| input.consume_key(Modifiers::NONE, Key::Enter));
    let field = TextEdit::singleline(&mut wanted)
        .id_salt("palette")
        .char_limit(crate::escape::MAX_NAME_CHARACTERS)
        .hint_text("What do you want to do?")
        .desired_width(f32::INFINITY);
    let field = ui.add(field);
    field.request_focus();
    if field.changed() {
        place = 0;
        commands.push(Command::Draft(wanted.clone()));
    }
    let mut found = found(state, &wanted);
    let more = found.len().saturating_sub(MOST_ROWS);
    found.truncate(MOST_ROWS);
    place = (place + down).saturating_sub(up).min(found.len().saturating_sub(1));
    ui.add_space(theme::GAP_SMALL);
    if found.is_empty() {
        ui.label(note(ui, "No matching command"));
    }
    ScrollArea::vertical().auto_shrink([false, true]).show(ui, |ui| {
        for (n, row) in found.iter().enumerate() {
            let clicked = row_ui(ui, row, n == place, down + up > 0);
            if clicked || (entered && n == place) {
                commands.push(Command::CloseDialog);
                commands.extend(row.before.clone());
                commands.push(row.command.clone());
            }
        }
    });
    if more > 0 {
        ui.label(note(ui, format!("And {} more: type another word", thousands(more))));
    }
    ui.data_mut(|data| data.insert_temp(id, place));
    commands
}

/// A command that can be run now.
struct Row {
    title: String,
    keys: String,
    /// What leads to the mode that it belongs to.
    before: Option<Command>,
    command: Command,
}

/// The commands whose names hold every word, those of the open mode first.
fn found(state: &State, wanted: &str) -> Vec<Row> {
    let wanted = wanted.to_lowercase();
    let words: Vec<&str> = wanted.split_whitespace().collect();
    let settings = settings_rows(state).into_iter();
    let settings = settings.map(|(title, command)| Row::of(state, None, title, String::new(), command));
    let mut rows: Vec<Row> = bound(state)
        .chain(modes())
        .chain(settings)
        .chain(keyless(state))
        .collect();
    rows.retain(|row| {
        let text = row.title.to_lowercase();
        words.iter().all(|word| text.contains(word))
    });
    rows.sort_by_key(|row| row.before.is_some());
    rows
}

/// What has a key, or a row in the table of keys.
fn bound(state: &State) -> impl Iterator<Item = Row> {
    keys::all().filter_map(move |(mode, binding): (Option<Mode>, &Binding)| {
        let itself = Command::OpenDialog(Dialog::Palette);
        let command = binding.command(state).filter(|command| *command != itself)?;
        Some(Row::of(state, mode, binding.what.to_owned(), binding.keys(), command))
    })
}

fn modes() -> impl Iterator<Item = Row> {
    rail::MODES.iter().map(|entry| Row {
        title: format!("Go to {}", entry.title),
        keys: String::new(),
        before: None,
        command: Command::UseMode(entry.mode),
    })
}

/// What each mode has beside its keys.
fn keyless(state: &State) -> impl Iterator<Item = Row> {
    rail::MODES.iter().flat_map(move |entry| {
        let rows = (entry.palette)(state).into_iter();
        rows.map(move |(title, command)| Row::of(state, Some(entry.mode), title, String::new(), command))
    })
}

impl Row {
    fn of(state: &State, mode: Option<Mode>, title: String, keys: String, command: Command) -> Self {
        Self {
            title: match mode {
                Some(mode) => format!("{}: {title}", rail::entry(mode).title),
                None => title,
            },
            keys,
            before: mode.filter(|mode| *mode != state.mode).map(Command::UseMode),
            command,
        }
    }
}

fn row_ui(ui: &mut Ui, row: &Row, chosen: bool, moved: bool) -> bool {
    let text = RichText::new(&row.title);
    let button = egui::Button::new(text).selected(chosen).frame_when_inactive(chosen);
    let size = egui::vec2(ui.available_width(), theme::ROW_HEIGHT);
    let keys = note(ui, &row.keys);
    let keys = if chosen {
        keys.color(theme::palette(ui).on_accent)
    } else {
        keys
    };
    let response = ui
        .scope(|ui| {
            ui.with_layout(Layout::top_down_justified(Align::Min), |ui| {
                ui.add(button.min_size(size).right_text(keys))
            })
            .inner
        })
        .inner;
    if chosen && moved {
        response.scroll_to_me(None);
    }
    response.clicked()
}

#[cfg(test)]
mod tests {
    use super::found;
    use crate::app::command::{Command, Dialog};
    use crate::app::explore::ExploreCommand;
    use crate::app::settings::Settings;
    use crate::app::state::{Mode, State};
    use crate::app::train::{Page, TrainCommand};

    #[test]
    fn commands_are_found_by_their_words_also_those_of_other_modes() {
        let state = State::new(Settings::default());
        let first = |wanted: &str| {
            found(&state, wanted)
                .into_iter()
                .next()
                .map(|row| (row.before, row.command))
        };
        assert_eq!(first("settings"), Some((None, Command::OpenDialog(Dialog::Settings))));
        let new_run = Command::Train(TrainCommand::Open(Page::Setup));
        assert_eq!(first("NEW run"), Some((Some(Command::UseMode(Mode::Train)), new_run)));
        assert_eq!(first("no such thing"), None);
        // What has no key is found, too: the choices of menus and lists, of every mode.
        use crate::app::settings::Sort;
        use crate::engine::ModelChoice;
        assert_eq!(
            first("closest call"),
            Some((None, Command::Explore(ExploreCommand::SortBy(Sort::Margin))))
        );
        let lemon = state.settings.labels[3].id;
        assert_eq!(
            first("only lemon"),
            Some((None, Command::Explore(ExploreCommand::FilterLabel(Some(Some(lemon))))))
        );
        let starter = Command::LoadModel(ModelChoice::Starter);
        assert_eq!(
            first("use the starter"),
            Some((Some(Command::UseMode(Mode::Models)), starter))
        );
        let wanted = [
            "text on pictures",
            "magma",
            "for and against",
            "tint",
            "template",
            "paste list",
            "skipped files",
            "compare owl",
            "get clip",
            "open a model's folder",
            "numbers of the heatmap",
            "compute on: cpu",
            "gpu precision: half",
            "interface size: 125",
            "neutralise formulas",
            "for excel",
            "reset to defaults",
            "stop computing heatmaps",
            "brush fill blur",
            "larger brush",
            "measure how fast the starter",
        ];
        for wanted in wanted {
            assert!(first(wanted).is_some(), "{wanted}");
        }
    }
}
