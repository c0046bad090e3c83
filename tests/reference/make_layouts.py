"""Makes the fixtures of tests/fixtures that are not Hugging Face's CLIPModel: OpenCLIP, OpenAI archives, SigLIP, shards.

make_layouts.py, from anywhere, after make_fixtures.py (whose pictures and tokenizer it uses). Needs open_clip_torch, ftfy
and sentencepiece besides. The references are open_clip (its CLIP and CustomTextCLIP, its transforms and its tokenizer) and
transformers (SiglipModel, CLIPModel). Seeds are fixed: the same versions give the same files.
"""
import json
import shutil
from pathlib import Path

import numpy as np
import open_clip
import torch
import torch.nn.functional as F
from make_fixtures import CONTEXT, OUT, TEXTS, as_list, expected_json, randomise, tokenizer
from open_clip.model import CLIP, CLIPTextCfg, CLIPVisionCfg, CustomTextCLIP
from open_clip.tokenizer import SimpleTokenizer
from open_clip.transform import PreprocessCfg, image_transform_v2
from PIL import Image
from safetensors.torch import save_file
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors, trainers
from transformers import SiglipConfig, SiglipModel
from transformers.models.siglip.image_processing_pil_siglip import SiglipImageProcessorPil
from transformers.models.siglip.tokenization_siglip import SiglipTokenizer

CLIP_MEAN = list(open_clip.OPENAI_DATASET_MEAN)
CLIP_STD = list(open_clip.OPENAI_DATASET_STD)
# Texts that OpenCLIP cleans before it tokenizes.
UNCLEAN = ["a “curly” cat’s photo", "salt &amp;amp; pepper", "  spaces\t and\nlines ", "ＦＵＬＬ width", "ﬁsh"]

CLEAN = open_clip.tokenizer.get_clean_fn("lower")


def pictures():
    return {p.name: Image.open(p) for p in sorted((OUT / "pictures").glob("*.png")) if "view224" not in p.name and p.name != "photo-large.png"}


def finish(folder, images, pixels, texts, ids, text_embeds, image_embeds, scale, bias, mean, std, heatmap):
    unit = F.normalize(text_embeds, dim=-1)
    logits = scale * F.normalize(image_embeds, dim=-1) @ unit.T + (bias or 0.0)
    expected = expected_json(images, pixels, ids, text_embeds, image_embeds, logits, {"image_mean": mean, "image_std": std})
    expected["texts"] = texts
    expected["logit_bias"] = bias
    if heatmap is not None:
        method, tokens = heatmap
        tokens = F.normalize(tokens, dim=-1)
        grid = int(tokens.shape[0] ** 0.5)
        maps = (unit[:2] @ tokens.T).view(-1, grid, grid)
        expected["heatmap"] = {"picture": "photo-wide.png", "method": method, "maps": as_list(maps)}
    (folder / "expected.json").write_text(json.dumps(expected))


# --- OpenCLIP and OpenAI ---

# Name: (vision config, text config, options of the model, preprocessing, file)
OPEN_CLIP = {
    "openclip-vit": (
        {"image_size": 32, "layers": 2, "width": 32, "head_width": 8, "patch_size": 8},
        {"width": 32, "heads": 4, "layers": 2},
        {},
        {},
        "safetensors",
    ),
    "openclip-custom-text": (
        {"image_size": 30, "layers": 1, "width": 24, "head_width": 12, "patch_size": 7, "mlp_ratio": 3.0, "no_ln_pre": True,
         "act_kwargs": {"approximate": "tanh"}, "norm_kwargs": {"eps": 1e-6}},
        {"width": 24, "heads": 3, "layers": 2, "proj_bias": True, "no_causal_mask": True, "act_kwargs": {"approximate": "tanh"}},
        {"custom_text": True, "init_logit_bias": -10.0},
        {"mean": [0.5] * 3, "std": [0.5] * 3, "interpolation": "bilinear", "resize_mode": "squash"},
        "bin",
    ),
    "openclip-resnet": (
        {"image_size": 64, "layers": [1, 2, 1, 1], "width": 8, "head_width": 16, "patch_size": None},
        {"width": 32, "heads": 4, "layers": 1},
        {"quick_gelu": True},
        {"resize_mode": "longest"},
        "safetensors",
    ),
    "openai-vit": (
        {"image_size": 32, "layers": 2, "width": 64, "head_width": 64, "patch_size": 16},
        {"width": 64, "heads": 1, "layers": 1},
        {"quick_gelu": True},
        {},
        "torchscript",
    ),
    "openai-resnet": (
        {"image_size": 64, "layers": [1, 1, 1, 1], "width": 8, "head_width": 64, "patch_size": None},
        {"width": 64, "heads": 1, "layers": 1},
        {"quick_gelu": True},
        {},
        "torchscript",
    ),
}


def randomise_all(model):
    """As make_fixtures does, for the paper's names; statistics of batch normalisation included."""
    for name, weight in model.named_parameters():
        norm = any(part in name for part in ("ln_", ".bn", "bn1", "bn2", "bn3", "downsample.1"))
        if norm:
            weight.data = torch.randn_like(weight) * 0.2 + (1.0 if name.endswith("weight") else 0.0)
        elif name not in ("logit_scale", "logit_bias"):
            fan_in = weight[0].numel() if weight.ndim > 1 else weight.shape[0]
            weight.data = torch.randn_like(weight) * (1.2 / fan_in**0.5)
    for name, buffer in model.named_buffers():
        if name.endswith("running_mean"):
            buffer.copy_(torch.randn_like(buffer) * 0.1)
        elif name.endswith("running_var"):
            buffer.copy_(torch.rand_like(buffer) + 0.5)


def tokenize_padded(tok, text):
    ids = tok.encode(text).ids
    ids = ids if len(ids) <= CONTEXT else ids[: CONTEXT - 1] + ids[-1:]
    return ids, ids + [0] * (CONTEXT - len(ids))


def clearclip_tokens(visual, pixels):
    """ClearCLIP in OpenCLIP's Vision Transformer, up to the shared space."""
    x = visual.conv1(pixels).flatten(2).transpose(1, 2)
    x = torch.cat([visual.class_embedding.view(1, 1, -1), x], 1) + visual.positional_embedding
    x = visual.ln_pre(x)
    for block in visual.transformer.resblocks[:-1]:
        x = block(x)
    last = visual.transformer.resblocks[-1]
    y = last.ln_1(x)
    q, _, v = F.linear(y, last.attn.in_proj_weight, last.attn.in_proj_bias).chunk(3, -1)

    def split(z):
        return z.view(1, z.shape[1], last.attn.num_heads, -1).transpose(1, 2)

    q, v = split(q), split(v)
    weights = (q @ q.transpose(2, 3) / q.shape[-1] ** 0.5).softmax(-1)
    z = last.attn.out_proj((weights @ v).transpose(1, 2).reshape(y.shape))
    return (visual.ln_post(z) @ visual.proj)[0, 1:]


def make_open_clip(name, spec, images):
    vision, text, options, preprocessing, kind = spec
    torch.manual_seed(len(name))
    tok, _, _ = tokenizer([CLEAN(one) for one in TEXTS + UNCLEAN])
    tok.no_truncation()
    text = {**text, "context_length": CONTEXT, "vocab_size": tok.get_vocab_size()}
    options = dict(options)
    custom = options.pop("custom_text", False)
    build = CustomTextCLIP if custom else CLIP
    # Nulls stay: every published configuration of a ResNet has one.
    model = build(16, CLIPVisionCfg(**vision), CLIPTextCfg(**text), **options).eval()
    randomise_all(model)
    if kind == "torchscript":
        model = model.half().float()

    settings = {"size": vision["image_size"], "mode": "RGB", "mean": CLIP_MEAN, "std": CLIP_STD, "interpolation": "bicubic",
                "resize_mode": "shortest", "fill_color": 0, **preprocessing}
    transform = image_transform_v2(PreprocessCfg(**settings), is_train=False)
    folder = OUT / name
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    save_open_clip(folder, model, kind, {"embed_dim": 16, "vision_cfg": vision, "text_cfg": text, "custom_text": custom, **options}, settings)
    tok.save(str(folder / "tokenizer.json"))

    texts = TEXTS + UNCLEAN
    ids = [tokenize_padded(tok, CLEAN(one)) for one in texts]
    with torch.no_grad():
        pixels = {n: transform(i.convert("RGB")).unsqueeze(0) for n, i in images.items()}
        text_embeds = torch.stack([model.encode_text(torch.tensor([padded]))[0] for _, padded in ids])
        image_embeds = torch.stack([model.encode_image(p)[0] for p in pixels.values()])
        # Those of ResNets are made by make_heatmaps.py.
        resnet = isinstance(vision["layers"], list)
        heatmap = None if resnet else ("clearclip", clearclip_tokens(model.visual, pixels["photo-wide.png"]))
        bias = None if model.logit_bias is None else float(model.logit_bias)
        scale = float(model.logit_scale.exp())
    expected_ids = [padded if text.get("no_causal_mask") else short for short, padded in ids]
    finish(folder, images, pixels, texts, expected_ids, text_embeds, image_embeds, scale, bias, settings["mean"], settings["std"], heatmap)


def save_open_clip(folder, model, kind, model_cfg, settings):
    if kind == "torchscript":
        return save_openai(folder, model)
    config = {"model_cfg": model_cfg, "preprocess_cfg": settings}
    (folder / "open_clip_config.json").write_text(json.dumps(config, indent=1))
    state = {key: value.contiguous() for key, value in model.state_dict().items()}
    if kind == "safetensors":
        save_file({key: value.half() if value.is_floating_point() else value for key, value in state.items()},
                  folder / "open_clip_model.safetensors")
        halved = {key: value.half().float() if value.is_floating_point() else value for key, value in state.items()}
        model.load_state_dict(halved)
    else:
        # As training leaves it: inside a checkpoint, under the prefix of parallel training, one matrix transposed in memory.
        state = {f"module.{key}": value for key, value in state.items()}
        key = "module.visual.proj"
        state[key] = state[key].T.contiguous().T
        torch.save({"epoch": 3, "name": "run", "state_dict": state}, folder / "open_clip_pytorch_model.bin")


def save_openai(folder, model):
    """A TorchScript archive with fp16 weights and the numbers that OpenAI's carry."""
    class Archive(torch.nn.Module):
        def __init__(self):
            super().__init__()
            for key, value in [("input_resolution", model.visual.image_size), ("context_length", CONTEXT), ("vocab_size", model.vocab_size)]:
                self.register_buffer(key, torch.tensor(value if isinstance(value, int) else value[0]))
            for key, value in model.named_children():
                setattr(self, key, value)
            for key, value in model.named_parameters(recurse=False):
                setattr(self, key, value)

        def forward(self, image):
            return self.visual(image)

    archive = Archive().eval()
    size = model.visual.image_size
    size = size if isinstance(size, int) else size[0]
    traced = torch.jit.trace(archive, torch.ones(1, 3, size, size), check_trace=False)
    traced.half().save(str(folder / "model.pt"))
    traced.float()


# --- SigLIP ---


def siglip_tokenizer():
    """T5's kind of tokenizer: unigrams, an end token, no start token. No class of transformers reads it without its
    sentencepiece model: make_opening.py holds Clipsight to SiglipTokenizer itself."""
    tok = Tokenizer(models.Unigram())
    tok.normalizer = normalizers.Sequence([normalizers.NFKC()])
    tok.pre_tokenizer = pre_tokenizers.Metaspace(replacement="▁", prepend_scheme="always")
    trainer = trainers.UnigramTrainer(vocab_size=300, special_tokens=["<pad>", "</s>", "<unk>"], unk_token="<unk>", show_progress=False)
    plain = [t.lower() for t in TEXTS] * 3
    tok.train_from_iterator(plain, trainer)
    tok.post_processor = processors.TemplateProcessing(single="$A </s>", special_tokens=[("</s>", tok.token_to_id("</s>"))])
    return tok


SIGLIP_CONTEXT = 16


def make_siglip(name, images):
    torch.manual_seed(len(name))
    tok = siglip_tokenizer()
    pad = tok.token_to_id("</s>")
    shared = {"hidden_size": 24, "intermediate_size": 40, "num_hidden_layers": 2, "num_attention_heads": 3, "hidden_act": "gelu_pytorch_tanh"}
    text = {**shared, "vocab_size": tok.get_vocab_size(), "max_position_embeddings": SIGLIP_CONTEXT, "projection_size": 24,
            "bos_token_id": 0, "eos_token_id": 1, "pad_token_id": pad}
    side, patch = 32, 8
    vision = {**shared, "patch_size": patch, "image_size": side}
    model = SiglipModel(SiglipConfig(text_config=text, vision_config=vision)).eval()
    randomise_siglip(model)

    folder = OUT / name
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    state = {key: value.contiguous() for key, value in model.state_dict().items()}
    save_shards(folder, state)
    written = {"model_type": "siglip", "text_config": text, "vision_config": vision}
    (folder / "config.json").write_text(json.dumps(written, indent=1))
    settings = {"do_resize": True, "size": {"height": side, "width": side}, "resample": 3, "do_rescale": True,
                "rescale_factor": 1 / 255, "do_normalize": True, "image_mean": [0.5] * 3, "image_std": [0.5] * 3}
    (folder / "preprocessor_config.json").write_text(json.dumps(settings, indent=1))
    tok_config = {"tokenizer_class": "SiglipTokenizer", "pad_token": "</s>"}
    (folder / "tokenizer_config.json").write_text(json.dumps(tok_config, indent=1))
    tok.save(str(folder / "tokenizer.json"))

    canonical = SiglipTokenizer.__new__(SiglipTokenizer)
    canonical.do_lower_case = True
    ids = []
    for one in TEXTS:
        one = SiglipTokenizer.canonicalize_text(canonical, one)
        row = tok.encode(one).ids
        row = row if len(row) <= SIGLIP_CONTEXT else row[: SIGLIP_CONTEXT - 1] + row[-1:]
        ids.append(row + [pad] * (SIGLIP_CONTEXT - len(row)))
    processor = SiglipImageProcessorPil(**settings)
    with torch.no_grad():
        pixels = {n: processor(images=i.convert("RGB"), return_tensors="pt")["pixel_values"] for n, i in images.items()}
        text_embeds = model.get_text_features(input_ids=torch.tensor(ids)).pooler_output
        image_embeds = torch.cat([model.get_image_features(pixel_values=p).pooler_output for p in pixels.values()])
        tokens = siglip_tokens(model.vision_model, pixels["photo-wide.png"])
        scale, bias = float(model.logit_scale.exp()), float(model.logit_bias)
    finish(folder, images, pixels, TEXTS, ids, text_embeds, image_embeds, scale, bias, [0.5] * 3, [0.5] * 3, ("clearclip", tokens))


def siglip_tokens(vision, pixels):
    """ClearCLIP's tokens, each by its own way through the pooling head."""
    states = vision.embeddings(pixels)
    for layer in vision.encoder.layers[:-1]:
        states = layer(states, None)
        states = states[0] if isinstance(states, tuple) else states
    last = vision.encoder.layers[-1]
    attention = last.self_attn
    x = last.layer_norm1(states)

    def split(y):
        return y.view(1, y.shape[1], attention.num_heads, -1).transpose(1, 2)

    q, v = split(attention.q_proj(x)), split(attention.v_proj(x))
    weights = (q @ q.transpose(2, 3) / q.shape[-1] ** 0.5).softmax(-1)
    z = vision.post_layernorm(attention.out_proj((weights @ v).transpose(1, 2).reshape(x.shape)))
    head = vision.head
    # Attention to one token alone is its value: ask the head once a token.
    alone = [head.attention(head.probe, token.view(1, 1, -1), token.view(1, 1, -1))[0] for token in z[0]]
    pooled = torch.cat(alone, 1)
    return (pooled + head.mlp(head.layernorm(pooled)))[0]


def randomise_siglip(model):
    for name, weight in model.named_parameters():
        if "norm" in name:
            weight.data = torch.randn_like(weight) * 0.2 + (1.0 if name.endswith("weight") else 0.0)
        elif name == "logit_scale":
            weight.data.fill_(3.0)
        elif name == "logit_bias":
            weight.data.fill_(-4.0)
        else:
            weight.data = torch.randn_like(weight) * (0.8 / max(weight.shape[-1], 1) ** 0.5)


def save_shards(folder, state):
    keys = sorted(state)
    names = ["model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors"]
    halves = [keys[: len(keys) // 2], keys[len(keys) // 2 :]]
    for name, half in zip(names, halves):
        save_file({key: state[key] for key in half}, folder / name)
    index = {"metadata": {}, "weight_map": {key: name for name, half in zip(names, halves) for key in half}}
    (folder / "model.safetensors.index.json").write_text(json.dumps(index, indent=1))


def make_clip_bin():
    """The f32 fixture's weights as pytorch_model.bin; everything else of it is used as it is."""
    from safetensors.torch import load_file

    folder = OUT / "clip-bin"
    folder.mkdir(parents=True, exist_ok=True)
    torch.save(load_file(OUT / "clip-f32" / "model.safetensors"), folder / "pytorch_model.bin")


def make_clip_ids():
    """What CLIP's real tokenizer says to clean and unclean texts."""
    reference = SimpleTokenizer()
    texts = TEXTS + UNCLEAN + ["word " * 100]
    ids = [[int(i) for i in row if i] for row in reference(texts)]
    (OUT / "clip-ids.json").write_text(json.dumps({"texts": texts, "ids": ids}))


if __name__ == "__main__":
    torch.set_num_threads(1)
    np.random.seed(0)
    found = pictures()
    for fixture, fixture_spec in OPEN_CLIP.items():
        make_open_clip(fixture, fixture_spec, found)
    make_siglip("siglip", found)
    make_clip_bin()
    make_clip_ids()
