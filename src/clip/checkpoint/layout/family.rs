//! Which family of models a `config.json` is of, and whether it is a whole one that transformers' own classes compute.

use serde_json::Value;

use super::{HF_CONFIG, twins};
use crate::clip::{Error, Result};

/// A family of models, by `model_type`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Family {
    Clip,
    MetaClip2,
    Siglip,
    Siglip2,
    Starter,
}

/// transformers' classes, and the types that newer files give beside them.
const CLASSES: [(&str, &str); 4] = [
    ("CLIPModel", "clip"),
    ("MetaClip2Model", "metaclip_2"),
    ("SiglipModel", "siglip"),
    ("Siglip2Model", "siglip2"),
];
/// What else such a class can hold, by the end of its name: one tower of the two.
const PARTS: [(&str, &str); 5] = [
    ("TextModel", "a text tower alone"),
    ("TextModelWithProjection", "a text tower alone"),
    ("VisionModel", "an image tower alone"),
    ("VisionModelWithProjection", "an image tower alone"),
    (
        "ForImageClassification",
        "an image tower with a classifier, and no text tower",
    ),
];
/// Names the code that a repository brings along for its model.
const OWN_CODE: &str = "auto_map";
/// Where timm's own files name a tower.
const TIMM: &str = "architecture";

impl Family {
    /// The family of a configuration.
    ///
    /// # Errors
    /// None of these, one tower alone, or a model of which this configuration does not say what it computes, such as
    /// EVA-CLIP, which calls itself `clip`: known here, before its weights are fetched.
    pub fn of(config: &Value) -> Result<Self> {
        // Files of early versions name only the class.
        let class = config["architectures"][0].as_str().unwrap_or_default();
        let by_class = CLASSES.iter().find(|(name, _)| *name == class);
        let model_type = config["model_type"]
            .as_str()
            .or(by_class.map(|(_, model_type)| *model_type));
        let family = match model_type {
            Some("clip") => Self::Clip,
            Some("metaclip_2") => Self::MetaClip2,
            Some("siglip") => Self::Siglip,
            Some("siglip2") => Self::Siglip2,
            Some("clipsight_starter") => Self::Starter,
            None if config[TIMM].is_string() => return Err(timms(config)),
            other => return Err(other_type(other)),
        };
        if by_class.is_none() {
            check_class(class, !config[OWN_CODE].is_null())?;
        }
        Ok(family)
    }
}

/// timm's classifiers lie on the Hub under names that are those of CLIP's towers.
fn timms(config: &Value) -> Error {
    let reason = format!(
        "{TIMM} is {}: it is timm's, an image tower alone; {}",
        config[TIMM],
        twins::WHOLE
    );
    Error::config(HF_CONFIG, reason)
}

fn other_type(model_type: Option<&str>) -> Error {
    let named = model_type.map_or("missing".into(), |name| format!("\"{name}\""));
    let instead = model_type.and_then(twins::instead_of);
    let instead = instead.map_or(String::new(), |opens| format!("; {opens}"));
    let known = "\"clip\", \"metaclip_2\", \"siglip\" and \"siglip2\" can be opened";
    Error::config(HF_CONFIG, format!("model_type is {named}; {known}{instead}"))
}

/// Refuses a class that is known to be another model; any other name may be that of somebody's training script.
fn check_class(class: &str, own_code: bool) -> Result<()> {
    if let Some((_, part)) = PARTS.iter().find(|(end, _)| class.ends_with(end)) {
        let reason = format!("architectures is \"{class}\": it is {part}; {}", twins::WHOLE);
        return Err(Error::config(HF_CONFIG, reason));
    }
    if own_code && !class.is_empty() {
        let instead = twins::instead_of(class).unwrap_or(twins::PLAIN);
        let reason = format!(
            "architectures is \"{class}\", which its repository's own code computes, and Clipsight runs no such code; \
             {instead}"
        );
        return Err(Error::config(HF_CONFIG, reason));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn refused(config: Value) -> String {
        Family::of(&config).unwrap_err().to_string()
    }

    #[test]
    fn the_class_stands_in_for_the_type_and_other_names_of_it_are_let_be() {
        for (class, model_type) in CLASSES {
            let by_class = Family::of(&json!({"architectures": [class]})).unwrap();
            assert_eq!(by_class, Family::of(&json!({"model_type": model_type})).unwrap());
        }
        let own_name = json!({"model_type": "clip", "architectures": ["OurFineTunedCLIP"]});
        assert_eq!(Family::of(&own_name).unwrap(), Family::Clip);
        // A pipeline of one's own changes nothing of the model.
        let own_pipeline = json!({"model_type": "clip", "architectures": ["CLIPModel"], "auto_map": {}});
        assert_eq!(Family::of(&own_pipeline).unwrap(), Family::Clip);
    }

    #[test]
    fn models_of_their_own_code_are_refused_though_they_call_themselves_clip() {
        for class in ["EvaCLIPModel", "LLM2CLIPModel", "SomeNewCLIP"] {
            let auto_map = json!({"AutoModel": "modeling.Model"});
            let error = refused(json!({"model_type": "clip", "architectures": [class], "auto_map": auto_map}));
            assert!(
                error.contains(class) && error.contains("own code") && error.contains("openai/clip-vit-large-patch14"),
                "{error}"
            );
        }
    }

    #[test]
    fn one_tower_of_two_is_said_to_be_one() {
        for (class, model_type) in [
            ("CLIPVisionModelWithProjection", "clip"),
            ("CLIPTextModel", "clip"),
            ("SiglipForImageClassification", "siglip"),
        ] {
            let error = refused(json!({"model_type": model_type, "architectures": [class]}));
            assert!(error.contains(class) && error.contains("with both"), "{error}");
        }
        let timms = refused(json!({"architecture": "vit_base_patch32_clip_224", "num_classes": 1_000}));
        assert!(
            timms.contains("vit_base_patch32_clip_224") && timms.contains("with both"),
            "{timms}"
        );
        for model_type in ["clip_vision_model", "siglip_text_model"] {
            let error = refused(json!({ "model_type": model_type }));
            assert!(error.contains(model_type) && error.contains("with both"), "{error}");
        }
    }
}
