"""API keys: `gw_<id>_<secret>`, compared by hash in constant time."""

import asyncio
import hmac
import logging
import re
from collections.abc import Mapping
from pathlib import Path

from groundwire_server.adapters.authentication import key_file
from groundwire_server.adapters.authentication.key_file import KeyFileError, StoredApiKey
from groundwire_server.domain.access_denied import AccessDenied, DenialReason
from groundwire_server.domain.caller import Caller
from groundwire_server.domain.credentials import Credentials
from groundwire_server.ports.clock import Clock

_FORM = re.compile(r"gw_([0-9a-f]{12})_([A-Za-z0-9_-]{43})")
_NO_HASH = "0" * 64

_log = logging.getLogger(__name__)


class ApiKeys:
    """The keys of a file, which is reloaded when it changes: a revocation takes effect with the next call.

    A subject may have several keys, so that a new one can be spread before the old one is revoked.
    """

    def __init__(self, path: Path, keys: Mapping[str, StoredApiKey], mark: object, clock: Clock) -> None:
        self._path = path
        self._keys = keys
        self._mark = mark
        self._clock = clock
        self._reading = asyncio.Lock()

    @classmethod
    async def open(cls, path: Path, clock: Clock) -> "ApiKeys":
        """Read the file.

        Raises:
            KeyFileError: when it cannot be used.
        """
        # In this order a change in between is seen with the next call, not missed.
        mark = _mark(path)
        return cls(path, await asyncio.to_thread(key_file.read, path), mark, clock)

    async def authenticate(self, credentials: Credentials) -> Caller:
        """Return the caller of the key."""
        form = _FORM.fullmatch(credentials.api_key)
        if form is None:
            raise AccessDenied(DenialReason.API_KEY_MALFORMED)
        await self._renew()
        key_id, secret = form.groups()
        key = self._keys.get(key_id)
        # The same work whether the id exists or not.
        same = hmac.compare_digest(key_file.hash_of(secret), _NO_HASH if key is None else key.hashed)
        if key is None or not same:
            raise AccessDenied(DenialReason.API_KEY_UNKNOWN, about={} if key is None else {"key_id": key_id})
        return self._in_force(key)

    async def renew(self, caller: Caller, *, frozen: bool) -> Caller:
        """Return the caller of the key of the same id, as the file has it now."""
        del frozen  # a key can always be looked up
        await self._renew()
        key = self._keys.get("" if caller.credential is None else caller.credential.name)
        if key is None:
            raise AccessDenied(DenialReason.API_KEY_UNKNOWN)
        return self._in_force(key)

    def _in_force(self, key: StoredApiKey) -> Caller:
        """Return the caller of a key that is neither revoked nor past its time."""
        if key.revoked is not None:
            raise AccessDenied(DenialReason.API_KEY_REVOKED, about={"key_id": key.key_id})
        if key.expires is not None and key.expires <= self._clock.today():
            raise AccessDenied(DenialReason.API_KEY_EXPIRED, about={"key_id": key.key_id})
        return key.caller

    async def _renew(self) -> None:
        """Reload the file if it has changed; a damaged one leaves the keys as they are, and is reported once."""
        if _mark(self._path) == self._mark:
            return
        async with self._reading:
            mark = _mark(self._path)
            if mark == self._mark:
                return
            try:
                self._keys = await asyncio.to_thread(key_file.read, self._path)
                _log.info("the key file was reloaded", extra={"keys": len(self._keys)})
            except KeyFileError as unusable:
                _log.error("the key file cannot be used; the last good keys stay in use", extra={"why": str(unusable)})
            self._mark = mark


def _mark(path: Path) -> object:
    """Return a mark that differs when the file has changed; None without a file."""
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size, found.st_ino
