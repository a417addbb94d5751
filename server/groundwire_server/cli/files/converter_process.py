"""The child process of the converter: it receives one path at a time, and replies with the contents or an error."""

import io
import json
import resource
import signal
import struct
import sys
import zipfile
import zlib
from collections.abc import Callable
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from groundwire_server.cli.files.converter import EXTRA, FILE_LIMIT
from groundwire_server.cli.files.readers.port import UnreadableContentError
from groundwire_server.cli.files.readers.registry import reader_of, suffix_of

_MEMORY = 4 * 1024 * 1024 * 1024
"""The limit of the address space in bytes; the readers' libraries take about one of the four GiB."""

_UNPACKED_LIMIT = 256 * 1024 * 1024
"""The limit of a ZIP, such as a DOCX or an XLSX, when unpacked, in bytes."""

_SPARE_SECONDS = 5

_BROKEN = (
    ArithmeticError, AssertionError, AttributeError, EOFError, LookupError, NotImplementedError, SyntaxError, TypeError,
    ValueError, struct.error, zipfile.BadZipFile, zlib.error,
)  # fmt: skip
"""How readers fail over files that are damaged; after anything else the next file gets a new process."""


def serve(channel: Connection, convert: Callable[[Path], dict[str, Any]]) -> None:
    """Convert files until the channel is closed, with limits on time and memory."""
    hard = resource.getrlimit(resource.RLIMIT_AS)[1]
    resource.setrlimit(resource.RLIMIT_AS, (_MEMORY if hard == resource.RLIM_INFINITY else min(_MEMORY, hard), hard))
    while True:
        try:
            asked = json.loads(channel.recv_bytes())
        except EOFError:
            return
        # The parent kills a process that takes too long; the alarm is for when the parent is gone.
        signal.alarm(int(asked["seconds"]) + _SPARE_SECONDS)
        reply = convert(Path(asked["path"]))
        signal.alarm(0)
        channel.send_bytes(json.dumps(reply).encode())


def _reply(path: Path) -> dict[str, Any]:
    try:
        with path.open("rb") as file:
            content = file.read(FILE_LIMIT + 1)
        return _read(content, path)
    except OSError as failed:
        return {"why": f"cannot be read: {failed.strerror}"}
    except MemoryError:
        return {"why": "cannot be converted: it needs too much memory; split it"}


def _read(content: bytes, path: Path) -> dict[str, Any]:
    suffix = suffix_of(path.suffix.lower(), content)
    if content.startswith(b"PK\x03\x04"):
        why = _why_not_unpacked(content, suffix)
        if why:
            return {"why": why}
    try:
        return reader_of(suffix)(content, path.name).facts
    except ImportError:
        return {"why": f"needs a package that is not installed: {EXTRA}"}
    except UnreadableContentError as failed:
        return {"why": str(failed)}
    except RecursionError:
        return {"why": "cannot be converted: it is nested too deeply"}
    except _BROKEN:
        return {"why": f"cannot be converted: it is damaged, or not a {suffix.removeprefix('.').upper()}"}


def _why_not_unpacked(content: bytes, suffix: str) -> str:
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            unpacked = sum(entry.file_size for entry in archive.infolist())
    except (zipfile.BadZipFile, ValueError):
        return f"cannot be converted: it is damaged, protected or not a {suffix.removeprefix('.').upper()}"
    if unpacked > _UNPACKED_LIMIT:
        return f"unpacks to more than {_UNPACKED_LIMIT // 1024 // 1024} MiB: split it"
    return ""


if __name__ == "__main__":
    serve(Connection(int(sys.argv[1])), _reply)
