"""A generator whose model is shown placeholders, and whose reply has the original words."""

import json
import re
from collections.abc import AsyncGenerator, Callable, Iterator, Mapping
from contextlib import aclosing
from dataclasses import replace
from typing import Final

from groundwire_server.adapters.guards.masking import Masker
from groundwire_server.domain.deadline import Deadline
from groundwire_server.domain.generation import BegunReply, GenerationRequest, Piece, Prompt
from groundwire_server.domain.guards.restoring import Restorer
from groundwire_server.ports.generator import Generator

_STRING: Final = re.compile(r'(?P<string>"(?:[^"\\]++|\\.)*+")(?P<key>\s*+:)?', re.DOTALL)

_NOTE: Final = (
    "\n\nSigns in square brackets such as [EMAIL_1] stand for words that are not shown. Take each for those words, and "
    "write it exactly as it stands."
)


class MaskingGenerator:
    """A Generator that is shown placeholders; originals are put back into what it writes.

    The instructions of a prompt are its own and stay, and so do the tags of its fences. Tokens with log probabilities
    stay as the model wrote them: they are of yes and no.

    Args:
        inner: writes.
        masker: says what it must not be shown.
    """

    def __init__(self, inner: Generator, masker: Masker) -> None:
        self._inner = inner
        self._masker = masker

    def generate(self, request: GenerationRequest, deadline: Deadline) -> AsyncGenerator[Piece, None]:
        """Yield what the inner generator writes, with the originals in it."""
        prompt, originals = masked_prompt(request.prompt, self._masker)
        pieces = self._inner.generate(replace(request, prompt=prompt), deadline)
        # Where nothing is masked, pieces pass through no further generator.
        return _restored(pieces, originals) if originals else pieces


def masked_prompt(prompt: Prompt, masker: Masker) -> tuple[Prompt, Mapping[str, str]]:
    """Return a prompt with placeholders, and the words that each stands for.

    What only this process uses of it is left out, so that it cannot be sent.
    """
    begun = prompt.begun
    user, correction = _Fenced(prompt.user, prompt.mark), _Fenced(begun.correction if begun else "", prompt.mark)
    written = _Json(begun.written if begun else "")
    placeholders = masker.numbered([*user.texts(), *written.texts(), *correction.texts()], _in_json)
    mask, originals = placeholders.mask, placeholders.originals
    masked = replace(
        prompt,
        system=prompt.system + _NOTE if originals else prompt.system,
        prefix=len(prompt.system) if prompt.prefix is None else prompt.prefix,
        user=user.masked(mask),
        question="",
        handles={},
        begun=BegunReply(written.masked(mask), correction.masked(mask), begun.opening) if begun else None,
    )
    return masked, originals


class _Fenced:
    """A text with fences: its parts without the tags, in which a mark of digits could be taken for a number."""

    def __init__(self, text: str, mark: str) -> None:
        # A mark cannot be guessed: what others wrote has none.
        tags = rf"(<[^<>]*{re.escape(mark)}[^<>]*>|^[^\n<>]*{re.escape(mark)}$)"
        self._parts = re.split(tags, text, flags=re.MULTILINE) if mark else [text]

    def texts(self) -> Iterator[str]:
        """Yield what stands outside the tags."""
        return (part for part in self._parts[::2] if part and not part.isspace())

    def masked(self, mask: Callable[[str], str]) -> str:
        """Return the text with its parts masked."""
        return "".join(part if index % 2 else mask(part) for index, part in enumerate(self._parts))


class _Json:
    """A reply in JSON: its strings but for keys, so that words are found that are escaped there."""

    def __init__(self, text: str) -> None:
        self._text = text

    def texts(self) -> Iterator[str]:
        """Yield what the strings say."""
        return (_said(found["string"]) for found in _STRING.finditer(self._text) if found["key"] is None)

    def masked(self, mask: Callable[[str], str]) -> str:
        """Return the text with its strings masked; those in which nothing is found stay as they are written."""

        def written(found: "re.Match[str]") -> str:
            if found["key"] is not None:
                return found[0]
            said = _said(found[0])
            masked = mask(said)
            return found[0] if masked == said else json.dumps(masked, ensure_ascii=False)

        return _STRING.sub(written, self._text)


def _said(string: str) -> str:
    return str(json.loads(string, strict=False))


def _in_json(words: str) -> str:
    return json.dumps(words, ensure_ascii=False)[1:-1]


async def _restored(pieces: AsyncGenerator[Piece, None], originals: Mapping[str, str]) -> AsyncGenerator[Piece, None]:
    restorer = Restorer(originals, _in_json)
    async with aclosing(pieces):
        async for piece in pieces:
            if isinstance(piece, str):
                if text := restorer.feed(piece):
                    yield text
                continue
            if rest := restorer.rest():
                yield rest
            yield piece
