//! Design tokens: colours, type scale, spacing. Panels use these and no literals of their own.

use std::sync::Arc;

use egui::{
    Color32, CornerRadius, FontData, FontDefinitions, FontFamily, FontId, Margin, Stroke, TextStyle, Theme, vec2,
};

use crate::fonts::{INTER_REGULAR, INTER_SEMI_BOLD, PHOSPHOR};

/// Space between things that belong together.
pub const GAP: f32 = 8.0;
/// Half of it.
pub const GAP_SMALL: f32 = 4.0;
/// Space around the content of a panel.
pub const PANEL_MARGIN: i8 = 12;
/// Rounding of controls and pictures.
pub const RADIUS: u8 = 6;
/// Height of a row with a control.
pub const ROW_HEIGHT: f32 = 30.0;
/// Width of the rail of modes.
pub const RAIL_WIDTH: f32 = 56.0;
/// Side of a swatch in a label's colour.
pub const SWATCH: f32 = 12.0;

/// Size of headings, in points.
pub const SIZE_HEADING: f32 = 18.0;
/// Size of text.
pub const SIZE_BODY: f32 = 14.0;
/// Size of captions and notes; nothing is smaller.
pub const SIZE_SMALL: f32 = 12.5;
/// Size of icons on the rail.
pub const SIZE_ICON: f32 = 22.0;

const STRONG: &str = "strong";

/// The colours of one theme.
#[derive(Debug, Clone, Copy)]
pub struct Palette {
    /// Behind everything.
    pub ground: Color32,
    /// Panels.
    pub surface: Color32,
    /// Controls and cards on panels.
    pub raised: Color32,
    /// Controls under the pointer.
    pub hover: Color32,
    /// Lines between things.
    pub line: Color32,
    /// Text.
    pub text: Color32,
    /// Text of less weight; still at least 4.5 : 1 on `surface`.
    pub text_weak: Color32,
    /// What can be done, and what is chosen.
    pub accent: Color32,
    /// Behind what is chosen.
    pub accent_soft: Color32,
    /// Something is not as asked for.
    pub warning: Color32,
    /// Something failed.
    pub error: Color32,
}

const DARK: Palette = Palette {
    ground: Color32::from_rgb(0x12, 0x14, 0x18),
    surface: Color32::from_rgb(0x1a, 0x1d, 0x23),
    raised: Color32::from_rgb(0x26, 0x2a, 0x33),
    hover: Color32::from_rgb(0x32, 0x38, 0x44),
    line: Color32::from_rgb(0x30, 0x35, 0x40),
    text: Color32::from_rgb(0xe9, 0xec, 0xf1),
    text_weak: Color32::from_rgb(0xa3, 0xac, 0xba),
    accent: Color32::from_rgb(0x6a, 0xa8, 0xff),
    accent_soft: Color32::from_rgb(0x22, 0x37, 0x57),
    warning: Color32::from_rgb(0xf0, 0xb2, 0x4a),
    error: Color32::from_rgb(0xf2, 0x7d, 0x7d),
};

const LIGHT: Palette = Palette {
    ground: Color32::from_rgb(0xec, 0xee, 0xf2),
    surface: Color32::from_rgb(0xff, 0xff, 0xff),
    raised: Color32::from_rgb(0xf0, 0xf2, 0xf5),
    hover: Color32::from_rgb(0xe2, 0xe6, 0xec),
    line: Color32::from_rgb(0xd8, 0xdd, 0xe4),
    text: Color32::from_rgb(0x1b, 0x20, 0x28),
    text_weak: Color32::from_rgb(0x58, 0x61, 0x6f),
    accent: Color32::from_rgb(0x1c, 0x63, 0xd6),
    accent_soft: Color32::from_rgb(0xdc, 0xe9, 0xfd),
    warning: Color32::from_rgb(0x94, 0x5d, 0x00),
    error: Color32::from_rgb(0xc2, 0x2f, 0x2f),
};

/// Colours of labels: told apart on both grounds, also with the common kinds of colour blindness where few are used.
const LABEL_COLOURS: [Color32; 24] = [
    Color32::from_rgb(0x3d, 0x8b, 0xff),
    Color32::from_rgb(0xf0, 0x9c, 0x2e),
    Color32::from_rgb(0x2f, 0xb3, 0x75),
    Color32::from_rgb(0xe2, 0x50, 0x74),
    Color32::from_rgb(0x95, 0x75, 0xea),
    Color32::from_rgb(0x21, 0xb0, 0xbf),
    Color32::from_rgb(0xc9, 0xa4, 0x0e),
    Color32::from_rgb(0xe0, 0x68, 0x34),
    Color32::from_rgb(0x75, 0xa0, 0x35),
    Color32::from_rgb(0xc2, 0x57, 0xcc),
    Color32::from_rgb(0x9a, 0x77, 0x60),
    Color32::from_rgb(0x6f, 0x80, 0x9a),
    // The same hues once more, lighter or darker.
    Color32::from_rgb(0x1b, 0x4f, 0xa8),
    Color32::from_rgb(0x9c, 0x5f, 0x12),
    Color32::from_rgb(0x1c, 0x6e, 0x49),
    Color32::from_rgb(0x93, 0x2a, 0x4a),
    Color32::from_rgb(0x5b, 0x3f, 0xae),
    Color32::from_rgb(0x12, 0x6b, 0x76),
    Color32::from_rgb(0x8f, 0xc6, 0x4c),
    Color32::from_rgb(0xf2, 0x92, 0x6a),
    Color32::from_rgb(0x6c, 0xc3, 0xf2),
    Color32::from_rgb(0xe5, 0x98, 0xea),
    Color32::from_rgb(0xd8, 0xa2, 0x7e),
    Color32::from_rgb(0x7d, 0x2c, 0x86),
];

/// The colours of the theme that a piece of the window is drawn in.
pub fn palette(ui: &egui::Ui) -> Palette {
    if ui.visuals().dark_mode { DARK } else { LIGHT }
}

/// The colour of a label, by its place in the list of colours.
pub fn label_colour(place: usize) -> Color32 {
    LABEL_COLOURS[place % LABEL_COLOURS.len()]
}

/// Number of colours for labels.
pub fn label_colours() -> usize {
    LABEL_COLOURS.len()
}

/// The colour of "none of these".
pub fn none_colour(ui: &egui::Ui) -> Color32 {
    palette(ui).text_weak
}

/// The heavier face.
pub fn strong(size: f32) -> FontId {
    FontId::new(size, FontFamily::Name(STRONG.into()))
}

/// The ordinary face.
pub fn body(size: f32) -> FontId {
    FontId::new(size, FontFamily::Proportional)
}

/// Gives a context Clipsight's fonts and both themes.
pub fn install(ctx: &egui::Context) {
    ctx.set_fonts(fonts());
    for (theme, palette) in [(Theme::Dark, DARK), (Theme::Light, LIGHT)] {
        ctx.style_mut_of(theme, |style| apply(style, palette));
    }
}

fn fonts() -> FontDefinitions {
    let mut fonts = FontDefinitions::empty();
    let files = [
        ("inter", INTER_REGULAR),
        ("inter-strong", INTER_SEMI_BOLD),
        ("icons", PHOSPHOR),
    ];
    for (name, file) in files {
        fonts
            .font_data
            .insert(name.into(), Arc::new(FontData::from_static(file)));
    }
    // Signs that these lack come from the system's fonts.
    let family = |first: &str| vec![first.to_owned(), "icons".to_owned()];
    for name in [FontFamily::Proportional, FontFamily::Monospace] {
        fonts.families.insert(name, family("inter"));
    }
    fonts
        .families
        .insert(FontFamily::Name(STRONG.into()), family("inter-strong"));
    fonts
}

fn apply(style: &mut egui::Style, palette: Palette) {
    style.text_styles = [
        (TextStyle::Heading, strong(SIZE_HEADING)),
        (TextStyle::Body, body(SIZE_BODY)),
        (TextStyle::Button, body(SIZE_BODY)),
        (TextStyle::Small, body(SIZE_SMALL)),
        (TextStyle::Monospace, FontId::new(SIZE_BODY, FontFamily::Monospace)),
    ]
    .into();
    style.spacing.item_spacing = vec2(GAP, GAP_SMALL + 2.0);
    style.spacing.button_padding = vec2(10.0, 5.0);
    style.spacing.interact_size = vec2(32.0, ROW_HEIGHT - 2.0);
    style.spacing.window_margin = Margin::same(16);
    style.spacing.menu_margin = Margin::same(8);
    style.spacing.slider_width = 96.0;
    style.spacing.scroll.active_handle_opacity = 0.3;
    // A fade over pictures looks like a fault in them.
    style.spacing.scroll.fade.strength = 0.0;
    style.spacing.icon_width = 18.0;
    style.interaction.tooltip_delay = 0.3;
    let visuals = &mut style.visuals;
    let radius = CornerRadius::same(RADIUS);
    visuals.panel_fill = palette.surface;
    visuals.window_fill = palette.surface;
    visuals.window_stroke = Stroke::new(1.0, palette.line);
    visuals.window_corner_radius = CornerRadius::same(2 * RADIUS);
    visuals.menu_corner_radius = radius;
    visuals.extreme_bg_color = palette.ground;
    visuals.faint_bg_color = palette.raised;
    visuals.text_edit_bg_color = Some(palette.raised);
    visuals.hyperlink_color = palette.accent;
    visuals.warn_fg_color = palette.warning;
    visuals.error_fg_color = palette.error;
    visuals.weak_text_color = Some(palette.text_weak);
    visuals.selection.bg_fill = palette.accent_soft;
    visuals.selection.stroke = Stroke::new(1.5, palette.accent);
    visuals.slider_trailing_fill = true;
    let widgets = &mut visuals.widgets;
    for (state, fill, line) in [
        (&mut widgets.noninteractive, palette.surface, palette.line),
        (&mut widgets.inactive, palette.raised, Color32::TRANSPARENT),
        (&mut widgets.hovered, palette.hover, palette.line),
        (&mut widgets.active, palette.hover, palette.accent),
        (&mut widgets.open, palette.raised, palette.accent),
    ] {
        state.bg_fill = fill;
        state.weak_bg_fill = fill;
        state.bg_stroke = Stroke::new(1.0, line);
        state.fg_stroke = Stroke::new(1.0, palette.text);
        state.corner_radius = radius;
        state.expansion = 0.0;
    }
}

#[cfg(test)]
mod label_colours {
    use super::*;

    #[test]
    fn every_label_colour_can_be_told_from_every_other() {
        let channels = |colour: Color32| [colour.r(), colour.g(), colour.b()].map(f32::from);
        for (place, a) in LABEL_COLOURS.iter().enumerate() {
            for b in &LABEL_COLOURS[..place] {
                let (a, b) = (channels(*a), channels(*b));
                let apart = a.iter().zip(b).map(|(a, b)| (a - b).powi(2)).sum::<f32>().sqrt();
                assert!(apart > 38.0, "{a:?} and {b:?} are {apart:.0} apart");
            }
        }
    }
}
