"""Every way not to be let in."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field

import grpc
import grpc.aio

from groundwire_server.domain.access_denied import DenialReason
from groundwire_server.domain.caller import Role
from groundwire_server.edge.roles import ROLES
from tests.e2e.access.world import FORBIDDEN, UNAUTHENTICATED, Metadata, World, bearer, presented
from tests.e2e.methods import Method


@dataclass(frozen=True)
class Wrong:
    """One way not to be let in."""

    name: str
    make: Callable[[World, Method], Metadata]
    word: DenialReason
    code: grpc.StatusCode = UNAUTHENTICATED
    told: Callable[[Method], dict[str, str]] = field(default=lambda method: {})


def _under_privileged(method: Method) -> list[str]:
    return sorted(set(Role) - ROLES[method.name] - {Role.ADMIN})


def _needed(method: Method) -> dict[str, str]:
    return {"role": ",".join(sorted(ROLES[method.name]))}


def _wrong_key(world: World, method: Method) -> Metadata:
    ((_, text),) = world.api_key()
    return presented(text[:-4] + ("AAAA" if not text.endswith("AAAA") else "BBBB"))


TABLE = [
    Wrong("no credential", lambda world, method: (), DenialReason.NO_CREDENTIAL),
    Wrong(
        "a tenant, a subject and principals by name alone",
        lambda world, method: (("groundwire-tenant", "acme"), ("groundwire-subject", "alice")),
        DenialReason.NO_CREDENTIAL,
    ),
    Wrong(
        "wrong: signed by a stranger",
        lambda world, method: bearer(world.stranger.sign(world.claims())),
        DenialReason.TOKEN_SIGNATURE,
    ),
    Wrong("wrong: no token at all", lambda world, method: bearer("hush-hush"), DenialReason.TOKEN_MALFORMED),
    Wrong(
        "wrong: another scheme",
        lambda world, method: (("authorization", "Basic aHVzaDpodXNo"),),
        DenialReason.TOKEN_MALFORMED,
    ),
    Wrong(
        "wrong: another issuer",
        lambda world, method: world.token(iss="https://evil.example"),
        DenialReason.TOKEN_ISSUER,
    ),
    Wrong("wrong: another key's secret", _wrong_key, DenialReason.API_KEY_UNKNOWN),
    Wrong("wrong: revoked key", lambda world, method: world.revoked_key(), DenialReason.API_KEY_REVOKED),
    Wrong("expired token", lambda world, method: world.token(exp=time.time() - 60.0), DenialReason.TOKEN_EXPIRED),
    Wrong("expired key", lambda world, method: world.api_key(days=-1.0), DenialReason.API_KEY_EXPIRED),
    Wrong("not yet valid", lambda world, method: world.token(nbf=time.time() + 60.0), DenialReason.TOKEN_NOT_YET_VALID),
    Wrong(
        "issued in the future",
        lambda world, method: world.token(iat=time.time() + 60.0),
        DenialReason.TOKEN_NOT_YET_VALID,
    ),
    Wrong(
        "foreign tenant: named beside a token",
        lambda world, method: (*world.token(), ("groundwire-tenant", "globex")),
        DenialReason.TENANT_CONTRADICTED,
        FORBIDDEN,
    ),
    Wrong(
        "foreign tenant: named beside a key",
        lambda world, method: (*world.api_key(), ("groundwire-tenant", "globex")),
        DenialReason.TENANT_CONTRADICTED,
        FORBIDDEN,
    ),
    Wrong(
        "foreign tenant: one that there is not",
        lambda world, method: world.token(tenant="initech"),
        DenialReason.TENANT_UNKNOWN,
        FORBIDDEN,
    ),
    Wrong("wrong audience", lambda world, method: world.token(aud="another"), DenialReason.TOKEN_AUDIENCE),
    Wrong(
        "alg none", lambda world, method: bearer(world.issuer.unsigned(world.claims())), DenialReason.TOKEN_ALGORITHM
    ),
    Wrong(
        "key confusion",
        lambda world, method: bearer(world.issuer.confused(world.claims())),
        DenialReason.TOKEN_ALGORITHM,
    ),
    Wrong(
        "under-privileged token",
        lambda world, method: world.token(roles=_under_privileged(method)),
        DenialReason.ROLE_MISSING,
        FORBIDDEN,
        _needed,
    ),
    Wrong(
        "under-privileged key",
        lambda world, method: world.api_key(roles=frozenset(Role(role) for role in _under_privileged(method))),
        DenialReason.ROLE_MISSING,
        FORBIDDEN,
        _needed,
    ),
    Wrong("no role", lambda world, method: world.token(roles=[]), DenialReason.ROLE_MISSING, FORBIDDEN, _needed),
    Wrong(
        "two credentials", lambda world, method: (*world.token(), *world.api_key()), DenialReason.SEVERAL_CREDENTIALS
    ),
    Wrong("two tokens", lambda world, method: (*world.token(), *world.token()), DenialReason.SEVERAL_CREDENTIALS),
]
