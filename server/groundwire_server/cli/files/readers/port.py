"""What a reader of a file format takes and returns."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Protocol

from groundwire_server.domain.failure import GroundwireError

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

    @property
    def facts(self) -> dict[str, Any]:
        """The values as JSON has them."""
        return asdict(self)


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
