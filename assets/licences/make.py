"""Lists the packages that Clipsight is built from with their licences, as Cargo.lock names them, into packages.txt.

make.py: needs cargo, and a network where a package was not fetched yet. A test compares the list with Cargo.lock.
"""
import json
import subprocess
from pathlib import Path

here = Path(__file__).parent
metadata = json.loads(
    subprocess.run(
        ["cargo", "metadata", "--format-version", "1", "--locked"], cwd=here, check=True, capture_output=True
    ).stdout
)
packages = [package for package in metadata["packages"] if package["source"]]
unlicensed = [package["name"] for package in packages if not (package["license"] or package["license_file"])]
assert not unlicensed, unlicensed
lines = {
    f'{package["name"]} {package["version"]}: {package["license"] or "its own licence, see " + package["repository"]}'
    for package in packages
}
(here / "packages.txt").write_text("".join(f"{line}\n" for line in sorted(lines)))
