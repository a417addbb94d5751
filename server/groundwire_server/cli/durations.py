"""Times on the command line, such as 500ms or 15m."""

import re
from collections.abc import Mapping
from typing import Final

from groundwire_server.cli.exits import CommandError, ExitCode

_DURATION: Final = re.compile(r"(\d{1,9}(?:\.\d{1,6})?)(ms|s|m|h|d)")
_SECONDS: Final[Mapping[str, float]] = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
_LONGEST: Final = 365 * 86400.0


def seconds_of(text: str, option: str) -> float:
    """Return a time in seconds.

    Args:
        text: such as 500ms.
        option: that has it, without its dashes.

    Raises:
        CommandError: when it is not a time, or not above 0.
    """
    parts = _DURATION.fullmatch(text)
    seconds = float(parts[1]) * _SECONDS[parts[2]] if parts else 0.0
    if not 0 < seconds <= _LONGEST:
        raise CommandError(
            ExitCode.USAGE, f"--{option} {text}: give a time above 0 and up to 365d, such as 500ms, 2s, 15m, 1h or 2d"
        )
    return seconds
