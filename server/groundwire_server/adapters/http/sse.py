"""Server-sent events, out of bytes as they arrive."""

from collections.abc import Sequence

from groundwire_server.domain.failure import GroundwireError


class TooLongEventError(GroundwireError):
    """An event has more bytes than it may."""


class EventReader:
    """Takes what one read brought and returns the data of every event that it completed.

    Lines may end in LF, CRLF or CR and be cut anywhere. Names, ids and comments are left out: every provider says in
    its data what an event is. An `error:` line, which llama.cpp wrote until late in 2025, becomes the data
    `{"error": …}` that everybody else sends.

    Args:
        limit: bytes that an event may have.
    """

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._rest = b""
        self._held = b""

    def feed(self, data: bytes) -> Sequence[bytes]:
        """Take the next read.

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
        """The stream has ended: the last event need not be followed by an empty line."""
        event = _data(self._rest)
        self._rest = self._held = b""
        return [event] if event else []


class DocumentReader:
    """Reads a response that is one document as if it were a stream of one event: some servers do not stream.

    Args:
        limit: bytes that it may have.
    """

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._parts: list[bytes] = []
        self._size = 0

    def feed(self, data: bytes) -> Sequence[bytes]:
        """Take the next read.

        Raises:
            TooLongEventError: when the document does not end.
        """
        self._parts.append(data)
        self._size += len(data)
        if self._size > self._limit:
            raise TooLongEventError
        return ()

    def end(self) -> Sequence[bytes]:
        """The document is whole."""
        return [b"".join(self._parts)] if self._size else ()


def _data(block: bytes) -> bytes:
    lines: list[bytes] = []
    for line in block.split(b"\n"):
        name, _, value = line.partition(b":")
        value = value.removeprefix(b" ")
        if name == b"data":
            lines.append(value)
        elif name == b"error":
            lines.append(b'{"error":' + value + b"}")
    return b"\n".join(lines)
