//! What this program is made of, and where it keeps what it writes.

use std::path::PathBuf;

use egui::{Align, CollapsingHeader, Layout, ScrollArea, Ui};

use super::theme;
use super::widgets::{note, section};
use crate::app::command::Command;
use crate::library::data_dir;
use crate::logging;
use crate::version::version;

/// The packages that the program is built from and their licences, a line each; made by `assets/licences/make.py`.
const LICENCES: &str = include_str!("../../../assets/licences/packages.txt");

/// Draws the dialog.
pub fn about_ui(ui: &mut Ui) -> Vec<Command> {
    let mut commands = Vec::new();
    ui.label(format!("Version {}", version()));
    ui.label(note(ui, "See what CLIP sees. MIT or Apache 2.0, as you like."));
    ui.add_space(theme::GAP);
    commands.extend(folder_ui(ui, "Data folder", data_dir()));
    commands.extend(folder_ui(ui, "Log", logging::folder().map(PathBuf::from)));
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
        ui.label(note(ui, "None: the platform names no folder that can be written."));
        return None;
    };
    let mut clicked = false;
    ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
        clicked = ui
            .button("Open")
            .on_hover_text(format!("Open the {}", title.to_lowercase()))
            .clicked();
        ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
            ui.add(egui::Label::new(folder.display().to_string()).truncate());
        });
    });
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
