"""Telling apart what decides the numbers of a checker or a reranker."""

import hashlib
import json
from typing import Any, Final

from groundwire_server.options import Options

_WITHOUT_EFFECT: Final = frozenset({"bounds", "workers", "folder", "prompt"})
"""Options that change no number; a folder is known by what is in it, and a prompt by its text."""


def fingerprint_of(section: Options, options: type[Options], *more: Any, without: frozenset[str] = frozenset()) -> str:
    """Return a hash of the options that decide a number, and of what else does.

    Args:
        section: has the values.
        options: declares which of them belong to the model.
        more: what else decides.
        without: further options that change no number.
    """
    deciding = set(options.model_fields) - _WITHOUT_EFFECT - without
    values = [options.__name__, section.model_dump(mode="json", include=deciding), *more]
    return hashlib.sha256(json.dumps(values, sort_keys=True).encode()).hexdigest()[:16]
