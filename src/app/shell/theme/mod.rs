//! Design tokens: colours, type scale, spacing. Panels use these and no literals of their own.

mod label_colours;
mod palette;

use std::sync::Arc;

use egui::{CornerRadius, FontData, FontDefinitions, FontFamily, FontId, Margin, Stroke, TextStyle, Theme, vec2};

use crate::fonts::{INTER_REGULAR, INTER_SEMI_BOLD, PHOSPHOR};

use palette::{DARK, LIGHT};

pub use label_colours::{label_colour, label_colours, none_colour, themed};
pub use palette::{LINE_SHADE, ON_PICTURE, Palette, SHADE, STRIP_SHADE, palette, palette_of};

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
/// Height of the bar at the bottom.
pub const STATUS_HEIGHT: f32 = 34.0;
/// Width of the rail of modes.
pub const RAIL_WIDTH: f32 = 56.0;
/// Width of a page at most: lines stay readable on a projector.
pub const PAGE_WIDTH: f32 = 1_480.0;
/// Side of a button that is an icon.
pub const ICON_BUTTON: f32 = 26.0;
/// Side of a swatch in a label's colour.
pub const SWATCH: f32 = 12.0;
/// Size of headings, in points.
pub const SIZE_HEADING: f32 = 18.0;
pub const SIZE_BODY: f32 = 14.0;
/// Size of captions and notes; nothing is smaller.
pub const SIZE_SMALL: f32 = 12.5;
/// Size of icons on the rail.
pub const SIZE_ICON: f32 = 22.0;
/// Size of the icon in the middle of a panel that has nothing to show.
pub const SIZE_EMPTY: f32 = 48.0;
const STRONG: &str = "strong";

/// The heavier face.
pub fn strong(size: f32) -> FontId {
    FontId::new(size, FontFamily::Name(STRONG.into()))
}

/// The ordinary face.
pub fn body(size: f32) -> FontId {
    FontId::new(size, FontFamily::Proportional)
}

/// A part of a page, on its own ground.
pub fn card<R>(ui: &mut egui::Ui, content: impl FnOnce(&mut egui::Ui) -> R) -> R {
    let palette = palette(ui);
    let framed = egui::Frame::new()
        .fill(palette.surface)
        .corner_radius(CornerRadius::same(RADIUS))
        .inner_margin(Margin::same(PANEL_MARGIN))
        .show(ui, |ui| {
            ui.set_width(ui.available_width());
            // Columns would stretch the words of a text apart.
            ui.with_layout(egui::Layout::top_down(egui::Align::Min), content).inner
        });
    ui.add_space(GAP_SMALL);
    framed.inner
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
    style.spacing.scroll.dormant_handle_opacity = 0.6;
    style.spacing.scroll.active_handle_opacity = 0.8;
    // A fade over pictures looks like a fault of theirs.
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
    // What is chosen, the part of a bar that is done, the part of a rail before the handle.
    visuals.selection.bg_fill = palette.accent;
    visuals.selection.stroke = Stroke::new(1.5, palette.on_accent);
    visuals.slider_trailing_fill = true;
    let widgets = &mut visuals.widgets;
    // Rails and handles have the second fill, buttons the first.
    for (state, fill, rail, line) in [
        (
            &mut widgets.noninteractive,
            palette.surface,
            palette.surface,
            palette.line,
        ),
        (&mut widgets.inactive, palette.raised, palette.control, palette.control),
        (&mut widgets.hovered, palette.hover, palette.control, palette.text_weak),
        (&mut widgets.active, palette.hover, palette.accent, palette.accent),
        (&mut widgets.open, palette.raised, palette.control, palette.accent),
    ] {
        state.bg_fill = rail;
        state.weak_bg_fill = fill;
        state.bg_stroke = Stroke::new(1.0, line);
        state.fg_stroke = Stroke::new(1.0, palette.text);
        state.corner_radius = radius;
        state.expansion = 0.0;
    }
}

#[cfg(test)]
mod tests {
    use egui::Color32;

    use super::*;

    /// Relative luminance, as WCAG 2.2 defines it.
    fn luminance(colour: Color32) -> f32 {
        let linear = |value: u8| {
            let share = f32::from(value) / 255.0;
            if share <= 0.040_45 {
                share / 12.92
            } else {
                ((share + 0.055) / 1.055).powf(2.4)
            }
        };
        0.2126 * linear(colour.r()) + 0.7152 * linear(colour.g()) + 0.0722 * linear(colour.b())
    }

    pub(super) fn contrast(a: Color32, b: Color32) -> f32 {
        let (a, b) = (luminance(a), luminance(b));
        (a.max(b) + 0.05) / (a.min(b) + 0.05)
    }

    fn themes() -> [(&'static str, Palette, egui::Style); 2] {
        [("dark", DARK), ("light", LIGHT)].map(|(name, palette)| {
            let mut style = egui::Style::default();
            apply(&mut style, palette);
            (name, palette, style)
        })
    }

    fn assert_contrast(name: &str, pairs: &[(&str, Color32, Color32)], least: f32) {
        for (what, above, below) in pairs {
            let found = contrast(*above, *below);
            assert!(found >= least, "{name}: {what} has {found:.2} : 1 of {least} : 1");
        }
    }

    #[test]
    fn contrast_is_that_of_the_guidelines() {
        let close = |a: f32, b: f32| assert!((a - b).abs() < 0.01, "{a} {b}");
        close(contrast(Color32::BLACK, Color32::WHITE), 21.0);
        close(contrast(Color32::from_gray(0x77), Color32::WHITE), 4.48);
    }

    #[test]
    fn text_can_be_read_on_every_ground() {
        for (name, palette, style) in themes() {
            for ground in [palette.ground, palette.surface, palette.raised, palette.accent_soft] {
                let text = [
                    ("text", palette.text, ground),
                    ("weak text", palette.text_weak, ground),
                    ("a link", palette.accent, ground),
                    ("a warning", palette.warning, ground),
                    ("an error", palette.error, ground),
                ];
                assert_contrast(name, &text, 4.5);
            }
            let selection = style.visuals.selection;
            let chosen = [("what is chosen", selection.stroke.color, selection.bg_fill)];
            assert_contrast(name, &chosen, 4.5);
        }
    }

    #[test]
    fn every_control_is_seen_on_its_ground() {
        for (name, palette, style) in themes() {
            let visuals = &style.visuals;
            let widgets = &visuals.widgets;
            for ground in [palette.ground, palette.surface, palette.raised] {
                let controls = [
                    ("the outline of a button", widgets.inactive.bg_stroke.color, ground),
                    ("the outline of a box or a circle", palette.control, ground),
                    ("the rail of a slider", widgets.inactive.bg_fill, ground),
                    ("the handle of a slider", widgets.inactive.fg_stroke.color, ground),
                    ("what is chosen", visuals.selection.bg_fill, ground),
                    ("the ring around what has the focus", palette.accent, ground),
                    ("an icon", palette.text_weak, ground),
                ];
                assert_contrast(name, &controls, 3.0);
            }
            let done = [(
                "the part that is done",
                visuals.selection.bg_fill,
                visuals.extreme_bg_color,
            )];
            assert_contrast(name, &done, 3.0);
        }
    }
}
