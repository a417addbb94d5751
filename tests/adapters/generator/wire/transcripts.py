"""What providers were seen to send, as files: a status line, headers, an empty line, the body."""

from collections.abc import Callable, Iterable
from pathlib import Path

from tests.doubles.upstream import Move, Reply

FOLDER = Path(__file__).parent / "transcripts"

DRAFT = (
    '{"confidence":"high","segments":[{"text":"Parcels wait in the mail room \\u2014 naïvely.","cites":["p1"]},'
    '{"text":"The mail room opens at noon.","cites":["p1","p2"]}]}'
)
"""What every transcript of a whole answer writes."""


def whole(body: bytes) -> Iterable[Move]:
    """The body in one piece."""
    return [body] if body else []


def transcript(name: str, cut: Callable[[bytes], Iterable[Move]] = whole) -> Reply:
    """The reply that a file holds.

    Args:
        name: of the file, without its suffix.
        cut: makes moves of the body.
    """
    status, headers, body = parts(name)
    return Reply(list(cut(body)), status, headers)


def parts(name: str) -> tuple[str, list[tuple[str, str]], bytes]:
    head, _, body = (FOLDER / f"{name}.http").read_bytes().partition(b"\n\n")
    line, *rest = head.decode().splitlines()
    headers = [(field, value) for field, _, value in (header.partition(": ") for header in rest)]
    return line.removeprefix("HTTP/1.1 "), headers, body
