"""Calls of a real server belong to arms, and are answered by the settings of their arms."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

import groundwire
from groundwire import Client
from groundwire.v1.experiment_service_pb2 import (
    EXPERIMENT_STATE_ENDED,
    EXPERIMENT_STATE_RUNNING,
    EXPERIMENT_STATE_SCHEDULED,
)
from tests.e2e.experiments.splitting import ROUTE, Splitting, configured, split, splitting

ANSWERS = {"second-model/control": "first", "second-model/candidate": "second"}


@pytest.fixture
async def place(tmp_path: Path) -> AsyncIterator[Splitting]:
    async with splitting(tmp_path) as place:
        yield place


async def test_an_arm_answers_its_users_and_keeps_them(place: Splitting) -> None:
    assert set((await place.arms(4)).values()) == {("", "first")}

    applied = await place.client.apply_experiment(split(), reason="the second may be better")

    assert applied.experiment.state == EXPERIMENT_STATE_RUNNING
    assert (applied.experiment.traffic_percent, applied.experiment.actor) == (100.0, "ops")
    arms = await place.arms()
    assert {arm for arm, _ in arms.values()} == set(ANSWERS)
    assert all(model == ANSWERS[arm] for arm, model in arms.values())
    assert await place.arms() == arms
    # A call without the unit is in no experiment.
    alone = await place.answer()
    assert (alone.report.experiment_arm, alone.report.model) == ("", "first")


async def test_a_ramp_takes_users_in_and_moves_none(place: Splitting) -> None:
    seen: dict[str, tuple[str, str]] = {}
    for percent in (0, 30, 100):
        await place.client.apply_experiment(split(more=f"traffic: {percent}"))
        arms = {user: arm for user, arm in (await place.arms()).items() if arm[0]}
        assert seen.items() <= arms.items()
        assert len(arms) > len(seen) or percent == 0
        seen = arms
    assert len(seen) == 40


async def test_an_arm_that_has_ended_leaves_its_users_to_the_route(place: Splitting) -> None:
    three = split().replace("weight: 50.0", "weight: 50")
    await place.client.apply_experiment(
        three.replace("weight: 50}", "weight: 40}").replace("weight: 50,", "weight: 30,")
        + "- {name: other, weight: 30, settings: {limits: {top_k: 1}}}\n"
    )
    before = await place.arms()

    ended = await place.client.end_experiment("second-model", "candidate", reason="it is slower")

    assert ended.experiment.state == EXPERIMENT_STATE_RUNNING
    (end,) = ended.experiment.ended_arms
    assert (end.arm, end.actor, end.guard, end.reason) == ("candidate", "ops", "", "it is slower")
    after = await place.arms()
    for user, (arm, model) in before.items():
        assert after[user] == (("", "first") if arm == "second-model/candidate" else (arm, model))
    over = await place.client.end_experiment("second-model")
    assert over.experiment.state == EXPERIMENT_STATE_ENDED
    assert set((await place.arms(8)).values()) == {("", "first")}
    with pytest.raises(groundwire.Error) as failed:
        await place.client.apply_experiment(split())
    assert failed.value.reason == "EXPERIMENT_ENDED"


async def test_tenants_and_subjects_are_units_too(tmp_path: Path) -> None:
    route = f"{ROUTE}, experiments: {{by_subject: true}}"
    async with splitting(tmp_path, configured(tmp_path, route)) as place:
        await place.client.apply_experiment(split("by-tenant", "{limits: {top_k: 3}}", more="unit: TENANT"))
        await place.client.apply_experiment(split("by-subject", more="unit: SUBJECT"))

        arms = {(await place.answer(f"user-{number}")).report.experiment_arm for number in range(6)}
        assert len(arms) == 1
        seen = set()
        for number in range(12):
            async with Client(place.server.address, tenant="acme", subject=f"app-{number}") as client:
                own = {(await place.answer(user, client=client)).report.experiment_arm for user in ("", "user-1")}
                assert len(own) == 1
                seen |= own
        # One arm for the tenant, both arms for its subjects.
        assert {arm.split(",")[0] for arm in seen} == {arm.split(",")[0] for arm in arms}
        assert {arm.split(",")[1] for arm in seen} == {"by-subject/control", "by-subject/candidate"}


async def test_two_experiments_answer_together(place: Splitting) -> None:
    await place.client.apply_experiment(split())
    await place.client.apply_experiment(split("fewer", "{prompt: {version: 1.2.0}}"))

    arms = await place.arms(60)

    assert {arm for arm, _ in arms.values()} == {
        f"second-model/{one},fewer/{other}" for one in ("control", "candidate") for other in ("control", "candidate")
    }
    assert all(model == ANSWERS[arm.split(",")[0]] for arm, model in arms.values())


async def test_the_holdout_is_in_none(tmp_path: Path) -> None:
    route = f"{ROUTE}, experiments: {{holdout_percent: 50}}"
    async with splitting(tmp_path, configured(tmp_path, route)) as place:
        await place.client.apply_experiment(split(share=99))
        arms = await place.arms()
        held = {arm for arm in arms.values() if arm[0].endswith("/holdout")}
        assert held == {("second-model/holdout", "first")}
        assert ("second-model/candidate", "second") in arms.values()


async def test_an_experiment_begins_and_ends_by_the_clock(place: Splitting) -> None:
    later = datetime.now(UTC) + timedelta(days=1)
    applied = await place.client.apply_experiment(split(more=f"start: {later.isoformat()}"))
    assert applied.experiment.state == EXPERIMENT_STATE_SCHEDULED
    assert applied.experiment.traffic_percent == 0.0
    assert set((await place.arms(8)).values()) == {("", "first")}


async def test_arms_are_kept_when_the_server_starts_again(tmp_path: Path) -> None:
    async with splitting(tmp_path) as place:
        await place.client.apply_experiment(split())
        before = await place.arms()
    async with splitting(tmp_path) as place:
        assert await place.arms() == before
