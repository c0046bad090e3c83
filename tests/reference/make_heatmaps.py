"""Makes tests/fixtures/*/heatmaps.json: every heatmap method written out in PyTorch, gradients by autograd.

Value attention follows CLIP Surgery's code for ResNets, LeGrad its authors' code, that for SigLIP with their correction;
both are written here from their formulas.

make_heatmaps.py, from anywhere, after make_fixtures.py and make_layouts.py, on whose models, pictures and texts it works.
What the model sees of the picture is taken from expected.json where it is there, and so is each label's embedding; the
starter gets a picture of its own size, the ResNet goes through OpenCLIP's transform.
"""
import json

import numpy as np
import torch
import torch.nn.functional as F
from make_fixtures import OUT, ROOT, as_list
from open_clip.model import CLIP, CLIPTextCfg, CLIPVisionCfg
from open_clip.modified_resnet import ModifiedResNet
from open_clip.transform import PreprocessCfg, image_transform_v2
from PIL import Image
from safetensors.torch import load_file
from starter import Starter
from tokenizers import Tokenizer
from transformers import CLIPConfig, CLIPModel, SiglipConfig, SiglipModel

PICTURE = "photo-wide.png"
LABELS = 2
NEARNESS = 5.0
OCCLUSION_GRID = 8


class Vit:
    """A Vision Transformer of transformers, in the pieces that methods need."""

    def __init__(self, model, siglip):
        self.model, self.vision, self.siglip = model, model.vision_model, siglip
        self.layers = list(self.vision.encoder.layers)
        self.heads = self.layers[-1].self_attn.num_heads

    def first_tokens(self, pixels):
        tokens = self.vision.embeddings(pixels)
        return tokens if self.siglip else self.vision.pre_layrnorm(tokens)

    def split(self, x):
        return x.view(x.shape[0], x.shape[1], self.heads, -1).transpose(1, 2)

    def merge(self, x):
        return x.transpose(1, 2).flatten(2)

    def parts(self, layer, x):
        y, attention = layer.layer_norm1(x), layer.self_attn
        q, k, v = (self.split(p(y)) for p in (attention.q_proj, attention.k_proj, attention.v_proj))
        return q, k, v, (q @ k.transpose(2, 3) / q.shape[-1] ** 0.5).softmax(-1)

    def after(self, layer, x, gathered):
        x = x + layer.self_attn.out_proj(gathered)
        return x + layer.mlp(layer.layer_norm2(x))

    def run(self, layer, x):
        _, _, v, weights = self.parts(layer, x)
        return self.after(layer, x, self.merge(weights @ v))

    def inputs(self, pixels):
        """The input of every block, and the last tokens."""
        all_inputs = [self.first_tokens(pixels)]
        for layer in self.layers:
            all_inputs.append(self.run(layer, all_inputs[-1]))
        return all_inputs

    def head_after(self, gathered):
        """SigLIP's head from what the probe gathered, [n, 1, width]."""
        head = self.vision.head
        x = head.attention.out_proj(gathered)
        return (x + head.mlp(head.layernorm(x)))[:, 0]

    def head_parts(self, tokens):
        head, width = self.vision.head, tokens.shape[-1]
        weight, bias = head.attention.in_proj_weight, head.attention.in_proj_bias
        q = F.linear(head.probe, weight[:width], bias[:width])
        k = F.linear(tokens, weight[width : 2 * width], bias[width : 2 * width])
        v = F.linear(tokens, weight[2 * width :], bias[2 * width :])
        return q, k, v

    def pool(self, tokens):
        tokens = self.vision.post_layernorm(tokens)
        if not self.siglip:
            return self.model.visual_projection(tokens[:, 0])
        q, k, v = (self.split(x) for x in self.head_parts(tokens))
        return self.head_after(self.merge((q @ k.transpose(2, 3) / q.shape[-1] ** 0.5).softmax(-1) @ v))

    def patches(self, tokens):
        """Tokens in the shared space, patches only, unit length."""
        tokens = self.vision.post_layernorm(tokens[:, self.first_patch() :])
        if not self.siglip:
            return F.normalize(self.model.visual_projection(tokens)[0], dim=-1)
        head, width = self.vision.head, tokens.shape[-1]
        value = F.linear(tokens, head.attention.in_proj_weight[2 * width :], head.attention.in_proj_bias[2 * width :])
        x = head.attention.out_proj(value)
        return F.normalize((x + head.mlp(head.layernorm(x)))[0], dim=-1)

    def first_patch(self):
        return 0 if self.siglip else 1


def nearness(tokens, first):
    grid = round((tokens - first) ** 0.5)
    place = torch.stack(torch.meshgrid(torch.arange(grid), torch.arange(grid), indexing="ij"), -1).view(-1, 2).float()
    w = torch.zeros(tokens, tokens)
    w[first:, first:] = torch.exp(-torch.cdist(place, place) ** 2 / (2 * NEARNESS**2))
    return w


def square(values):
    side = round(values.shape[-1] ** 0.5)
    return values.reshape(-1, side, side)


def cosine(embedding, text):
    return F.normalize(embedding, dim=-1)[0] @ text


def vit_maps(vit, pixels, texts, empty):
    inputs = [x.detach() for x in vit.inputs(pixels)]
    last, first = vit.layers[-1], vit.first_patch()
    q, k, v, weights = vit.parts(last, inputs[-2])

    def remixed(mixing):
        return square(texts @ vit.patches(last.self_attn.out_proj(vit.merge(mixing @ v))).T)

    scale = q.shape[-1] ** 0.5
    legrad = legrad_siglip(vit, inputs, texts, empty) if vit.siglip else legrad_clip(vit, inputs, texts)
    maps = {
        "clearclip": remixed((q @ q.transpose(2, 3) / scale).softmax(-1)),
        "naclip": remixed((k @ k.transpose(2, 3) / scale + nearness(k.shape[2], first)).softmax(-1)),
        "patch": square(texts @ vit.patches(inputs[-1]).T),
        "grad-eclip": torch.stack([grad_eclip(vit, inputs, (q, k, v, weights), text) for text in texts]),
        "legrad": legrad,
    }
    return maps


def grad_eclip(vit, inputs, parts, text):
    last, first = vit.layers[-1], vit.first_patch()
    if vit.siglip:
        tokens = vit.vision.post_layernorm(inputs[-1])
        q, k, v = vit.head_parts(tokens)
        heads = [vit.split(x) for x in (q, k, v)]
        gathered = vit.merge((heads[0] @ heads[1].transpose(2, 3) / heads[0].shape[-1] ** 0.5).softmax(-1) @ heads[2])
        project = vit.vision.head.attention.out_proj
        gathered = gathered.detach().requires_grad_(True)
        score = cosine(vit.head_after(gathered), text)
        (gradient,) = torch.autograd.grad(score, gathered)
        gradient, query, keys, values = gradient[0, 0], q[0, 0], k[0], v[0]
    else:
        q, k, v, weights = parts
        project = last.self_attn.out_proj
        gathered = vit.merge(weights @ v).detach().requires_grad_(True)
        score = cosine(vit.pool(vit.after(last, inputs[-2], gathered)), text)
        (gradient,) = torch.autograd.grad(score, gathered)
        gradient, query = gradient[0, 0], vit.merge(q)[0, 0]
        keys, values = vit.merge(k)[0, first:], vit.merge(v)[0, first:]
    # The score that is explained is the score that is shown.
    assert torch.allclose(score, cosine(vit.pool(inputs[-1]), text), atol=1e-5)
    likeness = F.normalize(project(keys), dim=-1) @ F.normalize(project(query), dim=-1)
    looseness = (likeness - likeness.min()) / (likeness.max() - likeness.min())
    return square(F.relu((gradient * values * looseness[:, None]).sum(-1)))[0]


def legrad_clip(vit, inputs, texts):
    """The attention of the last two blocks, whose tokens are pooled by their mean."""
    maps = []
    for text in texts:
        total = 0
        for n in range(max(len(vit.layers) - 2, 0), len(vit.layers)):
            layer = vit.layers[n]
            _, _, v, weights = vit.parts(layer, inputs[n])
            weights = weights.detach().requires_grad_(True)
            z = vit.after(layer, inputs[n], vit.merge(weights @ v))
            pooled = vit.model.visual_projection(vit.vision.post_layernorm(z.mean(1)))
            (gradient,) = torch.autograd.grad(cosine(pooled, text), weights)
            total = total + F.relu(gradient)[0].mean((0, 1))[vit.first_patch() :]
        maps.append(square(total)[0])
    return torch.stack(maps)


def legrad_siglip(vit, inputs, texts, empty):
    """The pooling head's attention to what leaves the last two blocks; what an empty prompt marks is left out."""

    def relevance(text):
        total = 0
        for tokens in inputs[1:][-2:]:
            q, k, v = (vit.split(x) for x in vit.head_parts(tokens))
            weights = (q @ k.transpose(2, 3) / q.shape[-1] ** 0.5).softmax(-1).detach().requires_grad_(True)
            (gradient,) = torch.autograd.grad(cosine(vit.head_after(vit.merge(weights @ v)), text), weights)
            total = total + F.relu(gradient)[0, :, 0].mean(0)
        return total

    says_nothing = relevance(empty)
    says_nothing = (says_nothing - says_nothing.min()) / (says_nothing.max() - says_nothing.min()) > 0.8
    assert says_nothing.any() and not says_nothing.all()
    return torch.stack([square(relevance(text).masked_fill(says_nothing, 0))[0] for text in texts])


def value_attention(pool, cells, texts):
    """CLIP Surgery for ResNets: values of unit length are compared, at eight times the scale."""
    tokens = cells[0].flatten(1).T
    tokens = torch.cat([tokens.mean(0, keepdim=True), tokens]) + pool.positional_embedding
    gathered = []
    for values in pool.v_proj(tokens).chunk(pool.num_heads, -1):
        direction = values / (values.norm(dim=-1, keepdim=True) + 1e-6)
        likeness = torch.einsum("id,jd->ij", direction, direction) * (8 / values.shape[-1] ** 0.5)
        gathered.append(likeness.softmax(-1) @ values)
    answers = pool.c_proj(torch.cat(gathered, -1))[1:]
    return square(texts @ F.normalize(answers, dim=-1).T)


def resnet_maps(visual, pixels, texts):
    x = visual.stem(pixels)
    for layer in (visual.layer1, visual.layer2, visual.layer3, visual.layer4):
        x = layer(x)
    with torch.no_grad():
        by_value = value_attention(visual.attnpool, x, texts)
    maps = []
    for text in texts:
        cells = x.detach().requires_grad_(True)
        (gradient,) = torch.autograd.grad(cosine(visual.attnpool(cells), text), cells)
        weights = gradient.mean((2, 3))
        maps.append(F.relu((weights[0, :, None, None] * cells[0]).sum(0)).detach())
    return {"grad-cam": torch.stack(maps), "value-attention": by_value}


def occlusion(view, normalise, embed, texts):
    side = view.shape[0]
    step = side / OCCLUSION_GRID
    whole, maps = F.normalize(embed(normalise(view)), dim=-1)[0], []
    for row in range(OCCLUSION_GRID):
        for column in range(OCCLUSION_GRID):
            covered = view.copy()
            edges = [(round_half_up((n - 0.5) * step), round_half_up((n + 1.5) * step)) for n in (row, column)]
            (top, bottom), (left, right) = [(max(a, 0), min(b, side)) for a, b in edges]
            covered[top:bottom, left:right] = 128
            maps.append(texts @ (whole - F.normalize(embed(normalise(covered)), dim=-1)[0]))
    return {"occlusion": square(torch.stack(maps, 1))}


def round_half_up(x):
    return int(np.floor(x + 0.5)) if x >= 0 else -int(np.floor(-x + 0.5))


def normaliser(settings):
    mean, std = np.float32(settings["image_mean"]), np.float32(settings["image_std"])
    return lambda view: torch.tensor(((view.astype(np.float32) / 255 - mean) / std).transpose(2, 0, 1)[None])


def write(name, build):
    folder = OUT / name
    expected = json.loads((folder / "expected.json").read_text())
    texts = F.normalize(torch.tensor(expected["text_embeds"][:LABELS]), dim=-1)
    views = expected["model_views"]
    picture = PICTURE if name != "starter" else "photo-wide.view224.png"
    if picture in views:
        view = np.array(views[picture], dtype=np.uint8)
        side = round((view.size / 3) ** 0.5)
        view = view.reshape(side, side, 3)
    else:
        view = np.array(Image.open(OUT / "pictures" / picture).convert("RGB"))
    maps = build(folder, view, texts)
    written = {"picture": picture, "labels": LABELS, "maps": {method: as_list(values) for method, values in maps.items()}}
    (folder / "heatmaps.json").write_text(json.dumps(written))


def hugging_face(folder, view, texts):
    config = json.loads((folder / "config.json").read_text())
    siglip = config["model_type"] == "siglip"
    model = (SiglipModel(SiglipConfig(**config)) if siglip else CLIPModel(CLIPConfig(**config))).eval()
    state = {}
    for path in sorted(folder.glob("*.safetensors")):
        state.update({key: value.float() for key, value in load_file(path).items()})
    missing, unexpected = model.load_state_dict(state, strict=False)
    assert all("position_ids" in key for key in missing + unexpected), (missing, unexpected)
    normalise = normaliser(json.loads((folder / "preprocessor_config.json").read_text()))
    vit = Vit(model, siglip)
    maps = vit_maps(vit, normalise(view), texts, empty_prompt(folder, config, model) if siglip else None)
    with torch.no_grad():
        maps.update(occlusion(view, normalise, lambda pixels: vit.pool(vit.inputs(pixels)[-1]), texts))
    return maps


def empty_prompt(folder, config, model):
    """A text that names nothing, as SigLIP's tokenizer has it: padded to the context."""
    ids = Tokenizer.from_file(str(folder / "tokenizer.json")).encode("a photo of a").ids
    context, pad = config["text_config"]["max_position_embeddings"], config["text_config"]["pad_token_id"]
    with torch.no_grad():
        features = model.get_text_features(input_ids=torch.tensor([ids + [pad] * (context - len(ids))]))
    return F.normalize(features.pooler_output, dim=-1)[0]


def openai_resnet(folder, view, texts):
    state = torch.jit.load(folder / "model.pt", map_location="cpu").state_dict()
    state = {key: value.float() if value.is_floating_point() else value for key, value in state.items()}
    for key in ["input_resolution", "context_length", "vocab_size"]:
        state.pop(key, None)
    cells = round((state["visual.attnpool.positional_embedding"].shape[0] - 1) ** 0.5)
    width = state["visual.layer1.0.conv1.weight"].shape[0]
    layers = [len({key.split(".")[2] for key in state if key.startswith(f"visual.layer{n}.")}) for n in range(1, 5)]
    # A head of OpenAI's is 64 wide.
    visual = ModifiedResNet(layers, state["visual.attnpool.c_proj.weight"].shape[0], width * 32 // 64, cells * 32, width)
    visual.load_state_dict({key.removeprefix("visual."): value for key, value in state.items() if key.startswith("visual.")})
    transform = image_transform_v2(PreprocessCfg(size=cells * 32), is_train=False)
    return resnet_maps(visual.eval(), transform(Image.fromarray(view)).unsqueeze(0), texts)


def open_clip_resnet(folder, view, texts):
    config = json.loads((folder / "open_clip_config.json").read_text())
    model_cfg = config["model_cfg"]
    vision, text = CLIPVisionCfg(**model_cfg["vision_cfg"]), CLIPTextCfg(**model_cfg["text_cfg"])
    model = CLIP(model_cfg["embed_dim"], vision, text, quick_gelu=model_cfg.get("quick_gelu", False)).eval()
    model.load_state_dict({k: v.float() if v.is_floating_point() else v for k, v in load_file(folder / "open_clip_model.safetensors").items()})
    transform = image_transform_v2(PreprocessCfg(**config["preprocess_cfg"]), is_train=False)
    return resnet_maps(model.visual, transform(Image.fromarray(view)).unsqueeze(0), texts)


def starter(folder, view, texts):
    model = Starter(ROOT / "assets" / "starter")
    normalise = normaliser(json.loads((ROOT / "assets/starter/preprocessor_config.json").read_text()))
    with torch.no_grad():
        return occlusion(view, normalise, model.embed_pixels, texts)


if __name__ == "__main__":
    for name in ["clip-f32", "clip-f16", "clip-bf16", "siglip"]:
        write(name, hugging_face)
    write("openclip-resnet", open_clip_resnet)
    write("openai-resnet", openai_resnet)
    write("starter", starter)
