//! Models open as people have them: as transformers saves them, in other tools' folders, with files missing, and what is
//! no model is named. The folders and the numbers are from `tests/reference/make_opening.py`.

use std::path::{Path, PathBuf};

use burn::tensor::Device;
use clipsight::clip::{Model, is_model_folder};
use clipsight::library::decode;
use safetensors::Dtype;
use safetensors::tensor::{TensorView, serialize};
use serde_json::{Value, json};

const MIN_COSINE: f64 = 0.9999;
const MAX_LOGIT_DIFFERENCE: f64 = 1e-3;

fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures")
}

fn open(path: &Path) -> Model {
    Model::open(path, &Device::flex()).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn error_of(path: &Path) -> String {
    match Model::open(path, &Device::flex()) {
        Ok(_) => panic!("{} was opened", path.display()),
        Err(error) => error.to_string(),
    }
}

/// A copy of a fixture model that a test may change, in a folder of this name.
fn copy_as(name: &str, folder: &Path) {
    std::fs::create_dir_all(folder).unwrap();
    for entry in std::fs::read_dir(fixtures().join(name)).unwrap() {
        let path = entry.unwrap().path();
        std::fs::copy(&path, folder.join(path.file_name().unwrap())).unwrap();
    }
}

fn copy_of(name: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    copy_as(name, folder.path());
    folder
}

fn remove(folder: &Path, names: &[&str]) {
    for name in names {
        std::fs::remove_file(folder.join(name)).unwrap();
    }
}

fn read_json(path: &Path) -> Value {
    serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap()
}

fn edit_json(path: &Path, edit: impl FnOnce(&mut Value)) {
    let mut value = read_json(path);
    edit(&mut value);
    std::fs::write(path, value.to_string()).unwrap();
}

fn cosine(a: &[f32], b: &[f32]) -> f64 {
    let dot = |x: &[f32], y: &[f32]| x.iter().zip(y).map(|(a, b)| f64::from(*a) * f64::from(*b)).sum::<f64>();
    dot(a, b) / (dot(a, a).sqrt() * dot(b, b).sqrt())
}

/// Ids, embeddings and logits equal those of the reference.
fn check(path: &Path, fixture: &str) {
    let model = open(path);
    let expected = read_json(&fixtures().join(fixture).join("expected.json"));
    let strings = |key: &str| -> Vec<String> { serde_json::from_value(expected[key].clone()).unwrap() };
    let rows = |key: &str| -> Vec<Vec<f32>> { serde_json::from_value(expected[key].clone()).unwrap() };
    let texts = strings("texts");
    let tokens: Vec<_> = texts.iter().map(|text| model.tokenize(text).unwrap()).collect();
    let ids: Vec<Vec<u32>> = serde_json::from_value(expected["ids"].clone()).unwrap();
    for ((text, ours), theirs) in texts.iter().zip(&tokens).zip(&ids) {
        assert_eq!(&ours.ids, theirs, "{fixture}: {text:?}");
    }
    let text_embeddings = model.embed_texts(&tokens).unwrap();
    for (ours, theirs) in text_embeddings.iter().zip(rows("text_embeds")) {
        assert!(cosine(&ours.vector, &theirs) >= MIN_COSINE, "{fixture}");
    }
    let pictures: Vec<_> = strings("pictures")
        .iter()
        .map(|name| {
            let picture = decode(&fixtures().join("pictures").join(name)).unwrap();
            model.preprocessing().pixels(&picture).unwrap()
        })
        .collect();
    let image_embeddings = model.embed_images(&pictures).unwrap();
    for (ours, theirs) in image_embeddings.iter().zip(rows("image_embeds")) {
        assert!(cosine(&ours.vector, &theirs) >= MIN_COSINE, "{fixture}");
    }
    for (image, row) in image_embeddings.iter().zip(rows("logits")) {
        for (text, theirs) in text_embeddings.iter().zip(row) {
            let ours = model.info().scoring.logit(cosine(&image.vector, &text.vector) as f32);
            let difference = f64::from(ours - theirs).abs();
            assert!(difference < MAX_LOGIT_DIFFERENCE, "{fixture}: {ours} against {theirs}");
        }
    }
}

#[test]
fn what_transformers_5_saves_opens_and_equals_it() {
    for fixture in ["opening/clip", "opening/siglip", "opening/siglip2"] {
        assert!(is_model_folder(&fixtures().join(fixture)), "{fixture}");
        check(&fixtures().join(fixture), fixture);
    }
}

/// Their ids are from `CLIPTokenizer` over CLIP's real vocabulary.
#[test]
fn clips_own_tokenizer_equals_transformers() {
    let expected = read_json(&fixtures().join("opening/clip-tokens.json"));
    let files = copy_of("opening/clip");
    remove(files.path(), &["tokenizer.json", "vocab.json", "merges.txt"]);
    // A tower with CLIP's vocabulary and next to nothing behind it.
    let width = 16;
    edit_json(&files.path().join("config.json"), |config| {
        let text = &mut config["text_config"];
        (
            text["vocab_size"],
            text["eos_token_id"],
            text["max_position_embeddings"],
        ) = (json!(49_408), json!(49_407), json!(77));
    });
    rewrite(&files.path().join("model.safetensors"), |name, dtype, shape, bytes| {
        let rows = match name {
            "text_model.embeddings.token_embedding.weight" => 49_408,
            "text_model.embeddings.position_embedding.weight" => 77,
            _ => return (dtype, shape, bytes),
        };
        (dtype, vec![rows, width], vec![0; rows * width * 2])
    });
    let model = open(files.path());
    assert!(
        model.info().notes.iter().any(|note| note.contains("tokenizer.json")),
        "{:?}",
        model.info().notes
    );
    for (text, ids) in expected["texts"]
        .as_array()
        .unwrap()
        .iter()
        .zip(expected["ids"].as_array().unwrap())
    {
        assert_eq!(
            &json!(model.tokenize(text.as_str().unwrap()).unwrap().ids),
            ids,
            "{text}"
        );
    }
}

#[test]
fn a_tokenizer_in_two_files_is_the_same() {
    let folder = copy_of("opening/clip");
    remove(folder.path(), &["tokenizer.json"]);
    check(folder.path(), "opening/clip");
    remove(folder.path(), &["tokenizer_config.json"]);
    check(folder.path(), "opening/clip");
    remove(folder.path(), &["merges.txt"]);
    assert!(error_of(folder.path()).contains("merges.txt"));
    remove(folder.path(), &["vocab.json"]);
    let error = error_of(folder.path());
    assert!(
        error.contains("tokenizer.json is missing (or vocab.json with merges.txt"),
        "{error}"
    );
}

#[test]
fn without_picture_settings_the_familys_are_taken_and_said() {
    for fixture in ["opening/clip", "opening/siglip"] {
        let folder = copy_of(fixture);
        remove(folder.path(), &["processor_config.json"]);
        check(folder.path(), fixture);
        let notes = open(folder.path()).info().notes.clone();
        assert!(
            notes[0].contains("preprocessor_config.json") && notes[0].contains("24 x 24"),
            "{notes:?}"
        );
        assert_eq!(open(&fixtures().join(fixture)).info().notes, [""; 0]);
    }
}

#[test]
fn nulls_of_fast_processors_marks_and_numbers_that_are_none_count_as_absent() {
    let folder = copy_of("opening/siglip");
    let path = |name: &str| folder.path().join(name);
    let mut settings = read_json(&path("processor_config.json"))["image_processor"].take();
    for unset in [
        "crop_size",
        "do_center_crop",
        "device",
        "do_pad",
        "input_data_format",
        "pad_size",
        "return_tensors",
    ] {
        settings[unset] = Value::Null;
    }
    remove(folder.path(), &["processor_config.json"]);
    std::fs::write(path("preprocessor_config.json"), format!("\u{feff}{settings}")).unwrap();
    edit_json(&path("config.json"), |config| {
        config["text_config"]["id2label"] = Value::Null;
        config["vision_config"]["num_channels"] = Value::Null;
        config["text_config"]["initializer_range"] = json!("PUT NaN HERE");
    });
    let config = std::fs::read_to_string(path("config.json")).unwrap();
    let config = config
        .replace("\"PUT NaN HERE\"", "-Infinity")
        .replacen('{', "{\"x\": NaN,", 1);
    std::fs::write(path("config.json"), format!("\u{feff}{config}")).unwrap();
    check(folder.path(), "opening/siglip");
}

#[test]
fn early_configurations_mean_what_they_mean_to_transformers() {
    let folder = copy_of("opening/clip");
    let config = folder.path().join("config.json");
    let original = read_json(&config);
    let write = |change: &dyn Fn(&mut Value)| {
        let mut changed = original.clone();
        change(&mut changed);
        std::fs::write(&config, changed.to_string()).unwrap();
    };
    // Only the early names, and both with other values: the early ones win.
    write(&|config| {
        for part in ["text_config", "vision_config"] {
            config[format!("{part}_dict")] = config[part].take();
            config.as_object_mut().unwrap().remove(part);
        }
    });
    check(folder.path(), "opening/clip");
    write(&|config| {
        for part in ["text_config", "vision_config"] {
            config[format!("{part}_dict")] = config[part].clone();
            config[part]["hidden_act"] = json!("gelu");
            config[part]["layer_norm_eps"] = json!(0.1);
        }
    });
    check(folder.path(), "opening/clip");
    // What the early one leaves out has its default, whatever the other says.
    write(&|config| {
        config["text_config_dict"] = config["text_config"].clone();
        config["text_config_dict"]
            .as_object_mut()
            .unwrap()
            .remove("layer_norm_eps");
        config["text_config"]["layer_norm_eps"] = json!(0.1);
    });
    check(folder.path(), "opening/clip");
    write(&|config| config["text_config"]["eos_token_id"] = json!([config["text_config"]["eos_token_id"]]));
    check(folder.path(), "opening/clip");
    // Keys that nothing reads, and the names that parts have when they are saved alone.
    write(&|config| {
        config["quantization_config"] = json!({"bits": 4});
        for (key, value) in [
            ("foo", Value::Null),
            ("torch_dtype", json!("float16")),
            ("id2label", json!({"0": "A"})),
            ("transformers_version", json!("4.9")),
            ("pad_token_id", Value::Null),
            ("bos_token_id", Value::Null),
        ] {
            config["text_config"][key] = value;
        }
    });
    check(folder.path(), "opening/clip");
    write(&|config| {
        config["text_config"]["model_type"] = json!("clip_text_model");
        config["architectures"] = json!(["CLIPModel"]);
    });
    check(folder.path(), "opening/clip");
}

#[test]
fn an_end_token_that_no_text_holds_is_an_error() {
    let folder = copy_of("opening/clip");
    let config = folder.path().join("config.json");
    let original = read_json(&config);
    for end in [
        Value::Null,
        json!(5),
        json!(49_407),
        json!([]),
        json!([1, 5]),
        json!("end"),
    ] {
        let mut changed = original.clone();
        changed["text_config"]["eos_token_id"] = end.clone();
        std::fs::write(&config, changed.to_string()).unwrap();
        let error = error_of(folder.path());
        assert!(error.contains("eos_token_id"), "{end}: {error}");
    }
    // Where it is missing it is transformers' own, which is none of so few tokens.
    let mut changed = original;
    changed["text_config"].as_object_mut().unwrap().remove("eos_token_id");
    std::fs::write(&config, changed.to_string()).unwrap();
    assert!(error_of(folder.path()).contains("eos_token_id"));
}

#[test]
fn folders_of_other_tools_open() {
    let outer = tempfile::tempdir().unwrap();
    let parts = outer.path().join("clip-ViT-B-32");
    copy_as("opening/clip", &parts.join("0_CLIPModel"));
    std::fs::write(parts.join("modules.json"), "[]").unwrap();
    check(&parts, "opening/clip");
    assert!(is_model_folder(&parts));
    assert_eq!(open(&parts).info().name, "clip-ViT-B-32");

    let repository = outer.path().join("models--org--tiny");
    copy_as("opening/siglip", &repository.join("snapshots/aaa"));
    copy_as("opening/clip", &repository.join("snapshots/bbb"));
    std::fs::create_dir_all(repository.join("refs")).unwrap();
    std::fs::write(repository.join("refs/main"), "bbb\n").unwrap();
    check(&repository, "opening/clip");
    assert!(is_model_folder(&repository));
    assert_eq!(open(&repository).info().name, "org/tiny");
    std::fs::write(repository.join("refs/main"), "aaa").unwrap();
    check(&repository, "opening/siglip");
}

#[test]
fn the_last_epoch_of_a_training_is_opened_beside_its_configuration() {
    let folder = copy_of("openclip-custom-text");
    let weights = folder.path().join("open_clip_pytorch_model.bin");
    let whole = std::fs::read(&weights).unwrap();
    std::fs::write(folder.path().join("epoch_2.pt"), b"not this one").unwrap();
    std::fs::write(folder.path().join("epoch_10.pt"), &whole).unwrap();
    remove(folder.path(), &["open_clip_pytorch_model.bin"]);
    assert_eq!(open(folder.path()).info().files[0].name, "epoch_10.pt");
    // Alone it cannot be understood, and says what is missing.
    let alone = tempfile::tempdir().unwrap();
    std::fs::write(alone.path().join("epoch_10.pt"), &whole).unwrap();
    assert!(error_of(&alone.path().join("epoch_10.pt")).contains("open_clip_config.json"));
    assert!(error_of(alone.path()).contains("epoch_10.pt"));
}

#[test]
fn weights_of_pytorch_in_shards_open() {
    let folder = copy_of("clip-f32");
    remove(folder.path(), &["model.safetensors"]);
    let shard = "pytorch_model-00001-of-00001.bin";
    std::fs::copy(fixtures().join("clip-bin/pytorch_model.bin"), folder.path().join(shard)).unwrap();
    let list = json!({"metadata": {}, "weight_map": {"logit_scale": shard}});
    std::fs::write(folder.path().join("pytorch_model.bin.index.json"), list.to_string()).unwrap();
    let original = open(&fixtures().join("clip-f32"));
    let sharded = open(folder.path());
    let embed = |model: &Model| {
        model
            .embed_texts(&[model.tokenize("a cat").unwrap()])
            .unwrap()
            .remove(0)
            .vector
    };
    assert_eq!(embed(&original), embed(&sharded));
}

#[test]
fn of_two_layouts_the_one_that_can_be_computed_is_opened() {
    let folder = copy_of("opening/clip");
    let refused =
        json!({"model_cfg": {"embed_dim": 12, "vision_cfg": {"timm_model_name": "convnext_base"}, "text_cfg": {}}});
    std::fs::write(folder.path().join("open_clip_config.json"), refused.to_string()).unwrap();
    std::fs::write(folder.path().join("open_clip_model.safetensors"), b"never looked at").unwrap();
    assert!(is_model_folder(folder.path()));
    check(folder.path(), "opening/clip");
    // Where neither can, the reason is that of the first.
    edit_json(&folder.path().join("config.json"), |config| {
        config["model_type"] = json!("bert")
    });
    assert!(!is_model_folder(folder.path()));
    let error = error_of(folder.path());
    assert!(error.contains("convnext_base"), "{error}");
}

/// Every key of open_clip's `RN50.json`, its null included.
#[test]
fn open_clips_resnets_open_with_the_null_that_all_of_them_have() {
    let config = read_json(&fixtures().join("openclip-resnet/open_clip_config.json"));
    assert_eq!(config["model_cfg"]["vision_cfg"].get("patch_size"), Some(&Value::Null));
    open(&fixtures().join("openclip-resnet"));
    // As it lies in open_clip's own package, without what is around it.
    let folder = copy_of("openclip-resnet");
    std::fs::write(
        folder.path().join("open_clip_config.json"),
        config["model_cfg"].to_string(),
    )
    .unwrap();
    open(folder.path());
}

/// Writes a safetensors file anew, tensor by tensor.
fn rewrite(path: &Path, change: impl Fn(&str, Dtype, Vec<usize>, Vec<u8>) -> (Dtype, Vec<usize>, Vec<u8>)) {
    let bytes = std::fs::read(path).unwrap();
    let tensors = safetensors::SafeTensors::deserialize(&bytes).unwrap();
    let changed: Vec<_> = tensors
        .iter()
        .map(|(name, view)| {
            let (shape, data) = (view.shape().to_vec(), view.data().to_vec());
            (name.to_string(), change(name, view.dtype(), shape, data))
        })
        .collect();
    let views = changed
        .iter()
        .map(|(name, (dtype, shape, data))| (name.as_str(), TensorView::new(*dtype, shape.clone(), data).unwrap()));
    std::fs::write(path, serialize(views, None).unwrap()).unwrap();
}

#[test]
fn weights_in_other_types_are_one_sentence_that_names_the_type_once() {
    for (dtype, bytes, named) in [
        (Dtype::F8_E4M3, 1, "fp8 (e4m3)"),
        (Dtype::F8_E5M2, 1, "fp8 (e5m2)"),
        (Dtype::I8, 1, "int8"),
        (Dtype::F64, 8, "f64"),
    ] {
        let folder = copy_of("opening/clip");
        rewrite(&folder.path().join("model.safetensors"), |_, _, shape, _| {
            let count: usize = shape.iter().product();
            (dtype, shape, vec![0; count * bytes])
        });
        let error = error_of(folder.path());
        assert_eq!(error.matches(named).count(), 1, "{error}");
        assert!(
            error.contains("f32, f16 and bf16 are understood") && error.len() < 400,
            "{error}"
        );
    }
}

#[test]
fn what_was_saved_in_the_weights_place_is_named() {
    let pointer =
        "version https://git-lfs.github.com/spec/v1\noid sha256:4d7a214614ab2935c943f9e0ff69d22eadbb8f32b\nsize 1\n";
    for (content, named) in [
        (pointer, "Git LFS"),
        ("<!DOCTYPE html>\n<html><head><title>Sign in</title>", "web page"),
        ("{\"error\":\"Repository not found\"}", "Repository not found"),
        ("Entry not found", "Entry not found"),
        ("", "empty"),
    ] {
        let folder = copy_of("opening/clip");
        for file in ["model.safetensors", "tokenizer.json", "config.json"] {
            copy_as("opening/clip", folder.path());
            std::fs::write(folder.path().join(file), content).unwrap();
            let error = error_of(folder.path());
            assert!(error.contains(file), "{file}: {error}");
            // A JSON text is no mistake where JSON is expected.
            if file == "model.safetensors" || content.starts_with(['v', '<']) {
                assert!(error.contains(named), "{file}: {error}");
            }
        }
    }
}

#[test]
fn pictures_are_sized_as_transformers_sizes_them_in_every_form_of_a_size() {
    let sizes = fixtures().join("sizes");
    let picture = image::open(sizes.join("picture.png")).unwrap().to_rgb8();
    let cases: Vec<Value> = serde_json::from_value(read_json(&sizes.join("cases.json"))).unwrap();
    for (n, case) in cases.iter().enumerate() {
        let folder = copy_of("clip-f32");
        edit_json(&folder.path().join("preprocessor_config.json"), |settings| {
            for (key, value) in case.as_object().unwrap() {
                settings[key] = value.clone();
            }
        });
        let expected = sizes.join(format!("{n}.png"));
        if !expected.is_file() {
            let refused = error_of(folder.path());
            assert!(
                refused.contains("preprocessor_config.json") && refused.contains("longest_edge"),
                "{refused}"
            );
            continue;
        }
        let expected = image::open(expected).unwrap().to_rgb8();
        let ours = open(folder.path()).preprocessing().model_view(&picture).unwrap();
        assert_eq!(ours.dimensions(), expected.dimensions(), "{case}");
        let furthest = ours.iter().zip(expected.iter()).map(|(a, b)| a.abs_diff(*b)).max();
        // Pillow rounds its kernels to 8 bits.
        assert!(furthest <= Some(1), "{case}: {furthest:?}");
    }
}
