import asyncio

import pytest

from groundwire_server.corpus.purge import SAMPLE, Purged, PurgePlan, plan_purge, purge
from groundwire_server.domain.caller import EVERYBODY, Caller
from groundwire_server.domain.deadline import NEVER, Deadline
from groundwire_server.domain.document import Document, Listing
from groundwire_server.domain.failure import Failure
from groundwire_server.domain.filters import Equals
from groundwire_server.domain.vocabulary import Cause
from tests.doubles.store import MemoryStore
from tests.doubles.time import LoopTime

ANN = Caller("acme", "ann", frozenset({"staff"}))
DRAFTS = Equals("draft", value=True)


@pytest.fixture
def store() -> MemoryStore:
    return MemoryStore()


async def fill(store: MemoryStore, drafts: int) -> None:
    """Stores drafts, one document that is none, and one draft that Ann may not see."""
    for number in range(drafts):
        await put(store, f"d{number:03}", draft=True)
    await put(store, "final", draft=False)
    await put(store, "hidden", draft=True, allowed="hr")


async def put(store: MemoryStore, name: str, *, draft: bool, allowed: str = EVERYBODY) -> None:
    document = Document(name, "Text.", metadata={"draft": draft}, allowed_principals=frozenset({allowed}))
    await store.put(ANN, document, name, [], NEVER)


async def stored(store: MemoryStore) -> list[str]:
    """The ids of all documents."""
    everyone = Caller("acme", "root", frozenset({"hr"}))
    return [info.document_id for info in await store.page(everyone, Listing(), None, 1000, NEVER)]


async def version(store: MemoryStore) -> str:
    store.delay = 0.0
    return await store.version(ANN, NEVER)


@pytest.mark.parametrize("drafts", [0, 1, 10])
async def test_batches_follow_each_other_until_nothing_is_left(store: MemoryStore, drafts: int) -> None:
    await fill(store, drafts)
    assert await purge(store, LoopTime(), ANN, DRAFTS, NEVER) == Purged(drafts, True, await version(store))
    assert await stored(store) == ["final", "hidden"]


async def test_a_plan_counts_all_and_names_the_first_and_changes_nothing(store: MemoryStore) -> None:
    await fill(store, SAMPLE + 5)
    before = await stored(store)
    plan = await plan_purge(store, ANN, DRAFTS, NEVER)
    assert plan == PurgePlan(SAMPLE + 5, tuple(f"d{number:03}" for number in range(SAMPLE)))
    assert await stored(store) == before


async def test_a_plan_of_nothing_is_empty(store: MemoryStore) -> None:
    await fill(store, 0)
    assert await plan_purge(store, ANN, DRAFTS, NEVER) == PurgePlan(0, ())


async def test_when_the_time_is_up_what_was_removed_is_said(store: MemoryStore) -> None:
    await fill(store, 10)
    store.delay = 1.0
    began = asyncio.get_running_loop().time()
    purged = await purge(store, LoopTime(), ANN, DRAFTS, Deadline(began + 2.5))
    assert purged == Purged(9, False, await version(store))
    assert await purge(store, LoopTime(), ANN, DRAFTS, NEVER) == Purged(1, True, await version(store))


async def test_no_batch_may_use_the_time_in_which_the_reply_travels(store: MemoryStore) -> None:
    await fill(store, 1)
    store.deadlines.clear()
    by = Deadline(asyncio.get_running_loop().time() + 10)
    await purge(store, LoopTime(), ANN, DRAFTS, by)
    assert {deadline < by for deadline in store.deadlines} == {True}


@pytest.mark.parametrize("cause", [Cause.STORE_UNAVAILABLE, Cause.STORE_TIMEOUT])
async def test_a_failure_is_raised_while_nothing_was_removed(store: MemoryStore, cause: Cause) -> None:
    await fill(store, 1)
    store.failures = [Failure(cause)]
    with pytest.raises(Failure) as failure:
        await purge(store, LoopTime(), ANN, DRAFTS, NEVER)
    assert failure.value.cause is cause
    assert "d000" in await stored(store)


async def test_a_failure_after_the_first_batch_says_what_was_removed(store: MemoryStore) -> None:
    await fill(store, 10)
    store.delay = 1.0
    asyncio.get_running_loop().call_later(1.5, store.failures.append, Failure(Cause.STORE_UNAVAILABLE))
    assert await purge(store, LoopTime(), ANN, DRAFTS, NEVER) == Purged(6, False, await version(store))
