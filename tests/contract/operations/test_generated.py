"""Generated sequences of calls against a small model: states, history, ledger and order, while the clock steps."""

import asyncio
import shutil
from collections.abc import Coroutine
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    consumes,
    invariant,
    multiple,
    rule,
    run_state_machine_as_test,
)

from groundwire_server.adapters.records.engine import records_database
from groundwire_server.adapters.records.operations.reading import history_entry
from groundwire_server.adapters.records.options import RecordsOptions
from groundwire_server.domain.operation import Bill, Claim
from groundwire_server.domain.vocabulary import Cause, OperationState, Priority, Reason
from groundwire_server.work.history import check_history
from tests.contract.operations.conftest import postgres_options, sqlite_options
from tests.contract.operations.queued import ATTEMPTS, KEEP, LEASE, Queue, SteppingClock, empty, operation_records
from tests.postgres_server import needs_postgres

T = TypeVar("T")
QUEUED, RUNNING, IN_REVIEW, DONE, HALTED = OperationState
BILL = Bill(1, 2, 3)

_STEPS = st.sampled_from([0.001, LEASE - 1, LEASE, LEASE, 3600.0, 86_400.0, -0.5, -LEASE])
_TENANTS = st.sampled_from(["acme", "globex"])
_WITHIN = st.sampled_from([2 * LEASE, 7200.0, 10 * 86_400.0])


@dataclass
class Modelled:
    """What must be true of one operation. Times are seconds on the clock."""

    number: int
    tenant: str
    priority: Priority
    expires: float
    due: float
    state: OperationState = QUEUED
    attempts: int = 0
    most: int = ATTEMPTS
    lease_until: float = 0.0
    cost: int = 0
    lost: int = 0
    settled: bool = False
    error: Reason | None = None
    deleted: bool = False
    events: list[str] = field(default_factory=lambda: ["accepted"])

    @property
    def name(self) -> str:
        return f"op{self.number}"

    def end(self, now: float, event: str, error: Reason | None) -> None:
        self.lost += int(self.state is RUNNING and event in {"cancelled", "expired"})
        self.state, self.error, self.settled = DONE, error, True
        self.expires = now + KEEP.done.total_seconds()
        self.events += [event, "billed"]

    def without_outcome(self, event: str) -> None:
        self.state = HALTED if self.attempts >= self.most else QUEUED
        if self.state is HALTED:
            self.events.append("halted")
        elif event:
            self.events.append(event)


class QueueMachine(RuleBasedStateMachine):
    """Calls in any order, of workers that may have lost what they hold, of subjects and of operators."""

    operations: Bundle[Modelled] = Bundle("operations")
    claims: Bundle[tuple[Modelled, Claim]] = Bundle("claims")
    options: RecordsOptions

    def __init__(self) -> None:
        super().__init__()
        self.runner = asyncio.Runner()
        self.exits = AsyncExitStack()
        self.clock = SteppingClock()
        self.all: list[Modelled] = []
        self.queue = self.run(self._open())

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        return self.runner.run(work)

    async def _open(self) -> Queue:
        database = await self.exits.enter_async_context(records_database(self.options))
        await empty(database)
        return Queue(operation_records(database, self.clock), database, self.clock)

    def teardown(self) -> None:
        self.run(self.exits.aclose())
        self.runner.close()

    @property
    def now(self) -> float:
        return self.clock.now()

    @rule(target=operations, tenant=_TENANTS, priority=st.sampled_from(Priority), within=_WITHIN)
    def accept(self, tenant: str, priority: Priority, within: float) -> Modelled:
        new = Modelled(len(self.all), tenant, priority, self.now + within, self.now)
        accepted = self.run(self.queue.accept(new.name, tenant, priority=priority, within=within))
        ahead = [each for each in self._open_ones(QUEUED) if each.priority is priority and each.tenant == tenant]
        assert accepted.position >= len(ahead)
        self.all.append(new)
        return new

    @rule(operation=operations)
    def accept_again(self, operation: Modelled) -> None:
        if operation.deleted:
            return
        again = self.run(self.queue.accept(f"again{operation.name}", operation.tenant, request_id=operation.name))
        assert again.key == self.queue.key(operation.name, operation.tenant)

    @rule(target=claims)
    def claim(self) -> Any:
        return self._claim()

    def _claim(self) -> Any:
        self._give_back_lost()
        claim = self.run(self.queue.records.claim("w1", LEASE))
        due = [each for each in self._open_ones(QUEUED) if each.due <= self.now < each.expires]
        assert (claim is None) == (not due)
        if claim is None:
            return multiple()
        taken = next(each for each in due if each.name == claim.work.question.text)
        assert taken.priority is min((each.priority for each in due), key=list(Priority).index)
        # Within a tenant the oldest goes first.
        assert taken.number == min(
            each.number for each in due if (each.tenant, each.priority) == (taken.tenant, taken.priority)
        )
        taken.state, taken.lease_until = RUNNING, self.now + LEASE
        taken.attempts += 1
        taken.events.append("begun")
        assert claim.attempt == taken.attempts
        return taken, claim

    @rule(target=claims)
    def claim_once_leases_are_over(self) -> Any:
        self.clock.step(LEASE)
        return self._claim()

    @rule(held=claims)
    def renew(self, held: tuple[Modelled, Claim]) -> None:
        operation, claim = held
        holds = self._holds(held)
        assert self.run(self.queue.records.renew(claim, LEASE)) is holds
        if holds:
            operation.lease_until = self.now + LEASE

    @rule(held=consumes(claims))
    def complete(self, held: tuple[Modelled, Claim]) -> None:
        holds = self._holds(held)
        assert self.run(self.queue.records.complete(held[1], b"outcome", BILL, ["d1"])) is holds
        if holds:
            held[0].cost += BILL.cost_micros
            held[0].end(self.now, "effect", None)

    @rule(held=consumes(claims))
    def refuse(self, held: tuple[Modelled, Claim]) -> None:
        holds = self._holds(held)
        assert self.run(self.queue.records.refuse(held[1], Reason.RIGHTS_WITHDRAWN, BILL)) is holds
        if holds:
            held[0].cost += BILL.cost_micros
            held[0].end(self.now, "refused", Reason.RIGHTS_WITHDRAWN)

    @rule(held=claims, after=st.sampled_from([0.0, 45.0]))
    def retry(self, held: tuple[Modelled, Claim], after: float) -> None:
        operation, claim = held
        holds = self._holds(held)
        assert self.run(self.queue.records.retry(claim, Cause.MODEL_TIMEOUT, after, BILL)) is holds
        if holds:
            operation.cost += BILL.cost_micros
            operation.due = self.now + after
            operation.without_outcome("retried")

    @rule(held=claims, after=st.sampled_from([0.0, 45.0]))
    def release(self, held: tuple[Modelled, Claim], after: float) -> None:
        operation, claim = held
        holds = self._holds(held)
        assert self.run(self.queue.records.release(claim, after, BILL)) is holds
        if holds:
            operation.cost += BILL.cost_micros
            operation.state, operation.due, operation.most = QUEUED, self.now + after, operation.most + 1
            operation.events.append("released")

    @rule(operation=operations)
    def cancel(self, operation: Modelled) -> None:
        found = self.run(self.queue.records.cancel(self.queue.key(operation.name, operation.tenant)))
        assert (found is not None) == self._seen(operation)
        if self._seen(operation) and operation.state is not DONE:
            operation.end(self.now, "cancelled", Reason.CANCELLED)

    @rule(operation=operations)
    def delete(self, operation: Modelled) -> None:
        seen = self._seen(operation)
        assert self.run(self.queue.records.delete(self.queue.key(operation.name, operation.tenant))) is seen
        if seen and operation.state is not DONE:
            operation.end(self.now, "cancelled", Reason.CANCELLED)
        operation.deleted |= seen

    @rule(operation=operations)
    def requeue(self, operation: Modelled) -> None:
        returned = self.run(self.queue.requeued(operation.name, operation.tenant))
        if operation.state is HALTED and not operation.deleted and operation.expires > self.now:
            operation.state, operation.due, operation.most = QUEUED, self.now, operation.attempts + ATTEMPTS
            operation.events.append("requeued")
            assert not isinstance(returned, Reason)
        else:
            assert returned is (Reason.OPERATION_NOT_HALTED if self._seen(operation) else None)

    @rule(operation=operations)
    def get(self, operation: Modelled) -> None:
        found = self.run(self.queue.records.get(self.queue.key(operation.name, operation.tenant)))
        if self._seen(operation) and operation.state is not DONE and operation.expires <= self.now:
            operation.end(self.now, "expired", Reason.OPERATION_EXPIRED)
        assert (found is not None) == self._seen(operation)
        if found is not None:
            assert (found.state, found.error) == (operation.state, operation.error)

    @rule()
    def sweep(self) -> None:
        self._give_back_lost()
        self.run(self.queue.records.sweep())
        for each in self.all:
            if each.deleted:
                continue
            if each.state is not DONE and each.expires <= self.now:
                each.end(self.now, "expired", Reason.OPERATION_EXPIRED)
            each.deleted = not self._seen(each)

    @rule(seconds=_STEPS)
    def step(self, seconds: float) -> None:
        self.clock.step(seconds)

    @invariant()
    def everything_is_written_as_modelled(self) -> None:
        written = self.run(self.queue.everything())
        rows = {row.request_id: row for row in written.operations}
        bills = {row.operation_id: row for row in written.ledger}
        assert set(rows) == {each.name for each in self.all if not each.deleted}
        if len(written.history) == sum(len(each.events) for each in self.all):
            report = check_history(map(history_entry, written.history))
            assert report.faults == ()
            assert len(report.open) == sum(not each.settled for each in self.all)
        for each in self.all:
            key = self.queue.key(each.name, each.tenant)
            if row := rows.get(each.name):
                assert (row.state, row.attempts, row.error) == (each.state, each.attempts, each.error)
            events = [noted.event for noted in written.history if noted.operation_id == key.operation_id]
            # Old entries are forgotten, from the beginning.
            assert events == each.events[len(each.events) - len(events) :]
            assert events.count("billed") <= 1
            if bill := bills.get(key.operation_id):
                assert (bill.cost_micros, bill.lost_attempts) == (each.cost, each.lost)
                assert (bill.settled is not None) == each.settled

    def _open_ones(self, state: OperationState) -> list[Modelled]:
        return [each for each in self.all if each.state is state and not each.deleted]

    def _seen(self, operation: Modelled) -> bool:
        return not operation.deleted and (operation.state is not DONE or operation.expires > self.now)

    def _holds(self, held: tuple[Modelled, Claim]) -> bool:
        operation, claim = held
        return operation.state is RUNNING and operation.attempts == claim.attempt and not operation.deleted

    def _give_back_lost(self) -> None:
        for each in self._open_ones(RUNNING):
            if each.lease_until <= self.now:
                each.lost, each.due = each.lost + 1, self.now
                each.without_outcome("")


@pytest.mark.slow
def test_any_sequence_on_sqlite(sqlite_template: Path, tmp_path: Path) -> None:
    file = tmp_path / "records.sqlite3"
    shutil.copyfile(sqlite_template, file)
    _check(sqlite_options(file), examples=25)


@pytest.mark.slow
@pytest.mark.process
@needs_postgres
def test_any_sequence_on_postgresql(postgres_url: str) -> None:
    _check(postgres_options(postgres_url), examples=10)


def _check(options: RecordsOptions, examples: int) -> None:
    machine = type("Machine", (QueueMachine,), {"options": options})
    run_state_machine_as_test(machine, settings=settings(max_examples=examples, stateful_step_count=30))
