//! The page of shortcuts: the table of keys, grouped, with a field to search it.

use egui::{Align, Label, Layout, RichText, TextEdit, Ui, vec2};

use super::dialogs::just_opened;
use super::keys::{self, Binding};
use super::rail;
use super::theme;
use super::widgets::{note, section};
use crate::app::command::Command;
use crate::app::state::{Mode, State};

/// From this width on, groups stand in two columns.
const TWO_COLUMNS: f32 = 600.0;
const KEYS_WIDTH: f32 = 130.0;

pub fn shortcuts_ui(ui: &mut Ui, state: &State) -> Vec<Command> {
    let mut commands = Vec::new();
    let mut wanted = state.draft.clone().unwrap_or_default();
    let field = TextEdit::singleline(&mut wanted)
        .id_salt("search keys")
        .char_limit(crate::escape::MAX_NAME_CHARACTERS)
        .hint_text("Search for a key or what it does")
        .desired_width(f32::INFINITY);
    let field = ui.add(field);
    if just_opened(ui) {
        field.request_focus();
    }
    if field.changed() {
        commands.push(Command::Draft(wanted.clone()));
    }
    ui.add_space(theme::GAP_SMALL);
    let groups = groups(&wanted);
    if groups.is_empty() {
        ui.label(note(ui, format!("No key for \u{201c}{}\u{201d}", wanted.trim())));
    }
    if ui.available_width() < TWO_COLUMNS {
        groups.iter().for_each(|group| group_ui(ui, group));
        return commands;
    }
    let (left, right) = halves(&groups);
    ui.columns(2, |columns| {
        left.iter().for_each(|group| group_ui(&mut columns[0], group));
        right.iter().for_each(|group| group_ui(&mut columns[1], group));
    });
    commands
}

/// Rows of one mode that have to do with the same.
struct Group {
    mode: Option<Mode>,
    title: &'static str,
    rows: Vec<(String, &'static str)>,
}

/// The rows that hold every word that is looked for, in their groups.
fn groups(wanted: &str) -> Vec<Group> {
    let wanted = wanted.to_lowercase();
    let words: Vec<&str> = wanted.split_whitespace().collect();
    let mut groups: Vec<Group> = Vec::new();
    for (mode, binding) in keys::all() {
        let keys = binding.keys();
        if keys.is_empty() || !holds(binding, &keys, &words) {
            continue;
        }
        let row = (keys, binding.what);
        let known = groups
            .iter_mut()
            .find(|group| (group.mode, group.title) == (mode, binding.group));
        match known {
            Some(group) => group.rows.push(row),
            None => groups.push(Group {
                mode,
                title: binding.group,
                rows: vec![row],
            }),
        }
    }
    groups
}

fn holds(binding: &Binding, keys: &str, words: &[&str]) -> bool {
    let text = format!("{keys} {} {}", binding.what, binding.group).to_lowercase();
    words.iter().all(|word| text.contains(word))
}

/// Groups in two columns of about the same height.
fn halves(groups: &[Group]) -> (&[Group], &[Group]) {
    let height = |groups: &[Group]| groups.iter().map(|group| group.rows.len() + 2).sum::<usize>();
    let all = height(groups);
    let at = (0..=groups.len()).min_by_key(|&at| (2 * height(&groups[..at])).abs_diff(all));
    groups.split_at(at.unwrap_or(0))
}

fn group_ui(ui: &mut Ui, group: &Group) {
    let mode = group.mode.map(|mode| rail::entry(mode).title);
    let title = match mode {
        Some(mode) if mode != group.title => format!("{mode}: {}", group.title.to_lowercase()),
        _ => group.title.to_owned(),
    };
    ui.label(section(&title));
    for (keys, what) in &group.rows {
        ui.horizontal_top(|ui| {
            let cell = |ui: &mut Ui, width: f32, text: RichText| {
                let size = vec2(width, 0.0);
                ui.allocate_ui_with_layout(size, Layout::top_down(Align::Min), |ui| {
                    ui.set_width(width);
                    ui.add(Label::new(text).wrap());
                });
            };
            cell(
                ui,
                KEYS_WIDTH,
                RichText::new(keys).font(theme::strong(theme::SIZE_SMALL)),
            );
            let rest = ui.available_width();
            cell(ui, rest, RichText::new(*what));
        });
    }
    ui.add_space(theme::GAP);
}

#[cfg(test)]
mod tests {
    use super::groups;

    #[test]
    fn the_page_is_searched_by_key_and_by_word() {
        let found = |wanted: &str| -> Vec<&str> {
            groups(wanted)
                .iter()
                .flat_map(|group| group.rows.iter().map(|row| row.1))
                .collect()
        };
        assert!(found("ctrl+z").contains(&"Undo"));
        assert_eq!(found("indexing PAUSE"), ["Pause or resume indexing"]);
        assert!(found("nothing like it").is_empty());
        assert!(found("").len() > 30);
    }
}
