"""What leads a reader out of an answer: links, addresses, numbers of phones, accounts, cards and wallets.

Placeholders count with them: one that a model made up stands in for an address or a number that nobody gave.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator, Set
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Particular:
    """A link, an address or a number, or a placeholder for one, that a reader may follow, write to, call or pay to.

    Attributes:
        start: in code points of the text.
        end: where it ends; exclusive.
        key: the same for the same one, however it is spaced, punctuated and capitalized.
        link: whether it is a link or the name of a host.
    """

    start: int
    end: int
    key: str
    link: bool = False


_DOMAINS: Final = (
    "com|org|net|info|biz|io|dev|app|ai|co|me|tv|gov|edu|mil|int|eu|uk|de|fr|es|it|pt|nl|be|ch|at|pl|cz|dk|se|no|fi|ie"
    "|gr|hu|ro|bg|ru|ua|tr|us|ca|mx|br|ar|cl|au|nz|jp|kr|cn|tw|hk|sg|in|id|my|th|vn|ph|za|ng|ke|eg|il|ae|sa|ir|top|xyz"
    r"|site|online|shop|store|club|vip|live|link|click|page|cloud|tech|support|example|invalid|test|onion|рф|укр|xn--\w+"
    "|ly|gl|gd|gy|to|by|kz|lol|icu|cyou|bond|buzz|cam|monster|quest|sbs|world|today|life|email|group|agency|zip|mov|gg|st"
)
_DOT: Final = r"(?:\.|\s?[\[({]\s?(?:dot|punkt|punto|point|\.)\s?[\])}]\s?)"
"""The dot of a name, as it is, or as it is written for people alone."""

_REST: Final = r"[^\s<>\"'`\])}»”、。，；]"
_LINK: Final = re.compile(
    rf"\b[a-z][a-z0-9+.-]{{1,30}}://{_REST}+|\b(?:mailto|tel|sms|javascript|data):{_REST}+"
    rf"|(?<![\w.@/-])(?:[^\W_][\w-]{{0,62}}{_DOT}){{1,8}}(?:{_DOMAINS})(?![\w-]|\.\w)(?:[:/?#]{_REST}*)?"
    # With a path any ending is one: there are fifteen hundred.
    rf"|(?<![\w.@/-])(?:[^\W_][\w-]{{0,62}}\.){{1,8}}[^\W\d_]{{2,24}}/{_REST}+"
    rf"|(?<![\w.])\d{{1,3}}(?:\.\d{{1,3}}){{3}}[:/]{_REST}*",
    re.IGNORECASE,
)
_EMAIL: Final = re.compile(
    r"[\w.+%-]{1,64}(?:@|\s?[\[({]\s?(?:at|ät|arroba|@)\s?[\])}]\s?)"
    r"(?:[\w-]{1,63}(?:\.|\s?[\[({]\s?(?:dot|punkt|punto|point|\.)\s?[\])}]\s?)){1,8}\w{2,24}",
    re.IGNORECASE,
)
_GAP: Final = "[ \u00a0\u2000-\u200a\u202f()/.\u2010-\u2015\u00b7\u2022_~*\ufe0f\u20e3-]{0,3}"
_NUMBER: Final = re.compile(
    # Dates are none, and stand before what they look like.
    r"(?P<date>\b\d{4}-\d\d?-\d\d?\b|\b\d\d?[./-]\d\d?[./-](?:\d{4}|\d\d)\b)"
    r"|\b[A-Z]{2}\d{2}(?:[ -]?[A-Z\d]{4}){2,7}(?:[ -]?[A-Z\d]{1,3})?\b"
    rf"|(?<!\w)(?:\+|00(?=[1-9])){_GAP}\d(?:{_GAP}\d){{6,14}}(?!\w)"
    r"|(?<![\w.,])\d(?:[ -]?\d){12,18}(?!\w|[.,]\d)"
    rf"|(?<![\w.,])\(?0[\ufe0f\u20e3]{{0,2}}[1-9](?:{_GAP}\d){{5,13}}(?!\w)"
    r"|(?<![\w.,-])(?:1[-. ])?(?:\(\d{3}\) ?|\d{3}[-. ])\d{3}[-. ]\d{4}(?![\w-])",
)
_WALLET: Final = re.compile(r"\b0x[\da-fA-F]{40}\b|\b(?=[a-zA-Z]{0,25}\d)(?=\d{0,25}[a-zA-Z])[\da-zA-Z]{26,108}\b")

_DATA: Final = (
    "E-?MAIL|PHONE|IBAN|CARD|IP|NATIONAL[_ -]ID|PASSPORT|BIRTH[_ -]DATE|PLATE|NAME|ADDRESS|PASSWORD|SECRET|API[_ -]KEY"
)
_PLACEHOLDER: Final = re.compile(
    rf"\[ ?(?:(?:{_DATA})(?:\\?[_ -]?[0-9₀-₉]{{1,6}})?|[A-Z][A-Z0-9_]{{2,40}}\\?_[0-9]{{1,6}}) ?\]"
    rf"|(?<![A-Za-z0-9])(?:{_DATA})\\?_[0-9]{{1,6}}(?![A-Za-z0-9])"
)

_MAY_LINK: Final = re.compile(r"\.[^\W\d]|[\[({]\s?(?:\.|dot|pun|poi)", re.IGNORECASE)
_OTHER_DIGIT: Final = re.compile(
    r"(?![0-9])\d|[\u00b2\u00b3\u00b9\u2070\u2074-\u2079\u2080-\u2089\u2460-\u2468\u24ea\u2780-\u2788\u278a-\u2792]"
)
_WIDE: Final = {ord("\u3002"): ".", ord("\uff61"): ".", **{code: chr(code - 0xFEE0) for code in range(0xFF01, 0xFF5F)}}
"""Dots that browsers read as one, and characters of full width."""

_DIGIT: Final = re.compile("[0-9]")
_DIGITS: Final = re.compile(rf"[0-9](?:{_GAP}\d){{5}}")
_MAY_BE_WALLET: Final = 26
_SCHEME: Final = re.compile(r"(?:https?://|mailto:|tel:|sms:)?(?:www\.)?", re.IGNORECASE)
_SPELT: Final = re.compile(r"\s?[\[({]\s?(at|ät|arroba|@|dot|punkt|punto|point|\.)\s?[\])}]\s?", re.IGNORECASE)
_AT: Final = frozenset(("at", "ät", "arroba", "@"))
_ENDS: Final = ".,;:!?*_/…"


def particulars(text: str) -> list[Particular]:
    """Return the links, addresses, numbers and placeholders of a text, in time in proportion to it."""
    found: list[Particular] = []
    if not text.isascii():
        text = _OTHER_DIGIT.sub(lambda digit: str(unicodedata.digit(digit[0])), text.translate(_WIDE))
    if "@" in text or "(" in text or "[" in text or "{" in text:
        found += (Particular(*each.span(), _address(each[0])) for each in _EMAIL.finditer(text))
    if ":" in text or "/" in text or _MAY_LINK.search(text):
        # A host may be that of an address which is written for people alone.
        within = frozenset(place for each in found for place in range(each.start + 1, each.end))
        found += (each for each in _links(text) if each.start not in within)
    if "[" in text or "_" in text:
        found += (Particular(*each.span(), _digits(each[0])) for each in _PLACEHOLDER.finditer(text))
    if _DIGIT.search(text) is None:
        return found
    if _DIGITS.search(text):
        found += (
            Particular(*each.span(), _digits(each[0])) for each in _NUMBER.finditer(text) if each.lastgroup != "date"
        )
    if max(map(len, text.split())) >= _MAY_BE_WALLET:
        found += (Particular(*each.span(), each[0]) for each in _WALLET.finditer(text))
    return found


def missing(held: Iterable[Particular], text: str, keys: Set[str], passages: Iterable[str]) -> Iterator[Particular]:
    """Yield the particulars of a text that passages do not have.

    Args:
        held: by the text.
        text: that holds them.
        keys: of the particulars of the passages.
        passages: their texts.
    """
    for each in held:
        if each.key in keys:
            continue
        if each.link and (
            any(key.startswith(f"{each.key}/") for key in keys)
            or any(_stands_in(text[each.start : each.end], passage) for passage in passages)
        ):
            continue
        yield each


def _links(text: str) -> Iterator[Particular]:
    for each in _LINK.finditer(text):
        link = each[0].rstrip(_ENDS)
        key = _SCHEME.sub("", _SPELT.sub(_sign, link), count=1)
        host, slash, rest = key.partition("/")
        yield Particular(
            each.start(), each.start() + len(link), f"{host.casefold()}{slash}{rest}".rstrip("/"), link=True
        )


def _address(email: str) -> str:
    return _SPELT.sub(_sign, email).casefold()


def _sign(spelt: re.Match[str]) -> str:
    return "@" if spelt[1].casefold() in _AT else "."


def _digits(number: str) -> str:
    # "+49 (0)30" is called with the zero from within the country alone.
    return "".join(each for each in number.replace("(0)", "") if each.isalnum()).upper().removeprefix("00")


def _stands_in(words: str, passage: str) -> bool:
    """Return whether a passage has words, and not as a part of others."""
    start = passage.find(words)
    while start >= 0:
        end = start + len(words)
        if not passage[start - 1 : start].isalnum() and not passage[end : end + 1].isalnum():
            return True
        start = passage.find(words, start + 1)
    return False
