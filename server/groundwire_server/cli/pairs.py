"""Options whose values are pairs, such as `--metadata year=2024` and `--context plan=pro`."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from groundwire_server.cli.exits import CommandError, ExitCode


@dataclass(frozen=True, slots=True)
class PairOption:
    """An option that takes KEY=TEXT, again and again.

    Attributes:
        name: such as `--metadata`.
        key: the pattern of a whole key.
        said: the same in words, for an error.
    """

    name: str
    key: re.Pattern[str]
    said: str

    def read(self, values: Iterable[str]) -> dict[str, str]:
        """Return the values by their keys; of two with one key the last.

        Raises:
            CommandError: when one is not KEY=TEXT, or its key is invalid.
        """
        read = {}
        for value in values:
            key, equals, text = value.partition("=")
            if not (equals and self.key.fullmatch(key)):
                raise CommandError(ExitCode.USAGE, f"{self.name} {value} is not KEY=TEXT: a key is {self.said}")
            read[key] = text
        return read


METADATA: Final = PairOption(
    "--metadata", re.compile("[A-Za-z_][A-Za-z0-9_]{0,63}"), "a letter or _, then at most 63 letters, digits and _"
)
CONTEXT: Final = PairOption(
    "--context",
    re.compile("[a-z][a-z0-9_-]{0,63}"),
    "a lower-case letter, then at most 63 lower-case letters, digits, _ and -",
)
