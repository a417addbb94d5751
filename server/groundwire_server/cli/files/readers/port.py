"""What a reader of a file format takes and returns."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any, Final, Protocol, Self

from groundwire_server.domain.failure import GroundwireError

_SURROGATE: Final = re.compile("[\ud800-\udfff]")

MetadataValue = str | float | bool | Sequence[str]


class UnreadableContentError(GroundwireError):
    """A file whose text cannot be read; the message says why, and follows the file's name."""


@dataclass(frozen=True, slots=True)
class FileContents:
    """What was read of a file.

    Attributes:
        text: Markdown, or plain text; a form feed begins a new page.
        markdown: whether the text is Markdown.
        title: the file's own; empty where it has none.
        metadata: values of its own.
        warnings: what is not in the text, or was guessed, a line each.
    """

    text: str
    markdown: bool = True
    title: str = ""
    metadata: Mapping[str, MetadataValue] = field(default_factory=dict)
    warnings: Sequence[str] = ()

    def as_unicode(self) -> Self:
        """Return the contents without lone surrogates, which escapes in JSON and YAML can name and no text may have."""
        texts = self.text, self.title, *self.metadata.values(), *self.warnings
        if not any(map(_has_surrogate, texts)):
            return self
        return replace(
            self,
            text=_unicode(self.text),
            title=_unicode(self.title),
            metadata={key: _value(each) for key, each in self.metadata.items()},
            warnings=(*map(_unicode, self.warnings), "has characters that are no Unicode: they are replaced"),
        )

    @property
    def facts(self) -> dict[str, Any]:
        """The values as JSON has them."""
        return asdict(self)


def _has_surrogate(value: MetadataValue) -> bool:
    match value:
        case str():
            return _SURROGATE.search(value) is not None
        case float() | int():
            return False
        case _:
            return any(map(_has_surrogate, value))


def _value(value: MetadataValue) -> MetadataValue:
    match value:
        case str():
            return _unicode(value)
        case float() | int():
            return value
        case _:
            return [_unicode(each) for each in value]


def _unicode(text: str) -> str:
    return _SURROGATE.sub("\N{REPLACEMENT CHARACTER}", text)


class Reader(Protocol):
    """A function that reads one format.

    A package adds formats through entry points of the group `groundwire.readers`: the name is the suffix without its
    dot, the object a Reader. It runs in a process of its own, with limits on time and memory.
    """

    def __call__(self, content: bytes, name: str) -> FileContents:
        """Return what a file contains.

        Args:
            content: of the file.
            name: of the file, without its folder.

        Raises:
            UnreadableContentError: when it cannot be read.
        """
        ...
