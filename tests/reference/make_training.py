"""Makes tests/fixtures/training: what PyTorch and scikit-learn say about training.

make_training.py, from anywhere, after make_fixtures.py, on whose clip-f32 it works. Writes
- gradients.safetensors and after.safetensors: the gradient of CLIP's loss over four pairs by every parameter, and every
  parameter after one step of SGD at a rate of 0.1; names and shapes are transformers';
- expected.json: the pictures, texts and loss of that batch; five steps of AdamW, with the paper's epsilon and with that of
  Tip-Adapter-F and ProLIP; a logistic regression, and one beside logits that are known already.
"""
import json

import numpy as np
import torch
import torch.nn.functional as F
from make_fixtures import OUT, as_list
from safetensors.torch import save_file
from scipy.optimize import minimize
from scipy.special import logsumexp
from sklearn.linear_model import LogisticRegression
from transformers import CLIPModel, CLIPTokenizerFast  # noqa: F401

RATE = 0.1
TEXTS = [0, 1, 2, 3]


def contrastive(folder):
    expected = json.loads((OUT / "clip-f32/expected.json").read_text())
    names = list(expected["model_views"])[:4]
    model = CLIPModel.from_pretrained(OUT / "clip-f32", attn_implementation="eager").eval()
    settings = json.loads((OUT / "clip-f32/preprocessor_config.json").read_text())
    mean, std = (np.array(settings[key], dtype=np.float32) for key in ("image_mean", "image_std"))
    side = model.config.vision_config.image_size
    views = np.array([expected["model_views"][name] for name in names], dtype=np.float32).reshape(-1, side, side, 3)
    scale = np.float32(settings.get("rescale_factor", 1 / 255))
    pixels = torch.from_numpy(((views * scale - mean) / std).transpose(0, 3, 1, 2).copy())
    ids = [expected["ids"][i] for i in TEXTS]
    longest = max(map(len, ids))
    # Causal: what follows the end token changes nothing.
    padded = torch.tensor([row + [row[-1]] * (longest - len(row)) for row in ids])
    images = F.normalize(model.get_image_features(pixel_values=pixels).pooler_output, dim=-1)
    texts = F.normalize(model.get_text_features(input_ids=padded).pooler_output, dim=-1)
    logits = model.logit_scale.exp() * images @ texts.T
    diagonal = torch.arange(len(names))
    loss = (F.cross_entropy(logits, diagonal) + F.cross_entropy(logits.T, diagonal)) / 2
    loss.backward()
    named = {name: parameter for name, parameter in model.named_parameters() if parameter.grad is not None}
    save_file({name: p.grad.reshape(p.shape).contiguous() for name, p in named.items()}, folder / "gradients.safetensors")
    after = {name: (p - RATE * p.grad).detach().contiguous() for name, p in named.items()}
    save_file(after, folder / "after.safetensors")
    return {"pictures": names, "texts": [expected["texts"][i] for i in TEXTS], "loss": loss.item(), "rate": RATE}


def adamw(betas=(0.9, 0.98), eps=1e-6, weight_decay=0.2, size=1.0):
    torch.manual_seed(0)
    weight = torch.nn.Parameter(torch.randn(3, 4))
    start = as_list(weight.detach().flatten())
    optimizer = torch.optim.AdamW([weight], lr=0.01, betas=betas, eps=eps, weight_decay=weight_decay)
    gradients, steps = [], []
    for _ in range(5):
        weight.grad = size * torch.randn(3, 4)
        gradients.append(weight.grad.flatten().tolist())  # not rounded: some are as small as the rounding
        optimizer.step()
        steps.append(as_list(weight.detach().flatten()))
    return {"start": start, "gradients": gradients, "steps": steps}


def logistic():
    rng = np.random.default_rng(0)
    labels = np.repeat(np.arange(3), 30)
    features = rng.normal(size=(90, 6)) + rng.normal(size=(3, 6))[labels]
    features /= np.linalg.norm(features, axis=1, keepdims=True)
    features = features.astype(np.float32)
    fits = []
    for c in [0.1, 1.0, 100.0]:
        model = LogisticRegression(C=c, max_iter=10_000, tol=1e-10).fit(features, labels)
        fits.append({
            "c": c, "coef": as_list(torch.from_numpy(model.coef_)), "intercept": as_list(torch.from_numpy(model.intercept_)),
            "accuracy": model.score(features, labels),
        })
    return {"features": as_list(torch.from_numpy(features)), "labels": labels.tolist(), "fits": fits}


def beside():
    """min C sum_i CE(known_i + W f_i + b, y_i) + (|W|^2 + |b|^2) / 2, by scipy's solver in double precision."""
    rng = np.random.default_rng(1)
    labels = np.repeat(np.arange(3), 12)
    features = rng.normal(size=(36, 5)) + rng.normal(size=(3, 5))[labels]
    features = (features / np.linalg.norm(features, axis=1, keepdims=True)).astype(np.float32)
    known = rng.normal(scale=2.0, size=(36, 3)).astype(np.float32)
    one_hot = np.eye(3)[labels]

    def problem(flat, c):
        weight, bias = flat[:15].reshape(3, 5), flat[15:]
        logits = known + features @ weight.T + bias
        shares = np.exp(logits - logsumexp(logits, axis=1, keepdims=True))
        loss = c * (logsumexp(logits, axis=1) - (logits * one_hot).sum(1)).sum() + (flat ** 2).sum() / 2
        error = c * (shares - one_hot)
        return loss, np.concatenate([(error.T @ features).ravel(), error.sum(0)]) + flat

    fits = []
    for c in [1e-6, 0.316, 10.0]:
        found = minimize(problem, np.zeros(18), args=(c,), jac=True, method="L-BFGS-B", options={"maxiter": 10_000, "ftol": 1e-15, "gtol": 1e-9})
        fits.append({"c": c, "weight": found.x[:15].tolist(), "bias": found.x[15:].tolist()})
    return {"features": features.tolist(), "known": known.tolist(), "labels": labels.tolist(), "fits": fits}


if __name__ == "__main__":
    folder = OUT / "training"
    folder.mkdir(exist_ok=True)
    expected = {"contrastive": contrastive(folder), "adamw": adamw(), "logistic": logistic()}
    expected |= {"few_shot_adamw": adamw((0.9, 0.999), 1e-4, 0.01, 1e-4), "beside": beside()}
    (folder / "expected.json").write_text(json.dumps(expected))
