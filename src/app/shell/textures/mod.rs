//! Pictures on the graphics card, within a fixed amount of memory.

mod file_pictures;

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use egui::{ColorImage, TextureHandle, TextureOptions};
use image::{RgbImage, imageops};

use crate::engine::protocol::{InspectedPicture, PictureId, Probed, ScreenImage};

pub use file_pictures::FilePictures;

/// Bytes of thumbnails that are kept: several screens full.
const MAX_THUMBNAIL_BYTES: usize = 192 << 20;
/// Small pictures of files that are kept.
const MAX_FILES: usize = 600;

/// A texture that was drawn, and of what.
struct Drawn {
    version: String,
    texture: TextureHandle,
}

struct Thumbnail {
    texture: TextureHandle,
    bytes: usize,
    last_shown: u64,
    /// Whether its file may have changed since.
    outdated: bool,
}

/// The textures of the window.
#[derive(Default)]
pub struct Textures {
    thumbnails: HashMap<PictureId, Thumbnail>,
    bytes: usize,
    frame: u64,
    inspected: Option<(Arc<InspectedPicture>, TextureHandle, TextureHandle)>,
    probed: Option<(Arc<Probed>, Option<TextureHandle>, TextureHandle)>,
    /// Small pictures, by their places.
    small: HashMap<String, (ScreenImage, TextureHandle)>,
    /// Pictures of files, by their paths.
    files: HashMap<PathBuf, Thumbnail>,
    /// What pages draw into a picture, by their names.
    drawn: HashMap<&'static str, Drawn>,
    /// The part of the large picture that is drawn sharp.
    part: Option<(Arc<RgbImage>, [u32; 4], TextureHandle)>,
    /// Drawn heatmaps, the newest last.
    overlays: Vec<(OverlayKey, TextureHandle)>,
}

/// Drawn heatmaps that are kept: those on screen, and a few that were.
const MAX_OVERLAYS: usize = 6;

/// What a drawn heatmap depends on.
#[derive(Debug, Clone, PartialEq)]
pub struct OverlayKey {
    pub values: Vec<f32>,
    /// Everything about how it is drawn.
    pub overlay: crate::heatmap::Overlay,
}

impl Textures {
    /// A new frame begins: what is shown from now on is in use.
    pub fn begin_frame(&mut self) {
        self.frame += 1;
    }

    /// Forgets the pictures of the last list.
    pub fn clear(&mut self) {
        *self = Self {
            frame: self.frame,
            ..Self::default()
        };
    }

    /// Uploads a thumbnail; those not shown for longest make room.
    pub fn add_thumbnail(&mut self, ctx: &egui::Context, picture: PictureId, image: &ScreenImage) {
        let texture = upload(ctx, &format!("thumbnail {picture}"), image);
        let bytes = 4 * image.width * image.height;
        let thumbnail = Thumbnail {
            texture,
            bytes,
            last_shown: self.frame,
            outdated: false,
        };
        self.bytes += bytes;
        if let Some(old) = self.thumbnails.insert(picture, thumbnail) {
            self.bytes -= old.bytes;
        }
        self.make_room();
    }

    fn make_room(&mut self) {
        if self.bytes <= MAX_THUMBNAIL_BYTES {
            return;
        }
        let mut by_age: Vec<(u64, PictureId)> = self.thumbnails.iter().map(|(id, t)| (t.last_shown, *id)).collect();
        by_age.sort_unstable();
        for (last_shown, id) in by_age {
            if self.bytes <= MAX_THUMBNAIL_BYTES / 4 * 3 || last_shown == self.frame {
                return;
            }
            if let Some(old) = self.thumbnails.remove(&id) {
                self.bytes -= old.bytes;
            }
        }
    }

    /// The thumbnail of a picture that is on screen, if it is here.
    pub fn thumbnail(&mut self, picture: PictureId) -> Option<&TextureHandle> {
        let thumbnail = self.thumbnails.get_mut(&picture)?;
        thumbnail.last_shown = self.frame;
        Some(&thumbnail.texture)
    }

    /// Files may have changed: thumbnails are shown until others come.
    pub fn outdate(&mut self) {
        self.thumbnails.values_mut().for_each(|one| one.outdated = true);
    }

    /// Whether the thumbnail of a picture is here, and not outdated.
    pub fn has(&self, picture: PictureId) -> bool {
        self.thumbnails.get(&picture).is_some_and(|one| !one.outdated)
    }

    /// The inspected picture and what the model sees of it.
    pub fn inspected(
        &mut self,
        ctx: &egui::Context,
        picture: &Arc<InspectedPicture>,
    ) -> (TextureHandle, TextureHandle) {
        if let Some((known, image, view)) = &self.inspected
            && Arc::ptr_eq(known, picture)
        {
            return (image.clone(), view.clone());
        }
        let image = upload(ctx, "inspected", &picture.image);
        let view = upload(ctx, "model view", &picture.model_view);
        self.inspected = Some((picture.clone(), image.clone(), view.clone()));
        (image, view)
    }

    /// A part of a picture, as left, top, width and height, with all of its pixels.
    pub fn part(&mut self, ctx: &egui::Context, picture: &Arc<RgbImage>, part: [u32; 4]) -> TextureHandle {
        if let Some((known, of, texture)) = &self.part
            && Arc::ptr_eq(known, picture)
            && *of == part
        {
            return texture.clone();
        }
        let [left, top, width, height] = part;
        let cut = imageops::crop_imm(&**picture, left, top, width, height).to_image();
        let size = [cut.width() as usize, cut.height() as usize];
        let image = ColorImage::from_rgb(size, cut.as_raw());
        let texture = ctx.load_texture("part", image, TextureOptions::LINEAR);
        self.part = Some((picture.clone(), part, texture.clone()));
        texture
    }

    /// The picture as it was shown to the model in another way, where something was erased, and what the model saw.
    pub fn probed(&mut self, ctx: &egui::Context, probed: &Arc<Probed>) -> (Option<TextureHandle>, TextureHandle) {
        if let Some((known, image, view)) = &self.probed
            && Arc::ptr_eq(known, probed)
        {
            return (image.clone(), view.clone());
        }
        let image = probed.image.as_ref().map(|image| upload(ctx, "erased", image));
        let view = upload(ctx, "model view", &probed.model_view);
        self.probed = Some((probed.clone(), image.clone(), view.clone()));
        (image, view)
    }

    /// A small picture at a named place.
    pub fn small(&mut self, ctx: &egui::Context, place: &str, image: &ScreenImage) -> TextureHandle {
        if let Some((known, texture)) = self.small.get(place)
            && known == image
        {
            return texture.clone();
        }
        let texture = upload(ctx, place, image);
        self.small.insert(place.to_owned(), (image.clone(), texture.clone()));
        texture
    }

    /// Uploads a small picture of a file; those not shown for longest make room.
    pub fn add_file(&mut self, ctx: &egui::Context, path: PathBuf, image: &ScreenImage) {
        let thumbnail = Thumbnail {
            texture: upload(ctx, &path.display().to_string(), image),
            bytes: 4 * image.width * image.height,
            last_shown: self.frame,
            outdated: false,
        };
        self.files.insert(path, thumbnail);
        if self.files.len() > MAX_FILES {
            let mut by_age: Vec<(u64, PathBuf)> = self
                .files
                .iter()
                .map(|(path, file)| (file.last_shown, path.clone()))
                .collect();
            by_age.sort_unstable();
            for (_, path) in by_age.into_iter().take(MAX_FILES / 4) {
                self.files.remove(&path);
            }
        }
    }

    /// The small picture of a file that is on screen, if it is here.
    pub fn file(&mut self, path: &Path) -> Option<TextureHandle> {
        let file = self.files.get_mut(path)?;
        file.last_shown = self.frame;
        Some(file.texture.clone())
    }

    /// What a page draws into a picture: drawn anew where its version is another.
    pub fn drawn(
        &mut self,
        ctx: &egui::Context,
        name: &'static str,
        version: String,
        options: TextureOptions,
        draw: impl FnOnce() -> ColorImage,
    ) -> TextureHandle {
        match self.drawn.get_mut(name) {
            Some(known) if known.version == version => {}
            Some(known) => {
                known.texture.set(draw(), options);
                known.version = version;
            }
            None => {
                let texture = ctx.load_texture(name, draw(), options);
                self.drawn.insert(name, Drawn { version, texture });
            }
        }
        self.drawn[name].texture.clone()
    }

    /// A heatmap as it is drawn.
    pub fn overlay(
        &mut self,
        ctx: &egui::Context,
        key: OverlayKey,
        draw: impl FnOnce() -> image::RgbaImage,
    ) -> TextureHandle {
        if let Some((_, texture)) = self.overlays.iter().find(|(known, _)| *known == key) {
            return texture.clone();
        }
        let drawn = draw();
        let size = [drawn.width() as usize, drawn.height() as usize];
        let image = ColorImage::from_rgba_unmultiplied(size, drawn.as_raw());
        let texture = ctx.load_texture("heatmap", image, TextureOptions::LINEAR);
        if self.overlays.len() == MAX_OVERLAYS {
            drop(self.overlays.remove(0));
        }
        self.overlays.push((key, texture.clone()));
        texture
    }
}

fn upload(ctx: &egui::Context, name: &str, image: &ScreenImage) -> TextureHandle {
    let pixels = ColorImage::from_rgb([image.width, image.height], &image.rgb);
    ctx.load_texture(name, pixels, TextureOptions::LINEAR)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thumbnails_never_take_more_than_their_share() {
        let ctx = egui::Context::default();
        let mut textures = Textures::default();
        let image = ScreenImage {
            width: 2_000,
            height: 2_000,
            rgb: vec![0; 12_000_000],
        };
        for picture in 0..40 {
            textures.begin_frame();
            textures.add_thumbnail(&ctx, picture, &image);
            assert!(textures.bytes <= MAX_THUMBNAIL_BYTES);
        }
        assert!(textures.thumbnail(39).is_some());
        assert!(textures.thumbnail(0).is_none());
    }
}
