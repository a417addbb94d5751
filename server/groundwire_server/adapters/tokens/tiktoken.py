"""Vocabularies of OpenAI's, from files: nothing is downloaded."""

import hashlib
from base64 import b64decode
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from groundwire_server.adapters.tokens.counting import LineCounter, MissingTokenizerError, UnusableVocabularyError
from groundwire_server.adapters.tokens.options import TiktokenOptions
from groundwire_server.files.small import UnreadableFileError, bytes_of

if TYPE_CHECKING:
    from tiktoken import Encoding


_MOST_BYTES: Final = 16 * 1024**2
"""Several times the larger of the two files."""


@dataclass(frozen=True, slots=True)
class _Vocabulary:
    """A vocabulary as it was published.

    Attributes:
        pattern: what a text is split by before its parts are encoded.
        digest: the SHA-256 of its file.
    """

    pattern: str
    digest: str


_WORDS: Final = r"[^\r\n\p{L}\p{N}]?"
_UPPER: Final = r"[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]"
_LOWER: Final = r"[\p{Ll}\p{Lm}\p{Lo}\p{M}]"
_SHORT: Final = r"(?i:'s|'t|'re|'ve|'m|'ll|'d)?"

_PUBLISHED: Final[Mapping[str, _Vocabulary]] = {
    "o200k_base": _Vocabulary(
        rf"{_WORDS}{_UPPER}*{_LOWER}+{_SHORT}|{_WORDS}{_UPPER}+{_LOWER}*{_SHORT}|\p{{N}}{{1,3}}"
        r"| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+",
        "446a9538cb6c348e3516120d7c08b09f57c36495e2acfffe59a5bf8b0cfb1a2d",
    ),
    "cl100k_base": _Vocabulary(
        r"'(?i:[sdmt]|ll|ve|re)|[^\r\n\p{L}\p{N}]?+\p{L}++|\p{N}{1,3}+| ?[^\s\p{L}\p{N}]++[\r\n]*+"
        r"|\s++$|\s*[\r\n]|\s+(?!\S)|\s",
        "223921b76ee99bde995b7ff738513eef100fb51d18c93597a113bcffe865b2a7",
    ),
}


def tiktoken_counter(options: TiktokenOptions) -> LineCounter:
    """Return the counter of a vocabulary.

    Raises:
        MissingTokenizerError: without the package.
        UnusableVocabularyError: when the file cannot be read, or is not the one that was published.
    """
    encoding = _encoding(options.encoding, published(options))
    return LineCounter(f"tiktoken:{options.encoding}", lambda text: len(encoding.encode_ordinary(text)))


def published(options: TiktokenOptions) -> bytes:
    """Return the bytes of a vocabulary's file.

    Raises:
        UnusableVocabularyError: when the file cannot be read, or is not the one that was published.
    """
    try:
        content = bytes_of(options.file, _MOST_BYTES)
    except UnreadableFileError as why:
        raise UnusableVocabularyError(f"{options.file} {why}") from None
    if hashlib.sha256(content).hexdigest() != _PUBLISHED[options.encoding].digest:
        raise UnusableVocabularyError(
            f"{options.file} is not {options.encoding}.tiktoken as it was published: copy it anew"
        )
    return content


def _encoding(name: str, content: bytes) -> "Encoding":
    try:
        import tiktoken  # noqa: PLC0415
    except ModuleNotFoundError as error:
        raise MissingTokenizerError("tiktoken") from error
    ranks = {b64decode(token): int(rank) for token, rank in map(bytes.split, content.splitlines())}
    return tiktoken.Encoding(name, pat_str=_PUBLISHED[name].pattern, mergeable_ranks=ranks, special_tokens={})
