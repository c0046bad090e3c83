//! What opens instead of a model that does not: the same one in another layout, or its nearest kin on the Hub.

/// By a part of what was refused, or of its name on the Hub, what to fetch instead; the first that is found counts.
const INSTEAD: [(&str, &str); 35] = [
    ("fastvit_mci", MOBILE),
    ("vit_base_mci_224", MOBILE),
    ("MobileCLIP", MOBILE),
    ("xlm-roberta", MULTILINGUAL),
    ("mt5", MULTILINGUAL),
    ("nllb", MULTILINGUAL),
    ("chinese_clip", MULTILINGUAL),
    ("jina_clip", MULTILINGUAL),
    ("altclip", MULTILINGUAL),
    ("M-CLIP", MULTILINGUAL),
    // The text tower of sentence-transformers' clip-ViT-B-32-multilingual-v1.
    ("distilbert", MULTILINGUAL),
    // CLIP-Italian and others that join a text tower of their language to CLIP's image tower.
    ("vision-text-dual-encoder", MULTILINGUAL),
    ("hybrid-clip", MULTILINGUAL),
    ("BiomedNLP", MEDICAL),
    ("eva01", PLAIN),
    ("eva02", PLAIN),
    ("eva_", PLAIN),
    ("EVA-CLIP", PLAIN),
    ("EVA02", PLAIN),
    ("convnext", PLAIN),
    ("vitamin", PLAIN),
    ("pe_core", PLAIN),
    ("PE-Core", PLAIN),
    // CLIPA, and CoCa.
    ("final_ln_after_pool", PLAIN),
    ("no_ln_pre", PLAIN),
    ("strip_sep_token", PLAIN),
    ("attentional_pool", PLAIN),
    ("embed_cls", PLAIN),
    ("roberta-base", PLAIN),
    ("_vision_model", WHOLE),
    ("_text_model", WHOLE),
    ("clipseg", PLAIN),
    // Whatever else a configuration takes from elsewhere.
    ("hf_model_name", PLAIN),
    ("timm_model_name", PLAIN),
    ("pool_type", PLAIN),
];
pub const PLAIN: &str = "of plain Vision Transformers, laion/CLIP-ViT-B-16-laion2B-s34B-b88K, \
                         openai/clip-vit-large-patch14 and google/siglip2-so400m-patch14-384 open";
const MOBILE: &str = "of the MobileCLIP2 family, timm/MobileCLIP2-L-14-OpenCLIP opens";
const MULTILINGUAL: &str = "of the models that know many languages, google/siglip2-base-patch16-256 and \
                            facebook/metaclip-2-worldwide-huge-quickgelu open";
const MEDICAL: &str = "of the models for medical pictures, flaviagiammarino/pubmed-clip-vit-base-patch32 opens";
/// What is said of one tower of two.
pub const WHOLE: &str = "pictures and texts are compared by a model with both towers: take the one that it comes from";

/// What opens instead of what was refused, where something does.
pub fn instead_of(refused: &str) -> Option<&'static str> {
    let found = INSTEAD.iter().find(|(part, _)| refused.contains(part));
    found.map(|(_, instead)| *instead)
}
