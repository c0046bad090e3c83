"""Clipsight's image towers on a GPU beside PyTorch's with CUDA: same shapes, same card, same run.

gpu.py CLIPSIGHT_BINARY. Needs torch with CUDA, transformers and open_clip_torch. Weights are random: time does not depend on
them. Prints pictures per second, medians of several runs that hold the way of the pixels to the card and of the embeddings
back, in f32 and f16; then Clipsight's other figures on the card. A run that falls back to the CPU is named as failed and has
no figures.
"""
import json
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import torch
from towers import rn50, vit

BATCHES = [1, 8, 64]
REPEATS = 7
PRECISIONS = {"full": torch.float32, "half": torch.float16}
OTHERS = ["pictures_per_s", "texts_per_s", "labels_to", "train_step", "heatmap"]


def figures(binary, folder, precision, only):
    command = [binary, "bench", "--only", *only, "--model", folder, "--device", "gpu", "--precision", precision, "--format", "json"]
    run = subprocess.run(command, capture_output=True, text=True)
    if run.returncode or "clipsight:" in run.stderr:
        print(f"FAILED: {' '.join(map(str, command))}\n{run.stderr}", file=sys.stderr, flush=True)
        return []
    return [row for row in map(json.loads, run.stdout.splitlines()) if "value" in row]


def clipsight(binary, folder, precision):
    names = [f"image_tower_ms_batch_{batch}" for batch in BATCHES]
    found = {row["name"]: row["value"] for row in figures(binary, folder, precision, names)}
    return [1e3 / found.get(name, float("nan")) for name in names]


def per_second(tower, batch, dtype):
    pixels = torch.zeros(batch, 3, 224, 224)
    runs = []
    for _ in range(REPEATS + 1):
        started = time.perf_counter()
        tower(pixels.to("cuda", dtype)).float().cpu()
        runs.append(time.perf_counter() - started)
    return batch / statistics.median(runs[1:])


def main():
    binary = Path(sys.argv[1]).resolve()
    print(f"{torch.cuda.get_device_name()}, torch {torch.__version__}, f32 products in {torch.get_float32_matmul_precision()} precision")
    with tempfile.TemporaryDirectory() as parent:
        shapes = {"ViT-B/32": lambda folder: vit(folder, 32), "ViT-B/16": lambda folder: vit(folder, 16), "RN50": rn50}
        for name, make in shapes.items():
            folder = Path(parent) / name.replace("/", "-")
            folder.mkdir()
            model, tower = make(folder)
            for precision, dtype in PRECISIONS.items():
                model.to("cuda", dtype)
                with torch.inference_mode():
                    theirs = [per_second(tower, batch, dtype) for batch in BATCHES]
                for who, row in {"Clipsight": clipsight(binary, folder, precision), "PyTorch": theirs}.items():
                    shown = "  ".join(f"batch {batch}: {value:7.0f}" for batch, value in zip(BATCHES, row))
                    print(f"{name:9} {precision:4} {who:9} {shown}  pictures per second", flush=True)
        for folder in ["starter", Path(parent) / "ViT-B-32"]:
            for precision in PRECISIONS:
                for row in figures(binary, folder, precision, OTHERS):
                    print(f"{Path(folder).name:9} {precision:4} {row['name']:42} {row['value']:10.2f} {row['unit']}", flush=True)


if __name__ == "__main__":
    main()
