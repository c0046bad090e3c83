//! The starter and CLIP's tokenizer, in the binary.

pub static STARTER_CONFIG: &[u8] = include_bytes!("../../../assets/starter/config.json");
/// How the starter wants its pictures.
pub static STARTER_PREPROCESSOR: &[u8] = include_bytes!("../../../assets/starter/preprocessor_config.json");
pub static STARTER_TOKENIZER: &[u8] = include_bytes!("../../../assets/starter/tokenizer.json");
pub static STARTER_WEIGHTS: &[u8] = include_bytes!("../../../assets/starter/model.safetensors");
/// CLIP's `tokenizer.json`, for the layouts that ship without one.
pub static CLIP_TOKENIZER: &[u8] = include_bytes!("../../../assets/tokenizer/clip.json");
