"""Removes secrets from texts: those that are known by their value, and whatever looks like one.

Two nets, since each has holes: a value that is known is found wherever it turns up, and a pattern finds values that
nobody has told us. A false alarm costs a word of a log; a miss costs a credential.
"""

import base64
import json
import re
from collections.abc import Callable, Iterable
from typing import Any
from urllib.parse import quote

REDACTED = "[redacted]"
_SHORTEST = 4
"""Characters below which a known value is no secret that is worth the name, and would be found in every text."""
_SHORTEST_ENCODED = 8
_FLAGS = frozenset({"true", "false", "none", "null"})
"""Values of variables such as USE_TOKEN."""

_NAME = (
    r"[\w.-]*(?:passw(?:or)?d|passphrase|[_-]pwd|secret|token|credentials?|api[_-]?key|access[_-]?key|private[_-]?key"
    r"|[_-]key|signature)"
)
SECRET_NAME = re.compile(rf"{_NAME}|auth(?:orization)?|cookie", re.IGNORECASE)
"""A name, of a setting or a variable, whose value is a secret."""

_QUOTED = r"\"(?:[^\"\\]|\\.)*\"|'(?:[^'\\]|\\.)*'"

_PATTERNS: tuple[tuple[re.Pattern[str], str | Callable[[re.Match[str]], str]], ...] = (
    # A private key, to its end or to that of the text; in JSON its lines are joined with \n.
    (re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(?:-----END [A-Z ]*PRIVATE KEY-----|\Z)", re.DOTALL), REDACTED),
    # A URL's user and password.
    (re.compile(r"(?<=://)[^/\s@\"'<>]+@"), f"{REDACTED}@"),
    # The values of a URL's query.
    (re.compile(r"(?<=[?&])([\w.%-]+)=[^&\s\"'#<>]+"), rf"\1={REDACTED}"),
    # A header that is a credential as a whole.
    (
        re.compile(rf"(?i)\b((?:proxy-)?authorization|(?:set-)?cookie)(\\?[\"']?\s*[:=]\s*)(?:{_QUOTED}|[^\r\n\"]*)"),
        rf'\1\2"{REDACTED}"',
    ),
    (re.compile(r"(?i)\b(bearer|basic|digest)\s+[\w.~+/=-]{4,}"), rf"\1 {REDACTED}"),
    # A name of a secret with its value, as JSON, YAML, a shell or a log line writes it.
    (re.compile(rf"(?i)({_NAME}\\?[\"']?\s*[:=]\s*)(?:{_QUOTED}|[^\s,;&}}\])\"']+)"), rf'\1"{REDACTED}"'),
    # Tokens that begin as their kind does: of JWT, of groundwire, of providers.
    (re.compile(r"\beyJ[\w-]+\.[\w-]+(?:\.[\w-]*)?"), REDACTED),
    (
        re.compile(
            r"\b(?:gw_|sk-|sk_|pk-|rk_|ghp_|gho_|ghs_|github_pat_|glpat-|xox[abprs]-|hf_|AIza|AKIA|ASIA|ya29\.|nvapi-)"
            r"[\w.-]{8,}"
        ),
        REDACTED,
    ),
    # A long word of mixed characters; ids of traces have no capitals.
    (
        re.compile(r"(?<![\w+/=-])(?=[\w+/-]*[a-z])(?=[\w+/-]*[A-Z])(?=[\w+/-]*\d)[\w+/-]{32,}={0,2}(?![\w+/=-])"),
        REDACTED,
    ),
)


class Redactor:
    """Removes secrets.

    Args:
        secrets: values that are secrets; those of fewer than 4 characters are left out.
    """

    def __init__(self, secrets: Iterable[str]) -> None:
        known = {each for secret in secrets for each in _spellings(secret)}
        # The longest first: a secret may hold another.
        listed = "|".join(re.escape(each) for each in sorted(known, key=lambda each: (-len(each), each)))
        self._known = re.compile(listed) if listed else None

    def known(self, text: str) -> str:
        """Return a text without the values that are known."""
        if self._known is not None:
            text = self._known.sub(REDACTED, text)
        return text

    def text(self, text: str) -> str:
        """Return a text without the values that are known, and without what looks like a secret."""
        text = self.known(text)
        for pattern, replacement in _PATTERNS:
            text = pattern.sub(replacement, text)
        return text

    def value(self, value: Any) -> Any:
        """Return a value of JSON without secrets, in its keys too; what is named as a secret goes as a whole."""
        match value:
            case str():
                return self.text(value)
            case dict():
                return {self.text(str(key)): self._named(str(key), each) for key, each in value.items()}
            case list() | tuple():
                return [self.value(each) for each in value]
            case _:
                return value

    def _named(self, key: str, value: Any) -> Any:
        if isinstance(value, str) and value and SECRET_NAME.fullmatch(key) and not is_reference(value):
            return REDACTED
        return self.value(value)


def is_reference(value: str) -> bool:
    """Return whether a value only says where a secret is."""
    return value.startswith(("env://", "file://"))


def _spellings(secret: str) -> Iterable[str]:
    """Yield how a secret may be written: as it is, and in JSON, in a URL and in base64; a long one line by line too."""
    for each in {secret, *secret.splitlines()}:
        if len(each) < _SHORTEST or each.lower() in _FLAGS:
            continue
        yield each
        if len(each) >= _SHORTEST_ENCODED:
            yield from (
                json.dumps(each)[1:-1],
                json.dumps(each, ensure_ascii=False)[1:-1],
                quote(each),
                quote(each, ""),
            )
            yield base64.b64encode(each.encode()).decode()
