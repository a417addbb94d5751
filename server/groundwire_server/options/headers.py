"""Headers of requests, whose values are secrets."""

import re
from collections.abc import Mapping
from typing import Annotated, Final, TypeAlias

from pydantic import AfterValidator

from groundwire_server.options.secret import Secret

_NAME: Final = re.compile(r"[A-Za-z0-9_.-]+")
_VALUE: Final = re.compile(r"[\x20-\x7e]*")


def check_headers(headers: Mapping[str, str]) -> None:
    """Make sure that headers can be sent.

    Raises:
        ValueError: when they cannot be; the message holds no part of them.
    """
    for name, value in headers.items():
        if not _NAME.fullmatch(name) or not _VALUE.fullmatch(value):
            raise ValueError("names must be letters, digits, `_`, `.` and `-`, and values one line of ASCII")


def revealed(headers: Mapping[str, Secret]) -> dict[str, str]:
    """Return headers with their values."""
    return {name: secret.reveal() for name, secret in headers.items()}


class SecretHeaders(dict[str, Secret]):
    """Headers by name, which nothing changes once they are options: so they have a hash, as their section has."""

    def __hash__(self) -> int:  # type: ignore[override]  # a mapping that could change has none
        return hash(frozenset(self.items()))


def _checked(headers: dict[str, Secret]) -> SecretHeaders:
    check_headers(revealed(headers))
    return SecretHeaders(headers)


Headers: TypeAlias = Annotated[dict[str, Secret], AfterValidator(_checked)]
"""Headers by name, each value a reference."""
