"""JSON Web Tokens: signed by a known key of a known issuer, for this audience, and valid now."""

import base64
import binascii
import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from joserfc.errors import BadSignatureError, JoseError
from joserfc.jwk import Key
from joserfc.jws import JWSRegistry, deserialize_compact

from groundwire_server.adapters.authentication.issuers import IssuerOptions
from groundwire_server.adapters.authentication.jwks import FreshKeys
from groundwire_server.adapters.authentication.keys import PublicKeys
from groundwire_server.domain.access_denied import AccessDenied, DenialReason
from groundwire_server.domain.caller import Caller
from groundwire_server.domain.credentials import CredentialKind, CredentialReference, Credentials
from groundwire_server.ports.clock import Clock

_SIZE_LIMIT = 16 * 1024
_SCHEME = "bearer"
_REMEMBERED = 4096
_LATEST = 1e12
"""The largest valid instant; NaN and infinity, which JSON's parser accepts, are beyond it too."""


@dataclass(frozen=True, slots=True)
class _Issuer:
    options: IssuerOptions
    keys: FreshKeys
    registry: JWSRegistry


@dataclass(frozen=True, slots=True)
class _Verified:
    """A verified token: valid until it expires, as long as the keys that verified it are in use."""

    caller: Caller
    until: float
    keys: PublicKeys
    issuer: _Issuer


class Tokens:
    """Verifies bearer tokens, and caches verified ones: checking the signature costs more than all the rest."""

    def __init__(self, issuers: Iterable[tuple[IssuerOptions, FreshKeys]], clock: Clock) -> None:
        self._issuers = {
            options.issuer: _Issuer(options, keys, JWSRegistry(algorithms=list(options.algorithms)))
            for options, keys in issuers
        }
        self._clock = clock
        self._verified: dict[bytes, _Verified] = {}

    async def authenticate(self, credentials: Credentials) -> Caller:
        """Return the caller of the token."""
        scheme, _, token = credentials.authorization.partition(" ")
        if scheme.lower() != _SCHEME or not token.isascii() or len(token) > _SIZE_LIMIT:
            raise AccessDenied(DenialReason.TOKEN_MALFORMED)
        name = hashlib.sha256(token.encode()).digest()
        known = self._verified.get(name)
        if known is not None:
            if known.keys is known.issuer.keys.current and self._clock.today().timestamp() < known.until:
                return known.caller
            del self._verified[name]
        verified = await self._verify(token)
        if len(self._verified) >= _REMEMBERED:
            del self._verified[next(iter(self._verified))]
        self._verified[name] = verified
        return verified.caller

    async def renew(self, caller: Caller, *, frozen: bool) -> Caller:
        """Return the caller as its token had it, until the token ends, or for ever where its rights are frozen.

        An issuer can be asked for keys, not for what has become of a token.
        """
        if not frozen and not _lasts(caller, self._clock.today().timestamp()):
            raise AccessDenied(DenialReason.TOKEN_EXPIRED)
        return caller

    async def _verify(self, token: str) -> _Verified:
        header, claims = _unverified(token)
        issuer = self._issuer_of(claims)
        about = {"issuer": issuer.options.issuer}
        algorithm = header.get("alg")
        if not isinstance(algorithm, str) or algorithm not in issuer.options.algorithms:
            raise AccessDenied(DenialReason.TOKEN_ALGORITHM, about=about)
        keys, key = await _key(issuer, header.get("kid"), algorithm)
        if key is None:
            raise AccessDenied(DenialReason.TOKEN_KEY_UNKNOWN, about=about)
        try:
            deserialize_compact(token, key, registry=issuer.registry)
        except BadSignatureError:
            raise AccessDenied(DenialReason.TOKEN_SIGNATURE, about=about) from None
        except (JoseError, ValueError):
            raise AccessDenied(DenialReason.TOKEN_MALFORMED, about=about) from None
        until = _in_force(claims, issuer.options, self._clock.today().timestamp(), about)
        try:
            caller = issuer.options.caller(claims)
        except ValueError:
            raise AccessDenied(DenialReason.TOKEN_CLAIMS, about=about) from None
        credential = CredentialReference(CredentialKind.TOKEN, expires=until + issuer.options.skew_seconds)
        return _Verified(replace(caller, credential=credential), until, keys, issuer)

    def _issuer_of(self, claims: Mapping[str, Any]) -> _Issuer:
        name = claims.get("iss")
        issuer = self._issuers.get(name) if isinstance(name, str) else None
        if issuer is None:
            raise AccessDenied(DenialReason.TOKEN_ISSUER)
        return issuer


def _lasts(caller: Caller, now: float) -> bool:
    credential = caller.credential
    return credential is not None and credential.expires is not None and now < credential.expires


async def _key(issuer: _Issuer, kid: object, algorithm: str) -> tuple[PublicKeys, Key | None]:
    if kid is not None and not isinstance(kid, str):
        return issuer.keys.current, None
    key = issuer.keys.current.find(kid, algorithm)
    if key is None:
        await issuer.keys.key_unknown()
        key = issuer.keys.current.find(kid, algorithm)
    return issuer.keys.current, key


def _unverified(token: str) -> tuple[Mapping[str, Any], Mapping[str, Any]]:
    """Return the unverified header and claims, used only to choose the issuer and key."""
    parts = token.split(".")
    if len(parts) != 3:
        raise AccessDenied(DenialReason.TOKEN_MALFORMED)
    header, claims = _json(parts[0]), _json(parts[1])
    # Critical extensions, and unencoded payloads.
    if "crit" in header or "b64" in header:
        raise AccessDenied(DenialReason.TOKEN_MALFORMED)
    return header, claims


def _json(part: str) -> Mapping[str, Any]:
    try:
        value = json.loads(base64.b64decode(part + "=" * (-len(part) % 4), altchars=b"-_", validate=True))
    except (binascii.Error, ValueError, RecursionError):
        raise AccessDenied(DenialReason.TOKEN_MALFORMED) from None
    if not isinstance(value, dict):
        raise AccessDenied(DenialReason.TOKEN_MALFORMED)
    return value


def _in_force(claims: Mapping[str, Any], options: IssuerOptions, now: float, about: Mapping[str, str]) -> float:
    """Check audience and times; return until when the token may be cached."""
    audience = claims.get("aud")
    if options.audience not in (audience if isinstance(audience, list) else [audience]):
        raise AccessDenied(DenialReason.TOKEN_AUDIENCE, about=about)
    expires = _instant(claims, "exp", about)
    if expires is None:
        raise AccessDenied(DenialReason.TOKEN_CLAIMS, about=about)
    if now >= expires + options.skew_seconds:
        raise AccessDenied(DenialReason.TOKEN_EXPIRED, about=about)
    for name in ("nbf", "iat"):
        begins = _instant(claims, name, about)
        if begins is not None and now < begins - options.skew_seconds:
            raise AccessDenied(DenialReason.TOKEN_NOT_YET_VALID, about=about)
    return expires


def _instant(claims: Mapping[str, Any], name: str, about: Mapping[str, str]) -> float | None:
    value = claims.get(name)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or not abs(value) < _LATEST:
        raise AccessDenied(DenialReason.TOKEN_CLAIMS, about=about)
    return value
