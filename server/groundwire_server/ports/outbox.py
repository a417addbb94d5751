"""The ports of what is sent after a change was committed: the outbox, and what posts webhooks."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from groundwire_server.domain.failure import Fault, GroundwireError
from groundwire_server.domain.operation import Operation, Webhook


class OutboxKind(StrEnum):
    """What an entry asks for: that workers are woken, that those who follow are woken, that a webhook is posted."""

    WORK = "work"
    ENDED = "ended"
    WEBHOOK = "webhook"


@dataclass(frozen=True, slots=True)
class OutboxEntry:
    """An entry that was claimed. Its attempt fences off those that claimed it before.

    Attributes:
        attempt: counts from 1.
    """

    number: int
    kind: OutboxKind
    operation_id: str
    tenant: str
    attempt: int


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
