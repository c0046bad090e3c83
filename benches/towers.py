"""Clipsight's towers beside PyTorch's and ONNX Runtime's: same shape, same machine, same run.

towers.py CLIPSIGHT_BINARY. Needs torch, transformers and open_clip_torch; ONNX Runtime is skipped, and said so, where onnx,
onnxscript or onnxruntime is missing. Weights are random: time does not depend on them. Prints milliseconds a picture, the
median of several runs; for a whole ViT-B/32 checkpoint the time to load it, the peak of resident memory, and milliseconds a
prompt of its text tower; and for a ViT-B/16 the time of each heatmap method.
"""
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import torch
from safetensors.torch import save_file
from transformers import CLIPConfig, CLIPModel

ROOT = Path(__file__).resolve().parents[1]
BATCHES = [1, 8, 16]
# As many prompts as `texts_per_s` embeds at once, and their tokens: padded to the longest, and as CLIP's own tokenizer pads.
TEXTS = 64
TOKENS = [13, 77]
REPEATS = 7
THREADS = os.cpu_count()


# Starts the rest of its arguments and prints their peak of resident memory in KiB: a child of this process would inherit
# its own peak.
LAUNCHER = """
import resource, subprocess, sys
subprocess.run(sys.argv[1:], check=True, stdout=subprocess.DEVNULL)
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
"""


def vit(folder, patch):
    model = CLIPModel(CLIPConfig(vision_config={"patch_size": patch})).eval()
    model.save_pretrained(folder)
    (folder / "preprocessor_config.json").write_text("{}")
    (folder / "tokenizer.json").write_bytes((ROOT / "assets/tokenizer/clip.json").read_bytes())
    return model, lambda pixels: model.get_image_features(pixel_values=pixels).pooler_output


def rn50(folder):
    # Only here: a machine without it can still compare the others.
    from open_clip.model import CLIP, CLIPTextCfg, CLIPVisionCfg

    vision = {"image_size": 224, "layers": [3, 4, 6, 3], "width": 64, "patch_size": 16}
    text = {"context_length": 77, "vocab_size": 49408, "width": 512, "heads": 8, "layers": 12}
    model = CLIP(1024, CLIPVisionCfg(**vision), CLIPTextCfg(**text), quick_gelu=True).eval()
    config = {"model_cfg": {"embed_dim": 1024, "quick_gelu": True, "vision_cfg": vision, "text_cfg": text}}
    (folder / "open_clip_config.json").write_text(json.dumps(config))
    save_file({k: v.contiguous() for k, v in model.state_dict().items()}, folder / "open_clip_model.safetensors")
    return model, model.encode_image


def median_ms(run, batch):
    run()
    runs = []
    for _ in range(REPEATS):
        started = time.perf_counter()
        run()
        runs.append((time.perf_counter() - started) * 1e3 / batch)
    return statistics.median(runs)


def pictures():
    return [torch.zeros(batch, 3, 224, 224) for batch in BATCHES]


def prompts():
    """Token ids, the last one of each prompt the end of text."""
    ids = [torch.randint(1, 49_000, (TEXTS, tokens)) for tokens in TOKENS]
    for each in ids:
        each[:, 0], each[:, TOKENS[0] - 1 :] = 49406, 49407
    return ids


def pytorch(tower, inputs):
    with torch.inference_mode():
        return [median_ms(lambda: tower(each), len(each)) for each in inputs]


def onnx_runtime(tower, inputs, folder):
    try:
        import onnxruntime
        import onnxscript  # noqa: F401

        class Tower(torch.nn.Module):
            def forward(self, given):
                return tower(given)

        runs = []
        for each in inputs:
            path = folder / f"tower-{'-'.join(map(str, each.shape))}.onnx"
            torch.onnx.export(Tower(), (each,), path, dynamo=True)
            options = onnxruntime.SessionOptions()
            options.intra_op_num_threads = THREADS
            session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
            name = session.get_inputs()[0].name
            given = each.numpy()
            runs.append(median_ms(lambda: session.run(None, {name: given}), len(each)))
        return runs
    except Exception as error:  # whatever is missing, the other two are still worth comparing
        print(f"SKIPPED: ONNX Runtime ({type(error).__name__}: {error})", file=sys.stderr)
        return None


def clipsight(binary, folder):
    found = figures(binary, folder, [f"image_tower_ms_batch_{b}" for b in BATCHES])
    return list(found.values())


def figures(binary, folder, names):
    command = [binary, "bench", "--only", *names, "--model", str(folder), "--device", "cpu", "--format", "json"]
    lines = subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines()
    found = {row["name"]: row["value"] for row in map(json.loads, lines)}
    return {name: found[name] for name in names}


def texts(binary, folder, model):
    """Milliseconds a prompt, 64 at once: what Clipsight leaves out of a prompt's padding, the others have once with and once
    without."""
    inputs = prompts()

    def tower(ids):
        return model.get_text_features(input_ids=ids).pooler_output

    ours = 1e3 / figures(binary, folder, ["texts_per_s"])["texts_per_s"]
    print(f"text      Clipsight     batch {TEXTS}: {ours:7.2f}  ms per prompt", flush=True)
    for who, row in {"PyTorch": pytorch(tower, inputs), "ONNX Runtime": onnx_runtime(tower, inputs, folder)}.items():
        shown = "skipped" if row is None else "  ".join(f"{n} tokens: {ms:7.2f}" for n, ms in zip(TOKENS, row))
        print(f"text      {who:13} batch {TEXTS}, {shown}  ms per prompt", flush=True)


def load(binary, folder):
    command = [binary, "models", "info", str(folder), "--device", "cpu", "--format", "json"]
    started = time.perf_counter()
    told = subprocess.run([sys.executable, "-c", LAUNCHER, *command], check=True, capture_output=True, text=True)
    seconds = time.perf_counter() - started
    weights = (folder / "model.safetensors").stat().st_size
    peak = int(told.stdout) * 1024
    print(f"load of {weights / 1e6:.0f} MB of f32 weights: {seconds:.2f} s, peak {peak / 1e6:.0f} MB, {peak / weights:.2f} x the weights")


def heatmaps(binary, folder):
    command = [binary, "bench", "--only", "heatmap", "--model", str(folder), "--device", "cpu"]
    subprocess.run(command, check=True)


def main():
    binary = sys.argv[1]
    torch.set_num_threads(THREADS)
    print(f"{THREADS} threads, torch {torch.__version__}")
    with tempfile.TemporaryDirectory() as parent:
        os.environ["CLIPSIGHT_DATA_DIR"] = str(Path(parent) / "data")
        for name, make in [("ViT-B/32", lambda folder: vit(folder, 32)), ("RN50", rn50)]:
            folder = Path(parent) / name.replace("/", "-")
            folder.mkdir()
            model, tower = make(folder)
            if name == "ViT-B/32":
                load(binary, folder)
            rows = {"Clipsight": clipsight(binary, folder), "PyTorch": pytorch(tower, pictures())}
            rows["ONNX Runtime"] = onnx_runtime(tower, pictures(), folder)
            for who, row in rows.items():
                shown = "skipped" if row is None else "  ".join(f"batch {b}: {ms:7.1f}" for b, ms in zip(BATCHES, row))
                print(f"{name:9} {who:13} {shown}  ms per picture", flush=True)
            if name == "ViT-B/32":
                texts(binary, folder, model)
        folder = Path(parent) / "ViT-B-16"
        folder.mkdir()
        vit(folder, 16)
        heatmaps(binary, folder)


if __name__ == "__main__":
    main()
