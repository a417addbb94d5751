"""A document is whole or not there, whenever Weaviate or a writer is killed."""

import asyncio
import os
from contextlib import AsyncExitStack
from pathlib import Path
from random import Random

import pytest

from groundwire_server.adapters.store.weaviate.options import WeaviateOptions
from groundwire_server.domain.deadline import NEVER
from tests.adapters.store.weaviate.conftest import Bench
from tests.adapters.store.weaviate.crashes import TERM, Ledger, State, Writer, assert_one_state, process, seen
from tests.adapters.store.weaviate.killed import PROGRAM, Double, Process, Victim
from tests.contract.stores import opened_weaviate
from tests.doubles.weaviate.memory import Tenant

pytestmark = pytest.mark.slow

OWN = [[f"w{writer}d{number}" for number in range(2)] for writer in range(3)]
SHARED = ["shared"]
EVERY = [*(each for own in OWN for each in own), *SHARED]


async def write_until_killed(victim: Victim, ledger: Ledger, random: Random) -> None:
    """Let several processes write; kill Weaviate with them, or them alone, at some moment."""
    async with AsyncExitStack() as stack:
        writers = [
            Writer(await stack.enter_async_context(process(victim.options)), own, ledger, Random(random.random()))
            for own in OWN
        ]
        writers += [
            Writer(await stack.enter_async_context(process(victim.options)), SHARED, ledger, random, shared=True)
            for _ in range(2)
        ]
        tasks = [asyncio.create_task(each.run()) for each in writers]
        await victim.killed(random)
        if random.random() < 0.5:
            # The writers go on to find nobody, or somebody who has forgotten what is under way.
            await victim.revive()
            await asyncio.sleep(0)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    await victim.revive()


async def look(options: WeaviateOptions, ledger: Ledger) -> dict[str, State | None]:
    """What each document is, for a process that knows nothing."""
    async with process(options) as store:
        found = await seen(store, EVERY)
    return {each: assert_one_state(each, found[each], ledger.of(each)) for each in EVERY}


async def recover(options: WeaviateOptions, ledger: Ledger, random: Random) -> None:
    """Recover as the next start and a sweep do, or by changing each document."""
    async with process(options, TERM) as store:
        if random.random() < 0.3:
            for document_id in EVERY:
                await Writer(store, [document_id], ledger, random).change(document_id)
        await store.recovery.sweep(0)


async def assert_whole_through_a_kill(victim: Victim, ledger: Ledger, random: Random) -> None:
    await write_until_killed(victim, ledger, random)
    before = await look(victim.options, ledger)
    ledger.states = {each: {state} for each, state in before.items()}
    await recover(victim.options, ledger, random)
    await look(victim.options, ledger)
    async with process(victim.options, TERM) as store:
        assert (await store.inspection.inspect("acme", NEVER)).count == 0


@pytest.mark.parametrize("seed", range(10))
async def test_a_document_is_whole_or_not_there_after_a_kill(bench: Bench, seed: int) -> None:
    random, ledger = Random(seed), Ledger()
    for _ in range(3):
        await assert_whole_through_a_kill(Double(bench.double), ledger, random)
        assert kept_for_nothing(bench) == []


# The client leaves sockets behind whose peer was killed within a call.
@pytest.mark.filterwarnings("ignore::ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.process
@pytest.mark.skipif(PROGRAM not in os.environ, reason=f"{PROGRAM}=…/weaviate runs fifty rounds over a real Weaviate")
async def test_a_document_is_whole_or_not_there_after_a_kill_of_a_real_weaviate(tmp_path: Path) -> None:
    random, ledger = Random(0), Ledger()
    victim = Process(os.environ[PROGRAM], tmp_path)
    try:
        await victim.revive()
        async with opened_weaviate(victim.options):
            pass
        for _ in range(50):
            await assert_whole_through_a_kill(victim, ledger, random)
    finally:
        victim.kill()


def kept_for_nothing(bench: Bench) -> list[str]:
    """What is kept and belongs to no document as it is, from where nothing can be hidden."""
    documents, chunks = (
        list(bench.world.collections[name].tenants.get("acme", Tenant()).objects.values())
        for name in ("GroundwireDocuments", "Groundwire")
    )
    heads = {each.properties["document"]: each.properties for each in documents if "size_bytes" in each.properties}
    found = [
        f"{each.properties['document']} {each.properties.get('text')}"
        for each in chunks
        if any(each.properties[name] != heads[each.properties["document"]][name] for name in ("body", "access"))
    ]
    return found + [f"pending {each.properties}" for each in documents if each.properties.get("pending")]
