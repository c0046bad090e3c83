//! What was trained lies in files that open like the model that it was trained from.

use std::path::{Path, PathBuf};

use burn::tensor::{Device, Tensor};
use clipsight::clip::{Model, export, parameter_id};
use clipsight::library::decode;

use super::fixtures;

#[test]
fn an_exported_model_is_the_model_in_every_layout() {
    let sources = [
        ("clip-f32", "clip-f32"),
        ("openclip-vit", "openclip-vit"),
        ("openclip-custom-text", "openclip-custom-text"),
        ("openclip-resnet", "openclip-resnet"),
        ("openai-vit/model.pt", "openai-vit"),
        ("openai-resnet/model.pt", "openai-resnet"),
        ("siglip", "siglip"),
        ("siglip2", "siglip2"),
    ];
    let device = Device::flex();
    let picture = decode(&fixtures().join("pictures/photo-wide.png")).unwrap();
    let embed = |model: &Model| {
        let pixels = model.preprocessing().pixels(&picture).unwrap();
        let tokens = model.tokenize("a photo of a cat.").unwrap();
        let mut both = model.embed_images(&[pixels]).unwrap();
        both.extend(model.embed_texts(&[tokens]).unwrap());
        both
    };
    let check = |name: &str, source: Option<PathBuf>| {
        let open = |path: Option<&Path>| {
            path.map_or_else(|| Model::starter(&device), |p| Model::open(p, &device))
                .unwrap()
        };
        let model = open(source.as_deref());
        // A changed parameter must arrive, too.
        let values = model.parameter_values().unwrap();
        let changed = values
            .keys()
            .find(|key| key.ends_with("out_proj.weight") || key.contains("c_proj.weight"))
            .unwrap();
        let shifted: Vec<f32> = values[changed].values.iter().map(|value| value * 1.5 + 0.01).collect();
        let tensor = Tensor::<1>::from_data(shifted.as_slice(), &device);
        let model = model.with_parameters(
            &[(parameter_id(changed), tensor)].into_iter().collect(),
            Some(1.0),
            None,
        );
        let folder = tempfile::tempdir().unwrap();
        export(&model, source.as_deref(), folder.path()).unwrap();
        let again = open(Some(folder.path()));
        assert!((again.info().scoring.logit_scale - 1.0f32.exp()).abs() < 1e-5, "{name}");
        for (a, b) in embed(&model).iter().zip(embed(&again)) {
            let cosine: f32 = a.vector.iter().zip(&b.vector).map(|(a, b)| a * b).sum();
            assert!(cosine > 0.999_99, "{name}: {cosine}");
            assert!((a.norm / b.norm - 1.0).abs() < 1e-3, "{name}");
        }
    };
    for (source, name) in sources {
        check(name, Some(fixtures().join(source)));
    }
    check("starter", None);
}
