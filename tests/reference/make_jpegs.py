"""Writes tests/fixtures/cases/jpeg: small JPEGs of every common coding, as libjpeg writes them. Needs Pillow."""

from pathlib import Path

from PIL import Image

ROOT = Path(__file__).parents[2]
folder = ROOT / "tests/fixtures/cases/jpeg"
picture = Image.open(ROOT / "assets/samples/photos/cat.jpg").convert("RGB").resize((61, 45))
picture.save(folder / "baseline.jpg", quality=80)
picture.save(folder / "progressive.jpg", quality=85, progressive=True)
picture.save(folder / "restarts.jpg", quality=80, restart_marker_blocks=3)
picture.convert("L").save(folder / "grey.jpg", quality=80, optimize=True)
picture.save(folder / "progressive-444.jpg", quality=90, progressive=True, subsampling=0)
picture.save(folder / "progressive-restarts.jpg", quality=70, progressive=True, restart_marker_rows=1)
