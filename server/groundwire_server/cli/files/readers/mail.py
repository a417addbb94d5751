"""Mail: its text decoded, its headers as metadata, quoted replies apart."""

import re
from collections.abc import Iterator
from datetime import datetime
from email import policy
from email.errors import HeaderParseError, MessageError
from email.message import EmailMessage
from email.parser import BytesParser
from typing import Final

from groundwire_server.cli.files.readers.encoding import decoded
from groundwire_server.cli.files.readers.port import FileContents, UnreadableContentError
from groundwire_server.markup import writing

_ATTRIBUTION: Final = re.compile(
    r"^(?:On\b.{0,300}\bwrote:|Am\b.{0,300}\bschrieb\b.{0,100}:|Le\b.{0,300}\ba écrit\s?:|El\b.{0,300}\bescribió:)\s*$"
    r"|^-{2,} ?(?:Original Message|Ursprüngliche Nachricht|Forwarded message).{0,60}$",
    re.MULTILINE | re.IGNORECASE,
)
_HEADERS: Final = ("from", "to", "cc", "date")
_LONGEST_HEADER: Final = 512


def read(content: bytes, name: str) -> FileContents:
    """Read a message: its subject is its title."""
    del name
    message = BytesParser(policy=policy.default).parsebytes(content)
    if not message.keys():
        raise UnreadableContentError("is not a mail: it has no headers")
    text, warnings = _body(message)
    own, quoted = _apart(text)
    subject = writing.line(_header(message, "subject"))
    blocks = [writing.heading(1, subject) if subject else "", own]
    if quoted:
        blocks += [writing.heading(2, "Quoted"), quoted]
    metadata = {key: value for key in _HEADERS if (value := _said(message, key))}
    return FileContents(
        writing.joined(blocks) + "\n", title=subject, metadata=metadata, warnings=(*warnings, *_left_out(message))
    )


def _body(message: EmailMessage) -> tuple[str, tuple[str, ...]]:
    """Return the text that the mail shows: plain text before HTML."""
    part = message.get_body(("plain", "html"))
    if part is None:
        return "", ()
    payload = part.get_payload(decode=True)
    content = payload if isinstance(payload, bytes) else b""
    text, warnings = decoded(content, part.get_content_charset() or "")
    if part.get_content_subtype() == "html":
        from bs4 import BeautifulSoup  # noqa: PLC0415  # most mail has plain text

        from groundwire_server.cli.files.readers.html_page import markdown_of  # noqa: PLC0415

        return markdown_of(BeautifulSoup(text, "lxml")), warnings
    return writing.plain(text.replace("\r\n", "\n").replace("\r", "\n")), warnings


def _apart(text: str) -> tuple[str, str]:
    """Return what the sender wrote, and what the mail quotes, without its marks."""
    found = _ATTRIBUTION.search(text)
    own, rest = (text[: found.start()], text[found.start() :]) if found else (text, "")
    introduced = list[str]()
    if found and text[found.end() :].lstrip().startswith(">"):
        # What is quoted has marks: lines without them are the sender's, wherever they stand.
        own, rest, introduced = f"{own}{text[found.end() :]}", "", [found[0].strip()]
    lines = own.splitlines()
    quoted = introduced + [line for line in lines if line.startswith(">")] + rest.splitlines()
    own = "\n".join(line for line in lines if not line.startswith(">"))
    return own.strip(), writing.plain("\n".join(re.sub(r"^(?:> ?)+", "", line) for line in quoted).strip())


def _left_out(message: EmailMessage) -> Iterator[str]:
    for part in message.iter_attachments():
        yield f"the attachment {part.get_filename() or part.get_content_type()} is left out"


def _said(message: EmailMessage, key: str) -> str:
    value = _header(message, key)
    if key == "date" and value:
        found = getattr(message[key], "datetime", None)
        return found.isoformat() if isinstance(found, datetime) else ""
    return writing.line(value)[:_LONGEST_HEADER]


def _header(message: EmailMessage, key: str) -> str:
    try:
        return str(message[key] or "")
    except (HeaderParseError, MessageError, ValueError, IndexError, TypeError):
        return ""  # what the parser of headers cannot take
