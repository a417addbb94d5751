"""Options of the webhooks that notify ticketing systems of reviews."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated, Final, Self, TypeAlias
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, model_validator

from groundwire_server.domain.caller import TENANT_PATTERN
from groundwire_server.options import Options
from groundwire_server.options.delivery import DeliveryOptions
from groundwire_server.options.signing import SigningSecret

_MOST: Final = 64


class ReviewNoticeEvent(StrEnum):
    """A change of a review that a webhook reports."""

    OPENED = "opened"
    DECIDED = "decided"
    EXPIRED = "expired"
    WITHDRAWN = "withdrawn"


def _address(url: str) -> str:
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError:
        parts = urlsplit("")
    if parts.scheme != "https" or not parts.hostname or not url.isprintable() or " " in url:
        raise ValueError("must be an address such as https://tickets.example.com/groundwire")
    if parts.username is not None or parts.password is not None:
        raise ValueError("must hold no user name or password: the signature says who posts")
    return url


Address: TypeAlias = Annotated[str, Field(max_length=2048), AfterValidator(_address)]
TenantName: TypeAlias = Annotated[str, Field(pattern=f"^{TENANT_PATTERN}$")]
ReceiverName: TypeAlias = Annotated[str, Field(pattern="^[a-z][a-z0-9_-]{0,63}$")]


class ReviewWebhookOptions(Options):
    """An address that is notified of reviews, by a signed POST."""

    url: Address = Field(description="Where to post, https.", examples=["https://tickets.example.com/groundwire"])
    secret: SigningSecret = Field(
        description="What posts are signed with, a reference to whsec_ and 24 to 64 bytes in base64.",
        examples=["env://TICKETS_WEBHOOK_SECRET"],
    )
    tenants: tuple[TenantName, ...] = Field(
        min_length=1, description="The tenants whose reviews it is notified of.", examples=[["acme"]]
    )
    events: tuple[ReviewNoticeEvent, ...] = Field(
        tuple(ReviewNoticeEvent), min_length=1, description="What it is told: opened, decided, expired, withdrawn."
    )
    include_texts: bool = Field(
        False, description="Send the question, the draft and the text that left. Evidence is never sent."
    )
    private: bool = Field(
        False, description="Its host may have addresses of a private network; others are never connected to there."
    )


class ReviewWebhooksOptions(DeliveryOptions):
    """How ticketing systems are notified of reviews."""

    webhooks: dict[ReceiverName, ReviewWebhookOptions] = Field(
        default_factory=dict, description="Addresses that are notified when a review is opened or has ended, by name."
    )
    ca_file: Path | None = Field(
        None,
        description="Authorities to trust instead of the system's, PEM.",
        examples=["/etc/groundwire/tickets-ca.pem"],
    )

    @model_validator(mode="after")
    def _few(self) -> Self:
        if len(self.webhooks) > _MOST:
            raise ValueError(f"at most {_MOST} webhooks can be told")
        return self

    def private(self, host: str) -> bool:
        """Return whether a host may have addresses of a private network."""
        return any(
            webhook.private and (urlsplit(webhook.url).hostname or "").removesuffix(".") == host.lower()
            for webhook in self.webhooks.values()
        )
