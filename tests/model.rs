//! The model equals its references, on fixtures that `tests/reference/make_fixtures.py` and `make_layouts.py` make.

use std::path::{Path, PathBuf};

use burn::tensor::{DType, Device};
use clipsight::clip::{ImageTower, Model, Precision, Preprocessing, numbers};
use clipsight::heatmap::HeatmapMethod;
use clipsight::heatmap::heat_maps;
use clipsight::library::decode;
use serde_json::Value;

mod parity;

use parity::{
    Expected, MAX_MEAN_PIXEL_DIFFERENCE, MAX_PIXEL_DIFFERENCE, centred, check, copy_of, cosine, error_of, fixtures,
    open, pixels,
};

#[test]
fn clip_in_f32_with_quick_gelu_equals_transformers() {
    check("clip-f32", open("clip-f32"), &Device::flex());
}

#[test]
fn clip_in_f16_with_gelu_bilinear_and_the_old_pooling_equals_transformers() {
    check("clip-f16", open("clip-f16"), &Device::flex());
}

#[test]
fn clip_in_bf16_with_uneven_patches_equals_transformers() {
    check("clip-bf16", open("clip-bf16"), &Device::flex());
}

#[test]
fn weights_in_pytorchs_own_file_equal_transformers() {
    let folder = copy_of("clip-f32");
    std::fs::remove_file(folder.path().join("model.safetensors")).unwrap();
    let bin = fixtures().join("clip-bin/pytorch_model.bin");
    std::fs::copy(bin, folder.path().join("pytorch_model.bin")).unwrap();
    check("clip-f32", |device| Model::open(folder.path(), device), &Device::flex());
}

#[test]
fn open_clips_vision_transformer_equals_open_clip() {
    check("openclip-vit", open("openclip-vit"), &Device::flex());
}

#[test]
fn open_clip_with_custom_text_squash_and_sigmoid_equals_open_clip() {
    check("openclip-custom-text", open("openclip-custom-text"), &Device::flex());
}

#[test]
fn open_clips_resnet_with_padded_pictures_equals_open_clip() {
    check("openclip-resnet", open("openclip-resnet"), &Device::flex());
}

#[test]
fn openais_archive_of_a_vision_transformer_equals_open_clip() {
    check("openai-vit", open("openai-vit/model.pt"), &Device::flex());
}

#[test]
fn openais_archive_of_a_resnet_equals_open_clip() {
    check("openai-resnet", open("openai-resnet/model.pt"), &Device::flex());
}

#[test]
fn siglip_in_shards_equals_transformers() {
    check("siglip", open("siglip"), &Device::flex());
}

#[test]
fn the_starter_equals_its_reference() {
    check("starter", Model::starter, &Device::flex());
}

#[test]
fn every_model_equals_its_reference_on_a_real_gpu() {
    match clipsight::engine::gpu() {
        Ok(Some((device, info))) => {
            eprintln!("checking on {}", info.name);
            for name in [
                "clip-f32",
                "clip-f16",
                "clip-bf16",
                "openclip-vit",
                "openclip-custom-text",
                "openclip-resnet",
                "siglip",
                "siglip2",
            ] {
                check(name, open(name), &device);
            }
            check("openai-vit", open("openai-vit/model.pt"), &device);
            check("openai-resnet", open("openai-resnet/model.pt"), &device);
            check("starter", Model::starter, &device);
        }
        Ok(None) => eprintln!("NOT CHECKED: this machine has no GPU, so parity on the GPU was not tested"),
        Err(reason) => panic!("{reason}"),
    }
}

/// What the gradient methods take apart is put together again: the score that they explain is the score that is shown.
#[test]
fn the_score_that_is_explained_is_the_score_that_is_shown() {
    const MAX_DIFFERENCE: f32 = 1e-5;
    for name in [
        "clip-f32",
        "clip-f16",
        "openclip-vit",
        "siglip",
        "openclip-resnet",
        "openai-resnet",
    ] {
        let path = fixtures().join(if name.starts_with("openai") {
            format!("{name}/model.pt")
        } else {
            name.into()
        });
        let model = Model::open(&path, &Device::flex()).unwrap();
        let expected = Expected::read(name);
        let pictures = pixels(&model, &expected);
        let tokens: Vec<_> = expected
            .strings("texts")
            .iter()
            .map(|text| model.tokenize(text).unwrap())
            .collect();
        let texts = model.embed_texts(&tokens).unwrap();
        for picture in pictures {
            let tensor = model.pixel_tensor(std::slice::from_ref(&picture));
            let again = match model.image_tower() {
                ImageTower::Vit(tower) => {
                    let dense = tower.forward_dense(tensor);
                    tower.embed_gathered(&dense, tower.gathering_attention(&dense).gathered)
                }
                ImageTower::ModifiedResNet(tower) => tower.embed_cells(tower.cells(tensor)),
                ImageTower::EfficientNetLite(_) => unreachable!("no fixture here has one"),
            };
            let explained = numbers(again).unwrap();
            let shown = &model.embed_images(&[picture]).unwrap()[0].vector;
            for text in &texts {
                let difference = cosine(&explained, &text.vector) - cosine(shown, &text.vector);
                assert!(difference.abs() < MAX_DIFFERENCE, "{name}: {difference}");
            }
        }
    }
}

#[test]
fn a_model_with_kernels_laid_out_gives_no_parameters() {
    let open = || Model::open(&fixtures().join("openclip-resnet"), &Device::flex()).unwrap();
    let model = open();
    assert_eq!(model.parameter_values().unwrap().len(), model.parameters().len() + 1);
    let error = open().laid_out().parameter_values().err().unwrap().to_string();
    assert!(error.contains("laid out for answering"), "{error}");
}

/// Half precision, promised of every architecture (computed on the CPU, as slowly as that is).
#[test]
fn half_precision_stays_near_full() {
    const MIN_HALF_COSINE: f32 = 0.999;
    let names = [
        "clip-f32",
        "clip-bf16",
        "openclip-vit",
        "openclip-resnet",
        "siglip",
        "siglip2",
    ];
    let device = match clipsight::engine::gpu() {
        Ok(Some((device, _))) if device.supports_dtype(DType::F16) => device,
        _ => Device::flex(),
    };
    for name in names.into_iter().chain(["starter"]) {
        let open = |precision| match name {
            "starter" => Model::starter_in(&device, precision).unwrap(),
            name => Model::open_in(&fixtures().join(name), &device, precision).unwrap(),
        };
        let (full, half) = (open(Precision::Full), open(Precision::Half));
        assert_ne!(
            full.info().identity,
            half.info().identity,
            "{name}: they never share a cached embedding"
        );
        let expected = Expected::read(name);
        let pictures = pixels(&full, &expected);
        let embed = |model: &Model| {
            let tokens: Vec<_> = expected
                .strings("texts")
                .iter()
                .map(|t| model.tokenize(t).unwrap())
                .collect();
            let mut all = model.embed_images(&pictures).unwrap();
            all.extend(model.embed_texts(&tokens).unwrap());
            all
        };
        for (a, b) in embed(&full).iter().zip(embed(&half)) {
            let cosine = cosine(&a.vector, &b.vector);
            assert!(cosine >= MIN_HALF_COSINE, "{name}: {cosine}");
        }
        let method = HeatmapMethod::default_for(half.info().tower);
        let picture = decode(&fixtures().join("pictures").join(&expected.strings("pictures")[0])).unwrap();
        let view = half.preprocessing().model_view(&picture).unwrap();
        let text = half.embed_texts(&[half.tokenize("a cat").unwrap()]).unwrap().remove(0);
        let map = |model: &Model| heat_maps(model, method, &view, &text.vector).unwrap().remove(0);
        let alike = cosine(&centred(&map(&full).values), &centred(&map(&half).values));
        assert!(alike >= 0.99, "{name}: heatmaps correlate by {alike}");
    }
}

#[test]
fn a_batch_embeds_as_one_by_one() {
    let model = Model::starter(&Device::flex()).unwrap();
    let pictures = pixels(&model, &Expected::read("starter"));
    let together = model.embed_images(&pictures).unwrap();
    for (picture, batched) in pictures.iter().zip(&together) {
        let alone = model.embed_images(std::slice::from_ref(picture)).unwrap();
        assert!(cosine(&alone[0].vector, &batched.vector) > 0.999_999);
    }
}

fn differences(ours: &[u8], theirs: &[u8]) -> (u8, f64) {
    assert_eq!(ours.len(), theirs.len());
    let each = ours.iter().zip(theirs).map(|(a, b)| a.abs_diff(*b));
    let sum: u64 = each.clone().map(u64::from).sum();
    (each.max().unwrap(), sum as f64 / ours.len() as f64)
}

#[test]
fn preprocessed_pixels_equal_pillows() {
    let hugging_face = ["clip-f32", "clip-f16", "clip-bf16", "siglip", "siglip2"];
    for name in hugging_face.into_iter().chain(["openclip-vit", "openclip-custom-text"]) {
        let model = Model::open(&fixtures().join(name), &Device::flex()).unwrap();
        let expected = Expected::read(name);
        for (picture, theirs) in expected.0["model_views"].as_object().unwrap() {
            let theirs: Vec<u8> = serde_json::from_value(theirs.clone()).unwrap();
            let decoded = decode(&fixtures().join("pictures").join(picture)).unwrap();
            let ours = model.preprocessing().model_view(&decoded).unwrap();
            let (largest, _) = differences(ours.as_raw(), &theirs);
            assert!(
                largest <= MAX_PIXEL_DIFFERENCE,
                "{name}: {picture} differs by {largest}"
            );
        }
    }
}

#[test]
fn preprocessed_pixels_equal_pillows_at_a_real_size() {
    let preprocessing = Preprocessing::from_hugging_face(serde_json::json!({}), 224).unwrap();
    for name in ["photo-large", "photo-wide"] {
        let picture = |suffix: &str| decode(&fixtures().join(format!("pictures/{name}{suffix}.png"))).unwrap();
        let ours = preprocessing.model_view(&picture("")).unwrap();
        let (largest, mean) = differences(ours.as_raw(), picture(".view224").as_raw());
        assert!(largest <= MAX_PIXEL_DIFFERENCE, "{name}: differs by {largest}");
        assert!(
            mean <= MAX_MEAN_PIXEL_DIFFERENCE,
            "{name}: differs by {mean} on average"
        );
    }
}

#[test]
fn words_beyond_the_context_are_named() {
    let model = Model::open(&fixtures().join("clip-f32"), &Device::flex()).unwrap();
    let long = Expected::read("clip-f32").strings("texts").pop().unwrap();
    let tokens = model.tokenize(&long).unwrap();
    let lost = tokens.lost.expect("the text is longer than the context");
    assert!(long.ends_with(&lost) && lost.ends_with("twenty-four"), "{lost}");
    assert_eq!(model.tokenize("a cat").unwrap().lost, None);
}

/// Rewrites the header of a safetensors file, keeping the data.
fn edit_header(folder: &Path, edit: impl Fn(&mut serde_json::Map<String, Value>)) {
    let path = folder.join("model.safetensors");
    let bytes = std::fs::read(&path).unwrap();
    let length = u64::from_le_bytes(bytes[..8].try_into().unwrap()) as usize;
    let mut header: serde_json::Map<String, Value> = serde_json::from_slice(&bytes[8..8 + length]).unwrap();
    edit(&mut header);
    let header = serde_json::to_vec(&header).unwrap();
    let mut out = (header.len() as u64).to_le_bytes().to_vec();
    out.extend(header);
    out.extend(&bytes[8 + length..]);
    std::fs::write(path, out).unwrap();
}

#[test]
fn missing_and_left_over_tensors_are_named() {
    let folder = copy_of("clip-f32");
    edit_header(folder.path(), |header| {
        let tensor = header.remove("visual_projection.weight").unwrap();
        header.insert("surprise.weight".into(), tensor);
    });
    let error = error_of(folder.path());
    assert!(error.contains("visual_projection.weight is missing"), "{error}");
    assert!(error.contains("surprise.weight"), "{error}");
}

#[test]
fn another_shape_is_named_and_nothing_large_is_allocated() {
    let folder = copy_of("clip-f32");
    let config = folder.path().join("config.json");
    let text = std::fs::read_to_string(&config).unwrap();
    std::fs::write(
        &config,
        text.replace("\"projection_dim\": 16", "\"projection_dim\": 16000"),
    )
    .unwrap();
    let error = error_of(folder.path());
    assert!(
        error.contains("visual_projection.weight has shape [16, 32], expected [16000, 32]"),
        "{error}"
    );
}

#[test]
fn truncated_and_hostile_weights_are_refused() {
    let folder = copy_of("clip-f32");
    let path = folder.path().join("model.safetensors");
    let whole = std::fs::read(&path).unwrap();
    for length in [0, 5, 8, 100, whole.len() - 1] {
        std::fs::write(&path, &whole[..length]).unwrap();
        error_of(folder.path());
    }
    let mut huge_header = whole.clone();
    huge_header[..8].copy_from_slice(&u64::MAX.to_le_bytes());
    std::fs::write(&path, &huge_header).unwrap();
    assert!(error_of(folder.path()).contains("header"));
    std::fs::write(&path, b"GIF89a is something else altogether").unwrap();
    error_of(folder.path());

    std::fs::write(&path, &whole).unwrap();
    edit_header(folder.path(), |header| {
        header["logit_scale"]["data_offsets"] = serde_json::json!([0, 4]);
    });
    error_of(folder.path());
}

#[test]
fn a_folder_without_its_files_says_which() {
    let folder = copy_of("clip-f32");
    std::fs::remove_file(folder.path().join("tokenizer.json")).unwrap();
    assert!(error_of(folder.path()).contains("tokenizer.json is missing"));
    let empty = tempfile::tempdir().unwrap();
    assert!(error_of(empty.path()).contains("config.json is missing"));
    assert!(error_of(Path::new("/no/such/model")).contains("no such folder or file"));
}

#[test]
fn identities_tell_models_apart() {
    let identity = |folder: &Path| Model::open(folder, &Device::flex()).unwrap().info().identity.clone();
    let folder = copy_of("clip-f32");
    let original = identity(folder.path());
    assert_eq!(original, identity(&fixtures().join("clip-f32")));
    let preprocessor = folder.path().join("preprocessor_config.json");
    let text = std::fs::read_to_string(&preprocessor).unwrap();
    std::fs::write(&preprocessor, text.replace("\"resample\": 3", "\"resample\": 2")).unwrap();
    assert_ne!(original, identity(folder.path()));
}

#[test]
fn a_damaged_archive_is_refused_wherever_it_is_cut() {
    let folder = copy_of("openai-vit");
    let path = folder.path().join("model.pt");
    let whole = std::fs::read(&path).unwrap();
    for part in 1..20 {
        std::fs::write(&path, &whole[..whole.len() * part / 20]).unwrap();
        let error = error_of(&path);
        assert!(error.contains("damaged or cut"), "{error}");
    }
}

/// Numbers that look random and are the same in every run.
fn scattered(count: usize, below: usize) -> impl Iterator<Item = usize> {
    (1..=count).map(move |n| n.wrapping_mul(0x9e37_79b9_7f4a_7c15) % below)
}

#[test]
fn a_changed_byte_anywhere_is_an_error_or_another_model_but_no_crash() {
    for (name, file) in [
        ("clip-f32", "model.safetensors"),
        ("openai-vit", "model.pt"),
        ("openclip-custom-text", "open_clip_pytorch_model.bin"),
    ] {
        let folder = copy_of(name);
        let path = folder.path().join(file);
        let whole = std::fs::read(&path).unwrap();
        // The structure of an archive lies at its end, that of safetensors and the pickle at the start.
        let start = scattered(60, whole.len().min(12_000));
        let end = scattered(60, whole.len().min(12_000)).map(|from_end| whole.len() - 1 - from_end);
        for place in start.chain(end) {
            let mut bytes = whole.clone();
            bytes[place] = bytes[place].wrapping_add(1 + (place % 200) as u8);
            std::fs::write(&path, &bytes).unwrap();
            let _ = Model::open(&path, &Device::flex());
        }
    }
}

#[test]
fn tensors_in_two_shards_and_missing_shards_are_named() {
    let folder = copy_of("siglip");
    let shard = |n: usize| folder.path().join(format!("model-0000{n}-of-00002.safetensors"));
    std::fs::copy(shard(1), shard(2)).unwrap();
    assert!(error_of(folder.path()).contains("more than one of the files"));
    std::fs::remove_file(shard(2)).unwrap();
    assert!(error_of(folder.path()).contains("model-00002-of-00002.safetensors is missing"));
}

#[test]
fn options_that_no_tower_has_are_refused_by_name() {
    let folder = copy_of("openclip-vit");
    let config = folder.path().join("open_clip_config.json");
    let text = std::fs::read_to_string(&config).unwrap();
    let with = |option: &str| text.replace("\"vision_cfg\": {", &format!("\"vision_cfg\": {{ {option},"));
    for option in [
        "\"timm_model_name\": \"convnext\"",
        "\"attentional_pool\": true",
        "\"pool_type\": \"avg\"",
        "\"ls_init_value\": 0.1",
    ] {
        std::fs::write(&config, with(option)).unwrap();
        let error = error_of(folder.path());
        assert!(error.contains(option.split('"').nth(1).unwrap()), "{error}");
    }
    std::fs::write(&config, with("\"patch_dropout\": 0.5")).unwrap();
    assert!(Model::open(folder.path(), &Device::flex()).is_ok());
}

/// The example of the paper's code: its picture, three captions, and the probabilities that it prints.
///
/// Runs where `CLIPSIGHT_VIT_B_32` names OpenAI's ViT-B/32 (its archive, or a folder in any layout) and
/// `CLIPSIGHT_CLIP_PNG` the picture `CLIP.png` of the paper's repository.
#[test]
fn openais_vit_b_32_gives_the_published_example() {
    const CAPTIONS: [&str; 3] = ["a diagram", "a dog", "a cat"];
    const PUBLISHED: [f32; 3] = [0.992_793_7, 0.004_210_68, 0.002_995_72];
    // The published numbers were computed in f16 on a GPU.
    const TOLERANCE: f32 = 1e-3;
    let path = |variable: &str| std::env::var_os(variable).map(PathBuf::from);
    let (Some(model), Some(picture)) = (path("CLIPSIGHT_VIT_B_32"), path("CLIPSIGHT_CLIP_PNG")) else {
        eprintln!("NOT CHECKED: CLIPSIGHT_VIT_B_32 and CLIPSIGHT_CLIP_PNG do not name the real checkpoint's files");
        return;
    };
    let model = Model::open(&model, &Device::flex()).unwrap();
    let pixels = model.preprocessing().pixels(&decode(&picture).unwrap()).unwrap();
    let image = &model.embed_images(&[pixels]).unwrap()[0];
    let tokens = CAPTIONS.map(|caption| model.tokenize(caption).unwrap());
    let texts = model.embed_texts(&tokens).unwrap();
    let cosines: Vec<f32> = texts
        .iter()
        .map(|text| cosine(&image.vector, &text.vector))
        .chain([-1.0])
        .collect();
    let scores = clipsight::zero_shot::score(&cosines, model.info().scoring, 0.0);
    for (ours, published) in scores.probabilities.iter().zip(PUBLISHED) {
        assert!((ours - published).abs() < TOLERANCE, "{ours} against {published}");
    }
}
