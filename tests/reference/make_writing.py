"""Makes tests/fixtures/pictures/writing.png: a page of small writing in the middle of plain paper. Needs Pillow."""
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

ROOT = Path(__file__).resolve().parents[2]
LINES = ["Menu of the day, soups", "leek soup 4.50, bread", "coffee, tea, lemonade", "open from 9 to 17, daily"]
SIZE = 18

page = Image.new("RGB", (320, 320), (245, 245, 245))
draw = ImageDraw.Draw(page)
font = ImageFont.truetype(str(ROOT / "assets/fonts/Inter-Tabular-Regular.otf"), SIZE)
for row in range(8):
    draw.text((50, 58 + 26 * row), LINES[row % len(LINES)], (20, 20, 20), font=font)
page.save(ROOT / "tests/fixtures/pictures/writing.png", optimize=True)
