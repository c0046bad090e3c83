"""Everything that needs a GPU, in twelve minutes: first whether the card computes what it should, then how fast.

gpu.py pack FOLDER           here: builds the program and its tests, and puts what a bare machine needs into FOLDER
gpu.py run FOLDER RESULTS    there: needs neither cargo nor a network; [--device cpu] runs every step without a card

FOLDER holds stripped programs, about 35 MB compressed each (`tar cJf`; split it where a way there takes less at a time), and
the name of the folder that the tests look for their fixtures in, which `run` links to this checkout. A step that fails or
takes too long costs itself and no other. RESULTS gets a line of JSON a figure, each with the step that it is from; the
terminal gets the same in words. PyTorch stands beside the towers where it is installed with transformers (and open_clip, for
RN50); weights are random, since time does not depend on them.
"""
import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
TESTS = ["kernels", "launches", "model", "training"]
BATCHES = [1, 8, 64]
REPEATS = 7
PRECISIONS = {"full": "float32", "half": "float16"}
MINUTES = 12
# What is measured of the whole program.
OTHERS = ["pictures_per_s", "texts_per_s", "labels_to", "train_step", "heatmap"]


def pack(folder):
    folder.mkdir(parents=True, exist_ok=True)
    tests = [word for name in TESTS for word in ("--test", name)]
    built = subprocess.run(
        ["cargo", "test", "--release", "--no-run", "--bins", *tests, "--message-format", "json"],
        cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True,
    )
    for line in built.stdout.splitlines():
        message = json.loads(line)
        name = message.get("target", {}).get("name")
        executable = message.get("executable")
        wanted = name in TESTS and message["profile"]["test"] or name == "clipsight" and not message["profile"]["test"]
        if executable and wanted:
            shutil.copy(executable, folder / name)
            subprocess.run(["strip", "-s", folder / name], check=True)
    # Building tests builds the program, too, but names it only where it was asked for.
    subprocess.run(["cargo", "build", "--release"], cwd=ROOT, check=True)
    target = Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target"))
    shutil.copy(target / "release/clipsight", folder / "clipsight")
    subprocess.run(["strip", "-s", folder / "clipsight"], check=True)
    (folder / "root").write_text(str(ROOT))
    commit = subprocess.run(["git", "rev-parse", "--short", "HEAD"], cwd=ROOT, capture_output=True, text=True)
    (folder / "commit").write_text(commit.stdout.strip())
    print("\n".join(f"{file.stat().st_size:12} {file.name}" for file in sorted(folder.iterdir())))


class Run:
    def __init__(self, folder, results, device, minutes):
        self.folder, self.device = folder.resolve(), device
        self.results = open(results, "w", buffering=1)
        self.end = time.monotonic() + 60 * minutes

    def tell(self, step, **figures):
        self.results.write(json.dumps({"step": step, **figures}) + "\n")
        print(step, *(f"{name}={value}" for name, value in figures.items()), flush=True)

    def command(self, step, command, seconds, **environment):
        """Standard output of a command; none where it fails or there is no time left for it."""
        seconds = min(seconds, self.end - time.monotonic())
        if seconds < 1:
            self.tell(step, state="left out: no time")
            return None
        started = time.monotonic()
        environment = {**os.environ, "CLIPSIGHT_DATA_DIR": str(self.data), **environment}
        try:
            done = subprocess.run(list(map(str, command)), capture_output=True, text=True, timeout=seconds, env=environment)
        except subprocess.TimeoutExpired:
            self.tell(step, state=f"stopped after {seconds:.0f} s")
            return None
        except OSError as error:
            self.tell(step, state=f"FAILED: {error}")
            return None
        took = round(time.monotonic() - started, 1)
        said = (done.stdout[-1500:] + done.stderr[-1500:]).strip()
        # What the program warns of begins with its name: it fell back to the CPU, say.
        elsewhere = any(line.startswith(("clipsight: ", "NOT CHECKED")) for line in done.stderr.splitlines())
        if done.returncode or elsewhere:
            self.tell(step, state="FAILED" if done.returncode else "not on a GPU", seconds=took, said=said)
            return None
        self.tell(step, state="well", seconds=took)
        return done.stdout

    def figures(self, step, model, precision, only, seconds, **environment):
        """What `clipsight bench` measures, by name."""
        command = [self.folder / "clipsight", "bench", "--only", *only, "--model", model, "--device", self.device]
        command += ["--precision", precision, "--format", "json"]
        out = self.command(step, command, seconds, **environment) or ""
        rows = [row for row in map(json.loads, out.splitlines()) if "value" in row]
        for row in rows:
            self.tell(step, **row)
        return {row["name"]: row["value"] for row in rows}

    def card(self):
        query = ["nvidia-smi", "--query-gpu=name,driver_version,clocks.max.sm,pcie.link.gen.current", "--format=csv,noheader"]
        try:
            said = subprocess.run(query, capture_output=True, text=True, timeout=20).stdout.strip()
        except (OSError, subprocess.TimeoutExpired):
            said = "no nvidia-smi"
        self.tell("card", card=said, commit=(self.folder / "commit").read_text(), cores=os.cpu_count())

    def correctness(self):
        on_card = {"CLIPSIGHT_TEST_DEVICE": "gpu", "CI": "1"} if self.device == "gpu" else {}
        for test, name, seconds in [
            ("kernels", "", 90),
            ("launches", "", 60),
            ("model", "every_model_equals_its_reference_on_a_real_gpu", 90),
            ("model", "half_precision_stays_near_full", 120),
            ("training", "gradients_in_half_precision_stay_near_full", 60),
        ]:
            command = [self.folder / test, *filter(None, [name]), "--nocapture"]
            self.command(f"test {test} {name}".strip(), command, seconds, **on_card)

    def towers(self, shapes):
        names = [f"image_tower_ms_batch_{batch}" for batch in BATCHES]
        for name, (folder, tower, model) in shapes.items():
            for precision, dtype in PRECISIONS.items():
                ours = self.figures(f"{name} {precision}", folder, precision, names, 60)
                theirs = beside(tower, model, dtype, self.device)
                for batch in BATCHES:
                    mine, other = ours.get(f"image_tower_ms_batch_{batch}"), theirs.get(batch)
                    share = mine and other and round(other / mine, 3)
                    self.tell(f"{name} {precision}", batch=batch, clipsight_ms=mine, pytorch_ms=other, share=share)

    def switches(self, folder):
        """What each part is worth on this card, by the tower of one size."""
        names = [f"image_tower_ms_batch_{batch}" for batch in BATCHES]
        self.figures("without own kernels", folder, "half", names, 60, CLIPSIGHT_KERNELS="off")
        for tasks in [16, 128, 512]:
            self.figures(f"{tasks} tasks a submission", folder, "half", names, 40, CUBECL_WGPU_MAX_TASKS=str(tasks))

    def all(self):
        root = Path((self.folder / "root").read_text())
        if not root.exists():
            root.parent.mkdir(parents=True, exist_ok=True)
            root.symlink_to(ROOT)
        with tempfile.TemporaryDirectory() as parent:
            parent = Path(parent)
            self.data = parent / "data"
            self.card()
            self.correctness()
            shapes = made(parent, self.tell)
            self.towers(shapes)
            vit = next(iter(shapes.values()), ("starter",))[0]
            self.switches(vit)
            for precision in PRECISIONS:
                self.figures(f"program {precision}", vit, precision, OTHERS, 100)
            self.figures("starter half", "starter", "half", OTHERS[:2], 40)


def made(parent, tell):
    """Models with random weights, and PyTorch's towers of the same; none where it is not installed."""
    try:
        import towers
    except ImportError as missing:
        tell("models", state=f"left out, measuring the starter alone: {missing}")
        return {"starter": ("starter", None, None)}
    shapes = {}
    makers = {"ViT-B/32": lambda folder: towers.vit(folder, 32), "ViT-B/16": lambda folder: towers.vit(folder, 16), "RN50": towers.rn50}
    for name, make in makers.items():
        folder = parent / name.replace("/", "-")
        folder.mkdir()
        try:
            model, tower = make(folder)
            shapes[name] = (folder, tower, model)
        except Exception as error:  # one model less is no reason to measure none
            tell(name, state=f"not made: {type(error).__name__}: {error}")
    return shapes


def beside(tower, model, dtype, device):
    """PyTorch's milliseconds a picture by batch: pixels to the card, the tower, embeddings back."""
    if tower is None:
        return {}
    import torch

    there = "cuda" if device == "gpu" and torch.cuda.is_available() else "cpu"
    if there == "cpu" and dtype == "float16":
        return {}
    dtype = getattr(torch, dtype)
    model.to(there, dtype)
    found = {}
    with torch.inference_mode():
        for batch in BATCHES:
            pixels = torch.zeros(batch, 3, 224, 224)
            runs = []
            for _ in range(REPEATS + 2):
                started = time.perf_counter()
                tower(pixels.to(there, dtype)).float().cpu()
                runs.append((time.perf_counter() - started) * 1e3 / batch)
            found[batch] = round(statistics.median(runs[2:]), 4)
    return found


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("what", choices=["pack", "run"])
    arguments.add_argument("folder", type=Path)
    arguments.add_argument("results", type=Path, nargs="?")
    arguments.add_argument("--device", choices=["gpu", "cpu"], default="gpu")
    arguments.add_argument("--minutes", type=float, default=MINUTES)
    given = arguments.parse_args()
    if given.what == "pack":
        pack(given.folder)
    elif given.results is None:
        arguments.error("run needs a file for the results")
    else:
        Run(given.folder, given.results, given.device, given.minutes).all()


if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parent))
    main()
