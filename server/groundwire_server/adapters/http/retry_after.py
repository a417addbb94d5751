"""When a provider says to come again."""

import math
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime


def retry_after(headers: Mapping[str, str], today: datetime | None = None) -> float | None:
    """Seconds from `retry-after-ms` or `retry-after`, which is a number or a date; None when neither can be read."""
    if (milliseconds := seconds(headers.get("retry-after-ms", ""))) is not None:
        return milliseconds / 1000
    value = headers.get("retry-after", "")
    if (plain := seconds(value)) is not None:
        return plain
    try:
        date = parsedate_to_datetime(value)
    except ValueError:
        return None
    if date.tzinfo is None:
        date = date.replace(tzinfo=UTC)
    return max(0.0, (date - (today or datetime.now(UTC))).total_seconds())


def seconds(text: str) -> float | None:
    """A duration, when it is one."""
    try:
        value = float(text)
    except ValueError:
        return None
    return value if math.isfinite(value) and value >= 0 else None
