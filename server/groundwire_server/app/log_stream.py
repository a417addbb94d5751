"""A stream for log lines whose reader may stop reading."""

import os
import select
import threading
from io import UnsupportedOperation
from typing import Final, TextIO

_LOOK_MILLISECONDS: Final = 100
"""How long a thread that waits for its reader does not see that it is to give up."""


class LogStream:
    """Writes lines to another stream; one that waits for its reader can be made to give up.

    A write to a full pipe cannot be interrupted, and holds locks that the end of the interpreter waits for. So nothing
    is written before there is room for it.

    Args:
        stream: takes the lines; one without a file descriptor is written to as it is.
    """

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._given_up = threading.Event()
        self._room = select.poll()
        try:
            self._descriptor: int | None = stream.fileno()
        except UnsupportedOperation:
            self._descriptor = None
        else:
            stream.flush()
            self._room.register(self._descriptor, select.POLLOUT)

    def write(self, text: str) -> None:
        """Write a text.

        Raises:
            OSError: when it cannot be written, or not any more.
        """
        if self._descriptor is None:
            self._stream.write(text)
            return
        rest = memoryview(text.encode(errors="backslashreplace"))
        while rest:
            self._wait(self._descriptor)
            # No more than a pipe takes without waiting when it has said that there is room.
            rest = rest[os.write(self._descriptor, rest[: select.PIPE_BUF]) :]

    def flush(self) -> None:
        """Leave nothing in a buffer."""
        if self._descriptor is None:
            self._stream.flush()

    def give_up(self) -> None:
        """Wait for no reader any more."""
        self._given_up.set()

    def _wait(self, descriptor: int) -> None:
        while not self._room.poll(0 if self._given_up.is_set() else _LOOK_MILLISECONDS):
            if self._given_up.is_set():
                raise BlockingIOError(f"nobody reads from file descriptor {descriptor}")
