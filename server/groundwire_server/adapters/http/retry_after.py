"""When a provider says to come again."""

import math
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Final

_RESET: Final = re.compile(
    r"(?:x-ratelimit|ratelimit|ratelimitbysize)-reset(?:-\w+)*"  # OpenAI, Groq, Mistral and most others
    r"|anthropic-ratelimit(?:-\w+)*-reset"
)
"""Headers that say when one of several limits is lifted."""

_PARTS: Final = re.compile(r"(?P<number>\d+(?:\.\d+)?)(?P<unit>ms|h|m|s|d)")
_SECONDS: Final = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86_400.0}

_EPOCH: Final = 1e9
"""Numbers from here on are points in time, in seconds since 1970; a thousand times as large, in milliseconds."""


def retry_after(headers: Mapping[str, str], today: datetime) -> float | None:
    """Return the seconds that `retry-after-ms` or `retry-after` asks for, or None when neither can be read.

    Args:
        headers: of a response, looked up whatever the case of their names.
        today: the time at which it came.
    """
    milliseconds = duration(headers.get("retry-after-ms", ""))
    return _until(headers.get("retry-after", ""), today) if milliseconds is None else milliseconds / 1000


def limits_lifted(headers: Mapping[str, str], today: datetime) -> float | None:
    """Return the seconds until the limits that have nothing left are lifted, or None when no header says.

    Where none of them says how much is left, it is when all are lifted. The headers come with every response: they
    tell when to ask again only where a limit was the reason for a refusal.
    """
    resets: list[float] = []
    exhausted: list[float] = []
    for name, value in headers.items():
        wait = _until(value, today) if _RESET.fullmatch(name.lower()) else None
        if wait is None:
            continue
        resets.append(wait)
        if duration(headers.get(name.lower().replace("reset", "remaining"), "")) == 0:
            exhausted.append(wait)
    return max(exhausted or resets, default=None)


def duration(text: str) -> float | None:
    """Return the seconds of a duration: a number of them, or numbers with units as in `6m0s`, `1h2m3.5s`, `120ms`."""
    text = text.strip().lower()
    if text and not _PARTS.sub("", text):
        value = sum(float(part["number"]) * _SECONDS[part["unit"]] for part in _PARTS.finditer(text))
    else:
        try:
            value = float(text)
        except ValueError:
            return None
    return value if math.isfinite(value) and value >= 0 else None


def _until(value: str, today: datetime) -> float | None:
    """The seconds to a point in time, or of a duration."""
    seconds = duration(value)
    if seconds is not None:
        if seconds >= _EPOCH:
            at = seconds / 1000 if seconds >= 1000 * _EPOCH else seconds
            return max(0.0, at - today.timestamp())
        return seconds
    date = _date(value.strip())
    return None if date is None else max(0.0, (date - today).total_seconds())


def _date(text: str) -> datetime | None:
    """A date as RFC 3339 writes it (Anthropic) or as HTTP does."""
    for parse in (datetime.fromisoformat, parsedate_to_datetime):
        try:
            date = parse(text)
        except ValueError:
            continue
        return date if date.tzinfo else date.replace(tzinfo=UTC)
    return None
