"""Runs a model folder through its reference and through Clipsight, and prints the largest differences.

compare.py MODEL_FOLDER IMAGE.. --labels LABEL.. [--clipsight PATH]

The reference is open_clip where the folder holds open_clip_config.json, transformers otherwise. Needs torch and the one
of the two that applies. Labels are used as they stand, but for one thing: GemmaTokenizer, which SigLIP2 of fixed
resolution names, does not lower letters as its training and Clipsight do, so its labels are lowered first. JPEG decoders
differ by a few levels, so give lossless pictures to compare the models alone. Exits with 1 where a cosine or a logit
differs by more than the project promises.
"""
import argparse
import json
import subprocess
import sys
from pathlib import Path

import torch
import torch.nn.functional as F
from PIL import Image, ImageOps

MAX_LOGIT_DIFFERENCE = 1e-3
MIN_COSINE = 0.9999
CLIP_VOCABULARY = 49_408


def open_clip_ids(folder, labels):
    """open_clip's own tokenizer; a small model's own where the vocabulary is not CLIP's and none is named."""
    import open_clip
    from open_clip.tokenizer import get_clean_fn
    from tokenizers import Tokenizer

    text = json.loads((folder / "open_clip_config.json").read_text())["model_cfg"].get("text_cfg", {})
    if text.get("hf_tokenizer_name") or text.get("vocab_size", CLIP_VOCABULARY) == CLIP_VOCABULARY:
        return open_clip.get_tokenizer(f"local-dir:{folder}")(labels)
    tok, clean = Tokenizer.from_file(str(folder / "tokenizer.json")), get_clean_fn("lower")
    tok.enable_truncation(text["context_length"])
    tok.enable_padding(pad_id=0, length=text["context_length"])
    return torch.tensor([tok.encode(clean(label)).ids for label in labels])


def open_clip_embeddings(folder, images, labels):
    import open_clip

    model, _, preprocess = open_clip.create_model_and_transforms(f"local-dir:{folder}")
    model.eval()
    pictures = torch.cat([model.encode_image(preprocess(image).unsqueeze(0)) for image in images])
    bias = float(model.logit_bias) if getattr(model, "logit_bias", None) is not None else 0.0
    return pictures, model.encode_text(open_clip_ids(folder, labels)), float(model.logit_scale.exp()), bias


def transformers_embeddings(folder, images, labels):
    from transformers import AutoImageProcessor, AutoModel, AutoTokenizer

    model = AutoModel.from_pretrained(folder, dtype=torch.float32).eval()
    processor = AutoImageProcessor.from_pretrained(folder, backend="pil")
    tokenizer = AutoTokenizer.from_pretrained(folder)
    sigmoid = hasattr(model, "logit_bias")
    if type(tokenizer).__name__ == "GemmaTokenizer":
        labels = [label.lower() for label in labels]
    length = model.config.text_config.max_position_embeddings
    padding = "max_length" if sigmoid else True
    tokens = tokenizer(labels, return_tensors="pt", padding=padding, truncation=True, max_length=length)
    arguments = {"input_ids": tokens["input_ids"]}
    if not sigmoid:
        arguments["attention_mask"] = tokens["attention_mask"]
    texts = model.get_text_features(**arguments).pooler_output
    pictures = model.get_image_features(**processor(images=images, return_tensors="pt")).pooler_output
    return pictures, texts, float(model.logit_scale.exp()), float(model.logit_bias) if sigmoid else 0.0


def clipsight(arguments, binary):
    command = [binary, *arguments, "--device", "cpu", "--format", "json"]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"{' '.join(command)}\n{done.stderr}")
    return [json.loads(line) for line in done.stdout.splitlines()]


def differences(folder, paths, labels, binary):
    """The smallest cosine of pictures, the largest difference of logits, and which reference."""
    images = [ImageOps.exif_transpose(Image.open(path)).convert("RGB") for path in paths]
    reference = open_clip_embeddings if (folder / "open_clip_config.json").exists() else transformers_embeddings
    with torch.no_grad():
        pictures, texts, scale, bias = reference(folder, images, labels)
        pictures, texts = F.normalize(pictures.float(), dim=-1), F.normalize(texts.float(), dim=-1)
        logits = scale * pictures @ texts.T + bias

    names = [str(path) for path in paths]
    model = ["--model", str(folder)]
    ours = torch.tensor([row["embedding"] for row in clipsight(["embed", *names, *model], binary)])
    label_arguments = [part for label in labels for part in ("--label", label)]
    rows = clipsight(["classify", *names, *label_arguments, "--template", "{}", *model], binary)
    our_logits = torch.tensor([[{p["label"]: p["logit"] for p in row["predictions"]}[label] for label in labels] for row in rows])

    cosine = float(F.cosine_similarity(ours, pictures).min())
    difference = float((our_logits - logits).abs().max())
    return cosine, difference, reference.__name__.removesuffix("_embeddings")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("model", type=Path)
    parser.add_argument("images", nargs="+", type=Path)
    parser.add_argument("--labels", nargs="+", required=True)
    parser.add_argument("--clipsight", default="clipsight")
    args = parser.parse_args()
    cosine, difference, reference = differences(args.model, args.images, args.labels, args.clipsight)
    print(f"{len(args.images)} pictures, {len(args.labels)} labels, reference: {reference}")
    print(f"smallest cosine of picture embeddings: {cosine:.7f} (promised: at least {MIN_COSINE})")
    print(f"largest difference of logits:          {difference:.2e} (promised: at most {MAX_LOGIT_DIFFERENCE})")
    sys.exit(0 if cosine >= MIN_COSINE and difference <= MAX_LOGIT_DIFFERENCE else 1)


if __name__ == "__main__":
    main()
