"""Mail: its text decoded, its headers as metadata, quoted replies apart."""

from collections.abc import Iterator
from datetime import datetime
from email import policy
from email.errors import HeaderParseError, MessageError
from email.message import EmailMessage, MIMEPart
from email.parser import BytesParser
from typing import Final

from groundwire_server.cli.files.readers.encoding import decoded
from groundwire_server.cli.files.readers.mail_text import MailText, parted, unflowed
from groundwire_server.cli.files.readers.port import FileContents, UnreadableContentError
from groundwire_server.markup import writing

_HEADERS: Final = ("from", "to", "cc", "date")
_LONGEST_HEADER: Final = 512
_DEEPEST: Final = 4
"""The level of a message in a message in a message."""

_FEWER: Final = 4
"""How many times more text the HTML of a mail must have than its plain text to be read in its place."""


def read(content: bytes, name: str) -> FileContents:
    """Read a message: its subject is its title."""
    del name
    message = BytesParser(policy=policy.default).parsebytes(content)
    if not message.keys():
        raise UnreadableContentError("is not a mail: it has no headers")
    subject = writing.line(_header(message, "subject"))
    warnings = list[str]()
    blocks = [writing.heading(1, subject) if subject else "", *_blocks(message, 1, warnings)]
    metadata = {key: value for key in _HEADERS if (value := _said(message, key))}
    return FileContents(writing.joined(blocks) + "\n", title=subject, metadata=metadata, warnings=tuple(warnings))


def _blocks(message: EmailMessage, level: int, warnings: list[str]) -> Iterator[str]:
    """Yield what a message says, then what it quotes, its signature, and the messages that are attached to it.

    Args:
        message: the mail.
        level: of the heading above it.
        warnings: takes what is left out, and what was guessed.
    """
    parts = [_parts(body, warnings) for body in _bodies(message)]
    yield from (part.own for part in parts)
    for title, texts in (
        ("Quoted", [part.quoted for part in parts]),
        ("Signature", [part.signature for part in parts]),
    ):
        if any(texts):
            yield writing.heading(level + 1, title)
            yield from texts
    for part in message.iter_attachments():
        inner = _attached(part)
        if inner is not None and level < _DEEPEST:
            yield writing.heading(level + 1, f"Attached: {writing.line(_header(inner, 'subject'))}")
            yield from _blocks(inner, level + 1, warnings)
        elif not _is_body(part):
            warnings.append(f"the attachment {part.get_filename() or part.get_content_type()} is left out")


def _attached(part: MIMEPart) -> EmailMessage | None:
    """Return the message that a part is; None where it is none."""
    payload = part.get_payload()
    inner = payload[0] if part.get_content_type() == "message/rfc822" and isinstance(payload, list) else None
    return inner if isinstance(inner, EmailMessage) else None


def _bodies(message: EmailMessage) -> Iterator[MIMEPart]:
    """Yield the parts that a program shows as the mail's text, one after the other."""
    plain, html = message.get_body(("plain",)), message.get_body(("html",))
    if plain is None or html is None:
        first = plain or html
    else:
        # Some senders put no more into the plain text than that there is another.
        lengths = [len(" ".join(_text(part, []).split())) for part in (plain, html)]
        first = html if lengths[0] * _FEWER < lengths[1] else plain
    if first is not None:
        yield first
        yield from (part for part in message.iter_attachments() if _is_body(part))


def _is_body(part: MIMEPart) -> bool:
    text = part.get_content_type() in {"text/plain", "text/html"}
    return text and not part.is_attachment() and not part.get_filename()


def _parts(body: MIMEPart, warnings: list[str]) -> MailText:
    text = parted(_text(body, warnings))
    return text if body.get_content_subtype() == "html" else MailText(*map(writing.plain, text))


def _text(part: MIMEPart, warnings: list[str]) -> str:
    payload = part.get_payload(decode=True)
    text, guessed = decoded(payload if isinstance(payload, bytes) else b"", part.get_content_charset() or "")
    warnings.extend(guessed)
    if part.get_content_subtype() == "html":
        from bs4 import BeautifulSoup  # noqa: PLC0415  # most mail has plain text

        from groundwire_server.cli.files.readers.html_page import markdown_of  # noqa: PLC0415

        return markdown_of(BeautifulSoup(text, "lxml"))
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    if str(part.get_param("format", "")).lower() == "flowed":
        text = unflowed(text, without_space=str(part.get_param("delsp", "")).lower() == "yes")
    return text


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
