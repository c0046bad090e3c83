//! The colours of the two themes.

use egui::{Color32, Theme};

/// The colours of one theme.
#[derive(Debug, Clone, Copy)]
pub struct Palette {
    /// Behind everything.
    pub ground: Color32,
    pub surface: Color32,
    /// Controls and cards on panels.
    pub raised: Color32,
    /// Controls under the pointer.
    pub hover: Color32,
    /// Lines between things.
    pub line: Color32,
    /// What a control is seen by: its outline, a slider's rail. At least 3 : 1 on every ground.
    pub control: Color32,
    pub text: Color32,
    /// Text of less weight; still at least 4.5 : 1 on `surface`.
    pub text_weak: Color32,
    /// What can be done, and what is chosen.
    pub accent: Color32,
    /// Text on the accent.
    pub on_accent: Color32,
    /// Behind what is chosen.
    pub accent_soft: Color32,
    /// Something is not as asked for.
    pub warning: Color32,
    pub error: Color32,
}

pub(super) const DARK: Palette = Palette {
    ground: Color32::from_rgb(0x12, 0x14, 0x18),
    surface: Color32::from_rgb(0x1a, 0x1d, 0x23),
    raised: Color32::from_rgb(0x26, 0x2a, 0x33),
    hover: Color32::from_rgb(0x32, 0x38, 0x44),
    line: Color32::from_rgb(0x30, 0x35, 0x40),
    control: Color32::from_rgb(0x7d, 0x86, 0x95),
    text: Color32::from_rgb(0xe9, 0xec, 0xf1),
    text_weak: Color32::from_rgb(0xa3, 0xac, 0xba),
    accent: Color32::from_rgb(0x6a, 0xa8, 0xff),
    on_accent: Color32::from_rgb(0x0d, 0x10, 0x17),
    accent_soft: Color32::from_rgb(0x22, 0x37, 0x57),
    warning: Color32::from_rgb(0xf0, 0xb2, 0x4a),
    error: Color32::from_rgb(0xf4, 0x86, 0x86),
};

pub(super) const LIGHT: Palette = Palette {
    ground: Color32::from_rgb(0xec, 0xee, 0xf2),
    surface: Color32::from_rgb(0xff, 0xff, 0xff),
    raised: Color32::from_rgb(0xf0, 0xf2, 0xf5),
    hover: Color32::from_rgb(0xe2, 0xe6, 0xec),
    line: Color32::from_rgb(0xd8, 0xdd, 0xe4),
    control: Color32::from_rgb(0x7a, 0x83, 0x91),
    text: Color32::from_rgb(0x1b, 0x20, 0x28),
    text_weak: Color32::from_rgb(0x58, 0x61, 0x6f),
    accent: Color32::from_rgb(0x1a, 0x5f, 0xcd),
    on_accent: Color32::from_rgb(0xff, 0xff, 0xff),
    accent_soft: Color32::from_rgb(0xdc, 0xe9, 0xfd),
    warning: Color32::from_rgb(0x8a, 0x56, 0x00),
    error: Color32::from_rgb(0xb9, 0x28, 0x28),
};

/// Words and lines on a picture, in either theme.
pub const ON_PICTURE: Color32 = Color32::WHITE;
/// Below words on a picture, so that they are read on any.
pub const SHADE: Color32 = Color32::from_black_alpha(190);
/// The same over the whole width of a picture, of which more is left to be seen.
pub const STRIP_SHADE: Color32 = Color32::from_black_alpha(170);
/// Beside a line on a picture, so that it is seen on any.
pub const LINE_SHADE: Color32 = Color32::from_black_alpha(200);

/// The colours of the theme that a piece of the window is drawn in.
pub fn palette(ui: &egui::Ui) -> Palette {
    if ui.visuals().dark_mode { DARK } else { LIGHT }
}

/// The colours of a context's theme, where no piece of the window is at hand.
pub fn palette_of(ctx: &egui::Context) -> Palette {
    if ctx.theme() == Theme::Dark { DARK } else { LIGHT }
}
