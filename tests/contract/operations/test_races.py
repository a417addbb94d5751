"""Several at once: workers of one process on one database, and of two processes on one file of SQLite."""

import asyncio
import sys
from asyncio.subprocess import PIPE, Process
from collections import Counter
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from groundwire_server.adapters.records.options import RecordsOptions
from groundwire_server.domain.operation import Bill, Claim
from groundwire_server.domain.vocabulary import Cause, Reason
from groundwire_server.ports.operations import OperationRecords
from tests.contract.operations.queued import LEASE, Queue

WORKER = Path(__file__).with_name("worker.py")


async def _work(queue: Queue, worker: str) -> list[str]:
    """Take up and complete until nothing is due; return the texts that this worker has completed."""
    done = []
    while claim := await queue.records.claim(worker, LEASE):
        assert await queue.records.complete(claim, worker.encode(), Bill(1, 1, 1), [])
        done.append(claim.work.question.text)
    return done


async def test_workers_that_race_complete_each_operation_once(queue: Queue) -> None:
    names = [f"op{number}" for number in range(24)]
    for name in names:
        await queue.accept(name)
    done = await asyncio.gather(*(_work(queue, f"w{number}") for number in range(6)))
    assert sorted(name for worker in done for name in worker) == sorted(names)
    counted = Counter(each.event for each in await queue.records.history(0, 1000))
    assert counted == dict.fromkeys(("accepted", "begun", "effect", "billed"), len(names))


async def test_claims_at_the_same_moment_are_of_different_operations(queue: Queue) -> None:
    for number in range(8):
        await queue.accept(f"op{number}")
    claims = await asyncio.gather(*(queue.claim(f"w{number}") for number in range(8)))
    assert len({claim.key for claim in claims}) == 8


RIVALS: dict[str, Callable[[OperationRecords, Claim], Awaitable[object]]] = {
    "cancel": lambda records, claim: records.cancel(claim.key),
    "delete": lambda records, claim: records.delete(claim.key),
    "retry": lambda records, claim: records.retry(claim, Cause.MODEL_TIMEOUT, 0.0, Bill(2, 2, 2)),
    "refuse": lambda records, claim: records.refuse(claim, Reason.RIGHTS_WITHDRAWN, Bill(2, 2, 2)),
    "complete": lambda records, claim: records.complete(claim, b"outcome", Bill(2, 2, 2), []),
    "sweep": lambda records, claim: records.sweep(),
}


@pytest.mark.parametrize("rival", RIVALS)
async def test_one_of_two_that_end_an_operation_at_once_wins(queue: Queue, rival: str) -> None:
    for number in range(5):
        name = f"op{number}"
        await queue.accept(name)
        claim = await queue.claim()
        completing = queue.records.complete(claim, b"outcome", Bill(1, 1, 1), ["d1"])
        completed, by_rival = await asyncio.gather(completing, RIVALS[rival](queue.records, claim))
        effects = int(completed) + int(rival == "complete" and by_rival is True)
        events = [event for event, _ in await queue.events(name)]
        assert events.count("effect") == effects
        assert effects <= 1
        # A retry that came first leaves it open; whatever else comes first has ended it.
        ended = completed or rival not in {"retry", "sweep"}
        assert events.count("billed") == int(ended)
        bill = await queue.bill(name)
        assert (bill.settled is not None) == ended
        assert bill.cost_micros in {0, 1, 2}
        await queue.records.delete(claim.key)


async def test_a_reader_of_the_history_misses_nothing_that_is_being_written(queue: Queue) -> None:
    read: list[int] = []
    accepting = asyncio.gather(*(queue.accept(f"op{number}") for number in range(40)))
    while len(read) < 40:
        entries = await queue.records.history(read[-1] if read else 0, 1000)
        read += [each.number for each in entries]
        await asyncio.sleep(0)
        if accepting.done() and not entries:
            break
    await accepting
    assert read == [each.number for each in await queue.records.history(0, 1000)]
    assert len(read) == 40


@pytest.mark.process
async def test_two_processes_complete_each_operation_once(queue: Queue, records_options: RecordsOptions) -> None:
    names = [f"op{number}" for number in range(30)]
    for name in names:
        await queue.accept(name)
    given = (str(records_options.url), records_options.username or "")
    workers = [
        await asyncio.create_subprocess_exec(sys.executable, str(WORKER), *given, name, stdout=PIPE)
        for name in ("p1", "p2")
    ]
    done, *printed = await asyncio.gather(_work(queue, "own"), *(_printed(worker) for worker in workers))
    done += [line for lines in printed for line in lines]
    assert sorted(done) == sorted(names)
    counted = Counter(each.event for each in await queue.records.history(0, 1000))
    assert counted == dict.fromkeys(("accepted", "begun", "effect", "billed"), len(names))


async def _printed(worker: Process) -> list[str]:
    output, _ = await worker.communicate()
    assert worker.returncode == 0
    return output.decode().splitlines()
