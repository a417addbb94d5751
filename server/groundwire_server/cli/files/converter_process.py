"""The process that converts: takes the path of a file at a time, and answers with its text or why there is none."""

import io
import json
import resource
import signal
import sys
import zipfile
from collections.abc import Iterator
from multiprocessing.connection import Connection
from pathlib import Path

from groundwire_server.cli.files.converter import EXTRA, FILE_LIMIT

_MEMORY = 4 * 1024 * 1024 * 1024
"""The most bytes of address space; the converters' own libraries take about one of the four GiB."""

_UNPACKED_LIMIT = 256 * 1024 * 1024
"""The most bytes that a DOCX, which is a ZIP, may unpack to."""

_SPARE_SECONDS = 5
_LOCKED = frozenset({"PDFPasswordIncorrect", "PDFEncryptionError", "PDFTextExtractionNotAllowed"})


def main(channel: Connection) -> None:
    """Converts what is asked for until nobody asks any more."""
    hard = resource.getrlimit(resource.RLIMIT_AS)[1]
    resource.setrlimit(resource.RLIMIT_AS, (_MEMORY if hard == resource.RLIM_INFINITY else min(_MEMORY, hard), hard))
    while True:
        try:
            asked = json.loads(channel.recv_bytes())
        except EOFError:
            return
        # Whoever asked ends a process that takes too long; this is for when it is not there any more to do so.
        signal.alarm(int(asked["seconds"]) + _SPARE_SECONDS)
        reply = _reply(Path(asked["path"]))
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
        return {"why": "cannot be converted: it takes more memory than one file may; split it"}


def _converted(content: bytes, suffix: str) -> dict[str, str]:
    # Takes most of a second; a file that is missing or too large is told of without it.
    from markitdown import MarkItDown, MarkItDownException, MissingDependencyException, StreamInfo  # noqa: PLC0415
    from markitdown.converters import DocxConverter, HtmlConverter, PdfConverter  # noqa: PLC0415

    kind = suffix.removeprefix(".").upper()
    if suffix == ".docx":
        why = _why_not_unpacked(content)
        if why:
            return {"why": why}
    # Only these: among all there are, that of plain text would take a damaged PDF for its own.
    converters = MarkItDown(enable_builtins=False, enable_plugins=False)
    docx = DocxConverter()  # type: ignore[no-untyped-call]
    for converter in (docx, HtmlConverter(), PdfConverter()):
        converters.register_converter(converter)
    try:
        result = converters.convert_stream(io.BytesIO(content), stream_info=StreamInfo(extension=suffix))
    except MissingDependencyException:
        return {"why": f"needs more than is installed: {EXTRA}"}
    except (MarkItDownException, RecursionError) as failed:
        if any(type(each).__name__ in _LOCKED for each in _behind(failed)):
            return {"why": "is protected with a password: store a copy without one"}
        return {"why": f"cannot be converted: it is damaged, or no {kind}"}
    return {"text": result.markdown, "title": result.title or ""}


def _behind(error: BaseException) -> Iterator[BaseException]:
    """An error and all that led to it; markitdown keeps what its converters raised in a list of its own."""
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
        return "cannot be converted: it is damaged, protected or no DOCX"
    if unpacked > _UNPACKED_LIMIT:
        return f"unpacks to over {_UNPACKED_LIMIT // 1024 // 1024} MiB, which no text does: split it"
    return ""


if __name__ == "__main__":
    main(Connection(int(sys.argv[1])))
