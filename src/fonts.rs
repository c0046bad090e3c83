//! The window's fonts, which saved pictures are labelled with, too; their licences lie beside them.

/// Text and numbers, with figures of one width.
pub static INTER_REGULAR: &[u8] = include_bytes!("../assets/fonts/Inter-Tabular-Regular.otf");
/// The same for headings.
pub static INTER_SEMI_BOLD: &[u8] = include_bytes!("../assets/fonts/Inter-Tabular-SemiBold.otf");
pub static PHOSPHOR: &[u8] = include_bytes!("../assets/fonts/Phosphor-Icons.ttf");
