"""The text of a mail by whose it is: the sender's, what the mail quotes, and the signature."""

import re
from collections.abc import Sequence
from itertools import groupby
from typing import Final, NamedTuple

_VERB: Final = (
    r"(?:wrote|schrieb|a écrit|escribió|ha scritto|schreef|escreveu|skrev|napisał(?:\(a\)|a)?|написал(?:\(а\)|а)?)"
)
_ATTRIBUTION: Final = re.compile(
    rf"(?:On|Am|Le|El|Il|Op|Em|Den|Dnia)\b.{{0,300}}\b{_VERB}\b.{{0,100}}[:：]", re.IGNORECASE | re.DOTALL
)
_DATED: Final = re.compile(r"\S@\S|(?=.*(?<!\d)\d{1,2}[:.h]\d{2}(?!\d)).*(?<!\d)20\d\d(?!\d)")
"""An address, or a date with a time, in a line that says in any language who wrote what is quoted."""

_SEPARATOR: Final = re.compile(
    r"-{2,} ?(?:Original Message|Ursprüngliche Nachricht|Message d'origine|Mensaje original|Messaggio originale"
    r"|Oorspronkelijk bericht|Mensagem original|Forwarded message|Weitergeleitete Nachricht|Message transféré).{0,60}"
    r"|(?:Begin forwarded message|Anfang der weitergeleiteten Nachricht|Début du message réexpédié)\s?:",
    re.IGNORECASE,
)
_FROM: Final = re.compile(r"\*?(?:From|Von|De|Da|Van|Från|Fra|Od|От|差出人|发件人)\*?\s?[:：]", re.IGNORECASE)
_SENT: Final = re.compile(
    r"\*?(?:Sent|Date|Gesendet|Datum|Envoyé|Enviado|Fecha|Inviato|Data|Verzonden|Skickat|Sendt|Wysłano|Отправлено|Дата"
    r"|送信日時|发送时间)\*?\s?[:：]",
    re.IGNORECASE,
)
_LINE: Final = re.compile("_{10,}")
_MOST_LINES: Final = 3
_MOST_HEADERS: Final = 4


class MailText(NamedTuple):
    """The parts of a mail's text."""

    own: str
    quoted: str
    signature: str


def unflowed(text: str, *, without_space: bool) -> str:
    """Return text of the format `flowed` with its paragraphs on one line each (RFC 3676).

    Args:
        text: with soft line breaks: a space at the end of a line.
        without_space: whether that space is no part of the text.
    """
    paragraphs: list[tuple[str, list[str]]] = []
    goes_on = False
    for line in text.splitlines():
        marks = line[: len(line) - len(line.lstrip(">"))]
        said = line[len(marks) :].removeprefix(" ")
        is_dash = said == "-- "
        if not goes_on or is_dash or paragraphs[-1][0] != marks:
            paragraphs.append((marks, []))
        goes_on = said.endswith(" ") and not is_dash
        paragraphs[-1][1].append(said[:-1] if goes_on and without_space else said)
    return "\n".join(f"{marks} {''.join(said)}" if marks else "".join(said) for marks, said in paragraphs)


def parted(text: str) -> MailText:
    """Return the parts of a text, what is quoted without its marks."""
    own, quoted = list[str](), list[str]()
    for is_marked, group in groupby(text.splitlines(), lambda line: line.startswith(">")):
        lines = list(group)
        if is_marked:
            quoted += [*_attribution(own), *(re.sub(r"^(?:> ?)+", "", line) for line in lines)]
        else:
            own += lines
    end = next((place for place in range(len(own)) if _begins_quotation(own, place)), len(own))
    quoted += own[end:]
    own = own[:end]
    dash = next((place for place, line in enumerate(own) if line.rstrip() == "--"), len(own))
    return MailText(*("\n".join(lines).strip() for lines in (own[:dash], quoted, own[dash + 1 :])))


def _attribution(lines: list[str]) -> Sequence[str]:
    """Take from the end of lines those that say who wrote what follows them, and return them."""
    end = len(lines)
    while end and not lines[end - 1].strip():
        end -= 1
    start = end
    while start and end - start < _MOST_LINES and lines[start - 1].strip():
        start -= 1
    for first in range(start, end):
        said = "\n".join(lines[first:end]).strip()
        alone = first == start == end - 1 and said.endswith((":", "：")) and _DATED.search(said)
        if alone or _ATTRIBUTION.fullmatch(said):
            found = lines[first:end]
            del lines[first:]
            return found
    return ()


def _begins_quotation(lines: Sequence[str], place: int) -> bool:
    """Return whether everything from a line on is quoted, without marks."""
    line = lines[place].strip()
    if not line:
        return False
    if _LINE.fullmatch(line):
        return place + 1 < len(lines) and _begins_headers(lines, place + 1)
    said = "\n".join(lines[place : place + 2]).strip()
    return bool(_SEPARATOR.fullmatch(line) or _ATTRIBUTION.fullmatch(line) or _ATTRIBUTION.fullmatch(said)) or (
        _begins_headers(lines, place)
    )


def _begins_headers(lines: Sequence[str], place: int) -> bool:
    """Return whether a line and those after it are the headers of another mail."""
    after = lines[place + 1 : place + 1 + _MOST_HEADERS]
    return _FROM.match(lines[place].strip()) is not None and any(_SENT.match(each.strip()) for each in after)
