"""The child process of the converter: it receives one path at a time, and replies with the text or an error."""

import io
import json
import resource
import signal
import sys
import zipfile
from collections.abc import Callable, Iterator
from multiprocessing.connection import Connection
from pathlib import Path

from groundwire_server.cli.files.converter import EXTRA, FILE_LIMIT

_MEMORY = 4 * 1024 * 1024 * 1024
"""The limit of the address space in bytes; the converters' libraries take about one of the four GiB."""

_UNPACKED_LIMIT = 256 * 1024 * 1024
"""The limit of a DOCX, which is a ZIP, when unpacked, in bytes."""

_SPARE_SECONDS = 5
_LOCKED = frozenset({"PDFPasswordIncorrect", "PDFEncryptionError", "PDFTextExtractionNotAllowed"})


def serve(channel: Connection, convert: Callable[[Path], dict[str, str]]) -> None:
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


def _reply(path: Path) -> dict[str, str]:
    try:
        with path.open("rb") as file:
            content = file.read(FILE_LIMIT + 1)
        return _converted(content, path.suffix.lower())
    except OSError as failed:
        return {"why": f"cannot be read: {failed.strerror}"}
    except MemoryError:
        return {"why": "cannot be converted: it needs too much memory; split it"}


def _converted(content: bytes, suffix: str) -> dict[str, str]:
    # Importing takes most of a second; a missing or oversized file is reported without it.
    from markitdown import MarkItDown, MarkItDownException, MissingDependencyException, StreamInfo  # noqa: PLC0415
    from markitdown.converters import DocxConverter, HtmlConverter, PdfConverter  # noqa: PLC0415

    kind = suffix.removeprefix(".").upper()
    if suffix == ".docx":
        why = _why_not_unpacked(content)
        if why:
            return {"why": why}
    # Only these: markitdown's converter of plain text would accept a damaged PDF.
    converters = MarkItDown(enable_builtins=False, enable_plugins=False)
    docx = DocxConverter()  # type: ignore[no-untyped-call]
    for converter in (docx, HtmlConverter(), PdfConverter()):
        converters.register_converter(converter)
    try:
        result = converters.convert_stream(io.BytesIO(content), stream_info=StreamInfo(extension=suffix))
    except MissingDependencyException:
        return {"why": f"needs a package that is not installed: {EXTRA}"}
    except (MarkItDownException, RecursionError) as failed:
        if any(type(each).__name__ in _LOCKED for each in _behind(failed)):
            return {"why": "is protected with a password: store a copy without one"}
        return {"why": f"cannot be converted: it is damaged, or not a {kind}"}
    return {"text": result.markdown, "title": result.title or ""}


def _behind(error: BaseException) -> Iterator[BaseException]:
    """Yield an error and its causes; markitdown keeps the errors of its converters in a list."""
    yield error
    inner = [attempt.exc_info[1] for attempt in getattr(error, "attempts", None) or () if attempt.exc_info]
    for each in (*inner, error.__cause__ or error.__context__, *error.args):
        if isinstance(each, BaseException):
            yield from _behind(each)


def _why_not_unpacked(content: bytes) -> str:
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            unpacked = sum(entry.file_size for entry in archive.infolist())
    except (zipfile.BadZipFile, ValueError):
        return "cannot be converted: it is damaged, protected or not a DOCX"
    if unpacked > _UNPACKED_LIMIT:
        return f"unpacks to more than {_UNPACKED_LIMIT // 1024 // 1024} MiB: split it"
    return ""


if __name__ == "__main__":
    serve(Connection(int(sys.argv[1])), _reply)
