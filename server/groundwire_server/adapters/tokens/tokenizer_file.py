"""Tokenizers that stand beside a model's weights."""

from pathlib import Path
from typing import TYPE_CHECKING

from groundwire_server.adapters.tokens.counting import LineCounter, MissingTokenizerError, UnusableVocabularyError
from groundwire_server.adapters.tokens.options import TokenizerOptions

if TYPE_CHECKING:
    from tokenizers import Tokenizer


def tokenizer_counter(options: TokenizerOptions) -> LineCounter:
    """Return the counter of a `tokenizer.json`.

    Raises:
        MissingTokenizerError: without the package.
        UnusableVocabularyError: when the file cannot be read, or is not a tokenizer.
    """
    file = file_of(options)
    tokenizer = _read(file)
    tokenizer.no_truncation()
    tokenizer.no_padding()
    return LineCounter(
        f"tokenizer:{file.parent.name}", lambda text: len(tokenizer.encode(text, add_special_tokens=False).ids)
    )


def file_of(options: TokenizerOptions) -> Path:
    """Return the file of a tokenizer that is named by it, or by its folder."""
    return options.file if options.file.suffix == ".json" else options.file / "tokenizer.json"


def check_tokenizer(options: TokenizerOptions) -> None:
    """Make sure that a tokenizer's file is there; reading all of it would take a second.

    Raises:
        UnusableVocabularyError: when it cannot be read.
    """
    file = file_of(options)
    try:
        with file.open("rb") as opened:
            beginning = opened.read(64)
    except OSError as failed:
        raise UnusableVocabularyError(f"{file} cannot be read: {failed.strerror}") from None
    if not beginning.lstrip().startswith(b"{"):
        raise _no_tokenizer(file)


def _no_tokenizer(file: Path) -> UnusableVocabularyError:
    return UnusableVocabularyError(f"{file} is not the file of a tokenizer: save it with the model")


def _read(file: Path) -> "Tokenizer":
    try:
        from tokenizers import Tokenizer  # noqa: PLC0415
    except ModuleNotFoundError as error:
        raise MissingTokenizerError("tokenizers") from error
    try:
        return Tokenizer.from_str(file.read_text(encoding="utf-8"))
    except OSError as failed:
        raise UnusableVocabularyError(f"{file} cannot be read: {failed.strerror}") from None
    except Exception as raised:
        # The package raises nothing narrower for a file that it cannot read.
        if type(raised) is not Exception and not isinstance(raised, UnicodeDecodeError):
            raise
        raise _no_tokenizer(file) from None
