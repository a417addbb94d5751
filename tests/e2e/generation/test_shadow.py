"""Answers compared in the shadow, by a server as it is configured: what is recorded, and who is never compared."""

import asyncio
import logging
from pathlib import Path
from typing import Any

import grpc.aio
import pytest

from groundwire_server.edge.decision_log import LOGGER, SHADOW_LOGGER
from tests.doubles.upstream import Reply, Stall, upstream
from tests.e2e.calls import answer, ingest
from tests.e2e.generation.conftest import ROUTE, Serve, Served, model, provider, two
from tests.e2e.generation.drafts import DOCUMENTS, SENTENCE, answers
from tests.e2e.telemetry.serving import Stubs, serving

PRICE = {"input": 1, "output": 2}
LONG = 30.0
"""Seconds, of a time that is skipped."""


def shadowed(shadow: str, *, route: dict[str, Any] | None = None, **providers: dict[str, Any]) -> dict[str, Any]:
    """The sections of a server whose route asks `large` of `cloud` or `small` of `house`, and compares the other."""
    models = {"large": model(price=PRICE), "small": model("house", price=PRICE)}
    first = next(alias for alias in models if alias != shadow)
    compared = {"model": shadow, "share": 1, "daily_limit": 1}
    return {
        "providers": providers,
        "models": models,
        "routes": {"default": {**ROUTE, "models": [first], "shadow": compared, **(route or {})}},
    }


def events(caplog: pytest.LogCaptureFixture) -> list[dict[str, Any]]:
    names = {"groundwire.decision": LOGGER, "groundwire.shadow": SHADOW_LOGGER}
    records = [vars(record) for record in caplog.records if record.name in names.values()]
    assert all(record["name"] == names[record["event"]] for record in records)
    return [record for record in records if record["method"].endswith("/Answer")]


async def finished(served: Served, caplog: pytest.LogCaptureFixture, count: int) -> None:
    """Wait for so many comparisons."""
    for _ in range(1000):
        if sum(each["event"] == "groundwire.shadow" for each in events(caplog)) >= count:
            return
        await asyncio.sleep(0.01)
    raise AssertionError(events(caplog))


async def test_a_comparison_is_an_event_of_its_own_beside_the_decisions(
    configured: Serve, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "groundwire")
    async with two([answers()], [answers("Bananas ripen quickly.")]) as (cloud, house):
        sections = shadowed("small", cloud=provider(cloud), house=provider(house, residency="self_hosted"))
        async with configured(sections) as served:
            outcome = await answer(served)
            await finished(served, caplog, 1)
    assert outcome.answered.answer.text == SENTENCE
    decision, shadow = events(caplog)
    assert (decision["event"], shadow["event"]) == ("groundwire.decision", "groundwire.shadow")
    assert "shadow_of" not in decision
    assert (shadow["request_id"], shadow["trace_id"]) == (decision["request_id"], decision["trace_id"])
    assert shadow["run_trace_id"] != shadow["trace_id"]
    assert shadow["cause"] == "UNSUPPORTED"
    assert shadow["sentences_judged"] == {"UNSUPPORTED": 1}
    (usage,) = shadow["usage"]
    assert (usage["model"], usage["purpose"]) == ("small", "SHADOW")
    assert usage["cost_micros"] > 0
    compared = shadow["shadow_of"]
    assert (compared["model"], compared["outcome"], compared["cause"]) == ("large", "Answered", "ANSWER_VALIDATED")
    assert compared["sentences_judged"] == {"VERBATIM": 1}
    assert compared["cost_micros"] == decision["usage"][0]["cost_micros"]
    assert "generate_ms" in compared
    assert "deadline_ms" not in shadow
    assert len(cloud.requests) == len(house.requests) == 1
    assert "Bananas" not in str(shadow)


@pytest.mark.parametrize("how", ["tenant", "others"])
async def test_a_hosted_model_is_not_asked_in_the_shadow_for_tenants_that_it_is_barred_for(
    configured: Serve, caplog: pytest.LogCaptureFixture, how: str
) -> None:
    caplog.set_level(logging.INFO, "groundwire")
    async with upstream(answers()) as cloud, upstream(answers()) as house:
        sections = shadowed("large", cloud=provider(cloud), house=provider(house, residency="self_hosted"))
        sections["self_hosted_only"] = ["acme" if how == "tenant" else "other"]
        async with configured(sections) as served:
            assert (await answer(served)).report.model == "small"
            if how == "tenant":
                await asyncio.sleep(LONG)
            else:
                await finished(served, caplog, 1)
        assert cloud.connections == (0 if how == "tenant" else 1)


async def test_a_drain_does_not_wait_for_a_comparison(tmp_path: Path) -> None:
    stalled = Reply([Stall()])
    async with two([answers()], [stalled]) as (cloud, house):
        sections = shadowed("small", cloud=provider(cloud), house=provider(house, residency="self_hosted"))
        sections["server"] = {"drain": {"notice_seconds": 0, "grace_seconds": 60}}
        async with serving(tmp_path, sections) as running, grpc.aio.insecure_channel(running.address) as channel:
            stubs = Stubs(channel)
            await ingest(stubs, *DOCUMENTS)
            await answer(stubs)
            await house.busy(1)
        assert house.abandoned == 1
