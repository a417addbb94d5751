"""Several processes that change the registry at once: no change is lost, none is made twice."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Sequence
from contextlib import AsyncExitStack
from typing import Any

import pytest

from groundwire_server.adapters.records.engine import records_database
from groundwire_server.adapters.records.options import RecordsOptions
from groundwire_server.adapters.records.registry.journal import RegistryJournal, read_revision
from groundwire_server.domain.failure import Rejection
from groundwire_server.domain.vocabulary import Reason
from tests.contract.registry.conftest import Registry, definition, experiment, label, version

ROUNDS = 25


@pytest.fixture
async def processes(sql_options: RecordsOptions, registry: Registry) -> AsyncIterator[Sequence[Registry]]:
    """Four processes with connections of their own."""
    async with AsyncExitStack() as opened:
        databases = [await opened.enter_async_context(records_database(sql_options)) for _ in range(4)]
        yield [Registry.of(database, registry.clock) for database in databases]


async def both(*calls: Awaitable[Any]) -> Counter[Reason | None]:
    """Make calls at once; return how often each was refused for what, None standing for success."""
    done = await asyncio.gather(*calls, return_exceptions=True)
    unexpected = [each for each in done if isinstance(each, BaseException) and not isinstance(each, Rejection)]
    assert unexpected == []
    return Counter(each.reason if isinstance(each, Rejection) else None for each in done)


async def whole(registry: Registry, revision: int) -> None:
    """Make sure that revisions have no holes, and that there is an entry of the audit trail for each."""
    assert await registry.records.revision() == revision
    changes = await registry.records.changes("", None, 10_000)
    assert [each.revision for each in changes] == list(range(revision, 0, -1))
    entries = await registry.entries()
    assert [each.details["version"] for each in entries] == [each.version for each in reversed(changes)]


async def test_of_two_texts_under_one_number_one_is_kept(processes: Sequence[Registry]) -> None:
    a, b, c, d = processes
    for number in range(ROUNDS):
        results = await both(
            *(each.records.push(version(f"1.{number}.0", "one"), "", "") for each in (a, b)),
            *(each.records.push(version(f"1.{number}.0", "another"), "", "") for each in (c, d)),
        )
        assert results == {None: 2, Reason.PROMPT_VERSION_EXISTS: 2}
    assert len((await a.records.state()).versions) == ROUNDS
    await whole(a, ROUNDS)


async def test_of_two_first_pushes_one_keeps_the_version_in_force(processes: Sequence[Registry]) -> None:
    numbers = [f"1.{number}.0" for number in range(4, 8)]
    pushes = (each.records.push(version(number), "", "1.2.0") for each, number in zip(processes, numbers, strict=True))
    assert await both(*pushes) == {None: 4}
    state = await processes[0].records.state()
    assert sorted(each.version for each in state.versions) == numbers
    assert [each.version for each in state.labels] == ["1.2.0"]
    await whole(processes[0], 5)


async def test_of_two_promotions_that_expect_the_same_one_is_made(processes: Sequence[Registry]) -> None:
    a = processes[0]
    await a.records.set_label(label("1.0.0"), None)
    for number in range(ROUNDS):
        expected = (await a.records.state()).labels[0].version
        calls = (
            each.records.set_label(label(f"1.{number}.{place}"), expected)
            for place, each in enumerate(processes, start=1)
        )
        assert await both(*calls) == {None: 1, Reason.PROMPT_LABEL_CHANGED: 3}
    await whole(a, ROUNDS + 1)


async def test_promotions_that_expect_nothing_are_all_made_one_after_the_other(
    processes: Sequence[Registry],
) -> None:
    for number in range(ROUNDS):
        calls = (
            each.records.set_label(label(f"1.{number}.{place}"), None) for place, each in enumerate(processes, start=1)
        )
        assert await both(*calls) == {None: 4}
    changes = list(reversed(await processes[0].records.changes("", None, 1000)))
    # Each knows the one before: none was lost.
    assert [each.previous for each in changes] == ["", *(each.version for each in changes[:-1])]
    await whole(processes[0], 4 * ROUNDS)


async def test_of_two_that_go_back_at_once_one_does(processes: Sequence[Registry]) -> None:
    a = processes[0]
    await a.records.set_label(label("1.2.0"), None)
    for number in range(ROUNDS):
        await a.records.set_label(label(f"2.{number}.0"), None)
        calls = (each.records.roll_back(label("1.2.0"), f"2.{number}.0") for each in processes)
        assert await both(*calls) == {None: 1, Reason.PROMPT_LABEL_CHANGED: 3}
        assert (await a.records.state()).labels[0].version == "1.2.0"
    await whole(a, 2 * ROUNDS + 1)


async def test_a_race_without_the_lock_is_seen(
    processes: Sequence[Registry], monkeypatch: pytest.MonkeyPatch, sql_options: RecordsOptions
) -> None:
    if sql_options.file is not None:
        pytest.skip("SQLite lets one write at a time in any case")
    monkeypatch.setattr(RegistryJournal, "lock", lambda _, connection: read_revision(connection))
    broken = 0
    for number in range(ROUNDS):
        calls = (
            each.records.set_label(label(f"1.{number}.{place}"), None) for place, each in enumerate(processes, start=1)
        )
        done = await asyncio.gather(*calls, return_exceptions=True)
        broken += any(isinstance(each, Exception) for each in done)
    assert broken


async def test_a_state_is_of_one_revision_while_others_write(processes: Sequence[Registry]) -> None:
    reader, *writers = processes
    writing = asyncio.Event()

    async def write(writer: Registry, place: int) -> None:
        for number in range(ROUNDS):
            await writer.records.push(version(f"{place}.{number}.0"), "", "1.2.0")
        writing.set()

    async def read() -> None:
        while not writing.is_set():
            state = await reader.records.state()
            # Each push is one change, the first two.
            pushed = len(state.versions) + len(state.labels)
            assert state.revision == pushed
            await asyncio.sleep(0)

    await asyncio.gather(read(), *(write(writer, place) for place, writer in enumerate(writers, start=1)))
    assert (await reader.records.state()).revision == 3 * ROUNDS + 1


async def test_of_two_changes_of_an_experiment_by_one_etag_one_is_made(processes: Sequence[Registry]) -> None:
    a = processes[0]
    kept, _ = await a.records.apply(experiment(), "", "")
    for number in range(ROUNDS):
        calls = (
            each.records.apply(experiment(note=f"{number}/{place}"), kept.etag, "")
            for place, each in enumerate(processes)
        )
        assert await both(*calls) == {None: 1, Reason.EXPERIMENT_CHANGED: 3}
        (kept,) = (await a.records.state()).experiments
        assert kept.definition != definition()
    assert await a.records.revision() == ROUNDS + 1
    assert len(await a.entries()) == ROUNDS + 1
