"""Telling an address that an operation is done: which addresses may be told, what they are sent, and how often.

What is sent follows Standard Webhooks 1.0 (https://www.standardwebhooks.com).
"""

import ipaddress
import json
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from random import Random
from typing import Annotated, Any, Final, TypeAlias
from urllib.parse import SplitResult, urlsplit

from pydantic import Field

from groundwire_server.domain.failure import Rejection
from groundwire_server.domain.operation import Webhook
from groundwire_server.domain.standard_webhooks import signed_headers
from groundwire_server.domain.vocabulary import Feature
from groundwire_server.options.delivery import DeliveryOptions
from groundwire_server.options.signing import SigningSecret, signing_key
from groundwire_server.ports.outbox import WebhookNotice
from groundwire_server.work.backoff import Backoff

FIELD: Final = "webhook.url"

_HTTPS_PORT: Final = 443
_LABEL: Final = "[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?"
_NAME: Final = re.compile(rf"{_LABEL}(\.{_LABEL})*")
_NAME_LENGTH: Final = 253


Host: TypeAlias = Annotated[str, Field(pattern=r"^(\*\.)?[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?(:[0-9]{1,5})?$")]
"""A host in lower case, with a port where it is not 443; `*.` before it allows every host below it."""


class WebhookOptions(DeliveryOptions):
    """Addresses that are told when a queued answer is done, by a signed POST."""

    hosts: tuple[Host, ...] = Field(
        min_length=1,
        description="Hosts that callers may name, in lower case; `*.example.com` allows every host below example.com. "
        "A port is written where it is not 443.",
        examples=[["hooks.example.com"]],
    )
    secrets: dict[str, SigningSecret] = Field(
        min_length=1,
        description="What each tenant's webhooks are signed with, references to whsec_ and 24 to 64 bytes in base64; "
        "tenants without one have no webhooks.",
        examples=[{"acme": "env://ACME_WEBHOOK_SECRET"}],
    )
    private_hosts: tuple[Host, ...] = Field(
        (),
        description="Those of `hosts` whose address may be of a private network; others are never connected to there.",
        examples=[["hooks.internal.example.com"]],
    )
    ca_file: Path | None = Field(
        None,
        description="Authorities to trust instead of the system's, PEM.",
        examples=["/etc/groundwire/webhooks-ca.pem"],
    )

    def private(self, host: str) -> bool:
        """Return whether a host may have addresses of a private network."""
        return any(_is_named(host, named.partition(":")[0]) for named in self.private_hosts)


class Webhooks:
    """Which webhooks may be asked for, and what they are sent.

    Args:
        options: hosts, secrets and times.
        answer: returns an outcome as it stands in JSON.
        random: draws the jitter.
    """

    def __init__(self, options: WebhookOptions, answer: Callable[[bytes], Any], random: Random) -> None:
        self._options = options
        self._answer = answer
        self._backoff = Backoff(options.backoff_seconds, options.max_backoff_seconds, random)
        self._keys = {tenant: signing_key(secret) for tenant, secret in options.secrets.items()}

    @property
    def tenants(self) -> frozenset[str]:
        """Those that may use webhooks."""
        return frozenset(self._keys)

    def check(self, tenant: str, webhook: Webhook) -> None:
        """Make sure that this address may be called for a tenant.

        Raises:
            Rejection: FEATURE_NOT_OFFERED to a tenant without a secret, INVALID_REQUEST for an address.
        """
        if tenant not in self._keys:
            raise Rejection.not_offered(Feature.WEBHOOKS)
        check_address(webhook.url, self._options.hosts)

    def allows(self, tenant: str, webhook: Webhook) -> bool:
        """Return whether this address may still be called for the tenant; options change while operations wait."""
        try:
            self.check(tenant, webhook)
        except Rejection:
            return False
        return True

    def body(self, notice: WebhookNotice) -> bytes:
        """Return what is sent, the same at each attempt. It holds a text only where the caller asked for it."""
        operation = notice.operation
        data: dict[str, Any] = {
            "name": operation.name,
            "request_id": operation.request_id,
            "has": "error" if operation.result is None else "response",
        }
        if operation.error is not None:
            data["error"] = operation.error.value
        if notice.webhook.include_answer and operation.result is not None:
            data["response"] = self._answer(operation.result)
        ended = (operation.ended or operation.accepted).isoformat()
        return json.dumps({"type": "operation.done", "timestamp": ended, "data": data}, ensure_ascii=False).encode()

    def headers(self, notice: WebhookNotice, body: bytes, now: int) -> Mapping[str, str]:
        """Return the headers of one attempt; the id is the same at each, so that a receiver can drop what it has.

        Args:
            notice: what is told.
            body: what is sent.
            now: seconds since 1970.
        """
        name = f"msg_{notice.operation.key.operation_id}"
        return signed_headers(self._keys[notice.operation.key.tenant], name, now, body)

    def retry_after(self, attempt: int) -> float | None:
        """Return the seconds to wait after an attempt, from half to all of its step; None gives up.

        Args:
            attempt: its number, from 1.
        """
        if attempt >= self._options.attempts:
            return None
        return self._backoff.after(attempt)


def check_address(url: str, hosts: tuple[str, ...]) -> None:
    """Make sure that a URL is https, on one of these hosts, and no address inside a network.

    Raises:
        Rejection: INVALID_REQUEST; its text holds no part of the URL.
    """
    parts, port = _parts(url)
    host = (parts.hostname or "").lower().removesuffix(".")
    if parts.scheme != "https":
        raise Rejection.invalid(FIELD, "must begin with https://", "webhook.https")
    if parts.username is not None or parts.password is not None:
        raise Rejection.invalid(FIELD, "must hold no user name or password", "webhook.credentials")
    if not host_allowed(host, port, hosts):
        raise Rejection.invalid(FIELD, "must be on a host that the operator allows", "webhook.host")


def host_allowed(host: str, port: int, hosts: tuple[str, ...]) -> bool:
    """Return whether a host and a port are among those named; an address in digits is none of `*.` hosts."""
    for named in hosts:
        name, _, named_port = named.partition(":")
        if port != int(named_port or _HTTPS_PORT):
            continue
        if _is_named(host, name):
            return True
    return False


def _is_named(host: str, name: str) -> bool:
    return host == name or (name.startswith("*.") and host.endswith(name[1:]) and _is_name(host))


def _is_name(host: str) -> bool:
    """Return whether a host is a name that can be looked up, in ASCII, and no address."""
    return len(host) <= _NAME_LENGTH and _NAME.fullmatch(host) is not None and not _literal(host)


def _literal(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def _parts(url: str) -> tuple[SplitResult, int]:
    try:
        if not url.isprintable() or any(each in url for each in " \\"):
            raise ValueError
        parts = urlsplit(url)
        return parts, _HTTPS_PORT if parts.port is None else parts.port
    except ValueError:
        raise Rejection.invalid(
            FIELD, "must be an address, such as https://hooks.example.com/answers", "webhook.url"
        ) from None
