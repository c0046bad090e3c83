"""Teaches a small model of every layout, exports it, and opens the export with transformers or open_clip.

check_exports.py [--clipsight PATH]

Needs torch, transformers, open_clip_torch, ftfy, sentencepiece, protobuf and pillow<13, all from PyPI, and a built clipsight. Every base is
trained one step as a whole (or made from scratch), exported, and then run through Clipsight and through its reference,
which reads nothing but the exported folder. Exits with 1 where one does not open, or a cosine or a logit differs by more
than the project promises.

On 26 November 2026 (torch 2.15, transformers 5.24, open_clip 3.3, timm 1.0.31, Pillow 12) all 21 were right: every cosine at
least 0.9999999, the largest difference of logits 6e-6.
"""
import argparse
import contextlib
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
from compare import MAX_LOGIT_DIFFERENCE, MIN_COSINE, differences
from make_timm import OPEN_CLIP, PLAIN, timm_tower_of
from PIL import Image

FIXTURES = Path(__file__).resolve().parents[1] / "fixtures"
# Name, and how it is taught; the starter is none of them: no other program knows its towers.
BASES = {
    "clip-f32": [],
    "clip-f16": [],
    "clip-bf16": [],
    "opening/clip": [],
    "opening/siglip": [],
    "opening/siglip2": [],
    "siglip2": [],
    "metaclip2": [],
    "openclip-vit": [],
    "openclip-custom-text": [],
    "openclip-resnet": [],
    "openclip-worldwide": [],
    "timm-siglip": [],
    "timm-siglip-i18n": [],
    "timm-siglip2": [],
    "timm-clip": [],
    "timm-plain": [],
    "openai-vit/model.pt": [],
    "openai-resnet/model.pt": [],
}
TIMM = {name: spec for name, spec in {**OPEN_CLIP, **PLAIN}.items() if name.startswith("timm")}
SMALL = ["--set", "width=32", "--set", "layers=2", "--set", "image-size=64"]
SCRATCH = {"scratch vit": ["--architecture", "vit", *SMALL], "scratch resnet": ["--architecture", "resnet", *SMALL]}
LABELS = ["cat", "a photo of a dog", "Something BLUE, with a comma"]


def pictures(folder):
    """Two classes that a few steps can tell apart."""
    random = np.random.default_rng(0)
    for name, channel in [("red", 0), ("blue", 2)]:
        (folder / name).mkdir(parents=True)
        for i in range(12):
            values = random.integers(0, 120, (40, 60, 3), dtype=np.uint8)
            values[..., channel] += 100
            Image.fromarray(values).save(folder / name / f"{i}.png")


def run(binary, data, *arguments):
    command = [binary, *arguments, "--device", "cpu"]
    done = subprocess.run(command, capture_output=True, text=True, env={**os.environ, "CLIPSIGHT_DATA_DIR": str(data)})
    if done.returncode:
        raise RuntimeError(f"{' '.join(map(str, command))}\n{done.stderr}")
    return done.stdout


@contextlib.contextmanager
def small_tower(name, folder):
    """timm knows a tower's sizes by its name: it builds those of the fixtures smaller, as make_timm.py does."""
    if name not in TIMM:
        yield
        return
    config = json.loads((folder / "open_clip_config.json").read_text())
    restore = timm_tower_of(config["model_cfg"]["vision_cfg"]["timm_model_name"], TIMM[name][3])
    yield
    restore()


def check(name, method, base, binary, folder):
    """Teaches, exports and compares one."""
    data, exported = folder / "data", folder / "exported" / name.replace("/", "-").replace(" ", "-")
    model = ["--model", str(base)] if base else []
    settings = [*method, *model, "--epochs", "1", "--format", "json"]
    events = run(binary, data, "fine-tune", str(folder / "pictures"), *settings).splitlines()
    done = next(event for event in map(json.loads, events) if event.get("event") == "done")
    run(binary, data, "runs", "export", done["run"], "--output", str(exported))
    paths = [FIXTURES / "pictures" / f"{one}.png" for one in ("photo-wide", "photo-tall", "noise")]
    with small_tower(name, exported):
        cosine, difference, reference = differences(exported, paths, LABELS, binary)
    right = cosine >= MIN_COSINE and difference <= MAX_LOGIT_DIFFERENCE
    print(f"{'right' if right else 'WRONG'}  {name:24} {reference:12} cosine {cosine:.7f}, logits {difference:.1e}", flush=True)
    return right


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--clipsight", default="clipsight")
    parser.add_argument("--only", help="a part of the names to check")
    args = parser.parse_args()
    os.environ["CUDA_VISIBLE_DEVICES"] = ""
    right = True
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        pictures(folder / "pictures")
        os.environ["CLIPSIGHT_DATA_DIR"] = str(folder / "data")
        work = [(base, ["--method", "contrastive", *more], FIXTURES / base) for base, more in BASES.items()]
        work += [(kind, ["--method", "scratch", *more], None) for kind, more in SCRATCH.items()]
        for kind, method, base in work:
            if args.only and args.only not in kind:
                continue
            try:
                right &= check(kind, method, base, args.clipsight, folder)
            except Exception as error:
                right = False
                print(f"WRONG  {kind:24} {type(error).__name__}: {str(error)[-400:]}", flush=True)
    sys.exit(0 if right else 1)


if __name__ == "__main__":
    main()
