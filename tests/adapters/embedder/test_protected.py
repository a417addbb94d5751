import asyncio
from collections.abc import Sequence

import pytest

from groundwire_server.adapters.embedder.batches import BatchOptions
from groundwire_server.adapters.embedder.protected import Embedded, ProtectedEmbedder
from groundwire_server.adapters.resilience.call_policy import CallPolicy
from groundwire_server.adapters.resilience.instrumentation import Instrumentation
from groundwire_server.domain.deadline import NEVER, Deadline
from groundwire_server.domain.failure import Failure
from groundwire_server.domain.vocabulary import Cause
from groundwire_server.ports.recording import unrecorded
from tests.adapters.resilience.protected import ONCE, circuit, retries


class FailsOnce:
    """A client whose second request fails after some turns of the loop, while the first waits."""

    async def embed(self, texts: Sequence[str], deadline: Deadline) -> Embedded:
        if texts == ["first"]:
            await asyncio.Event().wait()
        for _ in range(5):
            await asyncio.sleep(0)
        raise Failure(Cause.MODEL_MISCONFIGURED)


@pytest.mark.parametrize("turns", range(16))
async def test_a_caller_that_leaves_in_the_moment_in_which_a_batch_fails_has_left(turns: int) -> None:
    policy = CallPolicy(circuit(), retries(ONCE), Instrumentation(unrecorded(), "embeddings test", {}))
    embedder = ProtectedEmbedder(FailsOnce(), policy, "test", 3, BatchOptions(texts=1), 10.0)
    task = asyncio.create_task(embedder.embed(["first", "second"], NEVER))
    for _ in range(turns):
        await asyncio.sleep(0)
    left = task.cancel()
    await asyncio.wait([task])
    assert task.cancelled() is left
