"""Reading key sets from files and HTTPS URLs, with limits on size, and on time for URLs."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from groundwire_server.adapters.authentication.jwks import Fetch, KeySetError
from groundwire_server.domain.loopback import on_this_machine
from groundwire_server.files.small import UnreadableFileError, bytes_of
from groundwire_server.options.url import parsed_url

if TYPE_CHECKING:
    from aiohttp import StreamReader

SIZE_LIMIT = 256 * 1024
_SECONDS = 5.0


def is_url(place: str) -> bool:
    """Return whether a place is a URL; anything else is the path of a file."""
    return "://" in place


def check_place(place: str) -> None:
    """Check that a URL can be connected to and uses HTTPS, except on this machine.

    Raises:
        ValueError: when it does not.
    """
    if not is_url(place):
        return
    parts = parsed_url(place, "https://id.example.com/jwks.json")
    if parts.username is not None or parts.password is not None:
        raise ValueError("a key set is public: give its URL without a user name and password, which would be shown")
    if parts.scheme == "http" and not on_this_machine(parts.hostname or ""):
        raise ValueError(
            "a key set must be read over https: anyone who can change it on the way could authenticate as anyone"
        )


@asynccontextmanager
async def reading(place: str) -> AsyncIterator[Fetch]:
    """Yield a function that reads the place."""
    if not is_url(place):
        path = Path(place)

        async def from_file() -> bytes:
            return await asyncio.to_thread(_read, path)

        yield from_file
        return
    # Imported here: it is needed for URLs only.
    import aiohttp  # noqa: PLC0415

    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=_SECONDS)) as session:

        async def from_url() -> bytes:
            try:
                # No redirects: an issuer's keys have one address.
                async with session.get(place, allow_redirects=False) as response:
                    if response.status != 200:
                        raise KeySetError(f"responds with HTTP status {response.status}")
                    return await _bounded(response.content)
            except TimeoutError:
                raise KeySetError(f"does not respond within {_SECONDS:g} s") from None
            except (aiohttp.ClientError, OSError) as failed:
                raise KeySetError(f"cannot be reached ({type(failed).__name__})") from None

        yield from_url


async def _bounded(content: "StreamReader") -> bytes:
    data = bytearray()
    async for piece in content.iter_any():
        data += piece
        if len(data) > SIZE_LIMIT:
            raise KeySetError(f"is larger than {SIZE_LIMIT // 1024} KiB")
    return bytes(data)


def _read(path: Path) -> bytes:
    try:
        return bytes_of(path, SIZE_LIMIT)
    except UnreadableFileError as why:
        raise KeySetError(str(why)) from None
