"""Reads files that are neither text nor Markdown, in a child process with limits on time and memory.

A hostile file can keep a converter busy for hours or exhaust memory, and nothing within the process can stop that: a
conversion that takes too long is killed, and the next file gets a new process.
"""

import json
import signal
import socket
import subprocess
import sys
from contextlib import suppress
from multiprocessing.connection import Connection
from pathlib import Path
from types import TracebackType
from typing import Self

from groundwire_server.cli.files.readers.port import FileContents
from groundwire_server.domain.failure import GroundwireError

EXTRA = "pip install 'groundwire-server[files]'"
FILE_LIMIT = 64 * 1024 * 1024
"""The largest file that is converted, in bytes."""

SECONDS = 120.0
"""The time limit for one file, in seconds; a PDF of a thousand pages takes about half of it."""

_PROGRAM = "groundwire_server.cli.files.converter_process"
_ENDING_SECONDS = 5.0
_REPLY_LIMIT = 64 * 1024 * 1024


class ConversionError(GroundwireError):
    """A file cannot be converted; the message says why, and follows the file's name."""


class Converter:
    """A converter of one file after another. Its process starts with the first file, and ends with the context.

    Args:
        seconds: the time limit for one file.
        program: the module that the process runs.
    """

    def __init__(self, seconds: float = SECONDS, program: str = _PROGRAM) -> None:
        self._seconds = seconds
        self._program = program
        self._process: subprocess.Popen[bytes] | None = None
        self._channel: Connection | None = None

    def convert(self, path: Path) -> FileContents:
        """Convert a file.

        Raises:
            ConversionError: when it cannot be converted.
        """
        channel = self._channel or self._start()
        try:
            channel.send_bytes(json.dumps({"path": str(path.absolute()), "seconds": self._seconds}).encode())
            if not channel.poll(self._seconds):
                self._stop()
                raise ConversionError(f"took longer than {self._seconds:g} s to convert: split it")
            reply = json.loads(channel.recv_bytes(_REPLY_LIMIT))
        except (EOFError, OSError):
            reason = self._why_ended()
            raise ConversionError(reason) from None
        if "why" in reply:
            raise ConversionError(reply["why"])
        return FileContents(**reply)

    def interrupt(self) -> None:
        """End the process, from any thread: a conversion in progress fails."""
        process = self._process
        if process is not None:
            process.kill()

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
                # -P: no module is imported from a folder of documents.
                [sys.executable, "-P", "-m", self._program, str(number)],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                # The converters' warnings do not help the user.
                stderr=subprocess.DEVNULL,
                pass_fds=[number],
                process_group=0,  # Ctrl-C is handled by this process
            )
        self._channel = Connection(ours.detach())
        return self._channel

    def _why_ended(self) -> str:
        """Return why the process ended by itself."""
        alarmed = False
        if self._process is not None:
            # It has closed the channel: either it is ending, or it hangs.
            with suppress(subprocess.TimeoutExpired):
                alarmed = self._process.wait(_ENDING_SECONDS) == -signal.SIGALRM
        self._stop()
        if alarmed:
            return f"took longer than {self._seconds:g} s to convert: split it"
        return "cannot be converted: it needs too much memory, or crashes the converter; split it"

    def _stop(self) -> None:
        if self._channel is not None:
            self._channel.close()
        if self._process is not None:
            self._process.kill()
            self._process.wait()
        self._channel = self._process = None
