//! The zoom factor of the interface, which the settings and egui share.

use egui::Context;

/// The size of everything, which two can change: the settings, and egui with Ctrl and + or -.
pub(super) struct Zoom {
    /// What both had last.
    known: f32,
    /// What egui was told, and shows from the next frame on.
    told: Option<f32>,
}

impl Zoom {
    /// As the settings have it at the start, told to egui.
    pub(super) fn new(scale: f32, ctx: &Context) -> Self {
        ctx.set_zoom_factor(scale);
        Self {
            known: scale,
            told: Some(scale),
        }
    }

    /// Whoever changed it leads, the other one follows.
    pub(super) fn follow(&mut self, scale: &mut f32, ctx: &Context) {
        let differs = |a: f32, b: f32| (a - b).abs() > f32::EPSILON;
        if differs(*scale, self.known) {
            ctx.set_zoom_factor(*scale);
            (self.known, self.told) = (*scale, Some(*scale));
            return;
        }
        let zoom = ctx.zoom_factor();
        match self.told {
            Some(told) if differs(zoom, told) => {}
            _ => {
                self.told = None;
                self.known = zoom;
                *scale = zoom;
            }
        }
    }
}
