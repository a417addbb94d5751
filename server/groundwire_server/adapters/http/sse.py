"""Events, out of the bytes of a response as they arrive."""

from collections.abc import Sequence
from typing import Final

from pydantic_core import to_json

from groundwire_server.domain.failure import GroundwireError

_BYTE_ORDER_MARK: Final = b"\xef\xbb\xbf"


class TooLongEventError(GroundwireError):
    """An event has more bytes than it may."""


class BodyReader:
    """The events of a response, whatever its headers call it.

    A body that begins as JSON does is one document, which servers send that do not stream; any other is a stream of
    server-sent events. Proxies name either by the other's content type, or by none.

    Args:
        limit: bytes that an event, or the document, may have.
    """

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._reader: EventReader | DocumentReader | None = None
        self._beginning = b""

    @property
    def is_document(self) -> bool:
        """Whether the body is one document."""
        return isinstance(self._reader, DocumentReader)

    def feed(self, data: bytes) -> Sequence[bytes]:
        """Take the next read and return the events that it completed.

        Raises:
            TooLongEventError: when an event does not end.
        """
        if self._reader is None:
            data = self._beginning + data
            if _BYTE_ORDER_MARK.startswith(data):
                self._beginning = data
                return ()
            self._beginning = b""
            # Servers that do not stream send blank lines meanwhile, to keep the connection.
            data = data.removeprefix(_BYTE_ORDER_MARK).lstrip()
            if not data:
                return ()
            self._reader = (DocumentReader if data[:1] in b"{[" else EventReader)(self._limit)
        return self._reader.feed(data)

    def end(self) -> Sequence[bytes]:
        """Return the events that the end of the body completes."""
        return () if self._reader is None else self._reader.end()


class EventReader:
    """The data of server-sent events.

    Lines may end in LF, CRLF or CR and be cut anywhere. Names, ids and comments are left out, for every provider says
    in its data what an event is, with one exception: the data of an event named `error`, and of an `error:` line, which
    llama.cpp wrote until late in 2025, becomes the `{"error": …}` that all others send.

    Args:
        limit: bytes that an event may have.
    """

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._rest = b""
        self._held = b""

    def feed(self, data: bytes) -> Sequence[bytes]:
        """Take the next read and return the data of the events that it completed.

        Raises:
            TooLongEventError: when an event does not end.
        """
        if self._held:
            data = self._held + data
            self._held = b""
        if b"\r" in data:
            if data.endswith(b"\r"):
                # It may be the first half of CRLF.
                data, self._held = data[:-1], b"\r"
            data = data.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
        *blocks, self._rest = (self._rest + data).split(b"\n\n")
        if len(self._rest) > self._limit:
            raise TooLongEventError
        return [
            # Nearly every event is one line.
            event
            for block in blocks
            if (event := block[6:] if block[:6] == b"data: " and b"\n" not in block else _data(block))
        ]

    def end(self) -> Sequence[bytes]:
        """Return the data of the last event: no empty line need follow it."""
        event = _data(self._rest)
        self._rest = self._held = b""
        return [event] if event else []


class DocumentReader:
    """A body that is one document, as a stream of one event.

    Args:
        limit: bytes that it may have.
    """

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._parts: list[bytes] = []
        self._size = 0

    def feed(self, data: bytes) -> Sequence[bytes]:
        """Take the next read; no event is complete before the end.

        Raises:
            TooLongEventError: when the document does not end.
        """
        self._parts.append(data)
        self._size += len(data)
        if self._size > self._limit:
            raise TooLongEventError
        return ()

    def end(self) -> Sequence[bytes]:
        """Return the document."""
        return [b"".join(self._parts)] if self._size else ()


def _data(block: bytes) -> bytes:
    named = b""
    lines: list[bytes] = []
    for line in block.split(b"\n"):
        name, _, value = line.partition(b":")
        value = value.removeprefix(b" ")
        if name == b"data":
            lines.append(value)
        elif name == b"event":
            named = value
        elif name == b"error":
            return b'{"error":' + value + b"}"
    data = b"\n".join(lines)
    if named != b"error" or not data:
        return data
    return b'{"error":' + (data if data[:1] == b"{" else to_json(data.decode(errors="replace"))) + b"}"
