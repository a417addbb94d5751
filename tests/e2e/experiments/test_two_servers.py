"""Two servers over one PostgreSQL: what is changed through one is in force on the other, and is written down once."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import pytest

from groundwire import Client
from groundwire_server.app.registry_watch import POLL_SECONDS
from groundwire_server.domain.experiments.experiment import Metric
from groundwire_server.telemetry import metrics
from tests.doubles.counts import Counts
from tests.e2e.experiments.splitting import NAME, Splitting, configured, split, splitting
from tests.e2e.prompts import template
from tests.e2e.test_records_faults import made
from tests.postgres_server import USER, PostgresDatabases, needs_postgres

pytestmark = [needs_postgres, pytest.mark.process]

PATIENCE = 60.0
"""Seconds after which a test is given up."""


@pytest.fixture
def folders(tmp_path: Path) -> list[Path]:
    made = [tmp_path / "one", tmp_path / "other"]
    for each in made:
        each.mkdir()
    return made


@pytest.fixture
async def two(
    postgres: PostgresDatabases, folders: list[Path], monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[tuple[Splitting, Splitting]]:
    """Two servers, each of which looks for changes as a server does."""
    url = await postgres.create()
    await made(url, monkeypatch)
    async with AsyncExitStack() as opened:
        one, other = [await opened.enter_async_context(_watching(folder, url)) for folder in folders]
        yield one, other


@asynccontextmanager
async def _watching(folder: Path, url: str) -> AsyncIterator[Splitting]:
    records = f'{{url: "{url}", username: {USER}, keys: [{{id: k1, key: "env://CHAOSKEY"}}]}}'
    text = configured(folder).replace("records: {enabled: true}", f"records: {records}")
    async with splitting(folder, text) as place:
        registry = place.server.process.registry
        assert registry is not None
        looking = asyncio.create_task(registry.keep())
        try:
            yield place
        finally:
            looking.cancel()
            await asyncio.wait([looking])


async def until(holds: Callable[[], Awaitable[bool]]) -> None:
    """Wait until something holds."""
    async with asyncio.timeout(PATIENCE):
        while True:
            if await holds():
                return
            await asyncio.sleep(POLL_SECONDS / 10)


async def production(client: Client) -> str:
    """Return what the label `production` points at."""
    (prompt,) = (await client.prompts("answer")).prompts
    return next((each.version for each in prompt.labels if each.label == "production"), "")


async def test_prompts_are_in_force_on_the_other_server_with_one_history(two: tuple[Splitting, Splitting]) -> None:
    one, other = (each.client for each in two)
    before = (await one.prompt_version("answer")).version
    await one.push_prompt("answer", "9.0.0", template("new"))
    await one.set_prompt_label("answer", "production", "9.0.0", reason="better")
    await until(lambda: _is(production(other), "9.0.0"))
    await other.roll_back_prompt("answer", reason="worse")
    await until(lambda: _is(production(one), before))

    histories = [[change async for change in client.prompt_changes("answer")] for client in (one, other)]
    assert histories[0] == histories[1]
    assert [(each.version, each.reason) for each in histories[0]][:2] == [(before, "worse"), ("9.0.0", "better")]
    trails = [[entry async for entry in client.audit_entries()] for client in (one, other)]
    assert trails[0] == trails[1]
    assert (await other.verify_audit()).intact


async def test_an_experiment_begins_and_ends_on_both_servers(two: tuple[Splitting, Splitting]) -> None:
    one, other = two
    await one.client.apply_experiment(split(), reason="try it")
    here = await one.arms(10)
    await until(lambda: _is(other.arms(10), here))
    await other.client.end_experiment(NAME, reason="enough")
    await until(lambda: _is(one.arms(2), {f"user-{number}": ("", "first") for number in range(2)}))

    shown = [(await each.client.experiment(NAME)).experiment for each in two]
    assert shown[0] == shown[1]
    trails = [[entry async for entry in each.client.audit_entries()] for each in two]
    assert trails[0] == trails[1]
    assert [entry.details["reason"] for entry in trails[0]] == ["try it", "enough"]


async def test_guards_of_both_servers_end_an_arm_once(two: tuple[Splitting, Splitting]) -> None:
    one, _ = two
    await one.client.apply_experiment(split(more="guards:\n- {metric: ANSWERED, absolute: 0.05}\n"))
    counts = [Counts(), Counts()]
    watches = [place.guards(counted) for place, counted in zip(two, counts, strict=True)]
    await until(lambda: _known(two))
    await one.write_worse()
    await asyncio.gather(*(watch.look() for watch in watches for _ in range(3)))

    (end,) = (await one.client.experiment(NAME)).experiment.ended_arms
    assert (end.arm, end.guard) == ("candidate", "ANSWERED")
    trail = [entry.event async for entry in one.client.audit_entries()]
    assert trail == ["experiment.applied", "experiment.arm_ended"]
    ended = [counted.series(metrics.EXPERIMENT_ARMS_ENDED).get((Metric.ANSWERED,), 0) for counted in counts]
    assert sum(ended) == 1


async def _is(value: Awaitable[object], wanted: object) -> bool:
    return await value == wanted


async def _known(two: tuple[Splitting, Splitting]) -> bool:
    return all(place.server.reloader.state.experiments for place in two)
