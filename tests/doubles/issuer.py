"""An issuer of tokens, honest or not."""

import base64
import hashlib
import hmac
import json
from collections.abc import Mapping
from typing import Any

from joserfc.jwk import ECKey, OKPKey, RSAKey
from joserfc.jws import JWSRegistry, serialize_compact

AUDIENCE = "groundwire"
ISSUER = "https://id.example.com"

Key = RSAKey | ECKey | OKPKey


class Issuer:
    """Signs claims, and publishes its keys.

    Attributes:
        keys: by id, the newest last.
        name: its `iss`.
    """

    def __init__(self, name: str = ISSUER) -> None:
        self.name = name
        self.keys: dict[str, Key] = {}
        self.rotate()

    def rotate(self, kid: str | None = None, key: Key | None = None) -> str:
        """Sign with a new key from now on; the old ones stay published."""
        kid = kid or f"k{len(self.keys) + 1}"
        self.keys[kid] = key or ECKey.generate_key("P-256")
        return kid

    @property
    def jwks(self) -> bytes:
        """The public keys."""
        keys = [{**key.as_dict(private=False), "kid": kid, "use": "sig"} for kid, key in self.keys.items()]
        return json.dumps({"keys": keys}).encode()

    def claims(self, now: float, **changes: Any) -> dict[str, Any]:
        """Those of a good token of a minute; a change to None leaves one out."""
        claims = {
            "iss": self.name,
            "aud": AUDIENCE,
            "sub": "alice",
            "tenant": "acme",
            "groups": ["staff"],
            "roles": ["reader"],
            "iat": now,
            "nbf": now,
            "exp": now + 60.0,
        } | changes
        return {name: value for name, value in claims.items() if value is not None}

    def sign(
        self, claims: Mapping[str, Any], *, kid: str | None = None, header: Mapping[str, Any] | None = None
    ) -> str:
        """A token of these claims by the newest key, or by that of `kid`."""
        kid = kid or list(self.keys)[-1]
        key = self.keys[kid]
        algorithm = {"RSA": "RS256", "EC": "ES256", "OKP": "Ed25519"}[key.key_type]
        protected = {"alg": algorithm, "kid": kid, "typ": "JWT", **(header or {})}
        registry = JWSRegistry(algorithms=[protected["alg"]], strict_check_header=False)
        return serialize_compact(protected, json.dumps(claims), key, registry=registry)

    def unsigned(self, claims: Mapping[str, Any], algorithm: str = "none") -> str:
        """A token without a signature."""
        return f"{_part({'alg': algorithm, 'kid': list(self.keys)[-1]})}.{_part(claims)}."

    def confused(self, claims: Mapping[str, Any]) -> str:
        """A token signed with the public key as if it were a shared secret."""
        kid, key = list(self.keys.items())[-1]
        signed = f"{_part({'alg': 'HS256', 'kid': kid, 'typ': 'JWT'})}.{_part(claims)}"
        mac = hmac.digest(key.as_pem(private=False), signed.encode(), hashlib.sha256)
        return f"{signed}.{_base64(mac)}"


def altered(token: str, **changes: Any) -> str:
    """The token with other claims under its old signature."""
    header, claims, signature = token.split(".")
    known = json.loads(base64.urlsafe_b64decode(claims + "=" * (-len(claims) % 4)))
    return f"{header}.{_part(known | changes)}.{signature}"


def _part(value: Mapping[str, Any]) -> str:
    return _base64(json.dumps(value).encode())


def _base64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()
