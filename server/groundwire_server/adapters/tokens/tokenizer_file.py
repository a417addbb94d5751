"""Tokenizers that stand beside a model's weights."""

import os
from collections.abc import Callable
from pathlib import Path
from stat import S_ISREG
from typing import TYPE_CHECKING, Final

from groundwire_server.adapters.tokens.counting import LineCounter, MissingTokenizerError, UnusableVocabularyError
from groundwire_server.adapters.tokens.options import TokenizerOptions
from groundwire_server.files.small import UnreadableFileError, bytes_of

if TYPE_CHECKING:
    from tokenizers import Tokenizer

_MOST_BYTES: Final = 256 * 1024**2
"""Several times the largest that a model comes with."""

_ENDS: Final = 64
"""Bytes at the beginning and at the end of a file by which a damaged one is told without reading all of it."""

_EVERYTHING: Final = (
    "One 2 \u00fc \u0416 \u05d0 \u0639 \u0905 \u0e01 \u4e2d \u304b \ud55c \U0001f469\u200d\U0001f680"
    "\x00\x7f\ufffd\U0010fffd\n\t<|endoftext|>"
)
"""Texts hold any character: a tokenizer that fails on one of them would fail a call."""


def tokenizer_counter(options: TokenizerOptions) -> LineCounter:
    """Return the counter of a `tokenizer.json`.

    Raises:
        MissingTokenizerError: without the package.
        UnusableVocabularyError: when the file cannot be read, is not a tokenizer, or cannot count every text.
    """
    file = file_of(options)
    tokenizer = _read(file)
    tokenizer.no_truncation()
    tokenizer.no_padding()

    def count(text: str) -> int:
        return len(tokenizer.encode(text, add_special_tokens=False).ids)

    if not _counts(count):
        raise UnusableVocabularyError(
            f"{file} cannot count every text: it has no token for characters that it does not know; name the tokenizer "
            "that the model was published with"
        )
    return LineCounter(f"tokenizer:{file.parent.name}", count)


def file_of(options: TokenizerOptions) -> Path:
    """Return the file of a tokenizer that is named by it, or by its folder."""
    return options.file if options.file.suffix == ".json" else options.file / "tokenizer.json"


def check_tokenizer(options: TokenizerOptions) -> None:
    """Make sure that a tokenizer's file is there, and whole; reading all of it would take a second.

    Raises:
        UnusableVocabularyError: when it cannot be read, or was cut off.
    """
    file = file_of(options)
    try:
        # Opening a pipe without a writer would block forever.
        if not S_ISREG(file.stat().st_mode):
            raise _no_tokenizer(file)
        with file.open("rb") as opened:
            beginning = opened.read(_ENDS)
            size = opened.seek(0, os.SEEK_END)
            opened.seek(max(0, size - _ENDS))
            end = opened.read(_ENDS)
    except OSError as failed:
        raise UnusableVocabularyError(f"{file} cannot be read: {failed.strerror}") from None
    if size > _MOST_BYTES or not beginning.lstrip().startswith(b"{"):
        raise _no_tokenizer(file)
    if not end.rstrip().endswith(b"}"):
        raise UnusableVocabularyError(f"{file} is cut off: copy it anew")


def _counts(count: Callable[[str], int]) -> bool:
    """Return whether a tokenizer has tokens for every text."""
    try:
        return count(_EVERYTHING) > 0
    except Exception as raised:
        # The package raises nothing narrower for what it has no token for.
        if type(raised) is not Exception:
            raise
        return False


def _no_tokenizer(file: Path) -> UnusableVocabularyError:
    return UnusableVocabularyError(f"{file} is not the file of a tokenizer: save it with the model")


def _read(file: Path) -> "Tokenizer":
    try:
        from tokenizers import Tokenizer  # noqa: PLC0415
    except ModuleNotFoundError as error:
        raise MissingTokenizerError("tokenizers") from error
    try:
        return Tokenizer.from_str(bytes_of(file, _MOST_BYTES).decode("utf-8-sig"))
    except UnreadableFileError as why:
        raise UnusableVocabularyError(f"{file} {why}") from None
    except Exception as raised:
        # The package raises nothing narrower for a file that it cannot read.
        if type(raised) is not Exception and not isinstance(raised, UnicodeDecodeError):
            raise
        raise _no_tokenizer(file) from None
