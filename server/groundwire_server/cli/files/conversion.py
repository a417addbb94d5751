"""Turns HTML, PDF and DOCX into Markdown, through markitdown."""

import importlib.util
import io
import logging
import warnings
import zipfile
from typing import NamedTuple

EXTRA = "pip install 'groundwire-server[files]'"
FILE_LIMIT = 64 * 1024 * 1024
"""The most bytes of a file that is converted."""

_UNPACKED_LIMIT = 256 * 1024 * 1024
"""The most bytes that a DOCX, which is a ZIP, may unpack to."""


class Converted(NamedTuple):
    """A converted file."""

    text: str
    title: str


class NotConverted(Exception):
    """A file that has no text to be had; the message says why, after the file's name."""


def possible() -> bool:
    """Whether the extra is installed, without importing it."""
    return importlib.util.find_spec("markitdown") is not None


def convert(content: bytes, suffix: str) -> Converted:
    """Converts a file.

    Args:
        content: the file.
        suffix: what its name ends in, with the dot, in lower case.

    Raises:
        NotConverted: when it cannot be converted.
    """
    # Takes most of a second, which text files need not wait for.
    from markitdown import MarkItDown, MarkItDownException, MissingDependencyException, StreamInfo  # noqa: PLC0415
    from markitdown.converters import DocxConverter, HtmlConverter, PdfConverter  # noqa: PLC0415

    if suffix == ".docx":
        _check_unpacked(content)
    # What converters complain about on the way is of no use to whoever stores a folder.
    logging.getLogger("pdfminer").setLevel(logging.CRITICAL)
    # Only these: among all there are, that of plain text would take a damaged PDF for its own.
    converters = MarkItDown(enable_builtins=False, enable_plugins=False)
    docx = DocxConverter()  # type: ignore[no-untyped-call]
    for converter in (docx, HtmlConverter(), PdfConverter()):
        converters.register_converter(converter)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            result = converters.convert_stream(io.BytesIO(content), stream_info=StreamInfo(extension=suffix))
    except MissingDependencyException:
        raise NotConverted(f"needs more than is installed: {EXTRA}") from None
    except (MarkItDownException, RecursionError):
        kind = suffix.removeprefix(".").upper()
        raise NotConverted(f"cannot be converted: it is damaged, protected or no {kind}") from None
    return Converted(result.markdown, result.title or "")


def _check_unpacked(content: bytes) -> None:
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            unpacked = sum(entry.file_size for entry in archive.infolist())
    except (zipfile.BadZipFile, ValueError):
        raise NotConverted("cannot be converted: it is damaged, protected or no DOCX") from None
    if unpacked > _UNPACKED_LIMIT:
        raise NotConverted(f"unpacks to over {_UNPACKED_LIMIT // 1024 // 1024} MiB, which no text does: split it")
