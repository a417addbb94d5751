"""A document is whole or not there, whenever Weaviate or a writer is killed."""

import asyncio
from collections.abc import Sequence
from contextlib import AsyncExitStack
from random import Random

import pytest

from groundwire_server.adapters.store.weaviate.options import WeaviateOptions
from groundwire_server.domain.deadline import NEVER
from tests.adapters.store.weaviate.conftest import Bench
from tests.adapters.store.weaviate.crashes import TERM, Ledger, State, Writer, assert_one_state, process, seen
from tests.contract.stores import altered
from tests.doubles.weaviate.server import FakeWeaviate

OWN = [[f"w{writer}d{number}" for number in range(2)] for writer in range(3)]
SHARED = ["shared"]
EVERY = [*(each for own in OWN for each in own), *SHARED]


async def write_until_killed(options: WeaviateOptions, double: FakeWeaviate, ledger: Ledger, random: Random) -> None:
    """Let several processes write; kill Weaviate with them, or them alone, at some step."""
    world = double.world
    world.order = Random(random.random())
    world.killed_at = world.steps + random.randint(1, 250)
    async with AsyncExitStack() as stack:
        writers = [
            Writer(await stack.enter_async_context(process(options)), own, ledger, Random(random.random()))
            for own in OWN
        ]
        writers += [
            Writer(await stack.enter_async_context(process(options)), SHARED, ledger, random, shared=True)
            for _ in range(2)
        ]
        tasks = [asyncio.create_task(each.run()) for each in writers]
        async with asyncio.timeout(60):
            await world.killed.wait()
        if random.random() < 0.5:
            # The writers alone: what they have sent may still be done.
            world.revive()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    world.revive()


async def look(options: WeaviateOptions, ledger: Ledger) -> dict[str, State | None]:
    """What each document is, for a process that knows nothing."""
    async with process(options) as store:
        found = await seen(store, EVERY)
    return {each: assert_one_state(each, found[each], ledger.of(each)) for each in EVERY}


def left_behind(bench: Bench, document_ids: Sequence[str]) -> list[str]:
    """What is kept and belongs to no document as it is."""
    heads = {
        each.properties["document"]: each.properties
        for each in bench.world.collections["GroundwireDocuments"].tenants["acme"].objects.values()
        if "size_bytes" in each.properties
    }
    wrong = [
        f"{each.properties['document']} {each.properties.get('text')}"
        for each in bench.world.collections["Groundwire"].tenants["acme"].objects.values()
        if each.properties["body"] != heads[each.properties["document"]]["body"]
        or each.properties["access"] != heads[each.properties["document"]]["access"]
    ]
    pending = bench.world.collections["GroundwireDocuments"].tenants["acme"].objects.values()
    return wrong + [f"pending {each.properties}" for each in pending if each.properties.get("pending")]


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(10))
async def test_a_document_is_whole_or_not_there_after_a_kill(bench: Bench, options: WeaviateOptions, seed: int) -> None:
    random, ledger = Random(seed), Ledger()
    options = altered(options, max_attempts=1)
    bench.world.keep_calls = False
    for _ in range(3):
        await write_until_killed(options, bench.double, ledger, random)
        before = await look(options, ledger)
        match random.choice(["sweep", "next start", "next write"]):
            case "next write":
                rest = {each: {state} for each, state in before.items()}
                ledger.states.update(rest)
                async with process(options, TERM) as store:
                    for document_id in EVERY:
                        writer = Writer(store, [document_id], ledger, random)
                        await writer.change(document_id)
                    await store.recovery.recover_tenant("acme", NEVER)
                before = await look(options, ledger)
            case _:
                async with process(options, TERM) as store:
                    await store.recovery.sweep(0)
        assert await look(options, ledger) == before
        assert left_behind(bench, EVERY) == []
        ledger.states = {each: {state} for each, state in before.items()}
