//! What can be done with one picture of the gallery.

use egui::Ui;

use crate::app::command::Command;
use crate::app::state::State;
use crate::engine::protocol::PictureId;

/// Draws the menu of a picture.
pub fn menu_ui(ui: &mut Ui, state: &State, id: PictureId, commands: &mut Vec<Command>) {
    let Some(picture) = state.explore.pictures.get(id) else {
        return;
    };
    let path = &picture.file.path;
    let mut item = |ui: &mut Ui, name: &str, command: &dyn Fn() -> Command| {
        if ui.button(name).clicked() {
            commands.push(command());
            ui.close();
        }
    };
    item(ui, "Open (Enter)", &|| Command::OpenLarge(Some(id)));
    if let Some(folder) = path.parent() {
        item(ui, "Show in folder", &|| Command::ShowFolder(folder.to_path_buf()));
    }
    item(ui, "Copy path", &|| Command::CopyPath(path.display().to_string()));
    item(ui, "Copy picture", &|| Command::CopyPicture(id));
    ui.separator();
    item(ui, "More like this", &|| Command::MoreLike(id));
    item(ui, "Use as example", &|| Command::UseAsExample(id));
    ui.separator();
    item(ui, "Skip", &|| Command::Skip(id));
}
