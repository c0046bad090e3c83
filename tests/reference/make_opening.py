"""Makes the fixtures of tests/opening.rs: folders as transformers itself saves them, and what it computes from them.

make_opening.py, from anywhere, after make_fixtures.py (whose pictures it uses). Needs torch, transformers, sentencepiece,
protobuf and pillow<13 (see make_fixtures.py), all from PyPI. The models are tiny and random; everything else is written by save_pretrained
of the published classes: CLIPModel with CLIPProcessor, SiglipModel with SiglipProcessor over a sentencepiece model that
is trained here, and SiglipModel with GemmaTokenizer, as SigLIP2 of fixed resolution has it. Token ids are those of
CLIPTokenizer, SiglipTokenizer and GemmaTokenizer, never of the tokenizers library alone.

clip-tokens.json holds the ids that CLIPTokenizer gives over CLIP's real vocabulary, the one in assets/tokenizer. With
transformers before 5 on PYTHONPATH, `make_opening.py --slow` asks the slow class of that time instead, and says where the
two differ (4.57.1: in a ligature and full-width letters, which it mends where ftfy is installed, and in the last sigma of
a word, which Python lowers otherwise).
"""
import io
import json
import shutil
import sys
import tempfile
from pathlib import Path

import torch

ROOT = Path(__file__).resolve().parents[2]
OUT = ROOT / "tests" / "fixtures" / "opening"
# What people type, and what cleaning, byte pairs and pieces stumble over.
TEXTS = [
    "cat",
    "a photo of a cat.",
    "A Photo of a DOG, with a comma",
    "naïve café – 42 lemons!",
    "",
    "  leading and trailing  ",
    "- a dash, then words",
    "it's the dogs' ball; they've 3,000",
    "snake_case and kebab-case",
    "猫の写真 and фото кошки",
    "ﬁsh ½ ＦＵＬＬ width",
    "tab\tand\nnew line",
    "🎩 emoji 👩‍👩‍👧",
    "İstanbul ΣΊΣΥΦΟΣ",
    "▁marks▁ of sentencepiece",
    "one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen",
]
CONTEXT = 20


def lines():
    """Texts of this repository to train on."""
    templates = (ROOT / "assets/templates/clip-80.txt").read_text().splitlines()
    vocabulary = json.loads((ROOT / "assets/starter/tokenizer.json").read_text())["model"]["vocab"]
    words = sorted(word.removesuffix("</w>") for word in vocabulary if word.endswith("</w>") and word[:-4].isalpha() and len(word) > 8)
    return TEXTS + [templates[i % len(templates)].replace("{}", word) for i, word in enumerate(words)]


def clips_files(folder):
    """vocab.json and merges.txt of CLIP's real vocabulary."""
    model = json.loads((ROOT / "assets/tokenizer/clip.json").read_text())["model"]
    (folder / "vocab.json").write_text(json.dumps(model["vocab"], ensure_ascii=False))
    merges = [pair if isinstance(pair, str) else " ".join(pair) for pair in model["merges"]]
    (folder / "merges.txt").write_text("\n".join(["#version: 0.2", *merges, ""]))


def clip_tokens():
    from transformers import CLIPTokenizer

    with tempfile.TemporaryDirectory() as name:
        clips_files(Path(name))
        tok = CLIPTokenizer.from_pretrained(name)
        return [tok(text, truncation=True, max_length=77)["input_ids"] for text in TEXTS]


def compare_with_slow():
    """The slow class of transformers before 5, on the same texts."""
    import transformers

    assert int(transformers.__version__.split(".")[0]) < 5, transformers.__version__
    expected = json.loads((OUT / "clip-tokens.json").read_text())["ids"]
    for text, ids, fast in zip(TEXTS, clip_tokens(), expected):
        print("equal" if ids == fast else f"DIFFERS {ids} {fast}", repr(text[:40]))


# --- Models ---


def randomise(model):
    """Weights large enough that every part matters, in half precision's numbers."""
    for name, weight in model.named_parameters():
        if "norm" in name or "layrnorm" in name:
            weight.data = torch.randn_like(weight) * 0.2 + (1.0 if name.endswith("weight") else 0.0)
        elif "logit_" not in name:
            weight.data = torch.randn_like(weight) * (0.5 / max(weight.shape[-1], 1) ** 0.5 + 0.05)
        weight.data = weight.data.half().float()


def finish(folder, model, ids, processor, padded):
    """Writes what the reference computes; the processor is the folder's own, read again by transformers."""
    from PIL import Image

    names = ["photo-wide.png", "photo-tall.png", "noise.png"]
    pictures = [Image.open(ROOT / "tests/fixtures/pictures" / name).convert("RGB") for name in names]
    with torch.no_grad():
        pixels = processor(images=pictures, return_tensors="pt")["pixel_values"]
        image_embeds = model.get_image_features(pixel_values=pixels).pooler_output
        rows = [model.get_text_features(input_ids=torch.tensor([one])).pooler_output[0] for one in ids]
        texts = torch.stack(rows)
        unit = [torch.nn.functional.normalize(rows, dim=-1) for rows in (image_embeds, texts)]
        logits = model.logit_scale.exp() * unit[0] @ unit[1].T
        if getattr(model, "logit_bias", None) is not None:
            logits = logits + model.logit_bias
    as_list = lambda rows: [[round(float(value), 6) for value in row] for row in rows]
    expected = {
        "made_with": {"torch": torch.__version__, "transformers": __import__("transformers").__version__},
        "texts": TEXTS,
        "ids": ids,
        "pictures": names,
        "image_embeds": as_list(image_embeds),
        "text_embeds": as_list(texts),
        "logits": as_list(logits),
    }
    (folder / "expected.json").write_text(json.dumps(expected))
    model.half().save_pretrained(folder)


def fresh(name):
    folder = OUT / name
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    torch.manual_seed(len(name))
    return folder


def pil_processor(family, folder):
    """transformers' own processor over Pillow, from the folder's file."""
    from transformers import AutoImageProcessor

    return AutoImageProcessor.from_pretrained(folder, backend="pil")


def make_clip():
    """As `save_pretrained` of a fine-tune leaves it: processor_config.json, no preprocessor_config.json."""
    from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, trainers
    from tokenizers import Regex
    from transformers import CLIPConfig, CLIPImageProcessor, CLIPModel, CLIPProcessor, CLIPTokenizer

    folder = fresh("clip")
    trained = Tokenizer(models.BPE(continuing_subword_prefix="", end_of_word_suffix="</w>", unk_token="<|endoftext|>"))
    trained.normalizer = normalizers.Sequence([normalizers.NFC(), normalizers.Lowercase()])
    words = Regex(r"'s|'t|'re|'ve|'m|'ll|'d|[\p{L}]+|[\p{N}]|[^\s\p{L}\p{N}]+")
    split = pre_tokenizers.Split(words, behavior="removed", invert=True)
    trained.pre_tokenizer = pre_tokenizers.Sequence([split, pre_tokenizers.ByteLevel(add_prefix_space=False)])
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    trainer = trainers.BpeTrainer(vocab_size=700, initial_alphabet=alphabet, end_of_word_suffix="</w>", show_progress=False)
    trained.train_from_iterator(lines(), trainer)
    model = json.loads(trained.to_str())["model"]
    # Every byte ends a word, too, as in CLIP's own vocabulary.
    vocab = dict(model["vocab"])
    for letter in alphabet:
        vocab.setdefault(f"{letter}</w>", len(vocab))
    for special in ("<|startoftext|>", "<|endoftext|>"):
        vocab[special] = len(vocab)
    vocab = dict(sorted(vocab.items(), key=lambda entry: entry[1]))
    merges = [tuple(pair) for pair in model["merges"]]
    tok = CLIPTokenizer(vocab=vocab, merges=merges, model_max_length=CONTEXT)
    side = 24
    sizes = {"hidden_size": 16, "intermediate_size": 32, "num_hidden_layers": 2, "num_attention_heads": 2}
    config = CLIPConfig(
        text_config={**sizes, "vocab_size": len(vocab), "max_position_embeddings": CONTEXT,
                     "bos_token_id": tok.bos_token_id, "eos_token_id": tok.eos_token_id},
        vision_config={**sizes, "image_size": side, "patch_size": 8}, projection_dim=12,
    )
    clip = CLIPModel(config).eval()
    randomise(clip)
    pictures = CLIPImageProcessor(size={"shortest_edge": side}, crop_size={"height": side, "width": side})
    CLIPProcessor(image_processor=pictures, tokenizer=tok).save_pretrained(folder)
    (folder / "vocab.json").write_text(json.dumps(vocab, ensure_ascii=False))
    (folder / "merges.txt").write_text("\n".join(["#version: 0.2", *(" ".join(pair) for pair in merges), ""]))
    ids = [tok(text, truncation=True, max_length=CONTEXT)["input_ids"] for text in TEXTS]
    finish(folder, clip, ids, pil_processor("clip", folder), False)


SIGLIP_CONTEXT = 24


def siglip_model(vocabulary, **tokens):
    from transformers import SiglipConfig, SiglipModel

    sizes = {"hidden_size": 16, "intermediate_size": 24, "num_hidden_layers": 2, "num_attention_heads": 2}
    config = SiglipConfig(
        text_config={**sizes, "vocab_size": vocabulary, "max_position_embeddings": SIGLIP_CONTEXT, "projection_size": 16, **tokens},
        vision_config={**sizes, "image_size": 24, "patch_size": 8},
    )
    model = SiglipModel(config).eval()
    randomise(model)
    model.logit_scale.data.fill_(3.0)
    model.logit_bias.data.fill_(-4.0)
    return model


def padded_ids(tok):
    options = {"padding": "max_length", "truncation": True, "max_length": SIGLIP_CONTEXT}
    return [tok(text, **options)["input_ids"] for text in TEXTS]


def make_siglip():
    """SiglipProcessor saves the sentencepiece model and no tokenizer.json."""
    import sentencepiece
    from transformers import SiglipImageProcessor, SiglipProcessor, SiglipTokenizer

    folder = fresh("siglip")
    written = io.BytesIO()
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter([line.lower() for line in lines()]), model_writer=written, vocab_size=500, model_type="unigram",
        pad_id=0, eos_id=1, unk_id=2, bos_id=-1, normalization_rule_name="nmt_nfkc", hard_vocab_limit=False,
        num_threads=1, minloglevel=2,
    )
    with tempfile.TemporaryDirectory() as name:
        path = Path(name) / "spiece.model"
        path.write_bytes(written.getvalue())
        tok = SiglipTokenizer(str(path), model_max_length=SIGLIP_CONTEXT)
        pictures = SiglipImageProcessor(size={"height": 24, "width": 24})
        SiglipProcessor(image_processor=pictures, tokenizer=tok).save_pretrained(folder)
        ids = padded_ids(tok)
        model = siglip_model(tok.vocab_size)
    finish(folder, model, ids, pil_processor("siglip", folder), True)


def make_gemma():
    """SigLIP2 of fixed resolution: SiglipModel with Gemma's tokenizer, which the reference does not lower by itself."""
    from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, trainers
    from transformers import GemmaTokenizer, SiglipImageProcessor, SiglipProcessor

    folder = fresh("siglip2")
    trained = Tokenizer(models.BPE(byte_fallback=True, unk_token="<unk>", fuse_unk=True))
    trained.normalizer = normalizers.Replace(" ", "▁")
    trained.pre_tokenizer = pre_tokenizers.Split(pattern="▁", behavior="merged_with_next")
    special = ["<pad>", "<eos>", "<bos>", "<unk>", "<mask>"] + [f"<0x{byte:02X}>" for byte in range(256)]
    trainer = trainers.BpeTrainer(vocab_size=700, special_tokens=special, show_progress=False)
    trained.train_from_iterator([line.lower() for line in lines()], trainer)
    model = json.loads(trained.to_str())["model"]
    merges = [tuple(pair) for pair in model["merges"]]
    tok = GemmaTokenizer(vocab=model["vocab"], merges=merges, add_bos_token=False, add_eos_token=True,
                         padding_side="right", model_max_length=SIGLIP_CONTEXT)
    pictures = SiglipImageProcessor(size={"height": 24, "width": 24}, resample=2)
    SiglipProcessor(image_processor=pictures, tokenizer=tok).save_pretrained(folder)
    lowered = [tok(text.lower(), padding="max_length", truncation=True, max_length=SIGLIP_CONTEXT)["input_ids"] for text in TEXTS]
    finish(folder, siglip_model(len(tok), bos_token_id=2, eos_token_id=1, pad_token_id=0), lowered, pil_processor("siglip", folder), True)


if __name__ == "__main__":
    torch.set_num_threads(1)
    if "--slow" in sys.argv:
        compare_with_slow()
        sys.exit()
    OUT.mkdir(parents=True, exist_ok=True)
    (OUT / "clip-tokens.json").write_text(json.dumps({"texts": TEXTS, "ids": clip_tokens()}))
    make_clip()
    make_siglip()
    make_gemma()
