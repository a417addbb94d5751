"""The ports of what is sent after a change was committed: the outbox, and what posts webhooks."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, Protocol

from groundwire_server.domain.failure import Fault, GroundwireError
from groundwire_server.domain.operation import Operation, Webhook


class OutboxKind(StrEnum):
    """What an entry asks for.

    Workers are woken, those who follow an operation are woken, its webhook is posted; and those that are configured
    for reviews are told what has become of one.
    """

    WORK = "work"
    ENDED = "ended"
    WEBHOOK = "webhook"
    REVIEW_OPENED = "review.opened"
    REVIEW_DECIDED = "review.decided"
    REVIEW_EXPIRED = "review.expired"
    REVIEW_WITHDRAWN = "review.withdrawn"


REVIEW_KINDS: Final = frozenset(kind for kind in OutboxKind if kind.startswith("review."))
"""The kinds of entries about reviews."""


@dataclass(frozen=True, slots=True)
class OutboxEntry:
    """An entry that was claimed. Its attempt fences off those that claimed it before.

    Attributes:
        operation_id: of the operation that it is about, or the ticket of the review.
        attempt: counts from 1.
        receiver: the name of the webhook that is notified of a review; empty until the receivers were found.
    """

    number: int
    kind: OutboxKind
    operation_id: str
    tenant: str
    attempt: int
    receiver: str = ""


@dataclass(frozen=True, slots=True)
class WebhookNotice:
    """What a webhook is about: an operation that is done, with its result, and the address."""

    operation: Operation
    webhook: Webhook


class OutboxRecords(Protocol):
    """Entries that were written in the transaction of the change that they are about.

    Each is claimed until it is done, so it is acted on at least once. Every method raises RecordsError when the
    database cannot be asked.
    """

    async def claim(self, most: int, lease: float) -> Sequence[OutboxEntry]:
        """Claim entries that are due, the longest due first.

        Args:
            most: how many.
            lease: seconds after which an entry is due again unless it is done.
        """
        ...

    async def notice(self, entry: OutboxEntry) -> WebhookNotice | None:
        """Return what the entry of a webhook is about; None where the operation was forgotten or cannot be read."""
        ...

    async def spread(self, entry: OutboxEntry, receivers: Sequence[str]) -> None:
        """Put an entry for each receiver in the place of one, unless it was claimed again since."""
        ...

    async def done(self, entries: Collection[OutboxEntry]) -> None:
        """Forget entries, unless they were claimed again since."""
        ...

    async def retry(self, entry: OutboxEntry, after: float) -> None:
        """Let an entry be due again after so many seconds, unless it was claimed again since."""
        ...


class WebhookError(GroundwireError):
    """A webhook was not taken.

    Attributes:
        fault: what is wrong.
        final: whether trying again cannot help.
    """

    def __init__(self, fault: Fault, *, final: bool = False) -> None:
        super().__init__(str(fault))
        self.fault = fault
        self.final = final


class WebhookSender(Protocol):
    """Posts webhooks."""

    async def post(self, url: str, headers: Mapping[str, str], body: bytes) -> None:
        """Post a body, in bounded time.

        Raises:
            WebhookError: when the receiver does not take it, or must not be connected to.
        """
        ...


class ReviewNotices(Protocol):
    """Tells ticketing systems, which the operator has named, what has become of reviews."""

    def receivers(self, entry: OutboxEntry) -> Sequence[str]:
        """Return the names of the webhooks that are notified."""
        ...

    async def post(self, entry: OutboxEntry) -> bool:
        """Tell the receiver of an entry; return False where there is nothing to tell any more.

        Raises:
            WebhookError: when the receiver does not take it, or must not be connected to.
            RecordsError: when the database cannot be asked.
        """
        ...

    def retry_after(self, attempt: int) -> float | None:
        """Return the seconds to wait after an attempt; None gives up.

        Args:
            attempt: its number, from 1.
        """
        ...
