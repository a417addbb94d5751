"""The public keys of an issuer, from a JSON Web Key Set."""

import base64
import json
from collections.abc import Sequence
from dataclasses import dataclass

from joserfc.errors import JoseError
from joserfc.jwk import Key, import_key

_PUBLIC = frozenset({"kty", "n", "e", "crv", "x", "y"})
"""The parameters of a public key; private ones in the set are never loaded."""
_KEYS_LIMIT = 64
_RSA_BITS = 2048
_MOST_BITS = 16_640
"""Of a part of a key: verifying takes longer the more there are, and OpenSSL itself stops at 16384."""
_TYPES = {"RS": "RSA", "PS": "RSA", "ES": "EC", "Ed": "OKP"}
"""The type of key by the first letters of an algorithm."""


@dataclass(frozen=True, slots=True)
class PublicKey:
    """A key, with its intended use."""

    kid: str
    algorithm: str
    key: Key


@dataclass(frozen=True, slots=True)
class PublicKeys:
    """A key set. A refreshed set is a new object, so that tokens verified with the old one are verified again."""

    keys: Sequence[PublicKey] = ()

    def find(self, kid: str | None, algorithm: str) -> Key | None:
        """Return the key with that id, or the only suitable one where a token names none."""
        kind = _TYPES[algorithm[:2]]
        fitting = [
            each.key
            for each in self.keys
            if each.key.key_type == kind and each.algorithm in {"", algorithm} and kid in {None, each.kid}
        ]
        return fitting[0] if len(fitting) == 1 else None


def parse(data: bytes) -> PublicKeys:
    """Parse a key set. Keys that cannot verify a supported signature are skipped.

    Raises:
        ValueError: when it is not a key set, or holds no usable key.
    """
    try:
        listed = json.loads(data)["keys"]
    except (ValueError, LookupError, TypeError, RecursionError):
        raise ValueError('is not a key set: expected {"keys": […]}') from None
    if not isinstance(listed, list) or len(listed) > _KEYS_LIMIT:
        raise ValueError(f"is not a key set of at most {_KEYS_LIMIT} keys")
    found = tuple(key for each in listed if isinstance(each, dict) and (key := _public_key(each)) is not None)
    if not found:
        raise ValueError("holds no public key that can verify signatures")
    return PublicKeys(found)


def _public_key(given: dict[str, object]) -> PublicKey | None:
    if given.get("kty") not in _TYPES.values() or given.get("use", "sig") != "sig":
        return None
    public: dict[str, str | list[str]] = {
        name: value for name, value in given.items() if name in _PUBLIC and isinstance(value, str)
    }
    # Six bits per character: a key that is far too long is not loaded.
    if any(len(value) * 6 > _MOST_BITS for value in public.values() if isinstance(value, str)):
        return None
    try:
        if public["kty"] == "RSA" and _bits(str(public["n"])) < _RSA_BITS:
            return None
        key = import_key(public)
    except (JoseError, ValueError, TypeError, LookupError):
        return None
    kid, algorithm = given.get("kid", ""), given.get("alg", "")
    return PublicKey(kid if isinstance(kid, str) else "", algorithm if isinstance(algorithm, str) else "", key)


def _bits(number: str) -> int:
    """Return the length of the number in bits, not of its text, which may begin with zeros."""
    padded = number + "=" * (-len(number) % 4)
    return int.from_bytes(base64.b64decode(padded, altchars=b"-_", validate=True), "big").bit_length()
