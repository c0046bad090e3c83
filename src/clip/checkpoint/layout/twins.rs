//! What opens instead of a model that does not: the same one in another layout, or its nearest kin on the Hub.

/// By a part of what was refused, what to fetch instead.
const INSTEAD: [(&str, &str); 20] = [
    ("fastvit_mci", MOBILE),
    ("vit_base_mci_224", MOBILE),
    ("xlm-roberta", MULTILINGUAL),
    ("mt5", MULTILINGUAL),
    ("nllb", MULTILINGUAL),
    ("chinese_clip", MULTILINGUAL),
    ("jina_clip", MULTILINGUAL),
    ("altclip", MULTILINGUAL),
    ("eva01", PLAIN),
    ("eva02", PLAIN),
    ("eva_", PLAIN),
    ("convnext", PLAIN),
    ("vitamin", PLAIN),
    ("pe_core", PLAIN),
    // CLIPA, and CoCa.
    ("final_ln_after_pool", PLAIN),
    ("no_ln_pre", PLAIN),
    ("strip_sep_token", PLAIN),
    ("attentional_pool", PLAIN),
    ("embed_cls", PLAIN),
    ("roberta-base", PLAIN),
];
const PLAIN: &str = "of plain Vision Transformers, laion/CLIP-ViT-B-16-laion2B-s34B-b88K, openai/clip-vit-large-patch14 and \
                     google/siglip2-so400m-patch14-384 open";
const MOBILE: &str = "of the MobileCLIP2 family, timm/MobileCLIP2-L-14-OpenCLIP opens";
const MULTILINGUAL: &str = "of the models that know many languages, google/siglip2-base-patch16-256 and \
                            facebook/metaclip-2-worldwide-huge-quickgelu open";

/// What opens instead of what was refused, where something does.
pub fn instead_of(refused: &str) -> Option<&'static str> {
    let found = INSTEAD.iter().find(|(part, _)| refused.contains(part));
    found.map(|(_, instead)| *instead)
}
