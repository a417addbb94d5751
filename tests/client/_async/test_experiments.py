"""The calls about experiments, against a server on a port."""

from collections.abc import Iterator

import pytest

import groundwire
from groundwire.v1.experiment_service_pb2 import EXPERIMENT_STATE_ENDED
from tests.doubles.experiment_service import CHANGED, ScriptedExperimentService, experiment, serving_experiments
from tests.doubles.service import LOST

DEFINITION = "name: shorter-prompt\nroute: default\n"


@pytest.fixture
def service() -> ScriptedExperimentService:
    return ScriptedExperimentService()


@pytest.fixture
def address(service: ScriptedExperimentService) -> Iterator[str]:
    with serving_experiments(service) as address:
        yield address


async def test_an_experiment_is_applied(client: groundwire.Client, service: ScriptedExperimentService) -> None:
    done = await client.apply_experiment(DEFINITION, etag="e0", reason="cheaper", validate_only=True)
    assert (done.experiment.name, done.revision) == ("shorter-prompt", 8)
    request = service.calls[-1].request
    assert (request.definition, request.etag, request.reason) == (DEFINITION, "e0", "cheaper")
    assert request.validate_only


async def test_a_change_of_another_state_says_so(client: groundwire.Client, service: ScriptedExperimentService) -> None:
    service.failures["ApplyExperiment"] = CHANGED
    with pytest.raises(groundwire.Error) as failed:
        await client.apply_experiment(DEFINITION, etag="e0")
    assert failed.value.reason == "EXPERIMENT_CHANGED"


async def test_an_arm_is_ended(client: groundwire.Client, service: ScriptedExperimentService) -> None:
    done = await client.end_experiment("shorter-prompt", "candidate", reason="it abstains")
    assert (done.experiment.state, done.revision) == (EXPERIMENT_STATE_ENDED, 9)
    request = service.calls[-1].request
    assert (request.name, request.arm, request.reason) == ("shorter-prompt", "candidate", "it abstains")


async def test_ending_is_sent_again_when_the_connection_is_lost(
    client: groundwire.Client, service: ScriptedExperimentService
) -> None:
    """It ends what has ended already as often as it is sent."""
    service.failures["EndExperiment"] = LOST
    with pytest.raises(groundwire.Error):
        await client.end_experiment("shorter-prompt")
    assert len(service.calls) > 1


async def test_experiments_are_read_one_by_one_and_page_after_page(
    client: groundwire.Client, service: ScriptedExperimentService
) -> None:
    service.kept["other"] = experiment("other", route="faq")
    assert (await client.experiment("shorter-prompt")).experiment.etag == "e1"
    names = [each.name async for each in client.experiments(page_size=2)]
    assert names == ["shorter-prompt", "larger-model", "other"]
    assert [each.name async for each in client.experiments("faq")] == ["other"]
    assert [call.method for call in service.calls] == ["GetExperiment", *["ListExperiments"] * 3]
