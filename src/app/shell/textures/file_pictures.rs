//! Small pictures of files that are not in the list, for pages that show some.

use std::path::{Path, PathBuf};

use egui::TextureHandle;

use super::Textures;

/// Small pictures of files, for pages that show some: what is not there yet is asked for.
pub struct FilePictures<'a> {
    pub textures: &'a mut Textures,
    /// Files on screen whose pictures are missing.
    pub missing: &'a mut Vec<PathBuf>,
}

impl FilePictures<'_> {
    /// The picture of a file that is on screen.
    pub fn get(&mut self, path: &Path) -> Option<TextureHandle> {
        let texture = self.textures.file(path);
        if texture.is_none() {
            self.missing.push(path.to_path_buf());
        }
        texture
    }

    /// Draws the whole picture of a file as large as it fits, if any of the place is in sight.
    pub fn paint(&mut self, ui: &egui::Ui, path: &Path, place: egui::Rect) {
        if !ui.is_rect_visible(place) {
            return;
        }
        if let Some(texture) = self.get(path) {
            let size = texture.size_vec2();
            let scale = (place.size() / size).min_elem();
            egui::Image::new(&texture).paint_at(ui, egui::Rect::from_center_size(place.center(), scale * size));
        }
    }
}
