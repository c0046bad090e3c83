//! Image towers of timm's in OpenCLIP's layout, MetaCLIP 2 and SigLIP2 NaFlex equal open_clip and transformers, on fixtures
//! that `tests/reference/make_timm.py` makes.

mod parity;

use std::path::{Path, PathBuf};

use burn::tensor::Device;
use clipsight::clip::{Layout, Model, Pixels, Precision, check_layout, numbers};
use clipsight::fine_tune::config::RunConfig;
use clipsight::fine_tune::data::{Dataset, Example, Split};
use clipsight::fine_tune::methods::contrastive;
use clipsight::fine_tune::{Context, FineTuneMethod};
use clipsight::heatmap::trust::mosaic::mosaic;
use clipsight::heatmap::{HeatmapMethod, heat_maps};
use clipsight::library::decode;
use clipsight::progress::Unheard;
use parity::{Expected, MAX_PIXEL_DIFFERENCE, check, copy_of, cosine, error_of, fixtures, open, pixels};
use serde_json::Value;

#[test]
fn siglip_in_timms_names_equals_open_clip() {
    check("timm-siglip", open("timm-siglip"), &Device::flex());
}

#[test]
fn siglip2_in_timms_names_equals_open_clip() {
    check("timm-siglip2", open("timm-siglip2"), &Device::flex());
}

#[test]
fn siglip_for_many_languages_without_a_text_projection_equals_open_clip() {
    check("timm-siglip-i18n", open("timm-siglip-i18n"), &Device::flex());
}

#[test]
fn clips_vision_transformer_in_timms_names_equals_open_clip() {
    check("timm-clip", open("timm-clip"), &Device::flex());
}

#[test]
fn a_classifiers_tower_under_a_linear_projection_equals_open_clip() {
    check("timm-plain", open("timm-plain"), &Device::flex());
}

#[test]
fn metaclip_2_equals_transformers() {
    check("metaclip2", open("metaclip2"), &Device::flex());
}

#[test]
fn metaclip_2_in_open_clips_layout_equals_open_clip() {
    check("openclip-worldwide", open("openclip-worldwide"), &Device::flex());
}

#[test]
fn siglip2_naflex_at_every_aspect_ratio_equals_transformers() {
    check("siglip2", open("siglip2"), &Device::flex());
}

/// As the fast processors of transformers 4.50 to 4.57 save it, and as transformers 5 does.
#[test]
fn naflex_opens_whichever_transformers_saved_its_processor() {
    let folder = copy_of("siglip2");
    let file = folder.path().join("preprocessor_config.json");
    let mut settings: Value = serde_json::from_slice(&std::fs::read(&file).unwrap()).unwrap();
    settings["image_processor_type"] = "Siglip2ImageProcessorFast".into();
    for unset in [
        "size",
        "crop_size",
        "do_center_crop",
        "data_format",
        "device",
        "do_pad",
        "return_tensors",
    ] {
        settings[unset] = Value::Null;
    }
    std::fs::write(&file, settings.to_string()).unwrap();
    check("siglip2", |device| Model::open(folder.path(), device), &Device::flex());
    std::fs::remove_file(&file).unwrap();
    let nested = serde_json::json!({"image_processor": settings, "processor_class": "Siglip2Processor"});
    std::fs::write(folder.path().join("processor_config.json"), nested.to_string()).unwrap();
    check("siglip2", |device| Model::open(folder.path(), device), &Device::flex());
}

const ALL: [&str; 8] = [
    "timm-siglip",
    "timm-siglip-i18n",
    "timm-siglip2",
    "timm-clip",
    "timm-plain",
    "metaclip2",
    "openclip-worldwide",
    "siglip2",
];

#[test]
fn preprocessed_pixels_equal_pillows() {
    for name in ALL {
        let model = Model::open(&fixtures().join(name), &Device::flex()).unwrap();
        let expected = Expected::read(name);
        let views = expected.0["model_views"].as_object().unwrap();
        assert!(!views.is_empty(), "{name}");
        for (picture, theirs) in views {
            let theirs: Vec<u8> = serde_json::from_value(theirs.clone()).unwrap();
            let decoded = decode(&fixtures().join("pictures").join(picture)).unwrap();
            let ours = model.preprocessing().model_view(&decoded).unwrap();
            assert_eq!(ours.as_raw().len(), theirs.len(), "{name}: {picture}");
            let largest = ours
                .as_raw()
                .iter()
                .zip(&theirs)
                .map(|(a, b)| a.abs_diff(*b))
                .max()
                .unwrap();
            assert!(
                largest <= MAX_PIXEL_DIFFERENCE,
                "{name}: {picture} differs by {largest}"
            );
        }
    }
}

#[test]
fn pictures_of_several_shapes_embed_together_as_alone() {
    let model = Model::open(&fixtures().join("siglip2"), &Device::flex()).unwrap();
    let pictures = pixels(&model, &Expected::read("siglip2"));
    let shape = |one: &Pixels| (one.width, one.height);
    assert!(pictures.iter().any(|one| shape(one) != shape(&pictures[0])));
    let twice: Vec<Pixels> = pictures.iter().chain(&pictures).cloned().collect();
    for (n, together) in model.embed_images(&twice).unwrap().iter().enumerate() {
        let alone = &model.embed_images(&twice[n..=n]).unwrap()[0];
        assert!(cosine(&alone.vector, &together.vector) > 0.999_999, "{n}");
    }
}

/// A batch whose pictures have several shapes learns as each of them alone, and so does one of timm's towers.
#[test]
fn a_batch_learns_the_same_in_one_piece_and_in_parts() {
    let names = ["photo-wide.png", "photo-tall.png", "noise.png", "grey.png"];
    let texts = [
        "cat",
        "a photo of a cat.",
        "a photo of a dog, with a comma",
        "Like a HORSE",
    ]
    .map(String::from);
    let dataset = Dataset {
        examples: (names.iter().zip(&texts))
            .map(|(name, text)| Example {
                path: fixtures().join("pictures").join(name),
                class: None,
                captions: vec![text.clone()],
            })
            .collect(),
        ..Dataset::default()
    };
    let split = Split {
        train: (0..names.len()).collect(),
        ..Split::default()
    };
    for name in ["siglip2", "timm-siglip", "timm-clip"] {
        let gradients = |micro_batch: usize| {
            let mut config = RunConfig::new(FineTuneMethod::Contrastive, PathBuf::new());
            config.hyper.micro_batch = micro_batch;
            let model = Model::open(&fixtures().join(name), &Device::flex()).unwrap();
            let context = Context::new(model, &dataset, &split, &config, None, &Unheard).unwrap();
            let learner = contrastive::learner(&config, &context).unwrap();
            learner.gradients_of_pairs(&context, &texts).unwrap()
        };
        let ((loss, whole), (other_loss, mut parts)) = (gradients(4), gradients(1));
        assert!((loss - other_loss).abs() < 1e-4, "{name}: {loss} against {other_loss}");
        assert!(
            whole
                .iter()
                .any(|(parameter, _)| parameter.contains("position_embedding")),
            "{name}"
        );
        for (parameter, gradient) in whole {
            let (ours, theirs) = (
                numbers(gradient).unwrap(),
                numbers(parts.remove(&parameter).unwrap()).unwrap(),
            );
            let largest = theirs.iter().fold(1e-4f32, |largest, value| largest.max(value.abs()));
            for (a, b) in ours.iter().zip(&theirs) {
                assert!((a - b).abs() / largest < 1e-3, "{name}: {parameter}: {a} against {b}");
            }
        }
        assert!(parts.is_empty(), "{name}");
    }
}

/// Maps of a picture that is seen at its own aspect ratio have its rows and columns, whatever the method.
#[test]
fn heatmaps_have_the_pictures_own_grid() {
    let model = Model::open(&fixtures().join("siglip2"), &Device::flex()).unwrap();
    let picture = decode(&fixtures().join("pictures/photo-wide.png")).unwrap();
    let view = model.preprocessing().model_view(&picture).unwrap();
    let text = model
        .embed_texts(&[model.tokenize("a cat").unwrap()])
        .unwrap()
        .remove(0);
    let fitting = HeatmapMethod::all().filter(|method| method.fits(model.info().tower).is_ok());
    let mut looked = 0;
    for method in fitting {
        let map = heat_maps(&model, method, &view, &text.vector).unwrap().remove(0);
        if method != HeatmapMethod::Occlusion {
            let patches = (view.height() as usize / 8, view.width() as usize / 8);
            assert_eq!((map.rows, map.columns), patches, "{method:?}");
            assert!(map.columns > map.rows);
        }
        assert_eq!(map.values.len(), map.rows * map.columns, "{method:?}");
        assert!(map.values.iter().all(|value| value.is_finite()), "{method:?}");
        looked += 1;
    }
    assert!(looked >= 5, "{looked}");
    let tiles = mosaic(&model, [&picture; 4]).unwrap();
    let side = 2 * model.info().image_size as u32;
    assert_eq!(tiles.dimensions(), (side, side));
    assert_eq!(tiles.get_pixel(0, 0), tiles.get_pixel(side / 2, side / 2));
}

#[test]
fn half_precision_stays_near_full() {
    const MIN_HALF_COSINE: f32 = 0.999;
    for name in ALL {
        let open = |precision| Model::open_in(&fixtures().join(name), &Device::flex(), precision).unwrap();
        let (full, half) = (open(Precision::Full), open(Precision::Half));
        let expected = Expected::read(name);
        let embed = |model: &Model| {
            let texts = expected.strings("texts");
            let tokens: Vec<_> = texts.iter().map(|text| model.tokenize(text).unwrap()).collect();
            let mut all = model.embed_images(&pixels(model, &expected)).unwrap();
            all.extend(model.embed_texts(&tokens).unwrap());
            all
        };
        for (a, b) in embed(&full).iter().zip(embed(&half)) {
            let cosine = cosine(&a.vector, &b.vector);
            assert!(cosine >= MIN_HALF_COSINE, "{name}: {cosine}");
        }
    }
}

/// What training leaves goes back under timm's names, and opens as the same model.
#[test]
fn an_exported_model_keeps_its_names() {
    for name in ALL {
        let from = fixtures().join(name);
        let model = Model::open(&from, &Device::flex()).unwrap();
        let folder = tempfile::tempdir().unwrap();
        clipsight::clip::export(&model, Some(&from), folder.path()).unwrap();
        check(name, |device| Model::open(folder.path(), device), &Device::flex());
    }
}

/// The weights that a folder is about to get do not matter: what opens, opens, and the rest is refused by its reason.
#[test]
fn small_files_alone_tell_what_will_open() {
    for name in ALL {
        let folder = copy_of(name);
        for entry in std::fs::read_dir(folder.path()).unwrap() {
            let path = entry.unwrap().path();
            if path.extension().is_some_and(|extension| extension == "safetensors") {
                std::fs::remove_file(path).unwrap();
            }
        }
        let layout = match folder.path().join("open_clip_config.json").is_file() {
            true => Layout::OpenClip,
            false => Layout::HuggingFace,
        };
        assert!(check_layout(folder.path(), layout).is_ok(), "{name}");
        std::fs::remove_file(folder.path().join("tokenizer.json")).unwrap();
        let without = check_layout(folder.path(), layout);
        if matches!(name, "timm-clip" | "timm-plain") {
            assert!(without.is_ok(), "{name}: CLIP's own tokenizer is in the binary");
        } else {
            let error = without.unwrap_err().to_string();
            assert!(error.contains("tokenizer.json is missing"), "{name}: {error}");
        }
    }
}

/// A copy of a fixture with its configuration changed.
fn changed(name: &str, from: &str, to: &str) -> tempfile::TempDir {
    let folder = copy_of(name);
    let config = folder.path().join("open_clip_config.json");
    let text = std::fs::read_to_string(&config).unwrap();
    assert!(text.contains(from), "{text}");
    std::fs::write(&config, text.replace(from, to)).unwrap();
    folder
}

#[test]
fn what_no_tower_here_computes_is_refused_by_name_with_what_opens_instead() {
    for (from, to, reason) in [
        (
            "vit_base_patch16_siglip_224",
            "fastvit_mci2",
            "timm/MobileCLIP2-L-14-OpenCLIP opens",
        ),
        (
            "vit_base_patch16_siglip_224",
            "vit_pe_core_base_patch16_224",
            "vit_pe_core_base_patch16_224",
        ),
        (
            "\"timm_pool\": \"map\"",
            "\"timm_pool\": \"avg\"",
            "timm_pool is \"avg\"",
        ),
        (
            "\"timm_proj\": \"none\"",
            "\"timm_proj\": \"mlp\"",
            "timm_proj is \"mlp\"",
        ),
        (
            "\"pool_type\": \"last\"",
            "\"pool_type\": \"first\"",
            "pool_type is \"first\"",
        ),
        (
            "\"clean\": \"canonicalize\"",
            "\"strip_sep_token\": true",
            "strip_sep_token",
        ),
        (
            "\"hf_tokenizer_name\"",
            "\"hf_model_name\": \"xlm-roberta-base\", \"hf_tokenizer_name\"",
            "google/siglip2-base-patch16-256",
        ),
    ] {
        let folder = changed("timm-siglip", from, to);
        let early = check_layout(folder.path(), Layout::OpenClip).unwrap_err().to_string();
        assert!(early.contains(reason), "{early}");
        assert!(error_of(folder.path()).contains(reason));
    }
}

/// A tower that the weights do not have, and one of other sizes.
#[test]
fn weights_of_another_tower_are_named() {
    let folder = copy_of("openclip-worldwide");
    let timm = fixtures().join("timm-clip/open_clip_config.json");
    std::fs::copy(timm, folder.path().join("open_clip_config.json")).unwrap();
    let error = error_of(folder.path());
    assert!(error.contains("visual.trunk.patch_embed.proj.weight"), "{error}");
    let folder = changed(
        "timm-siglip",
        "vit_base_patch16_siglip_224",
        "vit_base_patch16_clip_224",
    );
    let error = error_of(&with_pool(folder.path()));
    assert!(error.contains("visual.trunk.cls_token is missing"), "{error}");
}

fn with_pool(folder: &Path) -> PathBuf {
    let config = folder.join("open_clip_config.json");
    let text = std::fs::read_to_string(&config).unwrap();
    let text = text.replace("\"timm_pool\": \"map\"", "\"timm_pool\": \"token\"");
    std::fs::write(&config, text.replace("\"timm_proj\": \"none\"", "\"timm_proj\": null")).unwrap();
    folder.to_path_buf()
}

/// Of open_clip's own configurations, all that name a plain Vision Transformer open, and every other says why not.
#[test]
fn open_clips_own_configurations_open_or_say_why_not() {
    let all: Value =
        serde_json::from_slice(&std::fs::read(fixtures().join("open-clip-configs.json")).unwrap()).unwrap();
    let all = all.as_object().unwrap();
    assert_eq!(all.len(), 144);
    let folder = tempfile::tempdir().unwrap();
    std::fs::copy(
        fixtures().join("timm-siglip/tokenizer.json"),
        folder.path().join("tokenizer.json"),
    )
    .unwrap();
    let (mut opened, mut refused) = (Vec::new(), Vec::new());
    for (name, entry) in all {
        let config = serde_json::json!({"model_cfg": entry["model_cfg"]});
        std::fs::write(folder.path().join("open_clip_config.json"), config.to_string()).unwrap();
        match check_layout(folder.path(), Layout::OpenClip) {
            Ok(_) => opened.push(name.as_str()),
            Err(error) => refused.push((name.as_str(), error.to_string())),
        }
    }
    for (name, reason) in &refused {
        assert!(reason.contains("which Clipsight cannot compute"), "{name}: {reason}");
        let plain = ["SigLIP", "worldwide", "MobileCLIP2-L-14"]
            .iter()
            .any(|part| name.contains(part));
        assert!(!plain || name.contains("nllb"), "{name} should open: {reason}");
        let family = ["EVA0", "convnext", "ViTamin", "PE-Core", "CLIPA", "coca"]
            .iter()
            .any(|part| name.contains(part));
        assert!(
            !family || reason.ends_with(" open"),
            "{name} has kin that opens: {reason}"
        );
    }
    for name in [
        "RN50",
        "ViT-B-32-quickgelu",
        "ViT-gopt-16-SigLIP2-384",
        "ViT-L-14-worldwide",
        "ViT-bigG-14",
    ] {
        assert!(opened.contains(&name), "{name}");
    }
    assert_eq!((opened.len(), refused.len()), (75, 69));
}
