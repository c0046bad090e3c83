//! The menu of a picture of the gallery; of all marked ones, if it is among them.

use egui::Ui;

use crate::app::command::Command;
use crate::app::explore::command::ExploreCommand;
use crate::app::shell::keys::with_hint;
use crate::app::shell::status::counted;
use crate::app::state::State;
use crate::engine::protocol::PictureId;

/// Draws the menu of a picture; opened by key, its first line has the focus.
pub fn menu_ui(ui: &mut Ui, state: &State, id: PictureId, by_key: bool, commands: &mut Vec<Command>) {
    let explore = &state.explore;
    let Some(picture) = explore.pictures.get(id) else {
        return;
    };
    let open = ui.button(with_hint(
        "Open",
        state,
        &Command::Explore(ExploreCommand::OpenLarge(None)),
    ));
    if by_key {
        open.request_focus();
    }
    if open.clicked() {
        commands.push(ExploreCommand::OpenLarge(Some(id)).into());
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
    item(ui, "Copy picture", &|| vec![ExploreCommand::CopyPicture(id).into()]);
    item(ui, "More like this", &|| vec![ExploreCommand::MoreLike(id).into()]);
    ui.separator();
    let all = explore.meant(id);
    if all.len() == 1 {
        item(ui, "Copy path", &|| {
            vec![ExploreCommand::CopyPath(path.display().to_string()).into()]
        });
        item(ui, "Use as example", &|| {
            vec![ExploreCommand::UseAsExamples(vec![id]).into()]
        });
        item(ui, "Skip", &|| vec![ExploreCommand::Skip(all.clone()).into()]);
        return;
    }
    let pictures = counted(all.len(), "picture", "pictures");
    item(ui, &format!("Copy the paths of {pictures}"), &|| {
        vec![ExploreCommand::CopyPath(explore.paths(&all)).into()]
    });
    item(ui, &format!("Use {pictures} as examples"), &|| {
        vec![ExploreCommand::UseAsExamples(all.clone()).into()]
    });
    item(ui, &format!("Skip {pictures}"), &|| {
        vec![ExploreCommand::Skip(all.clone()).into()]
    });
}
