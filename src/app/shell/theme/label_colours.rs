//! The colours of labels.

use egui::{Color32, Context, Theme};

use super::palette::palette;

/// How many colours labels have. Of each theme, all are told apart from each other and seen on every ground of it.
const COUNT: usize = 24;

/// Colours of labels where the theme is dark.
const ON_DARK: [Color32; COUNT] = [
    Color32::from_rgb(0x45, 0x8e, 0xfb),
    Color32::from_rgb(0xe8, 0xa9, 0x2f),
    Color32::from_rgb(0x3e, 0xbb, 0x75),
    Color32::from_rgb(0xff, 0x51, 0x72),
    Color32::from_rgb(0x97, 0x82, 0xe0),
    Color32::from_rgb(0x33, 0xb4, 0xc3),
    Color32::from_rgb(0xbe, 0xa3, 0x08),
    Color32::from_rgb(0xf3, 0x68, 0x2f),
    Color32::from_rgb(0x6f, 0x9c, 0x25),
    Color32::from_rgb(0xc8, 0x65, 0xcc),
    Color32::from_rgb(0xa6, 0x75, 0x6b),
    Color32::from_rgb(0x76, 0x88, 0x84),
    Color32::from_rgb(0x26, 0x87, 0xb6),
    Color32::from_rgb(0xb3, 0x70, 0x0a),
    Color32::from_rgb(0x1d, 0x91, 0x52),
    Color32::from_rgb(0xca, 0x61, 0x4a),
    Color32::from_rgb(0x6f, 0x7d, 0xae),
    Color32::from_rgb(0x0c, 0x94, 0x85),
    Color32::from_rgb(0x86, 0xc1, 0x46),
    Color32::from_rgb(0xf1, 0x82, 0x67),
    Color32::from_rgb(0x67, 0xc1, 0xff),
    Color32::from_rgb(0xf2, 0x9c, 0xeb),
    Color32::from_rgb(0x85, 0x83, 0x51),
    Color32::from_rgb(0xa5, 0x6e, 0xa9),
];

/// The same where it is light, in the same order.
const ON_LIGHT: [Color32; COUNT] = [
    Color32::from_rgb(0x3d, 0x73, 0xf2),
    Color32::from_rgb(0xc4, 0x5d, 0x35),
    Color32::from_rgb(0x3b, 0x87, 0x7d),
    Color32::from_rgb(0xdd, 0x3d, 0x73),
    Color32::from_rgb(0x88, 0x5c, 0xf5),
    Color32::from_rgb(0x31, 0x81, 0xba),
    Color32::from_rgb(0xbf, 0x62, 0x00),
    Color32::from_rgb(0xe4, 0x3e, 0x37),
    Color32::from_rgb(0x61, 0x85, 0x23),
    Color32::from_rgb(0xb4, 0x45, 0xe3),
    Color32::from_rgb(0x9c, 0x73, 0x5e),
    Color32::from_rgb(0x6a, 0x74, 0xa3),
    Color32::from_rgb(0x25, 0x52, 0xb9),
    Color32::from_rgb(0x9e, 0x53, 0x19),
    Color32::from_rgb(0x1c, 0x76, 0x41),
    Color32::from_rgb(0x94, 0x31, 0x40),
    Color32::from_rgb(0x5c, 0x3c, 0xb0),
    Color32::from_rgb(0x17, 0x6c, 0x74),
    Color32::from_rgb(0x72, 0x7f, 0x49),
    Color32::from_rgb(0xc5, 0x5a, 0x60),
    Color32::from_rgb(0x64, 0x72, 0xe1),
    Color32::from_rgb(0xb4, 0x55, 0xbb),
    Color32::from_rgb(0x76, 0x52, 0x40),
    Color32::from_rgb(0x7f, 0x28, 0x90),
];

/// The colour of a label, by its place in the list of colours, as the dark theme has it; [`themed`] where it is drawn.
pub fn label_colour(place: usize) -> Color32 {
    ON_DARK[place % COUNT]
}

/// A label's colour as the theme has it; any other colour as it is.
pub fn themed(ctx: &Context, colour: Color32) -> Color32 {
    let place = ON_DARK.iter().position(|known| *known == colour);
    place
        .filter(|_| ctx.theme() == Theme::Light)
        .map_or(colour, |place| ON_LIGHT[place])
}

/// Number of colours for labels.
pub fn label_colours() -> usize {
    COUNT
}

/// The colour of "none of these".
pub fn none_colour(ui: &egui::Ui) -> Color32 {
    palette(ui).text_weak
}

#[cfg(test)]
mod tests {
    use super::super::palette::{DARK, LIGHT};
    use super::super::tests::contrast;
    use super::*;

    #[test]
    fn every_label_colour_can_be_told_from_every_other() {
        let channels = |colour: Color32| [colour.r(), colour.g(), colour.b()].map(f32::from);
        for colours in [ON_DARK, ON_LIGHT] {
            for (place, a) in colours.iter().enumerate() {
                for b in &colours[..place] {
                    let (a, b) = (channels(*a), channels(*b));
                    let apart = a.iter().zip(b).map(|(a, b)| (a - b).powi(2)).sum::<f32>().sqrt();
                    assert!(apart > 40.0, "{a:?} and {b:?} are {apart:.0} apart");
                }
            }
        }
    }

    #[test]
    fn every_label_colour_is_seen_on_every_ground_and_on_the_track_of_a_bar() {
        for (colours, palette) in [(ON_DARK, DARK), (ON_LIGHT, LIGHT)] {
            for ground in [palette.ground, palette.surface, palette.raised, palette.line] {
                for colour in colours {
                    let found = contrast(colour, ground);
                    assert!(found >= 3.0, "{colour:?} has {found:.2} : 1 on {ground:?}");
                }
            }
        }
    }

    #[test]
    fn a_colour_is_of_the_theme_that_it_is_drawn_in() {
        let ctx = Context::default();
        ctx.set_theme(egui::ThemePreference::Light);
        assert_eq!(themed(&ctx, label_colour(30)), ON_LIGHT[6]);
        assert_eq!(themed(&ctx, ON_LIGHT[6]), ON_LIGHT[6]);
        ctx.set_theme(egui::ThemePreference::Dark);
        assert_eq!(themed(&ctx, label_colour(30)), ON_DARK[6]);
    }
}
