//! The colours of labels.

use egui::Color32;

use super::palette::palette;

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
    Color32::from_rgb(0x7a, 0x58, 0x45),
    Color32::from_rgb(0x7d, 0x2c, 0x86),
];

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

#[cfg(test)]
mod tests {
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
