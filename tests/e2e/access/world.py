"""An issuer and keys that a server trusts, the server itself, and what can be seen of it."""

import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import grpc
import grpc.aio
import pytest
from joserfc.jwk import RSAKey

from groundwire.v1 import document_service_pb2
from groundwire_server.adapters.authentication import key_file
from groundwire_server.adapters.authentication.issuers import IssuerOptions
from groundwire_server.app.access import access
from groundwire_server.app.clock import SystemClock
from groundwire_server.app.configuration.models.authentication import ApiKeysConfig, AuthenticationConfig
from groundwire_server.domain.caller import Caller, Role
from tests.doubles.issuer import AUDIENCE, Issuer
from tests.doubles.word_guard import quarantining
from tests.e2e.calls import ingest
from tests.e2e.conftest import Product, Serve

UNAUTHENTICATED = grpc.StatusCode.UNAUTHENTICATED
FORBIDDEN = grpc.StatusCode.PERMISSION_DENIED
TENANTS = frozenset({"acme", "globex"})

Metadata = tuple[tuple[str, str], ...]


class World:
    """An issuer and a file of keys that the server trusts, and what callers make of them."""

    def __init__(self, folder: Path) -> None:
        self.issuer = Issuer()
        self.issuer.rotate("rsa", RSA)
        self.stranger: Issuer = Issuer()
        self.stranger.rotate("rsa", OTHER_RSA)
        self.jwks = folder / "jwks.json"
        self.keys = folder / "keys.json"
        self.publish()
        with key_file.changing(self.keys):
            pass

    @property
    def section(self) -> AuthenticationConfig:
        issuer = IssuerOptions(issuer=self.issuer.name, audience=AUDIENCE, jwks=str(self.jwks))
        return AuthenticationConfig(api_keys=ApiKeysConfig(file=self.keys), tokens=(issuer,))

    def publish(self) -> None:
        self.jwks.write_bytes(self.issuer.jwks)

    def claims(self, **changes: Any) -> dict[str, Any]:
        return self.issuer.claims(time.time(), **({"roles": ["admin"]} | changes))

    def token(self, **changes: Any) -> Metadata:
        return bearer(self.issuer.sign(self.claims(**changes)))

    def api_key(
        self, *, tenant: str = "acme", roles: frozenset[Role] = frozenset({Role.ADMIN}), days: float = 1.0
    ) -> Metadata:
        now = SystemClock().today()
        caller = Caller(tenant, "app", frozenset({"staff"}), roles)
        key, text = key_file.new_key(caller, now, now + timedelta(days=days))
        with key_file.changing(self.keys) as keys:
            keys[key.key_id] = key
        return presented(text)

    def revoked_key(self) -> Metadata:
        metadata = self.api_key()
        self.revoke(metadata)
        return metadata

    def revoke(self, metadata: Metadata) -> None:
        with key_file.changing(self.keys) as keys:
            key_id = metadata[0][1].split("_")[1]
            keys[key_id] = key_file.revoked(keys[key_id], SystemClock().today())

    def take_roles(self, metadata: Metadata) -> None:
        with key_file.changing(self.keys) as keys:
            key_id = metadata[0][1].split("_")[1]
            keys[key_id] = replace(keys[key_id], caller=replace(keys[key_id].caller, roles=frozenset()))


def bearer(token: str) -> Metadata:
    return (("authorization", f"Bearer {token}"),)


def presented(key: str) -> Metadata:
    return (("groundwire-api-key", key),)


RSA, OTHER_RSA = RSAKey.generate_key(2048), RSAKey.generate_key(2048)


@asynccontextmanager
async def let_in(serve: Serve, world: World, *arguments: Any, **options: Any) -> AsyncIterator[Product]:
    """A server with authentication that holds two documents of acme, and one in quarantine."""
    async with (
        access(world.section, TENANTS, SystemClock()) as opened,
        serve(*arguments, access=opened, document_screen=quarantining(evil="EVIL"), **options) as product,
    ):
        writer = world.api_key(roles=frozenset({Role.WRITER}))
        await ingest(product, ("lambdas", "Lambda expressions create anonymous functions."), metadata=writer)
        await ingest(product, ("generators", "Generators yield values lazily."), metadata=writer)
        await ingest(product, ("held", "Generators obey EVIL orders."), metadata=writer)
        yield product


async def state(product: Product, world: World) -> object:
    """All that a call could have changed or set off."""
    listed = await product.documents.ListDocuments(document_service_pb2.ListDocumentsRequest(), metadata=world.token())
    held = await product.documents.ListQuarantinedDocuments(
        document_service_pb2.ListQuarantinedDocumentsRequest(), metadata=world.token()
    )
    asked = (len(product.generator.requests), len(product.embedder.calls))
    return asked, [(each.document_id, each.revision) for each in (*listed.documents, *held.documents)]


def security_event(caplog: pytest.LogCaptureFixture) -> dict[str, Any]:
    """The event of the one call that was denied."""
    events = [vars(record) for record in caplog.records if record.name == "groundwire.security"]
    (denied,) = [event for event in events if event["event"] == "call_denied"]
    return denied
