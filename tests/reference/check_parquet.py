"""Reads tests/fixtures/table.parquet, which a test compares with what Clipsight writes, with pyarrow.

    pip install pyarrow
    python tests/reference/check_parquet.py
"""

from pathlib import Path

import pyarrow.parquet

FILE = Path(__file__).resolve().parents[1] / "fixtures" / "table.parquet"

table = pyarrow.parquet.read_table(FILE)
rows = range(20)
assert table.column("name").to_pylist() == [f"picture {n} ü.jpg" for n in rows]
assert table.column("x").to_pylist() == [n / 4 - 1 for n in rows]
assert table.column("rank").to_pylist() == [n - 3 for n in rows]
assert table.column("right").to_pylist() == [n % 3 == 0 for n in rows]
assert pyarrow.parquet.read_metadata(FILE).metadata[b"model"] == b"Starter"
print(table.schema)
