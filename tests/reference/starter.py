"""The starter in PyTorch, from the very files that are compiled into the binary."""
import json
import math

import numpy as np
import torch
import torch.nn.functional as F
from safetensors.torch import load_file
from tokenizers import Tokenizer
from transformers import CLIPTextConfig, CLIPTextModelWithProjection


class Starter:
    def __init__(self, folder):
        self.config = json.loads((folder / "config.json").read_text())
        self.weights = {k: v.float() for k, v in load_file(folder / "model.safetensors").items()}
        self.tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
        self.tokenizer.no_truncation()
        self.context = self.config["text_config"]["max_position_embeddings"]
        self.text = CLIPTextModelWithProjection(CLIPTextConfig(**self.config["text_config"])).eval()
        text = {k: v for k, v in self.weights.items() if k.startswith("text_")}
        missing, unexpected = self.text.load_state_dict(text, strict=False)
        assert not unexpected and all("position_ids" in name for name in missing), (missing, unexpected)

    def convolve(self, x, name, stride=1, groups=1):
        weight, bias = self.weights[f"vision_model.{name}.weight"], self.weights[f"vision_model.{name}.bias"]
        size, kernel = x.shape[-1], weight.shape[-1]
        total = max((math.ceil(size / stride) - 1) * stride + kernel - size, 0)
        x = F.pad(x, (total // 2, total - total // 2) * 2)
        return F.conv2d(x, weight, bias, stride, groups=groups)

    def features(self, pixels):
        """[n, 3, side, side] -> [n, 1280, 7, 7]"""
        x = F.relu6(self.convolve(pixels, "stem", 2))
        for i, block in enumerate(self.config["vision_config"]["blocks"]):
            name = f"blocks.{i}"
            expands = f"vision_model.{name}.expand.weight" in self.weights
            y = F.relu6(self.convolve(x, f"{name}.expand")) if expands else x
            y = F.relu6(self.convolve(y, f"{name}.depthwise", block["stride"], y.shape[1]))
            y = self.convolve(y, f"{name}.project")
            same = block["stride"] == 1 and block["in_channels"] == block["out_channels"]
            x = x + y if same else y
        return F.relu6(self.convolve(x, "head"))

    def logits(self, features):
        """[.., 1280] -> [.., 1000]"""
        weight, bias = self.weights["vision_model.classifier.weight"], self.weights["vision_model.classifier.bias"]
        return (features @ weight.T + bias) / self.config["vision_config"]["softmax_temperature"]

    def embed_pixels(self, pixels):
        pooled = self.features(pixels).mean((2, 3))
        return self.logits(pooled).softmax(-1) @ self.weights["visual_projection.weight"].T

    def ids(self, text):
        ids = self.tokenizer.encode(text).ids
        return ids if len(ids) <= self.context else ids[: self.context - 1] + ids[-1:]

    def embed_text(self, text):
        return self.text(input_ids=torch.tensor([self.ids(text)])).text_embeds[0]

    def class_activation(self, pixels, texts):
        """pixels [1, 3, side, side], unit texts [n, dim] -> [n, 7, 7]"""
        z = self.logits(self.features(pixels)[0].permute(1, 2, 0))
        mean = z.mean((0, 1))
        shares, classes = mean.softmax(-1), self.weights["visual_projection.weight"].T
        moved = (shares * (z - mean)) @ (classes - shares @ classes)
        return torch.einsum("rcd,nd->nrc", moved, texts)


def as_list(tensor):
    return np.asarray(tensor.detach().float()).round(7).tolist()
