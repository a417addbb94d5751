"""Records of operations that hand out claims by a script, and keep what workers say of them."""

from collections.abc import Awaitable, Callable, Collection, Sequence
from dataclasses import replace
from typing import Any

from groundwire_server.domain.failure import Fault
from groundwire_server.domain.operation import Bill, Claim, Operation, OperationKey, OperationPlace, QueuedQuestion
from groundwire_server.domain.vocabulary import Cause, OperationState, Reason
from groundwire_server.ports.operations import HistoryEntry, QueueBounds, QueueDepth, RecordsError


class Away(Fault):
    """What a script has records say that cannot be asked."""

    GONE = ("the database is away", "start it")


class ScriptedRecords:
    """Operation records without rows.

    Attributes:
        waiting: the claims to hand out, in order.
        said: what was recorded of claims: the method, the operation's id, and its arguments but the bill.
        bills: those that came with it.
        accepted: what was accepted, with its key and bounds.
        lost: ids whose claims hold no more.
        failing: methods that cannot be asked, each with how often still; -1 for always.
        accepting: is awaited before anything is accepted; it may return the operation that there is.
        renewals: how often a claim was prolonged.
        depths: what `depth` returns.
        sweeps: how many rows each sweep changes; 0 after the last.
    """

    def __init__(self, *claims: Claim) -> None:
        self.waiting = list(claims)
        self.said: list[tuple[Any, ...]] = []
        self.bills: list[Bill] = []
        self.accepted: list[tuple[OperationKey, QueuedQuestion, QueueBounds]] = []
        self.lost: set[str] = set()
        self.failing: dict[str, int] = {}
        self.accepting: Callable[[], Awaitable[Operation | None]] = _nothing_there
        self.renewals = 0
        self.depths = QueueDepth({})
        self.sweeps: list[int] = []

    async def accept(self, key: OperationKey, work: QueuedQuestion, bounds: QueueBounds) -> Operation:
        """Keep what was accepted."""
        self._reach("accept")
        if (there := await self.accepting()) is not None:
            return there
        self.accepted.append((key, work, bounds))
        return Operation(
            key,
            OperationState.QUEUED,
            work.question.route,
            work.question.request_id,
            "",
            work.accepted,
            work.answer_by,
            position=len(self.accepted) - 1,
        )

    async def claim(self, worker: str, lease: float) -> Claim | None:
        """Hand out the next claim."""
        del worker, lease
        self._reach("claim")
        return self.waiting.pop(0) if self.waiting else None

    async def renew(self, claim: Claim, lease: float) -> bool:
        """Prolong a claim."""
        del lease
        self._reach("renew")
        self.renewals += 1
        return self._holds(claim)

    async def complete(self, claim: Claim, result: bytes, bill: Bill, documents: Collection[str]) -> bool:
        """Keep an outcome."""
        return self._say("complete", claim, bill, result, frozenset(documents))

    async def retry(self, claim: Claim, cause: Cause, after: float, bill: Bill) -> bool:
        """Keep a retry."""
        return self._say("retry", claim, bill, cause, after)

    async def release(self, claim: Claim, after: float, bill: Bill) -> bool:
        """Keep a release; the claim is handed out again."""
        held = self._say("release", claim, bill, after)
        self.waiting.append(replace(claim, attempt=claim.attempt + 1))
        return held

    async def refuse(self, claim: Claim, error: Reason, bill: Bill) -> bool:
        """Keep a refusal."""
        return self._say("refuse", claim, bill, error)

    async def sweep(self) -> int:
        """Return the next number of the script."""
        self._reach("sweep")
        return self.sweeps.pop(0) if self.sweeps else 0

    async def depth(self, tenant: str | None) -> QueueDepth:
        """Return what the script says."""
        assert tenant is None
        return self.depths

    async def get(self, key: OperationKey) -> Operation | None:
        """Know no operation."""
        del key
        return None

    async def page(
        self,
        tenant: str,
        subject: str | None,
        states: Collection[OperationState],
        after: OperationPlace | None,
        most: int,
    ) -> Sequence[Operation]:
        """Know no operation."""
        del tenant, subject, states, after, most
        return ()

    async def cancel(self, key: OperationKey) -> Operation | None:
        """Know no operation."""
        del key
        return None

    async def delete(self, key: OperationKey) -> bool:
        """Know no operation."""
        del key
        return False

    async def requeue(self, tenant: str, operation_id: str) -> Operation | None:
        """Know no operation."""
        del tenant, operation_id
        return None

    async def history(self, after: int, most: int) -> Sequence[HistoryEntry]:
        """Know no history."""
        del after, most
        return ()

    def _say(self, method: str, claim: Claim, bill: Bill, *about: Any) -> bool:
        self._reach(method)
        held = self._holds(claim)
        if held:
            self.said.append((method, claim.key.operation_id, *about))
            self.bills.append(bill)
        return held

    def _holds(self, claim: Claim) -> bool:
        return claim.key.operation_id not in self.lost

    def _reach(self, method: str) -> None:
        left = self.failing.get(method, 0)
        if left:
            self.failing[method] = left - 1 if left > 0 else left
            raise RecordsError(Away.GONE)


def claim(operation_id: str, work: QueuedQuestion, attempt: int = 1) -> Claim:
    """A claim of a question of its caller's."""
    return Claim(OperationKey(work.caller.tenant, work.caller.subject, operation_id), attempt, work)


async def _nothing_there() -> None:
    """Let it be accepted."""
