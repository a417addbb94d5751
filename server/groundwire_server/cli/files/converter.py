"""Turns HTML, PDF and DOCX into Markdown, in a process of its own that may take only so much time and memory.

A file of somebody else's can keep a converter busy for hours or make it eat all memory there is, and nothing within a
process can stop that: what takes too long is killed, and the next file gets a new process.
"""

import importlib.util
import json
import signal
import socket
import subprocess
import sys
from contextlib import suppress
from multiprocessing.connection import Connection
from pathlib import Path
from types import TracebackType
from typing import NamedTuple, Self

from groundwire_server.domain.failure import GroundwireError

EXTRA = "pip install 'groundwire-server[files]'"
FILE_LIMIT = 64 * 1024 * 1024
"""The most bytes of a file that is converted."""

SECONDS = 120.0
"""The most time one file may take; a PDF of a thousand pages takes about half of it."""

_PROGRAM = "groundwire_server.cli.files.converter_process"
_ENDING_SECONDS = 5.0
_REPLY_LIMIT = 64 * 1024 * 1024


class Converted(NamedTuple):
    """A converted file."""

    text: str
    title: str


class ConversionError(GroundwireError):
    """A file that has no text to be had; the message says why, after the file's name."""


def possible() -> bool:
    """Whether the extra is installed, without importing it."""
    return importlib.util.find_spec("markitdown") is not None


class Converter:
    """Converts files one after the other. The process starts with the first of them; leaving ends it.

    Args:
        seconds: the most time one file may take.
        program: the module that converts.
    """

    def __init__(self, seconds: float = SECONDS, program: str = _PROGRAM) -> None:
        self._seconds = seconds
        self._program = program
        self._process: subprocess.Popen[bytes] | None = None
        self._channel: Connection | None = None

    def convert(self, path: Path) -> Converted:
        """Converts a file.

        Raises:
            ConversionError: when it cannot be converted.
        """
        channel = self._channel or self._start()
        try:
            channel.send_bytes(json.dumps({"path": str(path.absolute()), "seconds": self._seconds}).encode())
            if not channel.poll(self._seconds):
                self._stop()
                raise ConversionError(f"takes over {self._seconds:g} s to convert, and is given up: split it")
            reply = json.loads(channel.recv_bytes(_REPLY_LIMIT))
        except (EOFError, OSError):
            told = self._ended()
            raise ConversionError(told) from None
        if "why" in reply:
            raise ConversionError(reply["why"])
        return Converted(reply["text"], reply["title"])

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop()

    def _start(self) -> Connection:
        ours, theirs = socket.socketpair()
        with theirs:
            number = theirs.fileno()
            self._process = subprocess.Popen(  # noqa: S603  # this Python and our own words
                # -P: a folder of documents is no place to import modules from.
                [sys.executable, "-P", "-m", self._program, str(number)],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                # What converters complain about on the way is of no use to whoever stores a folder.
                stderr=subprocess.DEVNULL,
                pass_fds=[number],
                process_group=0,  # Ctrl-C is ours to hear
            )
        self._channel = Connection(ours.detach())
        return self._channel

    def _ended(self) -> str:
        """Why the process has ended by itself."""
        alarmed = False
        if self._process is not None:
            # It has let go of the channel: it is ending, or never will.
            with suppress(subprocess.TimeoutExpired):
                alarmed = self._process.wait(_ENDING_SECONDS) == -signal.SIGALRM
        self._stop()
        if alarmed:
            return f"takes over {self._seconds:g} s to convert, and is given up: split it"
        return "cannot be converted: it takes more memory than one file may, or breaks the converter; split it"

    def _stop(self) -> None:
        if self._channel is not None:
            self._channel.close()
        if self._process is not None:
            self._process.kill()
            self._process.wait()
        self._channel = self._process = None
