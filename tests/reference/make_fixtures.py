"""Makes tests/fixtures: tiny CLIP models with random weights, pictures, and what the reference computes from them.

make_fixtures.py, from anywhere. Needs torch, transformers, tokenizers, safetensors, numpy and pillow<13 (Pillow resizes
the width first; from 13 on it takes the height first for some shapes, which moves pixels by a level), all from PyPI. The
references are transformers' CLIPModel, CLIPTokenizer and CLIPImageProcessorPil (and so Pillow), and for the starter the
PyTorch code beside this file.
Seeds are fixed: the same versions give the same files. Versions used are written into each expected.json.
"""
import json
from pathlib import Path

import numpy as np
import PIL
import torch
import torch.nn.functional as F
import transformers
from PIL import Image
from safetensors.torch import save_file
from starter import Starter, as_list
from tokenizers import Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers
from transformers import CLIPConfig, CLIPModel, CLIPTokenizer
from transformers.models.clip.image_processing_pil_clip import CLIPImageProcessorPil

ROOT = Path(__file__).resolve().parents[2]
OUT = ROOT / "tests" / "fixtures"
TEXTS = [
    "cat",
    "a photo of a cat.",
    "a photo of a dog, with a comma",
    "Like a HORSE,   with black and white stripes",
    "naïve café – 42 lemons!",
    "",
    "one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen "
    "nineteen twenty twenty-one twenty-two twenty-three twenty-four",
]
# Name: (dtype, activation, image size, patch, width, heads, blocks, old rule of pooling, preprocessing)
MODELS = {
    "clip-f32": (torch.float32, "quick_gelu", 32, 8, 32, 4, 2, False, {}),
    "clip-f16": (torch.float16, "gelu", 48, 16, 24, 2, 3, True, {"resample": 2}),
    "clip-bf16": (torch.bfloat16, "quick_gelu", 30, 7, 40, 5, 1, False, {"image_mean": [0.5] * 3, "image_std": [0.5] * 3}),
}
CONTEXT = 20


def pictures():
    """Lossless pictures of every awkward shape."""
    folder = OUT / "pictures"
    folder.mkdir(parents=True, exist_ok=True)
    noise = np.random.default_rng(0)
    photo = Image.open(ROOT / "assets/samples/photos/cat.jpg").convert("RGB")
    made = {
        "photo-wide.png": photo.resize((193, 128), Image.BICUBIC),
        "photo-tall.png": photo.crop((60, 0, 200, photo.height)).resize((81, 174), Image.BICUBIC),
        "noise.png": Image.fromarray(noise.integers(0, 256, (61, 97, 3), dtype=np.uint8)),
        "tiny.png": Image.fromarray(noise.integers(0, 256, (3, 5, 3), dtype=np.uint8)),
        "line.png": Image.fromarray(noise.integers(0, 256, (2, 150, 3), dtype=np.uint8)),
        "grey.png": Image.fromarray(noise.integers(0, 256, (40, 40), dtype=np.uint8)),
        "transparent.png": Image.fromarray(noise.integers(0, 256, (50, 33, 4), dtype=np.uint8), "RGBA"),
    }
    for name, picture in made.items():
        picture.save(folder / name)
    return {name: Image.open(folder / name) for name in made}


def tokenizer(texts=TEXTS):
    """CLIP's kind of tokenizer (lower case, byte pairs, end-of-word suffix) on a handful of merges."""
    tok = Tokenizer(models.BPE(continuing_subword_prefix="", end_of_word_suffix="</w>", unk_token="<|endoftext|>"))
    tok.normalizer = normalizers.Sequence([normalizers.NFC(), normalizers.Replace(Regex(r"\s+"), " "), normalizers.Lowercase()])
    words = Regex(r"'s|'t|'re|'ve|'m|'ll|'d|[\p{L}]+|[\p{N}]|[^\s\p{L}\p{N}]+")
    split = pre_tokenizers.Split(words, behavior="removed", invert=True)
    tok.pre_tokenizer = pre_tokenizers.Sequence([split, pre_tokenizers.ByteLevel(add_prefix_space=False)])
    tok.decoder = decoders.ByteLevel()
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    trainer = trainers.BpeTrainer(vocab_size=600, initial_alphabet=alphabet, end_of_word_suffix="</w>", show_progress=False)
    tok.train_from_iterator(texts * 3, trainer)
    tok.add_special_tokens(["<|startoftext|>", "<|endoftext|>"])
    start, end = tok.token_to_id("<|startoftext|>"), tok.token_to_id("<|endoftext|>")
    tok.post_processor = processors.RobertaProcessing(("<|endoftext|>", end), ("<|startoftext|>", start), trim_offsets=False, add_prefix_space=False)
    tok.enable_truncation(CONTEXT)  # as published files do: the reader must switch it off
    return tok, start, end


def clearclip(model, pixels, texts):
    """ClearCLIP (arXiv 2407.12442) written out: last attention with softmax(Q Q^T / sqrt d), no residual, no MLP."""
    vision = model.vision_model
    states = vision.pre_layrnorm(vision.embeddings(pixels))
    for layer in vision.encoder.layers[:-1]:
        states = layer(states, None)
        states = states[0] if isinstance(states, tuple) else states
    last = vision.encoder.layers[-1]
    attention = last.self_attn
    x = last.layer_norm1(states)
    heads = attention.num_heads

    def split(y):
        return y.view(1, y.shape[1], heads, -1).transpose(1, 2)

    q, v = split(attention.q_proj(x)), split(attention.v_proj(x))
    weights = (q @ q.transpose(2, 3) / q.shape[-1] ** 0.5).softmax(-1)
    z = attention.out_proj((weights @ v).transpose(1, 2).reshape(x.shape))
    tokens = F.normalize(model.visual_projection(vision.post_layernorm(z))[0, 1:], dim=-1)
    grid = int(tokens.shape[0] ** 0.5)
    return (texts @ tokens.T).view(-1, grid, grid)


def randomise(model):
    """Weights large enough that every part matters, biases included."""
    for name, weight in model.named_parameters():
        if "layer_norm" in name or "layernorm" in name or "layrnorm" in name:
            weight.data = torch.randn_like(weight) * 0.2 + (1.0 if name.endswith("weight") else 0.0)
        elif name != "logit_scale":
            weight.data = torch.randn_like(weight) * (0.5 / max(weight.shape[-1], 1) ** 0.5 + 0.05)


def make_model(name, spec, images):
    dtype, act, size, patch, width, heads, blocks, old_pooling, preprocessing = spec
    torch.manual_seed(len(name))
    tok, start, end = tokenizer()
    shared = {"hidden_act": act, "num_attention_heads": heads, "num_hidden_layers": blocks}
    text = {**shared, "vocab_size": tok.get_vocab_size(), "hidden_size": width, "intermediate_size": 2 * width,
            "max_position_embeddings": CONTEXT, "bos_token_id": start, "eos_token_id": 2 if old_pooling else end}
    vision = {**shared, "hidden_size": width, "intermediate_size": 3 * width, "image_size": size, "patch_size": patch}
    config = CLIPConfig(text_config=text, vision_config=vision, projection_dim=16)
    model = CLIPModel(config).eval()
    randomise(model)
    state = {key: value.to(dtype).contiguous() for key, value in model.state_dict().items()}
    state["text_model.embeddings.position_ids"] = torch.arange(CONTEXT).unsqueeze(0)  # as older files have it
    model.load_state_dict({key: value.float() for key, value in state.items()}, strict=False)

    folder = OUT / name
    folder.mkdir(parents=True, exist_ok=True)
    save_file(state, folder / "model.safetensors", metadata={"format": "pt"})
    (folder / "config.json").write_text(json.dumps({"model_type": "clip", "projection_dim": 16, "text_config": text, "vision_config": vision}, indent=1))
    settings = {"size": {"shortest_edge": size}, "crop_size": {"height": size, "width": size}, **preprocessing}
    processor = CLIPImageProcessorPil(**settings)
    saved = {"do_resize": True, "do_center_crop": True, "do_rescale": True, "do_normalize": True, "resample": 3, **settings}
    saved.setdefault("image_mean", processor.image_mean)
    saved.setdefault("image_std", processor.image_std)
    (folder / "preprocessor_config.json").write_text(json.dumps(saved, indent=1))
    tok.save(str(folder / "tokenizer.json"))

    # The reference's own class, over the vocabulary and merges of the file.
    reference = CLIPTokenizer.from_pretrained(folder)
    ids = [reference(text, truncation=True, max_length=CONTEXT)["input_ids"] for text in TEXTS]
    with torch.no_grad():
        pixels = {n: processor(images=i.convert("RGB"), return_tensors="pt")["pixel_values"] for n, i in images.items()}
        text_embeds = torch.stack([model.get_text_features(input_ids=torch.tensor([one])).pooler_output[0] for one in ids])
        image_embeds = torch.stack([model.get_image_features(pixel_values=p).pooler_output[0] for p in pixels.values()])
        unit = F.normalize(text_embeds, dim=-1)
        logits = model.logit_scale.exp() * F.normalize(image_embeds, dim=-1) @ unit.T
        maps = clearclip(model, pixels["photo-wide.png"], unit[:2])
    expected = expected_json(images, pixels, ids, text_embeds, image_embeds, logits, saved)
    expected["heatmap"] = {"picture": "photo-wide.png", "method": "clearclip", "maps": as_list(maps)}
    (folder / "expected.json").write_text(json.dumps(expected))


def expected_json(images, pixels, ids, text_embeds, image_embeds, logits, preprocessing):
    mean = torch.tensor(preprocessing["image_mean"]).view(3, 1, 1)
    std = torch.tensor(preprocessing["image_std"]).view(3, 1, 1)
    bytes_of = {n: ((p[0] * std + mean) * 255).round().clamp(0, 255).to(torch.uint8) for n, p in pixels.items()}
    return {
        "made_with": {"torch": torch.__version__, "transformers": transformers.__version__, "pillow": PIL.__version__},
        "texts": TEXTS,
        "ids": ids,
        "text_embeds": as_list(text_embeds),
        "pictures": list(images),
        "model_views": {n: b.permute(1, 2, 0).flatten().tolist() for n, b in bytes_of.items() if b.shape[-1] <= 48},
        "image_embeds": as_list(image_embeds),
        "logits": as_list(logits),
    }


def make_starter(images):
    folder = ROOT / "assets" / "starter"
    starter = Starter(folder)
    settings = json.loads((folder / "preprocessor_config.json").read_text())
    settings.pop("image_processor_type")
    processor = CLIPImageProcessorPil(**settings)
    with torch.no_grad():
        pixels = {n: processor(images=i.convert("RGB"), return_tensors="pt")["pixel_values"] for n, i in images.items()}
        ids = [starter.ids(text) for text in TEXTS]
        text_embeds = torch.stack([starter.embed_text(text) for text in TEXTS])
        image_embeds = torch.stack([starter.embed_pixels(p)[0] for p in pixels.values()])
        unit = F.normalize(text_embeds, dim=-1)
        logits = starter.weights["logit_scale"].exp() * F.normalize(image_embeds, dim=-1) @ unit.T
        maps = starter.class_activation(pixels["photo-wide.png"], unit[:2])
    expected = expected_json(images, pixels, ids, text_embeds, image_embeds, logits, settings)
    expected["heatmap"] = {"picture": "photo-wide.png", "method": "class-activation", "maps": as_list(maps)}
    out = OUT / "starter"
    out.mkdir(parents=True, exist_ok=True)
    (out / "expected.json").write_text(json.dumps(expected))


def make_large_views(images):
    """The 224-pixel square of two pictures: enlarging and shrinking at a real size."""
    photo = Image.open(ROOT / "assets/samples/photos/coffee.jpg").convert("RGB")
    photo.save(OUT / "pictures" / "photo-large.png")
    processor = CLIPImageProcessorPil()
    for name, picture in [("photo-large", photo), ("photo-wide", images["photo-wide.png"])]:
        pixels = processor(images=picture, return_tensors="np", do_normalize=False, do_rescale=False)["pixel_values"][0]
        Image.fromarray(np.asarray(pixels).transpose(1, 2, 0).astype(np.uint8)).save(OUT / "pictures" / f"{name}.view224.png")


if __name__ == "__main__":
    torch.set_num_threads(1)
    found = pictures()
    for model_name, model_spec in MODELS.items():
        make_model(model_name, model_spec, found)
    make_starter(found)
    make_large_views(found)
