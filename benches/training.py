"""Clipsight's training beside scikit-learn's and PyTorch's: same data, same shapes, same machine, same run, on the CPU.

training.py CLIPSIGHT_BINARY. Needs torch, transformers and scikit-learn. Weights are random: time does not depend on them.
Prints the time of a linear probe on 10,000 features of width 512 with 100 classes, the time of a training step of a
ViT-B/32 with 8 pictures (LoRA of rank 2 on q, k and v of both towers, and everything), and the peak of resident memory.
"""
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import torch
import transformers
from transformers import CLIPConfig, CLIPModel

ROOT = Path(__file__).resolve().parents[1]
COUNT, WIDTH, CLASSES = 10_000, 512, 100
BATCH = 8
REPEATS = 5
RANK = 2
THREADS = os.cpu_count()


def noise(rows, columns):
    value = np.sin(rows[:, None] * 12.9898 + columns[None, :] * 78.233) * 43758.5453
    return value - np.floor(value)


def features():
    rows, columns = np.arange(COUNT, dtype=np.float64), np.arange(WIDTH, dtype=np.float64)
    classes = 1_000_003 + rows % CLASSES
    return (0.08 * (noise(classes, columns) + 2.0 * noise(rows, columns) - 1.5)).astype(np.float32)


def probe():
    # Only here: a machine without it can still compare steps.
    from sklearn.linear_model import LogisticRegression

    x, y = features(), np.arange(COUNT) % CLASSES
    started = time.perf_counter()
    LogisticRegression(C=1.0, max_iter=1000, tol=1e-4).fit(x, y)
    return time.perf_counter() - started


class Lora(torch.nn.Module):
    """A frozen linear layer with a low-rank change."""

    def __init__(self, base):
        super().__init__()
        self.base = base
        self.a = torch.nn.Parameter(torch.randn(RANK, base.in_features) * 0.01)
        self.b = torch.nn.Parameter(torch.zeros(base.out_features, RANK))

    def forward(self, x):
        return self.base(x) + x @ self.a.T @ self.b.T


def step_ms(folder, lora, device="cpu", half=False):
    """Milliseconds of a step; in half precision with autocast and a scaled loss, the weights in f32."""
    model = CLIPModel.from_pretrained(folder).train()
    if lora:
        model.requires_grad_(False)
        for layer in [*model.vision_model.encoder.layers, *model.text_model.encoder.layers]:
            for name in ["q_proj", "k_proj", "v_proj"]:
                setattr(layer.self_attn, name, Lora(getattr(layer.self_attn, name)))
    model.to(device)
    optimizer = torch.optim.AdamW([p for p in model.parameters() if p.requires_grad], lr=1e-5)
    scaler = torch.amp.GradScaler(device, enabled=half)
    pixels = torch.rand(BATCH, 3, 224, 224)
    ids = torch.randint(1, 49_000, (BATCH, 77))
    ids[:, 7:] = 49407
    runs = []
    for _ in range(REPEATS + 1):
        started = time.perf_counter()
        optimizer.zero_grad()
        with torch.autocast(device, torch.float16, enabled=half):
            loss = model(input_ids=ids.to(device), pixel_values=pixels.to(device), return_loss=True).loss
        scaler.scale(loss).backward()
        scaler.unscale_(optimizer)
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        scaler.step(optimizer)
        scaler.update()
        if device == "cuda":
            torch.cuda.synchronize()
        runs.append((time.perf_counter() - started) * 1e3)
    return statistics.median(runs[1:])


def clipsight(binary, only, model):
    command = [binary, "bench", "--only", only, "peak_memory_mb", "--model", model, "--device", "cpu", "--format", "json"]
    lines = subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines()
    return {row["name"]: row["value"] for row in map(json.loads, lines)}


def main():
    binary = sys.argv[1]
    if sys.argv[2:3] == ["--step"]:  # in a process of its own, for its memory
        print(json.dumps([step_ms(sys.argv[3], sys.argv[4] == "lora"), peak_mb()]))
        return
    import sklearn

    torch.set_num_threads(THREADS)
    print(f"{THREADS} threads, torch {torch.__version__}, transformers {transformers.__version__}, scikit-learn {sklearn.__version__}")
    mine = clipsight(binary, "linear_probe", "starter")["linear_probe_10000_s"]
    print(f"linear probe, {COUNT} x {WIDTH}, {CLASSES} classes: Clipsight {mine:.2f} s, scikit-learn {probe():.2f} s", flush=True)
    with tempfile.TemporaryDirectory() as parent:
        folder = Path(parent)
        CLIPModel(CLIPConfig(vision_config={"patch_size": 32})).save_pretrained(folder)
        (folder / "preprocessor_config.json").write_text("{}")
        (folder / "tokenizer.json").write_bytes((ROOT / "assets/tokenizer/clip.json").read_bytes())
        for kind in ["lora", "full"]:
            found = clipsight(binary, f"train_step_{kind}", str(folder))
            mine, memory = found[f"train_step_{kind}_batch_8_ms"], found["peak_memory_mb"]
            told = subprocess.run([sys.executable, __file__, binary, "--step", str(folder), kind], check=True, capture_output=True, text=True)
            theirs, their_memory = json.loads(told.stdout.splitlines()[-1])
            print(f"ViT-B/32 step of {BATCH}, {kind}: Clipsight {mine:.0f} ms, peak {memory:.0f} MB; PyTorch {theirs:.0f} ms, peak {their_memory:.0f} MB", flush=True)


def peak_mb():
    import resource

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


if __name__ == "__main__":
    main()
