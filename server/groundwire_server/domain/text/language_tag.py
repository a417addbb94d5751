"""Language tags of BCP 47 (RFC 5646), such as `en-GB`."""

import re
from typing import Final

_EXTENSION: Final = r"(?:-[a-wy-z0-9](?:-[a-z0-9]{2,8})+)*"
_PRIVATE: Final = r"(?:-x(?:-[a-z0-9]{1,8})+)?"
_TAG: Final = re.compile(
    r"(?P<language>[a-z]{2,3}(?:-[a-z]{3}){0,3}|[a-z]{4,8})"
    r"(?:-(?P<script>[a-z]{4}))?"
    r"(?:-(?P<region>[a-z]{2}|[0-9]{3}))?"
    r"(?P<variants>(?:-(?:[a-z0-9]{5,8}|[0-9][a-z0-9]{3}))*)" + _EXTENSION + _PRIVATE,
    re.IGNORECASE | re.ASCII,
)
_LONGEST: Final = 64


def language_tag(text: str) -> str | None:
    """Return the language, script, region and variants of a well-formed tag, in its usual case; None for others.

    Extensions and what is of private use are left out: they say nothing that everybody understands.
    """
    found = _TAG.fullmatch(text) if len(text) <= _LONGEST else None
    if found is None:
        return None
    script, region = found["script"] or "", found["region"] or ""
    parts = [found["language"].lower(), script.title(), region.upper(), found["variants"].lower().removeprefix("-")]
    return "-".join(part for part in parts if part)
