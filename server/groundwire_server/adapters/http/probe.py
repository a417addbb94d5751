"""Looks whether a provider can be reached and takes its key, at the cost of no token."""

import asyncio
import os
import time
from collections.abc import Mapping
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import Final

import aiohttp
import jiter

from groundwire_server.adapters.http.options import Endpoint
from groundwire_server.adapters.http.session import Session

_MOST_BYTES = 1024 * 1024
_HEALTH_SECONDS: Final = 2.0
_FAILED: Final = 500
"""The lowest status that says that a server is not ready. Any lower one is the answer of a server that is up: it may
want a key for its health check, or have none."""


@dataclass(frozen=True, slots=True)
class Probed:
    """What a provider said to the question which models it has.

    Attributes:
        unreachable: why there was no answer; empty when there was one.
        status: of the answer.
        models: their names, where it lists them.
        ready: whether it says that its models are loaded; None where it says nothing of that, or is not asked.
        ahead: seconds that the provider's clock is ahead of this machine's; 0 where it does not tell the time.
    """

    unreachable: str = ""
    status: int = 0
    models: frozenset[str] = frozenset()
    ready: bool | None = None
    ahead: float = 0.0


async def probe(
    provider: str, endpoint: Endpoint, headers: Mapping[str, str], seconds: float, health: str | None = None
) -> Probed:
    """Ask a provider which models it has, and at the URL of its health check whether they are loaded."""
    timeout = aiohttp.ClientTimeout(total=seconds)
    try:
        async with asyncio.timeout(seconds), Session(provider, endpoint) as session:
            response = await session.get(endpoint.base_url + "/models", headers, timeout)
            async with response:
                ahead = _ahead(response.headers.get("Date", ""), time.time())
                names = _names(await response.content.read(_MOST_BYTES))
            ready = None if health is None else await is_ready(session, health)
            return Probed(status=response.status, models=names, ready=ready, ahead=ahead)
    except aiohttp.ClientConnectorCertificateError:
        return Probed("shows a certificate that is not trusted")
    except aiohttp.ClientConnectorSSLError:
        return Probed("does not speak TLS there")
    except aiohttp.ClientConnectorDNSError:
        return Probed("has a name that is not known")
    except TimeoutError:
        return Probed(f"does not answer within {seconds:g} s")
    except aiohttp.ClientConnectorError as failed:
        return Probed(f"cannot be reached ({os.strerror(failed.errno) if failed.errno else 'no connection'})")
    except (aiohttp.ClientError, OSError):
        return Probed("breaks the connection off")


async def is_ready(session: Session, url: str, seconds: float = _HEALTH_SECONDS) -> bool | None:
    """Return whether a server says that its models are loaded; None when it says nothing in that time."""
    try:
        async with asyncio.timeout(seconds):
            response = await session.get(url, {}, aiohttp.ClientTimeout(total=None))
            async with response:
                return response.status < _FAILED
    except aiohttp.ClientConnectorError as failed:
        return False if isinstance(failed.os_error, ConnectionRefusedError) else None
    except (aiohttp.ClientError, OSError, TimeoutError):
        return None


def _names(body: bytes) -> frozenset[str]:
    try:
        listed = jiter.from_json(body)
        return frozenset(str(each["id"]) for each in listed["data"])
    except (LookupError, TypeError, ValueError):
        return frozenset()


def _ahead(date: str, now: float) -> float:
    try:
        return parsedate_to_datetime(date).timestamp() - now
    except ValueError:
        return 0.0
