//! The same model under another name on the Hub, in files that open.

/// Names that end alike in repositories whose files Clipsight does not run, and whose original is somebody's.
const ORIGINALS: [(&str, &str); 5] = [
    ("clip-vit-", "openai"),
    ("siglip2-", "google"),
    ("siglip-", "google"),
    ("metaclip-", "facebook"),
    ("fashion-clip", "patrickjohncyh"),
];
/// What conversions add to the name of what they convert.
const ADDED: [&str; 6] = ["-ONNX", "-onnx", "-jax", "-gguf", "-GGUF", "-tf"];
/// Others by their whole names.
const TWINS: [(&str, &str); 11] = [
    ("apple/MobileCLIP2-L-14", "timm/MobileCLIP2-L-14-OpenCLIP"),
    ("immich-app/ViT-B-32__openai", "openai/clip-vit-base-patch32"),
    ("immich-app/ViT-B-16__openai", "openai/clip-vit-base-patch16"),
    ("immich-app/ViT-L-14__openai", "openai/clip-vit-large-patch14"),
    ("immich-app/ViT-L-14-336__openai", "openai/clip-vit-large-patch14-336"),
    ("immich-app/ViT-B-16-SigLIP__webli", "google/siglip-base-patch16-224"),
    (
        "immich-app/ViT-L-16-SigLIP-384__webli",
        "google/siglip-large-patch16-384",
    ),
    (
        "immich-app/ViT-SO400M-14-SigLIP-384__webli",
        "google/siglip-so400m-patch14-384",
    ),
    (
        "immich-app/ViT-B-32__laion2b-s34b-b79k",
        "laion/CLIP-ViT-B-32-laion2B-s34B-b79K",
    ),
    ("Qdrant/clip-ViT-B-32-vision", "openai/clip-vit-base-patch32"),
    ("Qdrant/clip-ViT-B-32-text", "openai/clip-vit-base-patch32"),
];

/// The same model where it opens, if it is known.
pub fn twin(model: &str) -> Option<String> {
    if let Some((_, twin)) = TWINS.iter().find(|(name, _)| *name == model) {
        return Some((*twin).into());
    }
    let (_, name) = model.split_once('/')?;
    let plain = ADDED.iter().find_map(|added| name.strip_suffix(added)).unwrap_or(name);
    let (_, owner) = ORIGINALS.iter().find(|(start, _)| plain.starts_with(start))?;
    let twin = format!("{owner}/{plain}");
    (twin != model).then_some(twin)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn conversions_lead_to_what_they_convert() {
        for (model, expected) in [
            ("Xenova/clip-vit-base-patch32", Some("openai/clip-vit-base-patch32")),
            (
                "google/siglip2-base-patch16-224-jax",
                Some("google/siglip2-base-patch16-224"),
            ),
            (
                "onnx-community/siglip2-base-patch16-224-ONNX",
                Some("google/siglip2-base-patch16-224"),
            ),
            ("immich-app/ViT-B-32__openai", Some("openai/clip-vit-base-patch32")),
            ("apple/MobileCLIP2-L-14", Some("timm/MobileCLIP2-L-14-OpenCLIP")),
            ("openai/clip-vit-base-patch32", None),
            ("org/name", None),
            ("gpt2", None),
        ] {
            assert_eq!(twin(model).as_deref(), expected);
        }
    }
}
