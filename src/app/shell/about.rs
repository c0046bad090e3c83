//! The About dialog: the version, where data and log are, and the licences of all packages.

use std::path::PathBuf;

use egui::{CollapsingHeader, ScrollArea, Ui};

use super::theme;
use super::widgets::{ends_ui, note, section};
use crate::app::command::Command;
use crate::app::state::State;

/// The packages that the program is built from and their licences, a line each; made by `assets/licences/make.py`.
const LICENCES: &str = include_str!("../../../assets/licences/packages.txt");

pub fn about_ui(ui: &mut Ui, state: &State) -> Vec<Command> {
    let about = &state.about;
    let mut commands = Vec::new();
    ui.label(format!("Version {}", about.version));
    ui.label(note(ui, "See what CLIP sees. MIT or Apache 2.0, at your option."));
    ui.add_space(theme::GAP);
    commands.extend(folder_ui(ui, "Data folder", about.data_folder.clone()));
    commands.extend(folder_ui(ui, "Log", about.log_folder.clone()));
    ui.add_space(theme::GAP);
    let lines: Vec<&str> = LICENCES.lines().collect();
    let title = format!("Licences of the {} packages it is built from", lines.len());
    CollapsingHeader::new(title).show(ui, |ui| {
        let height = ui.text_style_height(&egui::TextStyle::Body);
        ScrollArea::vertical()
            .max_height(280.0)
            .auto_shrink([false, true])
            .show_rows(ui, height, lines.len(), |ui, rows| {
                for line in &lines[rows] {
                    ui.label(*line);
                }
            });
    });
    commands
}

/// A folder of ours and a button that shows it.
fn folder_ui(ui: &mut Ui, title: &str, folder: Option<PathBuf>) -> Option<Command> {
    ui.label(section(title));
    let Some(folder) = folder else {
        ui.label(note(ui, "None: this system names no folder that can be written to."));
        return None;
    };
    let mut clicked = false;
    ends_ui(
        ui,
        60.0,
        &mut clicked,
        |ui, _| {
            ui.add(egui::Label::new(folder.display().to_string()).truncate());
        },
        |ui, clicked| {
            let about = format!("Open the {}", title.to_lowercase());
            *clicked = ui.button("Open").on_hover_text(about).clicked();
        },
    );
    clicked.then_some(Command::ShowFolder(folder))
}

#[cfg(test)]
mod tests {
    use super::LICENCES;

    #[test]
    fn every_package_of_the_lock_file_is_listed_with_its_licence() {
        let lock = include_str!("../../../Cargo.lock");
        let field = |package: &str, name: &str| {
            let line = package.lines().find_map(|line| line.strip_prefix(name))?;
            Some(line.trim_matches('"').to_owned())
        };
        for package in lock.split("[[package]]").skip(1) {
            let (name, version) = (
                field(package, "name = ").unwrap(),
                field(package, "version = ").unwrap(),
            );
            let start = format!("{name} {version}: ");
            let listed = LICENCES
                .lines()
                .any(|line| line.len() > start.len() && line.starts_with(&start));
            assert!(
                listed || name == "clipsight",
                "{name} {version}: run assets/licences/make.py"
            );
        }
    }
}
