"""Whether what stands where a secret would is one: random characters, and no example or name of a variable.

Each check takes the characters that a pattern found and returns how many from their beginning are the secret; 0 where
they are none.
"""

import base64
import binascii
import json
import math
import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from itertools import pairwise
from types import MappingProxyType
from typing import Final

_EXAMPLE: Final = re.compile(
    r"example|sample|dummy|placeholder|change.?me|your|xxxx|\*\*\*|\.\.\.|…|redacted|insert|replace|todo|fake|foobar"
    r"|sk_test_4eC39HqLyjWDarjtT1zdp7dc|123e4567-e89b-12d3|550e8400-e29b-41d4",
    re.IGNORECASE,
)
"""What writers put where the reader's own secret belongs, and what documentation has made famous."""

_VARIABLE: Final = re.compile(
    r"^(?:[$%{<\[(@/\\]|https?:|self\.|os\.|env\.|process\.|config\.|settings\.|none\b|null\b|true\b|false\b"
    r"|&(?:#|lt;)|0x[\da-f]{1,8}$|passwor[dt]\d{0,4}$|!(?:vault|secret|env|ref|sub|getatt)\b|sha\d+[:-]|md5[:-]|\d{4}-\d\d-\d\dT\d\d:"
    r"|[\w./-]+\.(?:cfg|conf|crt|db|env|html?|ini|js|json|key|log|md|p12|pem|php|properties|py|sql|toml|txt|xml|ya?ml)$)"
    r"|[({\[]|^[A-Za-z_]+(?:[._:-][A-Za-z_]+)*[,;:.!?)\]}]*$",
    re.IGNORECASE,
)
"""A reference to a value, a path, a call, a digest, a time, or words alone."""

_NEXT_SETTING: Final = re.compile(r"[;&,][A-Za-z]\w{0,40}=")
"""What follows in a connection string, in a query or in a list of options."""

_SENTENCE_END: Final = ".,;:)]}\"'`|*…"
_WORDS: Final = re.compile(r"[-_./:]+")
_PLAIN_WORD: Final = re.compile(r"[A-Za-z]+\d{0,5}[A-Za-z]*|\d{1,4}")
_TECHNICAL: Final = re.compile(
    r"(?:(?:argon|base|bcrypt|blake|des|ecdsa|ed|fips|hs|ipv|latin|oauth|oidc|pbkdf|rc|rs|scrypt|sslv|tlsv|ucs|v|varchar)"
    r"\d{1,5}(?:id?|s)?|(?:aes|hmac|iso|md|pkcs|rfc|rsa|sha|utf|wpa|x)\d{0,5}(?:crypt|mb\d)?"
    r"|\d{0,4}(?:st|nd|rd|th|bits?|bytes?|char(?:acter)?s?|days?|digits?|hours?|letters?|minutes?|months?|symbols?"
    r"|percentile|times|words?|years?|zeichen|stellig(?:es)?|caract[eè]res)"
    r"|(?:max|min|optional|required|string|text|integer)\d{0,4})",
    re.IGNORECASE,
)
"""A part of what documentation says about passwords: an algorithm, an encoding, a version, a type, a length."""

_PARTS: Final = re.compile(r"[-_./:|,+]+")
_SYMBOLS: Final = frozenset("!@#$%^&*+=~?")
_COMMON: Final = frozenset(
    "password passwd pass pw pwd secret admin root user username guest postgres token key test mypassword mypass tiger"
    " p4ssw0rd p@ssw0rd s3cret s3cr3t".split()
)

_LEAST_BITS: Final = 3.0
"""Entropy of a random token by its own characters, in bits for each; that of words of the same length is lower."""

_LONGEST_ROW: Final = 7
"""Characters that each follow on the one before, as in `abcdefgh`: a random token has two or three."""


def entropy(text: str) -> float:
    """Return the entropy of a text by the shares of its characters, in bits for each."""
    counts = Counter(text).values()
    return math.log2(len(text)) - sum(count * math.log2(count) for count in counts) / len(text) if text else 0.0


def is_example(text: str) -> bool:
    """Return whether characters only show where a secret belongs."""
    return bool(_EXAMPLE.search(text)) or len(set(text)) < 5 or max(_rows(text)) > _LONGEST_ROW


def _rows(text: str) -> Iterator[int]:
    row = 1
    yield row
    for before, each in pairwise(text):
        row = row + 1 if ord(each) - ord(before) == 1 else 1
        yield row


def _without_end(text: str) -> str:
    return text.rstrip(_SENTENCE_END)


def _token(text: str) -> int:
    text = text.rstrip(".-_")
    return 0 if is_example(text) else len(text)


def _random(text: str) -> int:
    text = _without_end(text)
    digits = sum(map(str.isdigit, text))
    parts = [part for part in _WORDS.split(text) if part]
    words = len(parts) > 1 and all(_PLAIN_WORD.fullmatch(part) for part in parts)
    varied = len(text) >= 16 and 0 < digits < len(text) and entropy(text) >= _LEAST_BITS
    return len(text) if varied and not words and not _VARIABLE.search(text) and not is_example(text) else 0


def _is_technical(text: str) -> bool:
    """Return whether words and numbers say something about secrets, with one among them that no secret has alone."""
    parts = [part for part in _PARTS.split(text) if part]
    terms = [_TECHNICAL.fullmatch(part) is not None for part in parts]
    others = (part for part, term in zip(parts, terms, strict=True) if not term)
    return any(terms) and all(part.isalpha() or (part.isdigit() and len(part) <= 4) for part in others)


def _password(text: str) -> int:
    text = _without_end(_NEXT_SETTING.split(text, 1)[0])
    if _is_technical(text):
        return 0
    letters, digits = any(map(str.isalpha, text)), any(map(str.isdigit, text))
    mixed = letters and (digits or not _SYMBOLS.isdisjoint(text))
    return len(text) if len(text) >= 6 and mixed and not _VARIABLE.search(text) and not is_example(text) else 0


def _password_in_prose(text: str) -> int:
    text = _without_end(text)
    digits = sum(map(str.isdigit, text))
    kinds = sum((any(map(str.isupper, text)), any(map(str.islower, text)), digits > 0, not _SYMBOLS.isdisjoint(text)))
    return _password(text) if digits and (kinds >= 3 or digits >= 2 or not text[0].isdigit()) else 0


def _password_in_address(text: str) -> int:
    reference = text[0] in "$%{<[(" or text.casefold() in _COMMON
    return 0 if reference or _EXAMPLE.search(text) or (text.isdigit() and len(text) <= 5) else len(text)


def _basic_authorization(text: str) -> int:
    try:
        user, _, password = base64.b64decode(text, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return 0
    return len(text) if user.isprintable() and password and not _EXAMPLE.search(password) else 0


def _jwt(text: str) -> int:
    header, payload = (_decoded(part) for part in text.split(".")[:2])
    example = payload.get("name") == "John Doe" or payload.get("sub") == "1234567890"
    return len(text) if "alg" in header and not example else 0


def _decoded(part: str) -> Mapping[str, object]:
    try:
        value = json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    except (binascii.Error, ValueError):
        return {}
    return value if isinstance(value, dict) else {}


SECRET_SHAPES: Final[Mapping[str, Callable[[str], int]]] = MappingProxyType(
    {
        "basic_authorization": _basic_authorization,
        "jwt": _jwt,
        "password": _password,
        "password_in_address": _password_in_address,
        "password_in_prose": _password_in_prose,
        "random": _random,
        "token": _token,
    }
)
"""The checks by the names that rules have for them."""
