"""Calls of a real server count to the arms that they belong to, and guards end arms by what they count."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import grpc
import pytest

import groundwire
from groundwire import Client, Question
from groundwire.v1.erasure_pb2 import ErasedPlaceKind, ErasureTarget
from groundwire.v1.experiment_service_pb2 import ArmResults
from groundwire_server.experiments import guarding
from tests.e2e.experiments.splitting import QUESTION, Splitting, configured, split, splitting
from tests.e2e.experiments.test_keeping import BROKEN

NAME = "second-model"
GUARDED = "guards:\n- {metric: ANSWERED, absolute: 0.05}\n"


@pytest.fixture
async def place(tmp_path: Path) -> AsyncIterator[Splitting]:
    async with splitting(tmp_path) as place:
        await place.client.apply_experiment(split())
        yield place


async def _results(place: Splitting) -> dict[str, ArmResults]:
    """Return the results of each arm, once all calls so far are written."""
    opened = place.server.process.experiment_results
    assert opened is not None
    assert await opened.book.write()
    return {arm.arm: arm for arm in (await place.client.experiment(NAME)).arms}


def _sums(arm: ArmResults) -> dict[str, float]:
    return {each.metric: each.sum for each in arm.metrics}


async def test_calls_count_to_their_arms(place: Splitting) -> None:
    assert await _results(place) == {}
    arms = await place.arms(20)
    await place.arms(20)
    await place.answer()

    results = await _results(place)

    assert list(results) == ["control", "candidate"]
    for name, result in results.items():
        users = sum(arm == f"{NAME}/{name}" for arm, _ in arms.values())
        assert (result.units, result.calls, result.calls_squared) == (users, 2 * users, 4.0 * users)
        assert _sums(result)["answered"] == 2 * users
        assert sum(each.calls for each in result.latency) == 2 * users
        assert result.units_in_several_arms == 0
    shown = await place.client.experiment(NAME)
    assert shown.counted_time.ToDatetime(UTC) <= datetime.now(UTC)


async def test_results_are_kept_when_the_server_starts_again(tmp_path: Path) -> None:
    async with splitting(tmp_path) as place:
        await place.client.apply_experiment(split())
        await place.arms(10)
    async with splitting(tmp_path) as place:
        await place.arms(10)
        assert sum(arm.calls for arm in (await _results(place)).values()) == 20


async def test_a_queued_question_counts_once(place: Splitting) -> None:
    operation = await place.client.submit(Question(text=QUESTION, end_user_id="user-1"))
    await operation.wait(30)
    (arm,) = (await _results(place)).values()
    assert (arm.calls, _sums(arm)["answered"]) == (1, 1.0)


async def test_feedback_counts_to_the_arm_of_its_user(place: Splitting) -> None:
    outcome = await place.answer("user-1")
    for rating, user in (("DOWN", "user-1"), ("DOWN", "stranger")):
        await place.client.submit_feedback(outcome, rating=rating, end_user_id=user)
    (arm,) = (await _results(place)).values()
    assert f"{NAME}/{arm.arm}" == outcome.report.experiment_arm
    assert (_sums(arm)["feedback"], _sums(arm)["negative"]) == (1.0, 1.0)


async def test_a_guard_ends_an_arm_that_is_worse_and_its_users_are_answered_by_the_route(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(guarding, "LOOK_SECONDS", 0.1)
    text = configured(tmp_path).replace("models:\n", "models:\n  broken: {kind: openai, provider: gone, model: m}\n", 1)
    async with splitting(tmp_path, text + BROKEN) as place:
        await place.client.apply_experiment(split(settings="{models: [broken]}", more=GUARDED))
        await place.arms(120)
        await _results(place)
        for _ in range(600):
            if (await place.client.experiment(NAME)).experiment.ended_arms:
                break
            await asyncio.sleep(0.05)
        registry = place.server.process.registry
        assert registry is not None
        await registry.refresh()

        (end,) = (await place.client.experiment(NAME)).experiment.ended_arms
        assert (end.arm, end.actor, end.guard) == ("candidate", "", "ANSWERED")
        assert "more than 5 points below the control's, at an error rate of " in end.reason
        assert set((await place.arms(8)).values()) == {("", "first")}
        entries = [entry async for entry in place.client.audit_entries()]
        assert [(entry.event, entry.actor) for entry in entries if entry.event == "experiment.arm_ended"] == [
            ("experiment.arm_ended", "")
        ]


async def test_an_end_user_is_erased_from_the_results(place: Splitting) -> None:
    for user in ("user-1", "user-1", "user-2"):
        await place.answer(user)
    receipt = await place.client.erase_records(ErasureTarget(end_user_id="user-1"))
    (erased,) = (each for each in receipt.places if each.kind == ErasedPlaceKind.ERASED_PLACE_KIND_EXPERIMENTS)
    assert (erased.count, erased.complete) == (1, True)
    assert sum(arm.units for arm in (await _results(place)).values()) == 1


async def test_results_are_shown_to_the_tenant_that_manages_experiments(place: Splitting) -> None:
    async with Client(place.server.address, tenant="globex", subject="ops") as other:
        with pytest.raises(groundwire.Error) as failed:
            await other.experiment(NAME)
    assert failed.value.code is grpc.StatusCode.PERMISSION_DENIED
    with pytest.raises(groundwire.Error) as unknown:
        await place.client.experiment("unknown")
    assert unknown.value.reason == "EXPERIMENT_NOT_FOUND"


async def test_a_process_that_ends_writes_what_it_knows(tmp_path: Path) -> None:
    async with splitting(tmp_path, configured(tmp_path)) as place:
        await place.client.apply_experiment(split())
        await asyncio.gather(*(place.answer(f"user-{number}") for number in range(5)))
    async with splitting(tmp_path) as place:
        arms = (await place.client.experiment(NAME)).arms
        assert sum(arm.calls for arm in arms) == 5
