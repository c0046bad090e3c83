"""Writes tests/fixtures/sizes: what CLIPImageProcessor makes of one picture with every form of `size` and `crop_size`.

Needs transformers<5, pillow and numpy, all from PyPI. `cases.json` holds the settings as they stand in
`preprocessor_config.json`; `N.png` are the pixels of case N before they become numbers, none where transformers refuses.
"""

import json
from pathlib import Path

import numpy as np
from PIL import Image
from transformers import CLIPImageProcessor

ROOT = Path(__file__).resolve().parents[2]
OUT = ROOT / "tests" / "fixtures" / "sizes"
SQUARE = {"height": 32, "width": 32}
NULLS = {"longest_edge": None, "max_height": None, "max_width": None}
CASES = [
    {"size": SQUARE, "crop_size": SQUARE},
    {"size": {**SQUARE, "shortest_edge": None, **NULLS}, "crop_size": SQUARE},
    {"size": {"height": 48, "width": 48}, "crop_size": SQUARE},
    {"size": {"height": 40, "width": 64}, "crop_size": SQUARE},
    {"size": {"height": 20, "width": 64}, "crop_size": SQUARE},
    {"size": SQUARE, "crop_size": SQUARE, "do_center_crop": False},
    {"size": {"shortest_edge": 32}, "crop_size": SQUARE},
    {"size": {"shortest_edge": 32, "height": None, "width": None, **NULLS}, "crop_size": 32},
    {"size": {"shortest_edge": 40}, "crop_size": SQUARE},
    {"size": 32, "crop_size": 32},
    {"size": {"longest_edge": 32}, "crop_size": SQUARE},
]


def plain(value):
    """Without nulls, which transformers' own files hold for what is not meant."""
    if isinstance(value, dict):
        return {key: plain(inner) for key, inner in value.items() if inner is not None}
    return value


def main():
    OUT.mkdir(parents=True, exist_ok=True)
    picture = Image.open(ROOT / "assets/samples/photos/coffee.jpg").convert("RGB").resize((96, 48))
    picture.save(OUT / "picture.png")
    for n, case in enumerate(CASES):
        processor = CLIPImageProcessor(**plain(case), do_rescale=False, do_normalize=False)
        try:
            pixels = processor(picture, return_tensors="np")["pixel_values"][0]
        except ValueError as refused:
            print(n, case, refused)
            continue
        assert pixels.dtype == np.uint8 and pixels.shape == (3, 32, 32), (case, pixels.dtype, pixels.shape)
        Image.fromarray(pixels.transpose(1, 2, 0)).save(OUT / f"{n}.png")
    (OUT / "cases.json").write_text(json.dumps(CASES, indent=1) + "\n")


main()
