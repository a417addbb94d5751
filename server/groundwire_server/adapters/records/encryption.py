"""Encryption of texts in records: AES-256-GCM, with a key by reference.

A sealed value is a version, the key's id, a random nonce, and the text with its tag. Tenant, subject, operation and
column are authenticated with it, and so is the header: a value that was copied into another row or column does not
open, nor does one whose row was given to somebody else. Nonces are random, so one key may seal 2³² values at most
before it is replaced.
"""

import hmac
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from groundwire_server.adapters.records.faults import RecordsFault, UnknownKeyError
from groundwire_server.ports.operations import RecordsError

_VERSION: Final = b"\x01"
_KEY_ID_BYTES: Final = 16
"""Shorter ids are padded with zeros, so that SQL can compare the ids of many rows."""
_PERSON: Final = b"gw-digest"
"""Keeps digests apart from all else that a key is used for."""
_NONCE_BYTES: Final = 12
_HEADER_BYTES: Final = len(_VERSION) + _KEY_ID_BYTES


@dataclass(frozen=True, slots=True)
class SealingKey:
    """A key, and the id that sealed values carry; the `repr` leaves the key out.

    Attributes:
        key: 32 bytes.
    """

    key_id: str
    key: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class SealedPlace:
    """Where a sealed value stands: it opens nowhere else.

    Attributes:
        column: the name of its column.
    """

    tenant: str
    subject: str
    operation_id: str
    column: str

    @property
    def associated(self) -> bytes:
        """The place as bytes, the same for no two places."""
        parts = [part.encode() for part in (self.tenant, self.subject, self.operation_id, self.column)]
        return b"".join(len(part).to_bytes(4) + part for part in parts)


class Sealing:
    """Seals values with the first of its keys, and opens those that any of them has sealed.

    Args:
        keys: at least one, each with an id of its own.
    """

    def __init__(self, keys: Sequence[SealingKey]) -> None:
        self._first = keys[0].key_id
        self._ciphers = {each.key_id: AESGCM(each.key) for each in keys}
        self._keys = {each.key_id: each.key for each in keys}

    @property
    def key_ids(self) -> Sequence[str]:
        """The ids of the keys, the one that seals first."""
        return tuple(self._ciphers)

    def pseudonyms(self, tenant: str, end_user: str) -> Sequence[str]:
        """Return the names of an end user in rows, one by each key: nobody can compute them without it.

        New rows take the first; the others are in rows that were written before a rotation.
        """
        return [each.hex() for each in self.digests(end_user.encode(), SealedPlace(tenant, "", "", "end_user"))]

    def digests(self, value: bytes, place: SealedPlace) -> Sequence[bytes]:
        """Return 32 bytes by each key that stand for a value at its place: without the key nobody can try values.

        New rows take the first; the others are in rows that were written before a rotation.
        """
        return [
            blake2b(place.associated + value, digest_size=32, key=key, person=_PERSON).digest()
            for key in self._keys.values()
        ]

    def derived(self, purpose: bytes) -> Mapping[str, bytes]:
        """Return a key of 32 bytes for another purpose, by the id of the key that it is made from."""
        return {key_id: hmac.digest(key, purpose, "sha256") for key_id, key in self._keys.items()}

    def seal(self, value: bytes, place: SealedPlace) -> bytes:
        """Return a value that only opens at its place."""
        header = _VERSION + self._first.encode().ljust(_KEY_ID_BYTES, b"\0")
        nonce = os.urandom(_NONCE_BYTES)
        return header + nonce + self._ciphers[self._first].encrypt(nonce, value, header + place.associated)

    def open(self, sealed: bytes, place: SealedPlace) -> bytes:
        """Return the value that was sealed at this place.

        Raises:
            UnknownKeyError: when its key is not configured.
            RecordsError: when it was changed or moved, or its key is another one of the same id.
        """
        header, nonce = sealed[:_HEADER_BYTES], sealed[_HEADER_BYTES : _HEADER_BYTES + _NONCE_BYTES]
        if not sealed.startswith(_VERSION) or len(nonce) < _NONCE_BYTES:
            raise RecordsError(RecordsFault.UNREADABLE)
        key_id = key_id_of(header)
        if key_id not in self._ciphers:
            raise UnknownKeyError(key_id)
        try:
            return self._ciphers[key_id].decrypt(nonce, sealed[len(header) + len(nonce) :], header + place.associated)
        except InvalidTag:
            raise RecordsError(RecordsFault.UNREADABLE) from None


def key_id_column(key_id: str) -> tuple[int, int, bytes]:
    """Return where a sealed value holds its key's id, and the id as it stands there, for SQL's `substr`."""
    return len(_VERSION) + 1, _KEY_ID_BYTES, key_id.encode().ljust(_KEY_ID_BYTES, b"\0")


def key_id_of(header: bytes) -> str:
    """Return the id of the key in a sealed value's header: printable, whatever the bytes."""
    written = header[len(_VERSION) : _HEADER_BYTES].rstrip(b"\0")
    return written.decode("ascii", "backslashreplace")
