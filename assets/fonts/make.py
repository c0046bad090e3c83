"""Makes the fonts of the window: Inter (Latin, Greek, Cyrillic, digits of one width), and the icons it uses.

make.py [FOLDER_WITH_INTER] PHOSPHOR.ttf reads Inter-Regular.otf and Inter-SemiBold.otf (Debian: fonts-inter), the
regular face of Phosphor Icons (npm: @phosphor-icons/web, of which every icon is kept); writes beside itself. Without
the folder, only the icons. Needs fonttools. egui shapes no `tnum` feature, so the tabular digits take the place of
the proportional ones.
"""
import sys
from pathlib import Path

from fontTools import subset
from fontTools.ttLib import TTFont

RANGES = [(0x20, 0x7E), (0xA0, 0x24F), (0x300, 0x36F), (0x370, 0x3FF), (0x400, 0x52F), (0x1E00, 0x1EFF),
          (0x2010, 0x2044), (0x2070, 0x209C), (0x20A0, 0x20BF), (0x2190, 0x2199), (0x2200, 0x2265)]


def tabular(font):
    """Maps every character that has a tabular twin to that twin."""
    gsub = font["GSUB"].table
    lookups = {i for f in gsub.FeatureList.FeatureRecord if f.FeatureTag == "tnum" for i in f.Feature.LookupListIndex}
    twins = {}
    for i in lookups:
        for table in gsub.LookupList.Lookup[i].SubTable:
            twins.update(getattr(getattr(table, "ExtSubTable", table), "mapping", {}))
    for table in font["cmap"].tables:
        table.cmap = {code: twins.get(name, name) for code, name in table.cmap.items()}


def make(source, target):
    font = TTFont(source)
    tabular(font)
    options = subset.Options(layout_features=["kern", "mark", "mkmk", "ccmp"], name_IDs=[0, 1, 2, 3, 4, 5, 6, 13, 14])
    cutter = subset.Subsetter(options)
    cutter.populate(unicodes=[c for low, high in RANGES for c in range(low, high + 1)])
    cutter.subset(font)
    widths = [font["hmtx"][font.getBestCmap()[ord(c)]][0] for c in "0123456789"]
    assert max(widths) - min(widths) <= 0.002 * font["head"].unitsPerEm, widths
    font.save(target)


def make_icons(source, target):
    font = TTFont(source)
    cutter = subset.Subsetter(subset.Options(layout_features=[], hinting=False, glyph_names=False))
    cutter.populate(unicodes=[code for code in font.getBestCmap() if code >= 0xE000])
    cutter.subset(font)
    font.save(target)


if __name__ == "__main__":
    here = Path(__file__).parent
    *inter, phosphor = sys.argv[1:]
    for folder in inter:
        for face in ["Regular", "SemiBold"]:
            make(Path(folder) / f"Inter-{face}.otf", here / f"Inter-Tabular-{face}.otf")
    make_icons(phosphor, here / "Phosphor-Icons.ttf")
