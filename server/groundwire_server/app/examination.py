"""Looks at what a server would work with, and changes nothing."""

import asyncio
from pathlib import Path

from groundwire_server.adapters.authentication.issuers import IssuerOptions
from groundwire_server.adapters.authentication.jwks import KeysUnavailable
from groundwire_server.adapters.authentication.key_sets import reading
from groundwire_server.adapters.authentication.keys import parse
from groundwire_server.adapters.store.embedded.header import format_of

_STORE = "store.sqlite3"
"""The embedded store's file in its folder, as the server opens it."""


def store_format(folder: Path) -> int | None:
    """The format of the embedded store in a folder; None where there is none yet.

    Raises:
        Failure: UnusableStore, whose text says what to do, when it cannot be served.
        OSError: when it cannot be read.
    """
    return format_of(folder / _STORE)


def count_keys(issuer: IssuerOptions) -> int | str:
    """Read an issuer's key set as a server would: how many keys it can use, or why it cannot be had."""
    try:
        return len(parse(asyncio.run(_read(issuer.jwks))).keys)
    except (KeysUnavailable, ValueError) as wrong:
        return str(wrong)


async def _read(place: str) -> bytes:
    async with reading(place) as fetch:
        return await fetch()
