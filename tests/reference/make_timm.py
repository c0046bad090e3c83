"""Makes the fixtures of tests/timm.rs: image towers of timm's in OpenCLIP's layout, MetaCLIP 2, and SigLIP2 NaFlex.

make_timm.py, from anywhere, after make_fixtures.py (whose pictures it uses). Needs open_clip_torch and timm besides.
Every configuration has all the keys that the published one has (open_clip's own files, and what transformers saves), with
small sizes: a tower of timm's is built by its real name, with width, blocks and side overridden. The references are
open_clip, which opens the finished folder by itself (create_model and get_tokenizer on local-dir:), and transformers, with
tokenizers of the published classes over small vocabularies trained on the texts of this repository. Seeds are fixed.
"""
import json
import shutil
from pathlib import Path

import open_clip
import timm
import timm.models._registry as registry
import torch
import torch.nn.functional as F
from make_fixtures import CONTEXT, OUT, ROOT, TEXTS, as_list, expected_json, tokenizer
from make_layouts import UNCLEAN, clearclip_tokens, pictures, siglip_tokens
from safetensors.torch import save_file
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, trainers
from transformers import CLIPImageProcessor, GemmaTokenizer, MetaClip2Config, MetaClip2Model, Siglip2Config, Siglip2Model
from transformers import Siglip2Tokenizer, T5Tokenizer, XLMRobertaTokenizer
from transformers.models.clip.image_processing_pil_clip import CLIPImageProcessorPil
from transformers.models.siglip2.image_processing_pil_siglip2 import Siglip2ImageProcessorPil

CONFIGS = Path(open_clip.__file__).parent / "model_configs"
MORE_TEXTS = ["Snake_case_words, here", "Ein Foto von zwei Katzen", "une photo d’un chat", "фото кошки", "猫の写真", "Cafe\u0301 A&B"]


# --- Tokenizers of the published classes ---


def lines():
    """Texts of this repository to train on."""
    templates = (ROOT / "assets/templates/clip-80.txt").read_text().splitlines()
    names = [path.stem.replace("-", " ") for path in sorted((ROOT / "assets/samples").rglob("*.jpg"))]
    return TEXTS + UNCLEAN + MORE_TEXTS + [template.replace("{}", name) for template in templates for name in names[::6]]


def unigrams(special, size=400):
    tok = Tokenizer(models.Unigram())
    tok.normalizer = normalizers.NFKC()
    tok.pre_tokenizer = pre_tokenizers.Metaspace(replacement="▁", prepend_scheme="always")
    trainer = trainers.UnigramTrainer(vocab_size=size, special_tokens=special, unk_token="<unk>", show_progress=False)
    tok.train_from_iterator(lines(), trainer)
    # The last digits, and the order of pieces of one score, differ from run to run.
    vocab = [(piece, round(score, 3)) for piece, score in json.loads(tok.to_str())["model"]["vocab"]]
    return vocab[: len(special)] + sorted(vocab[len(special) :], key=lambda piece: (-piece[1], piece[0]))


def merges(special, size=500):
    tok = Tokenizer(models.BPE(byte_fallback=True, unk_token="<unk>", fuse_unk=True))
    tok.normalizer = normalizers.Replace(" ", "▁")
    tok.pre_tokenizer = pre_tokenizers.Split(pattern="▁", behavior="merged_with_next")
    special = special + [f"<0x{byte:02X}>" for byte in range(256)]
    trainer = trainers.BpeTrainer(vocab_size=size, special_tokens=special, show_progress=False)
    tok.train_from_iterator([line.lower() for line in lines()], trainer)
    model = json.loads(tok.to_str())["model"]
    return model["vocab"], [tuple(merge) for merge in model["merges"]]


GEMMA = ["<pad>", "<eos>", "<bos>", "<unk>", "<mask>"]


def t5():
    """As SigLIP's: the end token fills the context."""
    return T5Tokenizer(vocab=unigrams(["<pad>", "</s>", "<unk>"]), extra_ids=0, pad_token="</s>", model_max_length=64)


def xlm():
    return XLMRobertaTokenizer(vocab=unigrams(["<s>", "<pad>", "</s>", "<unk>"]) + [("<mask>", 0.0)], model_max_length=512)


def gemma(kind):
    vocab, pairs = merges(GEMMA)
    return kind(vocab=vocab, merges=pairs, add_bos_token=False, add_eos_token=True, padding_side="right", model_max_length=64)


# --- OpenCLIP ---

# Name: (open_clip's configuration, changes of vision_cfg, changes of text_cfg, kwargs of timm's tower, tokenizer,
# preprocess_cfg)
SIGLIP = {"mean": [0.5] * 3, "std": [0.5] * 3, "interpolation": "bicubic", "resize_mode": "squash"}
OPEN_CLIP = {
    "timm-siglip": (
        "ViT-B-16-SigLIP", {"image_size": 48}, {"width": 24, "heads": 3, "layers": 2, "context_length": 16},
        {"embed_dim": 24, "depth": 2, "img_size": 48}, t5, SIGLIP,
    ),
    "timm-siglip-i18n": (
        "ViT-SO400M-16-SigLIP-i18n-256", {"image_size": 32}, {"width": 32, "heads": 4, "layers": 2, "context_length": 16},
        {"embed_dim": 32, "depth": 2, "img_size": 32}, t5, SIGLIP,
    ),
    # 44 pixels and patches of 16: a row and a column that no patch reaches, as in so400m/14 at 384.
    "timm-siglip2": (
        "ViT-SO400M-16-SigLIP2-256", {"image_size": 44}, {"width": 32, "heads": 4, "layers": 2, "context_length": 16},
        {"embed_dim": 32, "depth": 2, "img_size": 44}, lambda: gemma(GemmaTokenizer), SIGLIP,
    ),
    "timm-clip": (
        "MobileCLIP2-L-14", {"image_size": 42}, {"width": 32, "heads": 4, "layers": 2, "context_length": CONTEXT},
        {"embed_dim": 32, "depth": 2, "img_size": 42}, None,
        {"mean": [0.0] * 3, "std": [1.0] * 3, "interpolation": "bicubic", "resize_mode": "shortest"},
    ),
    "openclip-worldwide": (
        "ViT-H-14-worldwide-quickgelu", {"image_size": 42, "layers": 2, "width": 40, "head_width": 10},
        {"width": 32, "heads": 4, "layers": 2, "context_length": 24}, None, xlm,
        {"mean": list(open_clip.OPENAI_DATASET_MEAN), "std": list(open_clip.OPENAI_DATASET_STD), "interpolation": "bicubic",
         "resize_mode": "shortest"},
    ),
}
# An ImageNet classifier's tower with OpenCLIP's own projection, which no published configuration has.
PLAIN = {
    "timm-plain": (
        "MobileCLIP2-L-14",
        {"image_size": 48, "timm_model_name": "vit_small_patch16_224", "timm_pool": "", "timm_proj": "linear", "timm_proj_bias": True},
        {"width": 24, "heads": 3, "layers": 1, "context_length": CONTEXT},
        {"embed_dim": 24, "depth": 2, "img_size": 48}, None, SIGLIP,
    ),
}


def randomise(model):
    """Weights large enough that every part matters."""
    for name, weight in model.named_parameters():
        if "norm" in name or "ln_" in name:
            weight.data = torch.randn_like(weight) * 0.2 + (1.0 if name.endswith("weight") else 0.0)
        elif "logit_" not in name:
            fan_in = weight[0].numel() if weight.ndim > 1 else weight.shape[0]
            weight.data = torch.randn_like(weight) * (1.0 / fan_in**0.5)
        weight.data = weight.data.half().float()


def timm_tower_of(name, small):
    """timm builds the tower by its real name, smaller."""
    real = registry._model_entrypoints[name]
    registry._model_entrypoints[name] = lambda pretrained=False, **kwargs: real(pretrained, **{**kwargs, **small})
    return lambda: registry._model_entrypoints.update({name: real})


def make_open_clip(name, spec, images):
    published, vision, text, small, make_tokenizer, preprocessing = spec
    torch.manual_seed(len(name))
    folder = OUT / name
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    texts = TEXTS + UNCLEAN + MORE_TEXTS
    if make_tokenizer is None:
        clean = open_clip.tokenizer.get_clean_fn("lower")
        tok, _, _ = tokenizer([clean(one) for one in texts])
        tok.save(str(folder / "tokenizer.json"))
        vocabulary = tok.get_vocab_size()
    else:
        tok = make_tokenizer()
        tok.save_pretrained(folder)
        vocabulary = len(tok)
    config = json.loads((CONFIGS / f"{published}.json").read_text())
    config["embed_dim"] = vision.get("width", small and small["embed_dim"]) if config["vision_cfg"].get("timm_proj") == "none" else 16
    config["vision_cfg"].update(vision)
    config["text_cfg"].update(text, vocab_size=vocabulary)
    settings = {"size": [vision["image_size"]] * 2, "mode": "RGB", "fill_color": 0, **preprocessing}
    (folder / "open_clip_config.json").write_text(json.dumps({"model_cfg": config, "preprocess_cfg": settings}, indent=1))

    restore = timm_tower_of(config["vision_cfg"]["timm_model_name"], small) if small else lambda: None
    local = f"local-dir:{folder}"
    model = open_clip.create_model(local, load_weights=False)
    randomise(model)
    save_file({key: value.half().contiguous() for key, value in model.state_dict().items()}, folder / "open_clip_model.safetensors")
    model, _, transform = open_clip.create_model_and_transforms(local)
    restore()
    model.eval()

    if make_tokenizer is None:
        limit = text["context_length"]
        tok.no_truncation()
        rows = [tok.encode(clean(one)).ids for one in texts]
        rows = [row if len(row) <= limit else row[: limit - 1] + row[-1:] for row in rows]
        ids = torch.tensor([row + [0] * (limit - len(row)) for row in rows])
    else:
        ids = open_clip.get_tokenizer(local)(texts)
        rows = [[i for i in row if i != tok.pad_token_id] for row in ids.tolist()]
    whole = config["text_cfg"].get("no_causal_mask")
    with torch.no_grad():
        pixels = {n: transform(i.convert("RGB")).unsqueeze(0) for n, i in images.items()}
        text_embeds = model.encode_text(ids)
        image_embeds = torch.cat([model.encode_image(p) for p in pixels.values()])
        bias = None if model.logit_bias is None else float(model.logit_bias)
        scale = float(model.logit_scale.exp())
        dense = timm_tokens if small else clearclip_tokens
        tokens = dense(model.visual, pixels["photo-wide.png"])
    finish(folder, images, pixels, texts, ids.tolist() if whole else rows, text_embeds, image_embeds, scale, bias,
           settings["mean"], settings["std"], tokens, [int(tokens.shape[0] ** 0.5)] * 2)


def timm_tokens(visual, pixels):
    """ClearCLIP in a tower of timm's, up to the shared space; with an attention pool each token by its own way through."""
    trunk = visual.trunk
    x = trunk.norm_pre(trunk._pos_embed(trunk.patch_embed(pixels)))
    for block in trunk.blocks[:-1]:
        x = block(x)
    last = trunk.blocks[-1].attn
    y = trunk.blocks[-1].norm1(x)
    q, _, v = last.qkv(y).chunk(3, -1)

    def split(z):
        return z.view(1, z.shape[1], last.num_heads, -1).transpose(1, 2)

    q, v = split(q), split(v)
    weights = (q @ q.transpose(2, 3) / q.shape[-1] ** 0.5).softmax(-1)
    z = trunk.norm(last.proj((weights @ v).transpose(1, 2).reshape(y.shape)))
    if trunk.attn_pool is None:
        return visual.head(trunk.head(z))[0, 1:]
    return torch.cat([trunk.attn_pool(token.view(1, 1, -1)) for token in z[0]])


def finish(folder, images, pixels, texts, ids, text_embeds, image_embeds, scale, bias, mean, std, tokens, grid):
    unit = F.normalize(text_embeds, dim=-1)
    logits = scale * F.normalize(image_embeds, dim=-1) @ unit.T + (bias or 0.0)
    expected = expected_json(images, pixels, ids, text_embeds, image_embeds, logits, {"image_mean": mean, "image_std": std})
    expected["texts"] = texts
    expected["logit_bias"] = bias
    expected["model_views"] = {n: v for n, v in expected["model_views"].items() if n in ("photo-wide.png", "photo-tall.png", "line.png")}
    maps = (unit[:2] @ F.normalize(tokens, dim=-1).T).view(-1, *grid)
    expected["heatmap"] = {"picture": "photo-wide.png", "method": "clearclip", "maps": as_list(maps)}
    (folder / "expected.json").write_text(json.dumps(expected))


# --- transformers ---


def make_metaclip(images):
    name = "metaclip2"
    torch.manual_seed(len(name))
    tok = xlm()
    shared = {"num_hidden_layers": 2, "num_attention_heads": 4, "hidden_act": "quick_gelu"}
    text = {**shared, "hidden_size": 32, "intermediate_size": 64, "vocab_size": len(tok), "max_position_embeddings": 24, "projection_dim": 16,
            "bos_token_id": 0, "eos_token_id": 2, "pad_token_id": 1}
    vision = {**shared, "hidden_size": 32, "intermediate_size": 96, "image_size": 42, "patch_size": 14, "projection_dim": 16}
    model = MetaClip2Model(MetaClip2Config(text_config=text, vision_config=vision, projection_dim=16)).eval()
    randomise(model)
    folder = OUT / name
    shutil.rmtree(folder, ignore_errors=True)
    model.half().save_pretrained(folder)
    model.float()
    settings = {"size": {"shortest_edge": 42}, "crop_size": {"height": 42, "width": 42}}
    processor = CLIPImageProcessorPil(**settings)
    CLIPImageProcessor(**settings).save_pretrained(folder)
    tok.save_pretrained(folder)
    texts = TEXTS + UNCLEAN + MORE_TEXTS
    rows = tok(texts, truncation=True, max_length=24)["input_ids"]
    padded = tok(texts, truncation=True, max_length=24, padding="max_length", return_tensors="pt")["input_ids"]
    with torch.no_grad():
        pixels = {n: processor(images=i.convert("RGB"), return_tensors="pt")["pixel_values"] for n, i in images.items()}
        text_embeds = model.get_text_features(input_ids=padded).pooler_output
        image_embeds = torch.cat([model.get_image_features(pixel_values=p).pooler_output for p in pixels.values()])
        tokens = clip_tokens(model, pixels["photo-wide.png"])
    finish(folder, images, pixels, texts, rows, text_embeds, image_embeds, float(model.logit_scale.exp().detach()), None,
           processor.image_mean, processor.image_std, tokens, [3, 3])


def clip_tokens(model, pixels):
    vision = model.vision_model
    x = vision.pre_layrnorm(vision.embeddings(pixels))
    for layer in vision.encoder.layers[:-1]:
        x = layer(x, None)
        x = x[0] if isinstance(x, tuple) else x
    last = vision.encoder.layers[-1]
    attention, y = last.self_attn, last.layer_norm1(x)

    def split(z):
        return z.view(1, z.shape[1], attention.num_heads, -1).transpose(1, 2)

    q, v = split(attention.q_proj(y)), split(attention.v_proj(y))
    weights = (q @ q.transpose(2, 3) / q.shape[-1] ** 0.5).softmax(-1)
    z = attention.out_proj((weights @ v).transpose(1, 2).reshape(y.shape))
    return model.visual_projection(vision.post_layernorm(z))[0, 1:]


def make_naflex(images):
    """The published preprocessor's keys, whose size is a number of patches; positions for 16, pictures of up to 24."""
    name = "siglip2"
    torch.manual_seed(len(name))
    tok = gemma(Siglip2Tokenizer)
    shared = {"hidden_size": 24, "intermediate_size": 40, "num_hidden_layers": 2, "num_attention_heads": 3}
    text = {**shared, "vocab_size": len(tok), "max_position_embeddings": 16, "projection_size": 24,
            "bos_token_id": 2, "eos_token_id": 1, "pad_token_id": 0}
    vision = {**shared, "patch_size": 8, "num_patches": 16}
    model = Siglip2Model(Siglip2Config(text_config=text, vision_config=vision)).eval()
    randomise(model)
    model.logit_scale.data.fill_(3.0)
    model.logit_bias.data.fill_(-4.0)
    folder = OUT / name
    shutil.rmtree(folder, ignore_errors=True)
    model.save_pretrained(folder)
    tok.save_pretrained(folder)
    settings = {"do_convert_rgb": None, "do_normalize": True, "do_rescale": True, "do_resize": True, "image_mean": [0.5] * 3,
                "image_processor_type": "Siglip2ImageProcessor", "image_std": [0.5] * 3, "max_num_patches": 24, "patch_size": 8,
                "processor_class": "Siglip2Processor", "resample": 2, "rescale_factor": 0.00392156862745098}
    (folder / "preprocessor_config.json").write_text(json.dumps(settings, indent=1))
    processor = Siglip2ImageProcessorPil(patch_size=8, max_num_patches=24)
    texts = TEXTS + MORE_TEXTS
    ids = tok(texts, truncation=True, max_length=16, padding="max_length", return_tensors="pt")["input_ids"]
    with torch.no_grad():
        inputs = {n: processor(images=i.convert("RGB"), return_tensors="pt") for n, i in images.items()}
        shapes = {n: one["spatial_shapes"][0].tolist() for n, one in inputs.items()}
        pixels = {n: unpatched(one["pixel_values"][0], *shapes[n]) for n, one in inputs.items()}
        text_embeds = model.get_text_features(input_ids=ids).pooler_output
        image_embeds = torch.cat([model.get_image_features(**one).pooler_output for one in inputs.values()])
        rows, columns = shapes["photo-wide.png"]
        wide = inputs["photo-wide.png"]
        tokens = naflex_tokens(model.vision_model, wide["pixel_values"][:, : rows * columns], wide["spatial_shapes"])
    finish(folder, images, pixels, texts, ids.tolist(), text_embeds, image_embeds, float(model.logit_scale.exp().detach()),
           float(model.logit_bias.detach()), [0.5] * 3, [0.5] * 3, tokens, [rows, columns])


def unpatched(patches, rows, columns, side=8):
    patches = patches[: rows * columns].view(rows, columns, side, side, 3)
    return patches.permute(4, 0, 2, 1, 3).reshape(1, 3, rows * side, columns * side)


def naflex_tokens(vision, patches, shapes):
    states = vision.embeddings(patches, shapes)

    class Square(torch.nn.Module):
        """The rest of the tower from these embeddings, under the names that siglip_tokens knows."""
        embeddings = staticmethod(lambda _: states)
        encoder, post_layernorm, head = vision.encoder, vision.post_layernorm, vision.head

    return siglip_tokens(Square, None)


# --- What open_clip's own configurations come down to ---


def make_configs():
    """Every configuration of open_clip with what its image tower is, if it is a plain one of timm's."""
    out = {}
    for path in sorted(CONFIGS.glob("*.json")):
        config = json.loads(path.read_text())
        tower = config.get("vision_cfg", {}).get("timm_model_name")
        facts = None
        if tower and tower.startswith("vit_"):
            with torch.device("meta"):
                trunk = timm.create_model(tower, num_classes=0)
            facts = facts_of(trunk) if isinstance(trunk, timm.models.VisionTransformer) else None
        out[path.stem] = {"model_cfg": config, "tower": facts}
    text = ",\n".join(f"{json.dumps(name)}: {json.dumps(entry)}" for name, entry in out.items())
    (OUT / "open-clip-configs.json").write_text("{\n" + text + "\n}\n")


def facts_of(trunk):
    block = trunk.blocks[0]
    act = {"GELU": "gelu", "GELUTanh": "gelu_tanh", "QuickGELU": "quick_gelu"}[type(block.mlp.act).__name__]
    return {"heads": block.attn.num_heads, "activation": act, "epsilon": block.norm1.eps, "class_token": trunk.cls_token is not None,
            "pre_norm": not isinstance(trunk.norm_pre, torch.nn.Identity), "attention_pool": trunk.attn_pool is not None,
            "layer_scale": not isinstance(block.ls1, torch.nn.Identity)}


if __name__ == "__main__":
    torch.set_num_threads(1)
    found = pictures()
    for fixture, fixture_spec in {**OPEN_CLIP, **PLAIN}.items():
        make_open_clip(fixture, fixture_spec, found)
    make_metaclip(found)
    make_naflex(found)
    make_configs()
