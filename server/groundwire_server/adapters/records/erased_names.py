"""What stands in place of the name of a subject that was erased, in rows whose numbers are kept."""

import secrets
from typing import Any, Final

from sqlalchemy import ColumnElement

NOBODY: Final = "erased-"
"""What every such name begins with."""

_BYTES: Final = 8

_WHOLE: Final = f"^{NOBODY}[0-9a-f]{{{2 * _BYTES}}}$"


def erased_name() -> str:
    """Return a new name.

    It is random, so that the sums of a subject can still be told apart and nobody can be.
    """
    return f"{NOBODY}{secrets.token_hex(_BYTES)}"


def is_erased(subject: ColumnElement[Any]) -> ColumnElement[bool]:
    """Return what holds of a subject whose name was erased.

    The name is compared as a whole: a subject may have chosen one that begins as these do.
    """
    return subject.regexp_match(_WHOLE)
