//! The model equals its references, on fixtures that `tests/reference/make_fixtures.py` and `make_layouts.py` make.

use std::path::{Path, PathBuf};

use burn::tensor::{DType, Device};
use clipsight::clip::{Checkpoint, Flat, Flats, ImageTower, Model, Precision, Preprocessing, numbers, write_flats};
use clipsight::heatmap::HeatmapMethod;
use clipsight::heatmap::heat_maps;
use clipsight::library::decode;
use serde_json::Value;

mod parity;
mod skips;

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
        Ok(None) => skips::not_checked("this machine has no GPU, so parity on the GPU was not tested"),
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

/// As its training did; its tokenizer by itself does not.
#[test]
fn siglip2_reads_letters_of_both_cases_alike() {
    let model = Model::open(&fixtures().join("siglip2"), &Device::flex()).unwrap();
    let ids = |text: &str| model.tokenize(text).unwrap().ids;
    assert_eq!(ids("A CAT"), ids("a cat"));
    assert_ne!(ids("a dog"), ids("a cat"));
}

/// Half precision, promised of every architecture (computed on the CPU, as slowly as that is).
#[test]
fn half_precision_stays_near_full() {
    const MIN_HALF_COSINE: f32 = 0.999;
    let names = [
        "clip-f32",
        "clip-f16",
        "clip-bf16",
        "openclip-vit",
        "openclip-custom-text",
        "openclip-resnet",
        "openai-vit",
        "openai-resnet",
        "siglip",
        "siglip2",
    ];
    let device = match clipsight::engine::gpu() {
        Ok(Some((device, _))) if device.supports_dtype(DType::F16) => device,
        _ => Device::flex(),
    };
    let mut problems = Vec::new();
    for name in names.into_iter().chain(["starter"]) {
        let open = |precision| match name {
            "starter" => Model::starter_in(&device, precision).unwrap(),
            "openai-vit" | "openai-resnet" => {
                Model::open_in(&fixtures().join(name).join("model.pt"), &device, precision).unwrap()
            }
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
        problems.extend(maps_that_differ(
            name,
            &full,
            &half,
            &expected.strings("pictures")[0],
            1,
        ));
    }
    assert!(problems.is_empty(), "{problems:#?}");
}

/// How far maps in half precision may lie from those in full: the largest difference of a cell (from what is neutral in
/// its map) as a share of the map's range, and the least correlation.
///
/// The end of the tower is computed in f32 either way, so what is left is what half precision does to the tokens before
/// it. Occlusion compares embeddings that the whole tower made, and subtracts what is nearly equal.
const HALF_TOLERANCE: [(&str, f32, f32); 9] = [
    ("clearclip", 0.02, 0.999),
    ("naclip", 0.02, 0.999),
    ("value-attention", 0.02, 0.999),
    ("class-activation", 0.02, 0.999),
    ("grad-eclip", 0.05, 0.999),
    ("legrad", 0.02, 0.999),
    ("grad-cam", 0.03, 0.999),
    ("occlusion", 0.10, 0.98),
    ("patch", 0.02, 0.999),
];
/// A fall of the cosine that occlusion's card calls noise in half precision.
const OCCLUSION_NOISE: f32 = 1e-3;

/// Where a method that fits makes other maps of a picture in half precision than in full.
fn maps_that_differ(name: &str, full: &Model, half: &Model, picture: &str, least: usize) -> Vec<String> {
    let mut problems = Vec::new();
    let picture = decode(&fixtures().join("pictures").join(picture)).unwrap();
    let view = half.preprocessing().model_view(&picture).unwrap();
    let tokens = ["a cat", "dog", "42 lemons"].map(|text| full.tokenize(text).unwrap());
    let texts: Vec<f32> = full
        .embed_texts(&tokens)
        .unwrap()
        .into_iter()
        .flat_map(|one| one.vector)
        .collect();
    let methods: Vec<HeatmapMethod> = HeatmapMethod::fitting(half.info().tower).collect();
    assert!(methods.len() > least, "{name}: {methods:?}");
    for method in methods {
        let maps = |model: &Model| heat_maps(model, method, &view, &texts).unwrap();
        let (_, most, least) = HALF_TOLERANCE
            .into_iter()
            .find(|(named, ..)| *named == method.name())
            .unwrap();
        let mut shown = 0;
        for (label, (full, half)) in maps(full).iter().zip(maps(half)).enumerate() {
            let (low, high) = full.range();
            if high <= low {
                // Nothing raised this label's score.
                assert_eq!(
                    half.range(),
                    (low, high),
                    "{name}: {method:?} is blank in full precision alone"
                );
                continue;
            }
            shown += 1;
            let offset = full.neutral() - half.neutral();
            let pairs = full.values.iter().zip(&half.values);
            let largest = pairs
                .map(|(a, b)| (a - b - offset).abs() / (high - low))
                .fold(0.0, f32::max);
            let alike = cosine(&centred(&full.values), &centred(&half.values));
            let found = format!("{name}, label {label}: {:<17} {largest:.4} {alike:.6}", method.name());
            eprintln!("{found} (range {:.5}, offset {offset:.5})", high - low);
            let noise = method == HeatmapMethod::Occlusion && largest * (high - low) <= OCCLUSION_NOISE;
            if (largest > most || alike < least) && !noise {
                problems.push(found);
            }
        }
        assert!(shown > 0, "{name}: {method:?} is blank");
    }
    problems
}

/// Weights as a seed gives them.
struct Random(fastrand::Rng);

impl Random {
    /// Normally distributed around `mean`.
    fn flat(&mut self, shape: &[usize], mean: f32, deviation: f32) -> Flat {
        let normal = |random: &mut fastrand::Rng| {
            let (u, v) = (random.f32().max(f32::MIN_POSITIVE), random.f32());
            (-2.0 * u.ln()).sqrt() * (std::f32::consts::TAU * v).cos()
        };
        let count = shape.iter().product();
        Flat {
            shape: shape.to_vec(),
            values: (0..count).map(|_| mean + deviation * normal(&mut self.0)).collect(),
        }
    }
}

/// Channels that a tower drives to hundreds in its first block, while all others stay near 1.
const MASSIVE: [(usize, f32); 2] = [(7, 250.0), (100, -180.0)];

/// Scales of a normalisation after which the massive channels are small and the others near 1 again, as trained ones are.
fn norm_after_massive(random: &mut Random, width: usize) -> Flat {
    let length = (MASSIVE.iter().map(|(_, drive)| drive * drive).sum::<f32>() / width as f32).sqrt();
    let mut scales = random.flat(&[width], length, 0.3 * length);
    MASSIVE.iter().for_each(|(channel, _)| scales.values[*channel] = 0.05);
    scales
}

/// Adds a Transformer's block whose numbers are as large as those of trained towers: logits of attention beyond 20, and in
/// the first block the massive channels.
fn add_block(tensors: &mut Flats, random: &mut Random, prefix: &str, width: usize, hidden: usize) {
    let first = prefix.ends_with(".0");
    let scale = |gain: f32, inputs: usize| gain / (inputs as f32).sqrt();
    for norm in ["layer_norm1", "layer_norm2"] {
        let scales = if first {
            random.flat(&[width], 1.0, 0.3)
        } else {
            norm_after_massive(random, width)
        };
        tensors.insert(format!("{prefix}.{norm}.weight"), scales);
        tensors.insert(format!("{prefix}.{norm}.bias"), random.flat(&[width], 0.0, 0.2));
    }
    for (name, output, input, gain) in [
        ("self_attn.q_proj", width, width, 2.0),
        ("self_attn.k_proj", width, width, 2.0),
        ("self_attn.v_proj", width, width, 1.0),
        ("self_attn.out_proj", width, width, 1.0),
        ("mlp.fc1", hidden, width, 1.0),
        ("mlp.fc2", width, hidden, 1.0),
    ] {
        let weight = random.flat(&[output, input], 0.0, scale(gain, input));
        tensors.insert(format!("{prefix}.{name}.weight"), weight);
        tensors.insert(format!("{prefix}.{name}.bias"), random.flat(&[output], 0.0, 0.1));
    }
    if first {
        let bias = tensors.get_mut(&format!("{prefix}.mlp.fc2.bias")).unwrap();
        MASSIVE
            .iter()
            .for_each(|(channel, drive)| bias.values[*channel] += drive);
    }
}

/// The fixture with an image tower as wide as real ones, of random weights: the embedding's width stays for CLIP, and is
/// the tower's for SigLIP. Its side is no multiple of the patch.
fn wide_vit(fixture: &str, width: usize) -> tempfile::TempDir {
    const PATCH: usize = 16;
    const SIDE: usize = 70;
    let siglip = fixture == "siglip";
    let folder = copy_of(fixture);
    let path = folder.path().join("config.json");
    let mut config: Value = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
    let hidden = 4 * width;
    for (key, value) in [
        ("hidden_size", width),
        ("intermediate_size", hidden),
        ("num_hidden_layers", 3),
        ("num_attention_heads", width / 64),
        ("patch_size", PATCH),
        ("image_size", SIDE),
    ] {
        config["vision_config"][key] = value.into();
    }
    if siglip {
        config["text_config"]["projection_size"] = width.into();
    }
    std::fs::write(&path, config.to_string()).unwrap();
    let path = folder.path().join("preprocessor_config.json");
    let mut settings: Value = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
    settings["size"] = match siglip {
        true => serde_json::json!({ "height": SIDE, "width": SIDE }),
        false => serde_json::json!({ "shortest_edge": SIDE }),
    };
    settings["crop_size"] = serde_json::json!({ "height": SIDE, "width": SIDE });
    std::fs::write(&path, settings.to_string()).unwrap();

    let mut files: Vec<PathBuf> = std::fs::read_dir(folder.path())
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    files.retain(|path| path.extension().is_some_and(|ending| ending == "safetensors"));
    let mut tensors = Checkpoint::open(&files, &Device::flex()).unwrap().all_floats().unwrap();
    files.iter().for_each(|path| std::fs::remove_file(path).unwrap());
    let _ = std::fs::remove_file(folder.path().join("model.safetensors.index.json"));
    tensors.retain(|name, _| !name.starts_with("vision_model") && !name.starts_with("visual_projection"));
    let mut random = Random(fastrand::Rng::with_seed(width as u64));
    let root = "vision_model";
    let tokens = (SIDE / PATCH).pow(2) + usize::from(!siglip);
    let mut add = |name: &str, shape: &[usize], mean: f32, deviation: f32| {
        tensors.insert(name.into(), random.flat(shape, mean, deviation));
    };
    let pixels = ((3 * PATCH * PATCH) as f32).sqrt();
    add(
        &format!("{root}.embeddings.patch_embedding.weight"),
        &[width, 3, PATCH, PATCH],
        0.0,
        1.0 / pixels,
    );
    add(
        &format!("{root}.embeddings.position_embedding.weight"),
        &[tokens, width],
        0.0,
        0.5,
    );
    add(&format!("{root}.post_layernorm.bias"), &[width], 0.0, 0.2);
    if siglip {
        add(&format!("{root}.embeddings.patch_embedding.bias"), &[width], 0.0, 0.1);
        let (head, narrow) = (format!("{root}.head"), 1.0 / (width as f32).sqrt());
        add(&format!("{head}.probe"), &[1, 1, width], 0.0, 1.0);
        add(
            &format!("{head}.attention.in_proj_weight"),
            &[3 * width, width],
            0.0,
            narrow,
        );
        add(&format!("{head}.attention.in_proj_bias"), &[3 * width], 0.0, 0.1);
        add(
            &format!("{head}.attention.out_proj.weight"),
            &[width, width],
            0.0,
            narrow,
        );
        add(&format!("{head}.attention.out_proj.bias"), &[width], 0.0, 0.1);
        add(&format!("{head}.layernorm.weight"), &[width], 1.0, 0.3);
        add(&format!("{head}.layernorm.bias"), &[width], 0.0, 0.2);
        add(&format!("{head}.mlp.fc1.weight"), &[hidden, width], 0.0, narrow);
        add(&format!("{head}.mlp.fc1.bias"), &[hidden], 0.0, 0.1);
        add(&format!("{head}.mlp.fc2.weight"), &[width, hidden], 0.0, narrow / 2.0);
        add(&format!("{head}.mlp.fc2.bias"), &[width], 0.0, 0.1);
        add("text_model.head.weight", &[width, 24], 0.0, 0.2);
        add("text_model.head.bias", &[width], 0.0, 0.1);
    } else {
        add(&format!("{root}.embeddings.class_embedding"), &[width], 0.0, 1.0);
        add(&format!("{root}.pre_layrnorm.weight"), &[width], 1.0, 0.3);
        add(&format!("{root}.pre_layrnorm.bias"), &[width], 0.0, 0.2);
        add(
            "visual_projection.weight",
            &[16, width],
            0.0,
            1.0 / (width as f32).sqrt(),
        );
    }
    tensors.insert(
        format!("{root}.post_layernorm.weight"),
        norm_after_massive(&mut random, width),
    );
    for layer in 0..3 {
        add_block(
            &mut tensors,
            &mut random,
            &format!("{root}.encoder.layers.{layer}"),
            width,
            hidden,
        );
    }
    write_flats(&folder.path().join("model.safetensors"), &tensors).unwrap();
    folder
}

/// The fixture of a ResNet, 32 times as wide at its end as `stem`.
fn wide_resnet(stem: usize) -> tempfile::TempDir {
    let folder = copy_of("openclip-resnet");
    let path = folder.path().join("open_clip_config.json");
    let mut config: Value = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
    config["model_cfg"]["vision_cfg"]["width"] = stem.into();
    config["model_cfg"]["vision_cfg"]["head_width"] = 64.into();
    config["model_cfg"]["vision_cfg"]["layers"] = serde_json::json!([1, 1, 1, 1]);
    std::fs::write(&path, config.to_string()).unwrap();
    let path = folder.path().join("open_clip_model.safetensors");
    let mut checkpoint = Checkpoint::open(std::slice::from_ref(&path), &Device::flex()).unwrap();
    let mut tensors = checkpoint.all_floats().unwrap();
    tensors.retain(|name, _| !name.starts_with("visual."));
    let mut random = Random(fastrand::Rng::with_seed(stem as u64));
    let mut convolution = |name: &str, norm: &str, [output, input, side]: [usize; 3]| {
        let weight = random.flat(
            &[output, input, side, side],
            0.0,
            (2.0 / (input * side * side) as f32).sqrt(),
        );
        tensors.insert(format!("visual.{name}.weight"), weight);
        tensors.insert(format!("visual.{norm}.weight"), random.flat(&[output], 1.0, 0.2));
        tensors.insert(format!("visual.{norm}.bias"), random.flat(&[output], 0.0, 0.2));
        tensors.insert(format!("visual.{norm}.running_mean"), random.flat(&[output], 0.0, 0.1));
        tensors.insert(format!("visual.{norm}.running_var"), random.flat(&[output], 1.0, 0.1));
    };
    convolution("conv1", "bn1", [stem / 2, 3, 3]);
    convolution("conv2", "bn2", [stem / 2, stem / 2, 3]);
    convolution("conv3", "bn3", [stem, stem / 2, 3]);
    let mut input = stem;
    for stage in 0..4 {
        let (inner, prefix) = (stem << stage, format!("layer{}.0", stage + 1));
        convolution(&format!("{prefix}.conv1"), &format!("{prefix}.bn1"), [inner, input, 1]);
        convolution(&format!("{prefix}.conv2"), &format!("{prefix}.bn2"), [inner, inner, 3]);
        convolution(
            &format!("{prefix}.conv3"),
            &format!("{prefix}.bn3"),
            [4 * inner, inner, 1],
        );
        let (down, norm) = (format!("{prefix}.downsample.0"), format!("{prefix}.downsample.1"));
        convolution(&down, &norm, [4 * inner, input, 1]);
        input = 4 * inner;
    }
    let narrow = 1.0 / (input as f32).sqrt();
    tensors.insert(
        "visual.attnpool.positional_embedding".into(),
        random.flat(&[5, input], 0.0, 0.5),
    );
    for (name, output) in [("q_proj", input), ("k_proj", input), ("v_proj", input), ("c_proj", 16)] {
        let prefix = format!("visual.attnpool.{name}");
        tensors.insert(format!("{prefix}.weight"), random.flat(&[output, input], 0.0, narrow));
        tensors.insert(format!("{prefix}.bias"), random.flat(&[output], 0.0, 0.1));
    }
    write_flats(&path, &tensors).unwrap();
    folder
}

/// Half precision at the widths of real towers, with activations as large as theirs. On a GPU it computes there.
#[test]
fn heatmaps_in_half_precision_hold_at_real_widths() {
    let device = match clipsight::engine::gpu() {
        Ok(Some((device, _))) if device.supports_dtype(DType::F16) => device,
        _ => Device::flex(),
    };
    let models = [
        ("a ViT of width 768", wide_vit("clip-f32", 768), 5),
        ("a ViT of width 1024", wide_vit("clip-f32", 1_024), 5),
        ("SigLIP of width 768", wide_vit("siglip", 768), 5),
        ("a ResNet of width 1024", wide_resnet(32), 2),
    ];
    let mut problems = Vec::new();
    for (name, folder, least) in models {
        let open = |precision| Model::open_in(folder.path(), &device, precision).unwrap();
        let (full, half) = (open(Precision::Full), open(Precision::Half));
        problems.extend(maps_that_differ(name, &full, &half, "photo-wide.png", least));
    }
    assert!(problems.is_empty(), "{problems:#?}");
}

/// What no patch covers has no cell: so400m's 384 pixels hold 27 patches of 14.
#[test]
fn maps_cover_what_whole_patches_cover() {
    for (name, covers) in [("clip-bf16", 28.0 / 30.0), ("clip-f32", 1.0), ("openclip-resnet", 1.0)] {
        let model = Model::open(&fixtures().join(name), &Device::flex()).unwrap();
        let picture = decode(&fixtures().join("pictures/photo-wide.png")).unwrap();
        let view = model.preprocessing().model_view(&picture).unwrap();
        let text = model
            .embed_texts(&[model.tokenize("a cat").unwrap()])
            .unwrap()
            .remove(0);
        let covered = |method| heat_maps(&model, method, &view, &text.vector).unwrap()[0].covers;
        assert_eq!(
            covered(HeatmapMethod::default_for(model.info().tower)),
            covers,
            "{name}"
        );
        assert_eq!(
            covered(HeatmapMethod::Occlusion),
            1.0,
            "{name}: it covers the whole picture"
        );
    }
}

/// Changes one number of a stored tensor.
fn put_number(path: &Path, tensor: &str, place: usize, number: &[u8]) {
    let mut bytes = std::fs::read(path).unwrap();
    let length = u64::from_le_bytes(bytes[..8].try_into().unwrap()) as usize;
    let header: Value = serde_json::from_slice(&bytes[8..8 + length]).unwrap();
    let start = header[tensor]["data_offsets"][0].as_u64().unwrap() as usize;
    let at = 8 + length + start + place * number.len();
    bytes[at..at + number.len()].copy_from_slice(number);
    std::fs::write(path, bytes).unwrap();
}

#[test]
fn a_weight_that_is_no_number_is_refused_with_its_file_and_tensor() {
    let half = |bits: u16| bits.to_le_bytes().to_vec();
    let cases = [
        (
            "clip-f32",
            "model.safetensors",
            "vision_model.post_layernorm.bias",
            f32::NAN.to_le_bytes().to_vec(),
        ),
        (
            "clip-f32",
            "model.safetensors",
            "text_projection.weight",
            f32::NEG_INFINITY.to_le_bytes().to_vec(),
        ),
        (
            "clip-f32",
            "model.safetensors",
            "logit_scale",
            f32::NAN.to_le_bytes().to_vec(),
        ),
        (
            "clip-f16",
            "model.safetensors",
            "visual_projection.weight",
            half(0x7e00),
        ),
        (
            "clip-bf16",
            "model.safetensors",
            "text_model.final_layer_norm.weight",
            half(0xff80),
        ),
        (
            "siglip",
            "model-00002-of-00002.safetensors",
            "",
            f32::NAN.to_le_bytes().to_vec(),
        ),
        (
            "openclip-resnet",
            "open_clip_model.safetensors",
            "visual.bn1.running_var",
            f32::NAN.to_le_bytes().to_vec(),
        ),
    ];
    for (name, file, tensor, number) in cases {
        let folder = copy_of(name);
        let path = folder.path().join(file);
        let tensor = match tensor {
            "" => {
                let mut shard = Checkpoint::open(std::slice::from_ref(&path), &Device::flex()).unwrap();
                shard.all_floats().unwrap().keys().next().unwrap().clone()
            }
            named => named.to_string(),
        };
        put_number(&path, &tensor, 0, &number);
        let error = error_of(folder.path());
        assert!(
            error.contains(file) && error.contains(&tensor) && error.contains("NaN"),
            "{error}"
        );
    }
    let folder = copy_of("clip-f32");
    put_number(
        &folder.path().join("model.safetensors"),
        "logit_scale",
        0,
        &200f32.to_le_bytes(),
    );
    assert!(error_of(folder.path()).contains("logit_scale is so large"));
}

#[test]
fn an_adapter_that_is_no_number_is_refused_too() {
    let folder = tempfile::tempdir().unwrap();
    let base = fixtures().join("clip-f32");
    let identity = Model::open(&base, &Device::flex())
        .unwrap()
        .info()
        .full_identity
        .clone();
    let config = serde_json::json!({
        "name": "n", "method": "lora", "base": base, "base_identity": identity, "blend": 1.0, "classes": [],
        "kind": { "type": "parameters" },
    });
    std::fs::write(folder.path().join("adapter.json"), config.to_string()).unwrap();
    let write = |name: &str, value: f32| {
        let flat = Flat {
            shape: vec![1],
            values: vec![value],
        };
        write_flats(
            &folder.path().join("adapter.safetensors"),
            &[(name.to_string(), flat)].into(),
        )
        .unwrap();
    };
    write("logit_scale", 3.0);
    assert!(Model::open(folder.path(), &Device::flex()).is_ok());
    write("logit_scale", f32::NAN);
    let error = error_of(folder.path());
    assert!(error.contains("adapter.safetensors: logit_scale holds NaN"), "{error}");
    write("logit_scale", 500.0);
    let error = error_of(folder.path());
    assert!(
        error.contains("adapter.safetensors") && error.contains("infinity"),
        "{error}"
    );
}

/// Weights that are all numbers can still overflow on the way.
#[test]
fn an_embedding_that_is_no_number_is_an_error_that_names_the_tower() {
    for (tensor, tower) in [
        ("vision_model.post_layernorm.weight", "image tower"),
        ("text_model.final_layer_norm.weight", "text tower"),
    ] {
        let folder = copy_of("clip-f32");
        let path = folder.path().join("model.safetensors");
        for place in 0..32 {
            put_number(&path, tensor, place, &3e38f32.to_le_bytes());
        }
        let model = Model::open(folder.path(), &Device::flex()).unwrap();
        let picture = decode(&fixtures().join("pictures/photo-wide.png")).unwrap();
        let image = model.embed_images(&[model.preprocessing().pixels(&picture).unwrap()]);
        let text = model.embed_texts(&[model.tokenize("a cat").unwrap()]);
        let error = if tower == "image tower" {
            assert!(text.is_ok());
            image.unwrap_err()
        } else {
            assert!(image.is_ok());
            text.unwrap_err()
        };
        let error = error.to_string();
        assert!(error.contains("model.safetensors") && error.contains(tower), "{error}");
        let view = model.preprocessing().model_view(&picture).unwrap();
        for method in HeatmapMethod::fitting(model.info().tower) {
            let maps = heat_maps(&model, method, &view, &[0.25; 16]);
            assert_eq!(maps.is_ok(), tower == "text tower", "{}: {maps:?}", method.name());
        }
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
        skips::not_checked("CLIPSIGHT_VIT_B_32 and CLIPSIGHT_CLIP_PNG do not name the real checkpoint's files");
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
    for (ours, published) in scores.probabilities().zip(PUBLISHED) {
        assert!((ours - published).abs() < TOLERANCE, "{ours} against {published}");
    }
}
