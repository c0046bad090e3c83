//! What can be done with one picture of the gallery; with all that are marked, where it is one of them.

use egui::Ui;

use crate::app::command::Command;
use crate::app::shell::keys::with_hint;
use crate::app::shell::status::counted;
use crate::app::state::State;
use crate::engine::protocol::PictureId;

/// Draws the menu of a picture; its first line has the focus where it was opened by key.
pub fn menu_ui(ui: &mut Ui, state: &State, id: PictureId, by_key: bool, commands: &mut Vec<Command>) {
    let explore = &state.explore;
    let Some(picture) = explore.pictures.get(id) else {
        return;
    };
    let open = ui.button(with_hint("Open", state, &Command::OpenLarge(None)));
    if by_key {
        open.request_focus();
    }
    if open.clicked() {
        commands.push(Command::OpenLarge(Some(id)));
    }
    let mut item = |ui: &mut Ui, name: &str, asks: &dyn Fn() -> Vec<Command>| {
        if ui.button(name).clicked() {
            commands.extend(asks());
            ui.close();
        }
    };
    let path = &picture.file.path;
    if let Some(folder) = path.parent() {
        item(ui, "Show in folder", &|| {
            vec![Command::ShowFolder(folder.to_path_buf())]
        });
    }
    item(ui, "Copy picture", &|| vec![Command::CopyPicture(id)]);
    item(ui, "More like this", &|| vec![Command::MoreLike(id)]);
    ui.separator();
    let all = explore.meant(id);
    if all.len() == 1 {
        item(ui, "Copy path", &|| vec![Command::CopyPath(path.display().to_string())]);
        item(ui, "Use as example", &|| vec![Command::UseAsExample(id)]);
        item(ui, "Skip", &|| vec![Command::Skip(all.clone())]);
        return;
    }
    let pictures = counted(all.len(), "picture", "pictures");
    item(ui, &format!("Copy the paths of {pictures}"), &|| {
        vec![Command::CopyPath(explore.paths(&all))]
    });
    item(ui, &format!("Use {pictures} as examples"), &|| {
        all.iter().map(|&id| Command::UseAsExample(id)).collect()
    });
    item(ui, &format!("Skip {pictures}"), &|| vec![Command::Skip(all.clone())]);
}
