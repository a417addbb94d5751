"""The route's table for what fails before a model is asked, cause by action, each driven by what a dependency does."""

import sqlite3
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager, closing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeAlias

import pytest

from groundwire.v1 import (
    cause_pb2,
    outcome_pb2,
)
from groundwire_server.domain.policy import Policy
from groundwire_server.domain.vocabulary import Action, Cause
from tests.contract.stores import weaviate_options
from tests.doubles.time import waiting_skipped
from tests.doubles.weaviate.server import FakeWeaviate
from tests.doubles.weaviate.service import World
from tests.e2e.calls import answer, ingest, stream
from tests.e2e.conftest import Product, Serve
from tests.e2e.weaviate.conftest import Backing
from tests.e2e.weaviate.test_faults import FAULTS

SENTENCE = "Lambda expressions create anonymous functions."
ACTIONS = (
    Action.NEXT_MODEL,
    Action.SHORTER_PROMPT,
    Action.REPAIR,
    Action.PASSAGES_ONLY,
    Action.ABSTAIN,
    Action.FAIL_SAFE,
)
WITHOUT_PASSAGES = frozenset({Action.ABSTAIN, Action.FAIL_SAFE})
"""What is possible where nothing has been found: for the rest there are no passages."""

Opening: TypeAlias = Callable[[Callable[[Policy], Policy]], AbstractAsyncContextManager[Product]]
"""Starts a server of a policy that holds a document, and then has a dependency go wrong."""


@dataclass(frozen=True)
class Places:
    """Where servers are started, and what they are started over."""

    serve: Serve
    backed: Backing
    double: FakeWeaviate
    folder: Path

    def over_weaviate(self, wrong: Callable[[World], None]) -> Opening:
        @asynccontextmanager
        async def opened(policy: Callable[[Policy], Policy]) -> AsyncIterator[Product]:
            async with self.backed(weaviate_options(self.double), policy=policy) as product:
                await ingest(product, ("lambdas", SENTENCE))
                wrong(self.double.world)
                with waiting_skipped():
                    yield product

        return opened

    def over_file(self, wrong: Callable[[Product, Path], None]) -> Opening:
        @asynccontextmanager
        async def opened(policy: Callable[[Policy], Policy]) -> AsyncIterator[Product]:
            async with self.serve(policy=policy) as product:
                await ingest(product, ("lambdas", SENTENCE))
                wrong(product, self.folder / "store.sqlite3")
                with waiting_skipped():
                    yield product

        return opened


@pytest.fixture
def places(serve: Serve, backed: Backing, double: FakeWeaviate, tmp_path: Path) -> Places:
    return Places(serve, backed, double, tmp_path)


@dataclass(frozen=True)
class Drive:
    """What makes a cause happen.

    Attributes:
        opening: of the server.
        policy: what the route needs for it, besides its table.
        possible: the actions that can be taken then; any other goes on to the row's end.
        seconds: of the call.
    """

    opening: Callable[[Places], Opening]
    policy: Callable[[Policy], Policy] = lambda policy: policy
    possible: frozenset[Action] = WITHOUT_PASSAGES
    seconds: float = 10.0


def _slow_embedder(product: Product, file: Path) -> None:
    del file
    product.embedder.delay = 60.0


def _without_a_table(product: Product, file: Path) -> None:
    del product
    with closing(sqlite3.connect(file)) as other:
        other.execute("DROP TABLE chunks")
        other.commit()


def _sound(product: Product, file: Path) -> None:
    del product, file


def _uses_up_its_time(world: World) -> None:
    # After a model's time, which ends 280 ms before the caller's, and before the search's own, 250 ms before it.
    # The search and the descriptions of what it found are two calls.
    world.delay = 4.735 / 2


DRIVES: dict[str, tuple[Cause, Drive]] = {
    "Weaviate is away": (
        Cause.STORE_UNAVAILABLE,
        Drive(lambda places: places.over_weaviate(FAULTS["unavailable"].begin)),
    ),
    "Weaviate is slow": (
        Cause.STORE_TIMEOUT,
        Drive(lambda places: places.over_weaviate(FAULTS["slow"].begin), seconds=8.0),
    ),
    "Weaviate takes another key": (
        Cause.STORE_MISCONFIGURED,
        Drive(lambda places: places.over_weaviate(FAULTS["wrong API key"].begin)),
    ),
    "the file lacks a table": (Cause.STORE_MISCONFIGURED, Drive(lambda places: places.over_file(_without_a_table))),
    "the embedder is slow": (
        Cause.EMBEDDER_UNAVAILABLE,
        Drive(lambda places: places.over_file(_slow_embedder), seconds=8.0),
    ),
    "a call has no time": (
        Cause.TIME_EXHAUSTED,
        # Less than the reserve, although the caller would wait.
        Drive(lambda places: places.over_file(_sound), lambda policy: replace(policy, max_deadline=0.02)),
    ),
}
RETRIED = {Cause.STORE_UNAVAILABLE, Cause.STORE_TIMEOUT, Cause.EMBEDDER_UNAVAILABLE, Cause.TIME_EXHAUSTED}
ENDS = {
    Action.PASSAGES_ONLY: "degraded",
    Action.ABSTAIN: "abstained",
    Action.FAIL_SAFE: "failed_safe",
}


def table(drive: Drive, cause: Cause, action: Action) -> Callable[[Policy], Policy]:
    return lambda policy: replace(drive.policy(policy), fallbacks={cause: (action,)})


def held(outcome: outcome_pb2.Outcome, cause: Cause, taken: Action) -> None:
    assert cause_pb2.Cause.Name(outcome.cause) == f"CAUSE_{cause}"
    assert outcome_pb2.Action.Name(outcome.action) == f"ACTION_{taken}"
    assert outcome.WhichOneof("result") == ENDS[taken]
    assert outcome.report.attempts == 0


@pytest.mark.parametrize("action", ACTIONS)
@pytest.mark.parametrize("case", DRIVES)
async def test_a_cause_is_answered_by_the_action_of_its_row(places: Places, case: str, action: Action) -> None:
    cause, drive = DRIVES[case]
    taken = action if action in drive.possible else Action.FAIL_SAFE
    async with drive.opening(places)(table(drive, cause, action)) as product:
        outcome = await answer(product, seconds=drive.seconds)
        held(outcome, cause, taken)
        *_, last = await stream(product, seconds=drive.seconds)
        held(last.outcome, cause, taken)
        assert not product.generator.requests
    if taken is Action.FAIL_SAFE:
        assert outcome.failed_safe.retryable is (cause in RETRIED)
    else:
        assert (outcome.abstained.searched, list(outcome.abstained.nearest)) == (0, [])


@pytest.mark.parametrize("action", ACTIONS)
async def test_a_search_that_leaves_a_model_no_time_still_leaves_its_passages(places: Places, action: Action) -> None:
    drive = Drive(
        lambda places: places.over_weaviate(_uses_up_its_time),
        # A search may take what a model needs to be validated.
        lambda policy: replace(policy, retrieval_share=0.999, retrieval_max=5.0, max_deadline=5.0),
    )
    possible = WITHOUT_PASSAGES | {Action.PASSAGES_ONLY}
    async with drive.opening(places)(table(drive, Cause.TIME_EXHAUSTED, action)) as product:
        outcome = await answer(product)
        assert outcome.cause == cause_pb2.CAUSE_TIME_EXHAUSTED
        assert not product.generator.requests
    taken = action if action in possible else Action.FAIL_SAFE
    assert outcome_pb2.Action.Name(outcome.action) == f"ACTION_{taken}"
    match taken:
        case Action.PASSAGES_ONLY:
            assert [each.text for each in outcome.degraded.passages] == [SENTENCE]
        case Action.ABSTAIN:
            assert outcome.abstained.searched == 1
        case _:
            assert outcome.failed_safe.retryable


def test_every_cause_before_a_model_is_driven() -> None:
    driven = {cause for cause, _ in DRIVES.values()}
    assert driven == {cause for cause in Cause if cause.startswith(("STORE_", "EMBEDDER_", "TIME_"))}
