"""Everything that needs a GPU, in twelve minutes: first whether the card computes what it should, then how fast.

gpu.py pack FOLDER           here: builds the program and its tests, and puts what a bare machine needs into FOLDER
gpu.py run FOLDER RESULTS    there: needs no checkout, no cargo and no network; [--device cpu] runs every step without a card

FOLDER holds the stripped programs, the files that they read (FOLDER/tree), and the name of the folder that the tests look
for them in, which `run` links to FOLDER/tree. With `--parts MB`, `pack` also compresses all of it into FOLDER/parts, in pieces
of at most so many MB, with this script beside them: for where a way there takes less at a time. That folder is then enough:
`run FOLDER RESULTS` unpacks what lies in FOLDER/parts.

A step that fails or takes too long costs itself and no other; `--only` names the steps to do, `--minutes` how long all may
take. RESULTS gets a line of JSON a figure, each with the step that it is from, after those that are there already; the terminal
gets the same in words. PyTorch stands beside the towers and the training steps where it is installed with transformers (and
open_clip, for RN50); weights are random, since time does not depend on them.
"""
import argparse
import contextlib
import json
import lzma
import os
import shutil
import signal
import statistics
import subprocess
import sys
import tarfile
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
TESTS = ["kernels", "launches", "model", "training"]
# What the tests and the measurements read.
TREE = ["tests/fixtures", "assets/tokenizer/clip.json", "benches/towers.py", "benches/training.py"]
BATCHES = [1, 8, 64]
TOWERS = [f"image_tower_ms_batch_{batch}" for batch in BATCHES]
REPEATS = 7
PRECISIONS = {"full": "float32", "half": "float16"}
MINUTES = 12
# What is measured of the whole program.
PROGRAM = ["pictures_per_s", "decoding_per_s", "texts_per_s", "labels_to", "heatmap"]
# The programs have most of their code in common: far enough back to find it again in the one before.
PACKED = [{"id": lzma.FILTER_X86}, {"id": lzma.FILTER_LZMA2, "preset": 6, "dict_size": 192 << 20}]


def pack(folder, part_mb):
    folder.mkdir(parents=True, exist_ok=True)
    for name, program in built().items():
        shutil.copy(program, folder / name)
        subprocess.run(["strip", "-s", folder / name], check=True)
    for name in TREE:
        source, target = ROOT / name, folder / "tree" / name
        target.parent.mkdir(parents=True, exist_ok=True)
        if source.is_dir():
            shutil.copytree(source, target, dirs_exist_ok=True)
        else:
            shutil.copy(source, target)
    (folder / "root").write_text(str(ROOT))
    commit = subprocess.run(["git", "rev-parse", "--short", "HEAD"], cwd=ROOT, capture_output=True, text=True)
    (folder / "commit").write_text(commit.stdout.strip())
    if part_mb:
        cut(folder, part_mb << 20)
    files = sorted(file for file in folder.rglob("*") if file.is_file() and "tree" not in file.parts)
    print("\n".join(f"{file.stat().st_size:12} {file.relative_to(folder)}" for file in files))


def built():
    """The program and its tests, by name."""
    tests = [word for name in TESTS for word in ("--test", name)]
    # Building tests builds the program, too, but names it only where it was asked for.
    subprocess.run(["cargo", "build", "--release"], cwd=ROOT, check=True)
    told = subprocess.run(
        ["cargo", "test", "--release", "--no-run", *tests, "--message-format", "json"],
        cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True,
    )
    target = Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target"))
    found = {"clipsight": target / "release/clipsight"}
    for message in map(json.loads, told.stdout.splitlines()):
        name = message.get("target", {}).get("name")
        if message.get("executable") and name in TESTS:
            found[name] = message["executable"]
    missing = {"clipsight", *TESTS} - found.keys()
    assert not missing, f"not built: {missing}"
    return found


def cut(folder, size):
    """Everything in the folder as one compressed archive, in pieces."""
    parts = folder / "parts"
    shutil.rmtree(parts, ignore_errors=True)
    parts.mkdir()
    shutil.copy(__file__, parts / "gpu.py")
    with tempfile.TemporaryFile() as whole:
        with lzma.open(whole, "wb", filters=PACKED) as packed, tarfile.open(fileobj=packed, mode="w|") as archive:
            for entry in sorted(folder.iterdir()):
                if entry != parts:
                    archive.add(entry, entry.name)
        whole.seek(0)
        pieces = iter(lambda: whole.read(size), b"")
        for number, piece in enumerate(pieces):
            (parts / f"part-{number:02}").write_bytes(piece)


def unpack(folder):
    """Puts together what `cut` made; nothing where the programs are there."""
    pieces = sorted(folder.glob("parts/part-*"))
    if (folder / "clipsight").exists() or not pieces:
        return
    with tempfile.TemporaryFile() as whole:
        for piece in pieces:
            whole.write(piece.read_bytes())
        whole.seek(0)
        with lzma.open(whole) as packed, tarfile.open(fileobj=packed, mode="r|") as archive:
            archive.extractall(folder, filter="data")


@contextlib.contextmanager
def within(seconds):
    """Raises `TimeoutError` in what takes longer."""

    def stop(*_):
        raise TimeoutError(f"stopped after {seconds:.0f} s")

    before = signal.signal(signal.SIGALRM, stop)
    signal.setitimer(signal.ITIMER_REAL, max(seconds, 0.1))
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


class Run:
    def __init__(self, folder, results, device, minutes):
        self.folder, self.device = folder.resolve(), device
        self.results = open(results, "a", buffering=1)
        self.end = time.monotonic() + 60 * minutes
        self.shapes = None

    def tell(self, step, **figures):
        self.results.write(json.dumps({"step": step, **figures}) + "\n")
        print(step, *(f"{name}={value}" for name, value in figures.items()), flush=True)

    def left(self, seconds):
        return min(seconds, self.end - time.monotonic())

    def command(self, step, command, seconds, **environment):
        """Standard output of a command; none where it fails or there is no time left for it."""
        seconds = self.left(seconds)
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

    def beside(self, step, seconds, measure):
        """What something else than Clipsight does in the same time; none where it is not there, fails or takes too long."""
        seconds = self.left(seconds)
        if seconds < 1:
            self.tell(step, state="left out: no time")
            return {}
        try:
            with within(seconds):
                return measure()
        except Exception as error:  # whatever it lacks, Clipsight's own figures count
            self.tell(step, state=f"nothing beside it: {type(error).__name__}: {error}")
            return {}

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
            ("model", "half_precision_stays_near_full", 90),
            ("model", "heatmaps_in_half_precision_hold_at_real_widths", 60),
            ("training", "gradients_in_half_precision_stay_near_full", 60),
        ]:
            command = [self.folder / test, *filter(None, [name]), "--nocapture"]
            self.command(f"test {test} {name}".strip(), command, seconds, **on_card)

    def first_answer(self):
        """Seconds to the first answer, the window's way: the first time, and when the driver has seen the kernels."""
        if self.device == "cpu":
            return
        for precision in PRECISIONS:
            # What the driver has compiled for the tests is not here.
            caches = self.data.with_name(f"caches-{precision}")
            caches.mkdir()
            names = ["__GL_SHADER_DISK_CACHE_PATH", "MESA_SHADER_CACHE_DIR", "XDG_CACHE_HOME"]
            for when in ["first time", "later"]:
                step = f"first answer {precision}, {when}"
                self.figures(step, self.vit(), precision, ["gpu_ready"], 60, **dict.fromkeys(names, str(caches)))

    def towers(self):
        for name, (folder, tower, model) in self.models().items():
            for precision, dtype in PRECISIONS.items():
                step = f"{name} {precision}"
                ours = self.figures(step, folder, precision, TOWERS, 60)
                theirs = self.beside(step, 40, lambda: pytorch_ms(tower, model, dtype, self.device)) if tower else {}
                for batch in BATCHES:
                    mine, other = ours.get(f"image_tower_ms_batch_{batch}"), theirs.get(batch)
                    share = mine and other and round(other / mine, 3)
                    self.tell(step, batch=batch, clipsight_ms=mine, pytorch_ms=other, share=share)

    def switches(self):
        """What each part is worth on this card, by the tower of one size."""
        self.figures("without own kernels", self.vit(), "half", TOWERS, 60, CLIPSIGHT_KERNELS="off")
        for tasks in [16, 32, 128, 512]:
            self.figures(f"{tasks} tasks a submission", self.vit(), "half", TOWERS, 40, CUBECL_WGPU_MAX_TASKS=str(tasks))
        self.products()

    def products(self):
        """Products of a tower by the pieces of their inner dimension: what the choice of a routine could give."""
        if self.device == "cpu":
            return
        command = [self.folder / "kernels", "products_of_a_tower_by_pieces", "--ignored", "--nocapture"]
        out = self.command("products", command, 90, CLIPSIGHT_TEST_DEVICE="gpu", CI="1") or ""
        for words in (line.split() for line in out.splitlines() if line.startswith("product ")):
            rows, _, inner, _, columns, numbers, pieces, ms, teraflops = words[1:]
            shape = f"{rows} x {inner} x {columns}"
            self.tell("products", shape=shape, numbers=numbers, pieces=int(pieces), ms=float(ms), tflops=float(teraflops))

    def program(self):
        for precision in PRECISIONS:
            found = self.figures(f"program {precision}", self.vit(), precision, [*PROGRAM, TOWERS[-1]], 100)
            tower = found.get(TOWERS[-1]) and 1_000 / found[TOWERS[-1]]
            slower = min(tower or 0, found.get("decoding_per_s", 0))
            if slower and "pictures_per_s" in found:
                share = round(found["pictures_per_s"] / slower, 3)
                self.tell(f"program {precision}", tower_per_s=round(tower, 1), share_of_the_slower=share)
        self.figures("starter half", "starter", "half", PROGRAM[:3], 40)

    def training(self):
        folder = self.vit()
        for precision in PRECISIONS:
            step = f"training {precision}"
            ours = self.figures(step, folder, precision, ["train_step"], 90)
            for kind in ["lora", "full"]:
                mine = ours.get(f"train_step_{kind}_batch_8_ms")
                theirs = self.beside(step, 60, lambda: pytorch_step_ms(folder, kind, precision, self.device))
                other = theirs.get(kind)
                times = mine and other and round(mine / other, 3)
                self.tell(step, kind=kind, clipsight_ms=mine, pytorch_ms=other, times_pytorch=times)

    def models(self):
        """Models with random weights, made once, and PyTorch's towers of the same; the starter where PyTorch is missing."""
        if self.shapes is None:
            shapes = self.beside("models", 120, lambda: made(self.data.parent, self.tell))
            self.shapes = shapes or {"starter": ("starter", None, None)}
        return self.shapes

    def vit(self):
        return next(iter(self.models().values()))[0]

    def all(self, steps):
        root, tree = Path((self.folder / "root").read_text()), self.folder / "tree"
        if root.is_symlink():
            root.unlink()
        if not root.exists():
            root.parent.mkdir(parents=True, exist_ok=True)
            root.symlink_to(tree)
        sys.path.insert(0, str(tree / "benches"))
        with tempfile.TemporaryDirectory() as parent:
            self.data = Path(parent) / "data"
            self.card()
            for step in steps:
                getattr(self, step)()


STEPS = ["correctness", "first_answer", "towers", "program", "training", "switches"]


def made(parent, tell):
    import towers

    makers = {"ViT-B/32": lambda folder: towers.vit(folder, 32), "ViT-B/16": lambda folder: towers.vit(folder, 16), "RN50": towers.rn50}
    shapes = {}
    for name, make in makers.items():
        folder = parent / name.replace("/", "-")
        folder.mkdir()
        try:
            model, tower = make(folder)
            shapes[name] = (folder, tower, model)
        except TimeoutError:
            tell(name, state="not made: no time")
            return shapes
        except Exception as error:  # one model less is no reason to measure none
            tell(name, state=f"not made: {type(error).__name__}: {error}")
    return shapes


def pytorch_ms(tower, model, dtype, device):
    """PyTorch's milliseconds a picture by batch: pixels to the card, the tower, embeddings back."""
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


def pytorch_step_ms(folder, kind, precision, device):
    """Milliseconds of PyTorch's training step of 8 pictures, by kind."""
    import torch
    import training

    there = "cuda" if device == "gpu" and torch.cuda.is_available() else "cpu"
    if there == "cpu" and precision == "half" or folder == "starter":
        return {}
    return {kind: round(training.step_ms(folder, kind == "lora", there, precision == "half"), 2)}


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("what", choices=["pack", "run"])
    arguments.add_argument("folder", type=Path)
    arguments.add_argument("results", type=Path, nargs="?")
    arguments.add_argument("--parts", type=int, metavar="MB", help="of pack: also in compressed pieces of so many MB")
    arguments.add_argument("--device", choices=["gpu", "cpu"], default="gpu")
    arguments.add_argument("--minutes", type=float, default=MINUTES)
    arguments.add_argument("--only", nargs="+", choices=STEPS, default=STEPS, help="of run: these steps, in this order")
    given = arguments.parse_args()
    if given.what == "pack":
        pack(given.folder, given.parts)
    elif given.results is None:
        arguments.error("run needs a file for the results")
    else:
        unpack(given.folder)
        Run(given.folder, given.results, given.device, given.minutes).all(given.only)


if __name__ == "__main__":
    main()
