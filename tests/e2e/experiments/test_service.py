"""ExperimentService of a real server: what may be changed, by whom, and what is said about faults."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import grpc
import pytest

import groundwire
from groundwire import Client
from groundwire.v1.experiment_service_pb2 import (
    EXPERIMENT_STATE_ENDED,
    EXPERIMENT_STATE_RUNNING,
    EXPERIMENT_STATE_SET_ASIDE,
)
from groundwire.v1.server_info_pb2 import FEATURE_EXPERIMENTS
from tests.e2e.experiments.splitting import ROUTE, Splitting, configured, split, splitting
from tests.e2e.prompts import template

UNCHANGEABLE = "cannot change, or its results would mean nothing: begin another under a new name"


@pytest.fixture
async def place(tmp_path: Path) -> AsyncIterator[Splitting]:
    async with splitting(tmp_path) as place:
        yield place


async def refused(place: Splitting, definition: str, **given: Any) -> groundwire.Error:
    with pytest.raises(groundwire.Error) as failed:
        await place.client.apply_experiment(definition, **given)
    return failed.value


async def test_a_definition_with_faults_is_refused_with_each_of_them(place: Splitting) -> None:
    wrong = await refused(place, split(more="trafic: 5\nerror_rate: 2").replace("weight: 50", "weight: 40", 1))

    assert (wrong.code, wrong.reason) == (grpc.StatusCode.INVALID_ARGUMENT, "EXPERIMENT_INVALID")
    assert [each.field for each in wrong.violations] == ["definition"] * 2
    assert [each.description.split(": ")[0:2] for each in wrong.violations] == [
        ["definition:7", "trafic"],
        ["definition:8", "error_rate"],
    ]
    assert [each async for each in place.client.experiments()] == []


async def test_one_that_does_not_fit_the_configuration_is_refused(place: Splitting) -> None:
    await place.client.apply_experiment(split())

    for definition, said in {
        split("other", "{checker: onnx}"): "definition:6: arms[1].settings.checker: there is no checker of this name",
        split("other").replace("route: default", "route: faq"): "definition:3: route: there is no such route",
        split("other", "{prompt: {version: 9.9.9}}"): "definition:6: arms[1].settings.prompt: ",
        split("other"): "definition:6: arms[1].settings.models: the experiment second-model varies it at the same time",
        split("other", "{}", more="unit: SUBJECT"): "definition:7: unit: is SUBJECT, which routes.default must allow",
        split("other", "{}", more="end: 2020-01-01T00:00:00Z"): "definition:7: end: must be after the start",
    }.items():
        wrong = await refused(place, definition)
        assert wrong.reason == "EXPERIMENT_INVALID"
        assert [each.description[: len(said)] for each in wrong.violations] == [said]
    assert len([each async for each in place.client.experiments()]) == 1


async def test_of_several_at_once_that_vary_one_setting_one_begins(place: Splitting) -> None:
    applied = await asyncio.gather(
        *(place.client.apply_experiment(split(f"e{number}")) for number in range(4)), return_exceptions=True
    )
    wrong = [each for each in applied if isinstance(each, groundwire.Error)]
    assert [each.reason for each in wrong] == ["EXPERIMENT_INVALID"] * 3
    assert all("varies it at the same time: end one first" in each.violations[0].description for each in wrong)
    (kept,) = [each async for each in place.client.experiments()]
    assert kept.state == EXPERIMENT_STATE_RUNNING


async def test_an_arm_follows_no_label_that_moves_to_what_it_cannot_use(place: Splitting) -> None:
    needs = template("two").replace("owner: tests", "owner: tests\nvariables: {tone: {required: true}}")
    await place.client.push_prompt("answer", "9.1.0", template("one"))
    await place.client.push_prompt("answer", "9.2.0", needs.replace("marked two.", "marked two. {{ tone }}"))
    await place.client.set_prompt_label("answer", "candidate", "9.1.0")
    done = await asyncio.gather(
        place.client.apply_experiment(split(settings="{prompt: {label: candidate}}")),
        place.client.set_prompt_label("answer", "candidate", "9.2.0"),
        return_exceptions=True,
    )
    assert [isinstance(each, groundwire.Error) for each in done].count(True) == 1
    states = [each.state async for each in place.client.experiments()]
    assert all(each == EXPERIMENT_STATE_RUNNING for each in states)


async def test_a_reason_that_no_database_could_keep_is_refused(place: Splitting) -> None:
    for call in (
        place.client.apply_experiment(split(), reason="a\0b"),
        place.client.end_experiment("second-model", reason="a\0b"),
        place.client.push_prompt("answer", "9.1.0", template("one"), reason="a\0b"),
        place.client.set_prompt_label("answer", "production", "1.2.0", reason="a\0b"),
        place.client.roll_back_prompt("answer", reason="a\0b"),
    ):
        with pytest.raises(groundwire.Error) as failed:
            await call
        assert [each.field for each in failed.value.violations] == ["reason"]


async def test_a_validation_keeps_nothing(place: Splitting) -> None:
    checked = await place.client.apply_experiment(split(), validate_only=True)

    assert (checked.experiment.state, checked.experiment.etag) == (EXPERIMENT_STATE_RUNNING, "")
    assert [each async for each in place.client.experiments()] == []
    assert (await place.answer("user-1")).report.experiment_arm == ""


async def test_arms_unit_and_route_stay_and_the_rest_may_change(place: Splitting) -> None:
    first = await place.client.apply_experiment(split(more="traffic: 10"))

    wrong = await refused(
        place, split(settings="{limits: {top_k: 3}}", more="unit: TENANT\nstart: 2020-01-01T00:00:00Z")
    )
    assert [each.description.split(": ", 2)[1] for each in wrong.violations] == ["unit", "arms", "start"]
    assert UNCHANGEABLE in wrong.violations[0].description

    changed = await place.client.apply_experiment(
        split(more="traffic: 20\nend: 2999-01-01T00:00:00Z"), etag=first.experiment.etag
    )
    assert changed.experiment.traffic_percent == 20.0
    assert changed.experiment.start_time == first.experiment.start_time
    assert changed.experiment.end_time.ToJsonString() == "2999-01-01T00:00:00Z"
    assert changed.revision == first.revision + 1
    again = await place.client.apply_experiment(changed.experiment.definition)
    assert (again.experiment.etag, again.revision) == (changed.experiment.etag, changed.revision)


async def test_a_change_of_a_state_that_is_gone_is_refused(place: Splitting) -> None:
    first = await place.client.apply_experiment(split(more="traffic: 10"))
    await place.client.apply_experiment(split(more="traffic: 20"))

    for name, etag in {"second-model": first.experiment.etag, "another": "e1"}.items():
        wrong = await refused(place, split(name, more="traffic: 30"), etag=etag)
        assert (wrong.code, wrong.reason) == (grpc.StatusCode.ABORTED, "EXPERIMENT_CHANGED")


async def test_what_there_is_not_cannot_be_ended(place: Splitting) -> None:
    await place.client.apply_experiment(split())

    for name, arm in (("other", ""), ("second-model", "other")):
        with pytest.raises(groundwire.Error) as failed:
            await place.client.end_experiment(name, arm)
        assert (failed.value.code, failed.value.reason) == (grpc.StatusCode.NOT_FOUND, "EXPERIMENT_NOT_FOUND")
    with pytest.raises(groundwire.Error) as failed:
        await place.client.end_experiment("second-model", "control")
    assert "leave it out to end the experiment" in failed.value.violations[0].description
    first = await place.client.end_experiment("second-model")
    assert (await place.client.end_experiment("second-model")).experiment == first.experiment
    assert (await place.client.experiment("second-model")).experiment == first.experiment
    assert first.experiment.state == EXPERIMENT_STATE_ENDED
    with pytest.raises(groundwire.Error) as failed:
        await place.client.experiment("other")
    assert failed.value.reason == "EXPERIMENT_NOT_FOUND"


async def test_experiments_are_listed_page_after_page(place: Splitting) -> None:
    names = [f"e{number}" for number in range(5)]
    for number, name in enumerate(names):
        await place.client.apply_experiment(split(name, "{}", more=f"start: 2026-01-0{number + 1}T00:00:00Z"))

    assert [each.name async for each in place.client.experiments(page_size=2)] == names[::-1]
    assert [each.name async for each in place.client.experiments("other")] == []


async def test_they_are_the_managing_tenants_alone(place: Splitting) -> None:
    async with Client(place.server.address, tenant="demo", subject="ops") as other:
        for call in (
            other.apply_experiment(split()),
            other.end_experiment("second-model"),
            other.experiment("second-model"),
            anext(aiter(other.experiments())),
        ):
            with pytest.raises(groundwire.Error) as failed:
                await call
            assert failed.value.code is grpc.StatusCode.PERMISSION_DENIED
        assert FEATURE_EXPERIMENTS not in (await other.server_info()).features
    assert FEATURE_EXPERIMENTS in (await place.client.server_info()).features
    # Its calls are in them all the same.
    await place.client.apply_experiment(split(share=99))
    async with Client(place.server.address, tenant="demo", subject="app") as other:
        assert (await place.answer("user-1", client=other)).report.experiment_arm


async def test_every_change_is_in_the_audit_trail(place: Splitting) -> None:
    await place.client.apply_experiment(split(), reason="the second may be better")
    await place.client.end_experiment("second-model", reason="it is not")

    trail = [each async for each in place.client.audit_entries(target="experiments/second-model")]

    assert [(each.actor, each.details["reason"]) for each in trail] == [
        ("ops", "the second may be better"),
        ("ops", "it is not"),
    ]
    assert (await place.client.verify_audit()).intact


async def test_a_reload_that_breaks_one_that_runs_is_refused(
    place: Splitting, caplog: pytest.LogCaptureFixture
) -> None:
    await place.client.apply_experiment(split())
    before = await place.arms(6)
    folder = place.file.parent

    assert not await place.reload(configured(folder).replace("  second: {kind: extractive, store: main}\n", ""))

    why = caplog.records[-1].__dict__["why"]
    assert why.startswith("the experiment second-model does not fit: second-model:6: arms[1].settings.models[0]: ")
    assert why.endswith("to end it: groundwire experiments end second-model")
    assert await place.arms(6) == before
    # Another change of the file is used, and the arms stay.
    assert await place.reload(configured(folder, f"{ROUTE}, mode: PROVISIONAL"))
    assert await place.arms(6) == before


async def test_a_server_starts_with_one_that_does_not_fit(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    async with splitting(tmp_path) as place:
        await place.client.apply_experiment(split())
        await place.client.apply_experiment(split("fewer", "{limits: {top_k: 2}}"))
    without = configured(tmp_path).replace("  second: {kind: extractive, store: main}\n", "")
    async with splitting(tmp_path, without) as place:
        (line,) = [each for each in caplog.records if "set aside" in each.message]
        assert line.__dict__["experiment"] == "second-model"
        listed = {each.name: each async for each in place.client.experiments()}
        aside = listed["second-model"]
        assert (aside.state, aside.traffic_percent) == (EXPERIMENT_STATE_SET_ASIDE, 0.0)
        assert aside.fault.startswith("second-model:6: arms[1].settings.models[0]: there is no model of this name")
        assert listed["fewer"].state == EXPERIMENT_STATE_RUNNING
        arms = await place.arms(12)
        assert {arm for arm, _ in arms.values()} == {"fewer/control", "fewer/candidate"}
        # What is set aside comes back once the configuration has what it needs.
        assert await place.reload(configured(tmp_path))
        assert all("second-model/" in arm for arm, _ in (await place.arms(6)).values())


async def test_one_that_cannot_be_opened_is_set_aside_and_the_others_run(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    more = 'rerankers: {local: {kind: onnx, folder: "nowhere"}}'
    async with splitting(tmp_path, configured(tmp_path, more=more)) as place:
        await place.client.apply_experiment(split())
        broken = await place.client.apply_experiment(split("reranked", "{rerank: {reranker: local}}"))

        assert broken.experiment.state == EXPERIMENT_STATE_SET_ASIDE
        assert broken.experiment.fault
        arms = await place.arms(20)
        assert {arm for arm, _ in arms.values()} == {"second-model/control", "second-model/candidate"}
        assert "an experiment is set aside" in caplog.text
