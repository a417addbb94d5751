"""Looks at what a server would work with, and changes nothing."""

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING

from groundwire_server.adapters.authentication.issuers import IssuerOptions
from groundwire_server.adapters.authentication.jwks import KeysUnavailable
from groundwire_server.adapters.authentication.key_sets import reading
from groundwire_server.adapters.authentication.keys import parse
from groundwire_server.adapters.store.embedded.header import FILE, format_of
from groundwire_server.app.configuration.models.configuration import Configuration

if TYPE_CHECKING:
    from groundwire_server.adapters.http.probe import Probed

_PROBE_SECONDS = 5.0


def store_format(folder: Path) -> int | None:
    """The format of the embedded store in a folder; None where there is none yet.

    Raises:
        Failure: UnusableStore, whose text says what to do, when it cannot be served.
        OSError: when it cannot be read.
    """
    return format_of(folder / FILE)


def count_keys(issuer: IssuerOptions) -> int | str:
    """Read an issuer's key set as a server would: how many keys it can use, or why it cannot be had."""
    try:
        return len(parse(asyncio.run(_read(issuer.jwks))).keys)
    except (KeysUnavailable, ValueError) as wrong:
        return str(wrong)


def examine_provider(configuration: Configuration, name: str) -> "Probed":
    """Ask a provider which models it has, as a server would ask it anything: it is reached, and its key is tried."""
    # Imported here: most that is examined needs no HTTP client of providers.
    from groundwire_server.adapters.http.probe import probe  # noqa: PLC0415
    from groundwire_server.app.parts.providers import credentials, endpoint  # noqa: PLC0415

    section = configuration.providers[name]
    return asyncio.run(probe(endpoint(name, section), credentials(section), _PROBE_SECONDS))


async def _read(place: str) -> bytes:
    async with reading(place) as fetch:
        return await fetch()
